package io.canalnative.official;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

import org.apache.doris.flink.cfg.DorisExecutionOptions;
import org.apache.doris.flink.sink.DorisSink;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the official connector does after a failure and at a new start: it finds its labels and transactions in the stand-in. */
class RecoveryTest extends AgainstStandin {

    private static final AtomicBoolean FAILED = new AtomicBoolean();
    private static volatile CountDownLatch written = new CountDownLatch(1);

    private DorisSink<RowData> twoPhases() {
        return sink(DorisExecutionOptions.builder().enable2PC(), true, true, "format", "json");
    }

    private DorisSink<RowData> twoPhasesWithoutDeletes() {
        return sink(DorisExecutionOptions.builder().enable2PC(), false, true, "format", "json");
    }

    private static Configuration restarts() {
        return settings("restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "2", "restart-strategy.fixed-delay.delay", "0s");
    }

    @Test
    void aFailedLoadRestartsTheJobAndItsLabelIsFreeAgain() throws Exception {
        table(DUPLICATE);
        // The first load is the empty one that looks for transactions left behind.
        doris.fault("{\"name\": \"mem_limit\", \"skip\": 1, \"count\": 1}");
        tenRows(restarts(), twoPhasesWithoutDeletes()).execute();
        assertEquals(ALL, stored());
        assertEquals(Arrays.asList(5, 3, 2), loaded());
        // Aborted: the failed load, and the empty one of each start.
        assertStates(3, 3);
        List<String> labels = labels();
        assertMatches("lp_db1_t1_0_1 ABORTED", labels.get(0));
        assertMatches("lp_db1_t1_0_1 VISIBLE", labels.get(1));
    }

    @Test
    void transactionsLeftBehindAreAborted() throws Exception {
        doris.fault("{\"name\": \"label_used\", \"value\": 1, \"count\": 1}");
        tenRows(settings(), twoPhases()).execute();
        assertEquals(LEFT, stored());
        // The one left behind, and the empty load under the next label.
        assertStates(3, 2);
    }

    @Test
    void aRunningTransactionUnderTheLabelIsAbortedToo() throws Exception {
        doris.fault("{\"name\": \"label_used\", \"value\": 0, \"count\": 1}");
        tenRows(settings(), twoPhases()).execute();
        assertEquals(LEFT, stored());
        assertStates(3, 2);
    }

    @Test
    void theSamePrefixAgainFailsOnTheFinishedLabel() throws Exception {
        tenRows(settings(), twoPhases()).execute();
        assertStates(3, 1);
        String failure = failure(tenRows(settings(), twoPhases()).executeAsync());
        assertTrue(failure.contains("load job finished, change you label prefix or restore from latest savepoint"), failure);
        assertStates(3, 1);
        assertEquals(LEFT, stored());
    }

    @Test
    void aCommitThatIsAnsweredWithACutConnectionIsRepeated() throws Exception {
        for (String fault : new String[] {"cut_before_2pc", "cut_after_2pc"}) {
            table(DUPLICATE);
            int before = states().getOrDefault("VISIBLE", 0);
            // The first call is the abort at the start.
            doris.fault("{\"name\": \"" + fault + "\", \"skip\": 1, \"count\": 1}");
            DorisExecutionOptions.Builder options = DorisExecutionOptions.builder().enable2PC();
            tenRows(settings(), sink(options, fault, false, true, "format", "json")).execute();
            assertEquals(ALL, stored(), fault);
            assertEquals(before + 3, states().get("VISIBLE"), fault);
            assertEquals(Arrays.asList("ABORTED", "VISIBLE"), states().keySet().stream().collect(Collectors.toList()), fault);
        }
    }

    @Test
    void aJobThatFailsBetweenCheckpointsGoesOnFromTheLastOne() throws Exception {
        table(DUPLICATE);
        FAILED.set(false);
        StreamExecutionEnvironment jobs = environment(restarts());
        source(jobs, new Numbers(false, GROUPS)).map(i -> {
            if (i == 6 && FAILED.compareAndSet(false, true)) {
                throw new IllegalStateException("once, with a load open");
            }
            return row(i);
        }).returns(RowData.class).sinkTo(twoPhasesWithoutDeletes());
        jobs.execute();
        assertEquals(ALL, stored());
        assertEquals(Arrays.asList(5, 3, 2), loaded());
        assertEquals(3, states().get("VISIBLE"), states().toString());
        assertEquals(Arrays.asList("ABORTED", "VISIBLE"), states().keySet().stream().collect(Collectors.toList()));
    }

    @Test
    void aSavepointIsGoneOnFromUnderTheSamePrefix(@TempDir Path savepoints) throws Exception {
        table(DUPLICATE);
        written = new CountDownLatch(8);
        JobClient first = counted(settings(), new Numbers(true, 5, 8)).executeAsync();
        // The second group comes when a checkpoint is complete, so every task is running.
        written.await();
        String savepoint = first.stopWithSavepoint(false, savepoints.toUri().toString(), SavepointFormatType.CANONICAL).get();
        first.getJobExecutionResult().get();
        assertEquals(ALL.stream().filter(row -> !row.endsWith("n8]") && !row.endsWith("n9]")).collect(Collectors.toList()), stored());
        assertStates(2, 1);

        counted(settings("execution.savepoint.path", savepoint), new Numbers(false, GROUPS)).execute();
        assertEquals(ALL, stored());
        assertStates(3, 2);
        assertEquals(Collections.singleton("lp_db1_t1_0_"), labels().stream().map(label -> label.replaceAll("\\d+ VISIBLE", "")).collect(Collectors.toSet()));
    }

    private StreamExecutionEnvironment counted(Configuration settings, Numbers numbers) {
        StreamExecutionEnvironment jobs = environment(settings);
        source(jobs, numbers).map(i -> {
            written.countDown();
            return row(i);
        }).returns(RowData.class).uid("rows").sinkTo(twoPhasesWithoutDeletes()).uid("doris");
        return jobs;
    }
}

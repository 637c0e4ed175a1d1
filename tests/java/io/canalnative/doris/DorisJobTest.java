package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

import io.canalnative.DorisTransactions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** Whole jobs in Flink's own mini cluster, into a Doris in memory. */
class DorisJobTest {

    private final FakeDoris doris = new FakeDoris();

    private static List<RowData> rows(int count) {
        return LongStream.range(0, count).mapToObj(id -> OrdersTable.row(RowKind.INSERT, id, "n" + id)).collect(Collectors.toList());
    }

    private static List<String> expected(int count) {
        List<String> expected = LongStream.range(0, count).mapToObj(id -> "+I(" + id + ",n" + id + ")").collect(Collectors.toList());
        expected.sort(null);
        return expected;
    }

    private StreamExecutionEnvironment job(Configuration configuration, int count, String... options) {
        StreamExecutionEnvironment jobs = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        jobs.setParallelism(2);
        jobs.fromData(rows(count), InternalTypeInfo.of(OrdersTable.COLUMNS)).rebalance()
                .sinkTo(FlinkLine.sink(OrdersTable.target(options), doris)).name("orders");
        return jobs;
    }

    private static Configuration configuration(String... pairs) {
        Configuration configuration = new Configuration();
        for (int i = 0; i < pairs.length; i += 2) {
            configuration.setString(pairs[i], pairs[i + 1]);
        }
        return configuration;
    }

    @Test
    void aJobThatEndsCommitsAtItsEnd() throws Exception {
        job(configuration(), 500).execute();
        assertEquals(expected(500), doris.state().visible());
        assertTrue(doris.state().precommitted.isEmpty());
        assertEquals(2, doris.state().writers.stream().map(writer -> writer.spec.get("label").get("subtask").asInt()).distinct().count());
    }

    @Test
    void aBatchJobToo() throws Exception {
        job(configuration("execution.runtime-mode", "BATCH"), 500).execute();
        assertEquals(expected(500), doris.state().visible());
    }

    @Test
    void withCheckpointsToo() throws Exception {
        job(configuration("execution.checkpointing.interval", "10ms"), 500).execute();
        assertEquals(expected(500), doris.state().visible());
    }

    @Test
    void flushModeNeedsNoCommit() throws Exception {
        job(configuration(), 500, "sink.enable-2pc", "false").execute();
        assertEquals(expected(500), doris.state().visible());
        assertEquals(0, doris.state().commitCalls);
    }

    @Test
    void aLostTransactionFailsTheJob() throws Exception {
        doris.state().outcomes.add(DorisTransactions.LOST);
        JobClient client = job(configuration("restart-strategy.type", "none"), 50).executeAsync();
        Throwable failure = assertThrows(Exception.class, () -> client.getJobExecutionResult().get());
        List<String> messages = new ArrayList<>();
        for (; failure != null; failure = failure.getCause()) {
            messages.add(String.valueOf(failure.getMessage()));
        }
        assertTrue(messages.stream().anyMatch(message -> message.startsWith("Lost: load label")), messages.toString());
    }
}

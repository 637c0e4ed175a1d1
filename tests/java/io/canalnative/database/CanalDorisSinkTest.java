package io.canalnative.database;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toList;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

import io.canalnative.NativeDatabaseWriter;
import io.canalnative.doris.LabelParts;
import io.canalnative.doris.Standin;
import io.canalnative.doris.WriterContext;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs in Flink's mini cluster that write captured messages of two tables, by the native library, to a Doris that keeps state. */
class CanalDorisSinkTest extends DorisJobs {

    private static final String[] QUERIES = {
        "SELECT id, customer, amount, status, created, note FROM shop_dev.orders ORDER BY id",
        "SELECT order_id, line_no, sku, qty, price FROM shop_dev.order_item ORDER BY order_id, line_no, sku",
    };

    private List<List<List<String>>> tables() throws Exception {
        List<List<List<String>>> tables = new ArrayList<>();
        for (String query : QUERIES) {
            tables.add(doris.sql("shop_dev", query));
        }
        return tables;
    }

    /** What the messages leave, by a reading of their own: keys in order, and the customers. */
    private void assertReplayed(List<List<List<String>>> tables) throws Exception {
        assertEquals(Replay.of("orders", "id").column("customer"), Replay.column(tables.get(0), 1));
        assertEquals(Replay.of("order_item", "order_id", "line_no", "sku").column("sku"), Replay.column(tables.get(1), 2));
    }

    @Test
    void tablesAreTheSameAtEveryParallelism() throws Exception {
        List<List<List<String>>> first = null;
        for (int parallelism : new int[] {1, 2, 4}) {
            doris.sql("information_schema", "DROP DATABASE IF EXISTS shop_dev");
            StreamExecutionEnvironment jobs = jobs("execution.checkpointing.interval", "20ms");
            CanalDorisSink.add(partition(jobs, Messages.ORDERS), spec(), parallelism, "doris");
            jobs.execute();
            List<List<List<String>>> tables = tables();
            if (first == null) {
                assertReplayed(tables);
                first = tables;
            }
            assertEquals(first, tables, "parallelism " + parallelism);
        }
    }

    @Test
    void aSourceOfSeveralSubtasksAndABatchJob() throws Exception {
        for (String mode : new String[] {"STREAMING", "BATCH"}) {
            doris.sql("information_schema", "DROP DATABASE IF EXISTS shop_dev");
            StreamExecutionEnvironment jobs = jobs("execution.runtime-mode", mode);
            // Each row by itself takes its way, so rows of a key come in any order; their sequences put them right.
            CanalDorisSink.add(partition(jobs, Messages.ORDERS).rebalance().map(record -> record).returns(CanalRecord.TYPE).setParallelism(3), spec(), 2, "doris");
            jobs.execute();
            assertReplayed(tables());
        }
    }

    @Test
    void aSavepointIsResumedAtAnotherParallelism(@TempDir Path savepoints) throws Exception {
        int[] parallelisms = {2, 4, 1, 3};
        Messages.NEXT.set(0);
        String from = null;
        for (int i = 0; i < parallelisms.length; i++) {
            int end = Messages.ORDERS.size() * (i + 1) / parallelisms.length;
            Messages.END.set(end);
            String[] restored = from == null ? new String[0] : new String[] {"execution.state-recovery.path", from, "execution.savepoint.path", from};
            JobClient job = endless(Messages.ORDERS, parallelisms[i], spec("flushMillis", "0", "maxRows", "1000"), restored);
            await("the job reads to message " + end, () -> Messages.NEXT.get() >= end);
            from = stopped(job, savepoints);
            job.getJobExecutionResult().get(60, TimeUnit.SECONDS);
            // As a crash would have it: some messages come again.
            Messages.NEXT.set(Math.max(0, end - 40));
        }
        assertReplayed(tables());
    }

    /** Of the timer's calls, by the native library, none but a flush hands anything over. */
    @Test
    void rowsWaitForThePace() throws Exception {
        DatabaseSpec spec = new DatabaseSpec(spec("flushMillis", "10000", "maxRows", "1000"));
        WriterContext context = new WriterContext(OptionalLong.empty());
        JsonNode all = DatabaseSpec.JSON.readTree(spec.of(LabelParts.of(context, "0")));
        ((ObjectNode) all.get("label")).put("subtask", 0).put("subtasks", 1);
        NativeDatabaseWriter loads = NativeDatabaseWriter.open(DatabaseSpec.JSON.writeValueAsBytes(all), Collections.emptyList());
        try (CanalDorisWriter writer = new CanalDorisWriter(spec, 1, loads, new DatabaseMetrics(context.metricGroup()), context)) {
            List<CanalRecord> rows = Messages.records(Messages.ORDERS).stream().filter(record -> new String(record.value, UTF_8).contains("\"type\":\"INSERT\"")).collect(toList());
            Object begun = null;
            for (int second = 1; second < 10; second++) {
                writer.write(rows.get(second), null);
                context.pass(1000);
                // Making a table loads a row into the journal.
                begun = begun == null ? context.metric("canal_doris.loads") : begun;
                assertEquals(begun, context.metric("canal_doris.loads"));
                assertEquals(0L, context.metric("canal_doris.openLoads"));
            }
            Object before = begun;
            await("the loads", () -> {
                context.pass(1000);
                return context.metric("canal_doris.openLoads").equals(0L) && !context.metric("canal_doris.loads").equals(before);
            });
        }
    }

    @Test
    void aFailedLoadFailsTheJobWithDorisReason() throws Exception {
        doris.fault("{\"name\": \"too_many_versions\", \"count\": 1000000, \"table\": \"orders\"}");
        StreamExecutionEnvironment jobs = jobs();
        CanalDorisSink.add(partition(jobs, Messages.ORDERS), spec("maxRetries", "1", "patienceSeconds", "2"), 2, "doris");
        String text = causes(assertThrows(Exception.class, jobs::execute));
        assertTrue(text.contains("shop_dev.orders") && text.contains("-235"), text);
        assertFalse(text.contains(Standin.PASSWORD), text);
    }

    /** Without a checkpoint, and with no message after it. */
    @Test
    void aFailedLoadIsNoticedAtThePace() throws Exception {
        doris.fault("{\"name\": \"too_many_versions\", \"count\": 1000000, \"table\": \"orders\"}");
        Messages.NEXT.set(0);
        Messages.END.set(10);
        JobClient job = endless(Messages.ORDERS, 1, spec("maxRetries", "1", "patienceSeconds", "2"));
        String text = causes(assertThrows(Exception.class, () -> job.getJobExecutionResult().get(60, TimeUnit.SECONDS)));
        assertTrue(text.contains("-235"), text);
    }

    /** Whatever it waits for: room, a checkpoint's loads, the journal's row, a table's description, an answer at its start. */
    @Test
    void aCancelledJobEndsWithoutWaitingForDoris() throws Exception {
        String[][] waits = {
            {"slow_be", "\"table\": \"orders\"", "memoryBytes", "2000"}, {"slow_be", "\"table\": \"orders\"", "flushMillis", "0"},
            {"slow_be", "\"table\": \"schema_journal\"", "flushMillis", "0"}, {"slow_fe", "\"skip\": 6", "patienceSeconds", "600"},
            {"slow_fe", "\"skip\": 0", "patienceSeconds", "600"}};
        for (String[] wait : waits) {
            doris.sql("information_schema", "DROP DATABASE IF EXISTS shop_dev");
            doris.sql("information_schema", "DROP DATABASE IF EXISTS canal_native");
            doris.fault(String.format("{\"name\": \"%s\", \"count\": 1000000, \"value\": 600000, %s}", wait[0], wait[1]));
            Messages.NEXT.set(0);
            Messages.END.set(100);
            String spec = spec(wait[2], wait[3]);
            JobClient job = endless(Messages.ORDERS, 1, spec, "execution.checkpointing.interval", "100ms");
            await("it waits: " + Arrays.toString(wait), () -> doris.admin("GET", "/faults", null).get(0).get("hits").asInt() > 0);
            long began = System.nanoTime();
            job.cancel().get(60, TimeUnit.SECONDS);
            String end = causes(assertThrows(Exception.class, () -> job.getJobExecutionResult().get(60, TimeUnit.SECONDS)));
            long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
            assertTrue(end.contains("Job was cancelled"), end);
            assertTrue(millis < 10_000, Arrays.toString(wait) + ": " + millis + " ms");
            doris.admin("DELETE", "/faults", null);
        }
    }

    @Test
    void unalignedCheckpointsAreRefused() throws Exception {
        StreamExecutionEnvironment jobs = jobs("execution.checkpointing.interval", "20ms", "execution.checkpointing.unaligned.enabled", "true");
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> CanalDorisSink.add(partition(jobs, Messages.ORDERS), spec(), 2, "doris"));
        assertTrue(e.getMessage().contains("'execution.checkpointing.unaligned.enabled'"), e.getMessage());
    }

    @Test
    void aSpecificationThatTheLibraryRefusesFailsTheJob() throws Exception {
        StreamExecutionEnvironment jobs = jobs();
        CanalDorisSink.add(partition(jobs, Messages.ORDERS), spec("maxRows", "0"), 1, "doris");
        String text = causes(assertThrows(Exception.class, jobs::execute));
        assertTrue(text.contains("must be at least 1, and is 0 (at maxRows)"), text);
        assertFalse(text.contains(Standin.PASSWORD), text);
        assertEquals(Collections.emptyList(), doris.sql("information_schema", "SELECT TABLE_NAME FROM tables WHERE TABLE_SCHEMA = 'shop_dev'"));
    }
}

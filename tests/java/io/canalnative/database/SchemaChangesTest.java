package io.canalnative.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables that change while rows are written to them and to others, at every parallelism. */
class SchemaChangesTest extends DorisJobs {

    private static final int TABLES = 6;

    /** Rows of six tables by turns, and between them changes of each kind. */
    private static SourceDatabase changing() {
        SourceDatabase app = new SourceDatabase("app");
        for (int table = 0; table < TABLES; table++) {
            app.create("t" + table);
            // Never written again.
            app.put("t" + table, 1000);
        }
        rows(app, 0);
        app.addColumn("t0", "added", "int");
        app.put("t0", 1, "added", "17");
        app.modifyColumn("t1", "v", "varchar(40)");
        app.put("t1", 2, "v", "longer than twenty characters");
        rows(app, 10);
        app.addColumn("t2", "n", "int");
        rows(app, 5);
        app.modifyColumn("t2", "n", "bigint");
        app.put("t2", 7, "n", "5000000000");
        app.truncate("t3");
        app.put("t3", 3);
        app.createLike("like5", "t4");
        app.put("like5", 1);
        app.renameColumn("t5", "v", "w");
        app.put("t5", 4, "w", "renamed");
        app.dropColumn("t0", "v");
        app.put("t0", 2);
        for (int i = 0; i < 40; i++) {
            for (String table : app.tables()) {
                app.put(table, i);
            }
        }
        return app;
    }

    private static void rows(SourceDatabase app, int from) {
        for (int i = from; i < from + 20; i++) {
            for (String table : app.tables()) {
                app.put(table, i);
                if (i % 5 == 4) {
                    app.delete(table, i - 2);
                }
            }
        }
    }

    private void assertMoved(SourceDatabase app, String when) throws Exception {
        for (String table : app.tables()) {
            List<List<String>> rows = doris.sql("app", "SELECT " + app.columns(table) + " FROM app." + table + " ORDER BY id");
            assertEquals(app.rows(table), rows, when + ", table " + table);
        }
    }

    @Test
    void tablesChangeAsTheSourcesDo() throws Exception {
        SourceDatabase app = changing();
        for (int parallelism : new int[] {1, 2, 4}) {
            doris.sql("information_schema", "DROP DATABASE IF EXISTS app");
            doris.sql("information_schema", "DROP DATABASE IF EXISTS canal_native");
            StreamExecutionEnvironment jobs = jobs("execution.checkpointing.interval", "50ms");
            CanalDorisSink.add(partition(jobs, app.messages), spec(), parallelism, "doris");
            jobs.execute();
            assertMoved(app, "parallelism " + parallelism);
        }
    }

    @Test
    void savepointsInTheMidstOfChanges(@TempDir Path savepoints) throws Exception {
        SourceDatabase app = changing();
        int[] parallelisms = {2, 3, 1, 4, 2, 1};
        Messages.NEXT.set(0);
        String from = null;
        for (int i = 0; i < parallelisms.length; i++) {
            int end = app.messages.size() * (i + 1) / parallelisms.length;
            Messages.END.set(end);
            String[] restored = from == null ? new String[0] : new String[] {"execution.state-recovery.path", from, "execution.savepoint.path", from};
            JobClient job = endless(app.messages, parallelisms[i], spec(), restored);
            await("the job reads to message " + end, () -> Messages.NEXT.get() >= end);
            from = stopped(job, savepoints);
            job.getJobExecutionResult().get(60, TimeUnit.SECONDS);
            // As a crash would have it: some messages come again.
            Messages.NEXT.set(Math.max(0, end - 50));
        }
        assertMoved(app, "at the end");
    }

    /** A topic that is read again from its beginning by a job that knows nothing. */
    @Test
    void aTopicIsReadAgain() throws Exception {
        SourceDatabase app = changing();
        for (int parallelism : new int[] {2, 4, 1}) {
            StreamExecutionEnvironment jobs = jobs();
            CanalDorisSink.add(partition(jobs, app.messages), spec(), parallelism, "doris");
            jobs.execute();
            assertMoved(app, "parallelism " + parallelism);
        }
    }

    /** Each time a task of the job fails, it goes on from its last checkpoint, by itself. */
    @Test
    void failuresAtRandom() throws Exception {
        SourceDatabase app = changing();
        for (int parallelism : new int[] {1, 3}) {
            doris.sql("information_schema", "DROP DATABASE IF EXISTS app");
            doris.sql("information_schema", "DROP DATABASE IF EXISTS canal_native");
            StreamExecutionEnvironment jobs =
                    jobs("execution.checkpointing.interval", "40ms", "restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "100",
                            "restart-strategy.fixed-delay.delay", "1ms");
            Failures.begin(8, app.messages.size());
            DataStream<CanalRecord> messages =
                    jobs.fromSource(Messages.paced(app.messages, 800), WatermarkStrategy.noWatermarks(), "topic", CanalRecord.TYPE).setParallelism(1);
            CanalDorisSink.add(messages.map(Failures::pass).returns(CanalRecord.TYPE).setParallelism(1), spec(), parallelism, "doris");
            jobs.execute();
            assertEquals(8, Failures.happened());
            assertMoved(app, "parallelism " + parallelism);
        }
    }

    /** What waits for somebody goes into a checkpoint, and on from there. */
    @Test
    void tablesThatAreStoppedGoOnWhenTheyCan(@TempDir Path savepoints) throws Exception {
        SourceDatabase app = new SourceDatabase("app");
        for (int table = 0; table < TABLES; table++) {
            app.create("t" + table);
        }
        rows(app, 0);
        String[] stopped = {"t1", "t4"};
        for (String table : stopped) {
            app.addColumn(table, "n", "bigint");
            app.put(table, 1);
            app.modifyColumn(table, "n", "int");
        }
        app.setAll("n", "7", stopped);
        int half = app.messages.size();
        rows(app, 10);
        Messages.NEXT.set(0);
        Messages.END.set(half);
        JobClient job = endless(app.messages, 2, spec());
        await("the first half is read", () -> Messages.NEXT.get() >= half);
        String from = stopped(job, savepoints);
        job.getJobExecutionResult().get(60, TimeUnit.SECONDS);
        Messages.END.set(app.messages.size());
        String[] restored = {"execution.state-recovery.path", from, "execution.savepoint.path", from};
        JobClient wider = endless(app.messages, 3, spec(), restored);
        String text = causes(assertThrows(Exception.class, () -> wider.getJobExecutionResult().get(60, TimeUnit.SECONDS)));
        assertTrue(text.contains("the sink had 2 subtasks then, not 3"), text);
        Messages.NEXT.set(half);
        job = endless(app.messages, 2, spec(), restored);
        await("the others have all", () -> doris.sql("app", "SELECT count(*) FROM app.t0").get(0).get(0).equals(String.valueOf(app.rows("t0").size())));
        for (String table : stopped) {
            doris.sql("app", "ALTER TABLE app." + table + " DROP COLUMN n");
            doris.sql("app", "ALTER TABLE app." + table + " ADD COLUMN n INT NULL");
        }
        await("those that were stopped, too", () -> {
            for (String table : stopped) {
                if (!doris.sql("app", "SELECT id, v, n FROM app." + table + " ORDER BY id").equals(app.rows(table))) {
                    return false;
                }
            }
            return true;
        });
        stopped(job, savepoints);
        assertMoved(app, "at the end");
    }
}

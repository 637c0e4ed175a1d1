package io.canalnative.database;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.apache.flink.core.execution.JobClient;
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
        app.rename("t4", "renamed");
        app.put("renamed", 1, "v", "after");
        app.createLike("like5", "t5");
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
}

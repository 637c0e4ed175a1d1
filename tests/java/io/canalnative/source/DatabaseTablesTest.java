package io.canalnative.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.canalnative.NativeTableRuns;
import io.canalnative.database.CanalDorisSink;
import io.canalnative.database.CanalRecord;
import io.canalnative.doris.Standin;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole jobs in Flink's mini cluster, into the stand-in for Doris. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class DatabaseTablesTest {

    private final FakeDatabase database = new FakeDatabase().with("small", 7).with("large", 500).with("middle", 90).with("empty", 0);
    private Standin doris;
    @TempDir
    private Path directory;
    private Path resets;

    @BeforeEach
    void start() throws Exception {
        doris = new Standin();
        resets = directory.resolve("resets");
    }

    @AfterEach
    void stop() throws Exception {
        doris.close();
    }

    @Test
    void allRowsAreThereAtEachParallelism() throws Exception {
        for (int parallelism : new int[] {1, 2, 4}) {
            run(parallelism, Stages.FULL).getJobExecutionResult().get(120, TimeUnit.SECONDS);
            assertTables(1);
            database.behaviour().tables.keySet().forEach(table -> sql("DROP TABLE shop." + table));
        }
    }

    @Test
    void rangesThatFailAreReadAgain() throws Exception {
        database.behaviour().failing.put("large 0", new AtomicInteger(1));
        database.behaviour().failing.put("large 13", new AtomicInteger(1));
        database.behaviour().failing.put("middle 2", new AtomicInteger(2));
        run(2, Stages.FULL, "restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "10", "restart-strategy.fixed-delay.delay", "10ms",
                "execution.checkpointing.interval", "20ms").getJobExecutionResult().get(120, TimeUnit.SECONDS);
        assertTables(null);
        // The range was read for the last time after it failed for the last time.
        assertTrue(sql("SELECT version FROM shop.middle WHERE id >= 40 AND id < 60").stream().allMatch(row -> Integer.parseInt(row.get(0)) >= 3));
    }

    @Test
    void aLaterRunWins() throws Exception {
        run(2, Stages.FULL).getJobExecutionResult().get(120, TimeUnit.SECONDS);
        database.behaviour().version.set(5);
        run(1, Stages.FULL).getJobExecutionResult().get(120, TimeUnit.SECONDS);
        assertTables(5);
    }

    @Test
    void definitionsOnlyMakeNoTable() throws Exception {
        run(2, Stages.DEFINITIONS).getJobExecutionResult().get(120, TimeUnit.SECONDS);
        assertTrue(database.behaviour().opened.isEmpty());
        assertEquals(List.of(), sql("SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = 'shop'"));
    }

    @Test
    void changesComeAfterTheRows() throws Exception {
        FakeDatabase.Behaviour behaviour = database.behaviour();
        // Of before the tables were listed: it is in their rows, or is not any more.
        behaviour.change("small", 3, "old");
        behaviour.change("small", 3, "old");
        behaviour.listedAt = 2;
        behaviour.change("small", 3, "new");
        behaviour.change("large", 1000, "more");
        behaviour.change("small", 4, "begun");
        behaviour.logFailures.set(3);
        JobClient job = run(2, Stages.ALL, "restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "10", "restart-strategy.fixed-delay.delay", "10ms",
                "execution.checkpointing.interval", "20ms");
        waitFor("SELECT id, v FROM shop.small WHERE id >= 3 ORDER BY id", List.of(List.of("3", "new"), List.of("4", "begun"), List.of("5", "of 5"), List.of("6", "of 6")));
        for (int id = 2000; id < 2050; id++) {
            behaviour.change("large", id, "v" + id);
            behaviour.logFailures.set(id % 20 == 0 ? 1 : 0);
        }
        waitFor("SELECT COUNT(*), MAX(id) FROM shop.large", List.of(List.of("551", "2049")));
        waitFor("SELECT COUNT(*) FROM shop.middle", List.of(List.of("90")));
        job.cancel().get(60, TimeUnit.SECONDS);
        assertTrue(behaviour.logOpened.get(0).equals("2 of 0"), behaviour.logOpened.toString());
        assertTrue(behaviour.opened.size() >= 31, behaviour.opened.toString());
    }

    @Test
    void aTableIsReadAnewWhileChangesAreFollowed() throws Exception {
        FakeDatabase.Behaviour behaviour = database.behaviour();
        JobClient job = run(2, Stages.ALL, "restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "20", "restart-strategy.fixed-delay.delay", "10ms",
                "execution.checkpointing.interval", "20ms");
        behaviour.change("small", 3, "changed");
        waitFor("SELECT id, v FROM shop.small WHERE id = 3", List.of(List.of("3", "changed")));
        // What somebody did in Doris, and what the source has by now.
        sql("DELETE FROM shop.small WHERE id = 5");
        sql("INSERT INTO shop.small (id, v, version, __DORIS_SEQUENCE_COL__) VALUES (99, 'stray', 0, 1)");
        behaviour.version.set(7);
        behaviour.listedAt = 1;
        TableResets.ask(resets, List.of("shop.small"));
        behaviour.logFailures.set(2);
        behaviour.change("large", 1000, "meanwhile");
        List<List<String>> expected = new ArrayList<>();
        for (int id = 0; id < 7; id++) {
            expected.add(List.of("" + id, "of " + id, "7"));
        }
        waitFor("SELECT id, v, version FROM shop.small ORDER BY id", expected);
        behaviour.change("small", 3, "later");
        behaviour.change("middle", 3, "later");
        waitFor("SELECT v FROM shop.small WHERE id = 3", List.of(List.of("later")));
        waitFor("SELECT v FROM shop.middle WHERE id = 3", List.of(List.of("later")));
        waitFor("SELECT v FROM shop.large WHERE id = 1000", List.of(List.of("meanwhile")));
        waitFor("SELECT DISTINCT version FROM shop.large WHERE id < 1000", List.of(List.of("1")));
        job.cancel().get(60, TimeUnit.SECONDS);
    }

    private void waitFor(String query, List<List<String>> rows) throws Exception {
        while (true) {
            List<List<String>> found;
            try {
                found = doris.sql("information_schema", query);
            } catch (IOException e) {
                // The table is not there yet.
                found = List.of();
            }
            if (found.equals(rows)) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    @Test
    void aServerThatIsAwayForAWhile() throws Exception {
        database.behaviour().unreachable = "refused";
        JobClient job = run(2, Stages.FULL, "restart-strategy.type", "fixed-delay", "restart-strategy.fixed-delay.attempts", "1000", "restart-strategy.fixed-delay.delay", "10ms");
        while (database.behaviour().refusals.get() < 3) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        database.behaviour().unreachable = null;
        job.getJobExecutionResult().get(120, TimeUnit.SECONDS);
        assertTables(1);
    }

    @Test
    void aJobThatWaitsForTheServerIsCancelled() throws Exception {
        database.behaviour().stuck = true;
        JobClient job = run(2, Stages.FULL);
        while (database.behaviour().open.get() < 2) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        job.cancel().get(60, TimeUnit.SECONDS);
        while (database.behaviour().open.get() > 0) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private List<List<String>> sql(String statement) {
        try {
            return doris.sql("information_schema", statement);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private JobClient run(int parallelism, Stages stages, String... settings) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "none");
        for (int i = 0; i < settings.length; i += 2) {
            configuration.setString(settings[i], settings[i + 1]);
        }
        StreamExecutionEnvironment jobs = StreamExecutionEnvironment.createLocalEnvironment(configuration);
        String sink = sink(stages == Stages.DEFINITIONS);
        DatabaseTables source = new DatabaseTables(database, new NativeTableRuns(sink), "{}", true, stages, TableResets.in(resets));
        CanalDorisSink.add(jobs.fromSource(source, WatermarkStrategy.noWatermarks(), "tables", CanalRecord.TYPE).uid("tables").setParallelism(parallelism),
                sink, parallelism, "doris");
        return jobs.executeAsync();
    }

    private String sink(boolean definitionsOnly) {
        return String.format("{\"fenodes\": [\"%s\"], \"username\": \"%s\", \"password\": \"%s\", \"format\": \"json\", \"properties\": {\"replication\": 1, \"buckets\": 1}, "
                        + "\"maxRows\": 50, \"maxBytes\": 100000, \"memoryBytes\": 1000000, \"inFlight\": 3, \"maxRetries\": 3, \"loadTimeoutSeconds\": 20, \"patienceSeconds\": 20, "
                        + "\"flushMillis\": 100, \"plan\": %s}",
                doris.frontEnds().replace(",", "\", \""), Standin.USER, Standin.PASSWORD, definitionsOnly);
    }

    /** @param version of each row; null if they may differ */
    private void assertTables(Integer version) {
        database.behaviour().tables.forEach((table, rows) -> {
            List<List<String>> expected = new ArrayList<>();
            for (int id = 0; id < rows; id++) {
                expected.add(version == null ? List.of("" + id, "of " + id) : List.of("" + id, "of " + id, "" + version));
            }
            assertEquals(expected, sql("SELECT id, v" + (version == null ? "" : ", version") + " FROM shop." + table + " ORDER BY id"), table);
            // Rows alone do not tell these.
            String made = sql("SHOW CREATE TABLE shop." + table).get(0).get(1);
            assertTrue(made.contains("by its definition") && made.contains("the key"), made);
        });
        assertEquals(0, database.behaviour().open.get());
    }
}

package io.canalnative.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import io.canalnative.TableRuns;
import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DatabaseReaderTest {

    private static final int ALL = Integer.MAX_VALUE;

    private final FakeDatabase database = new FakeDatabase();
    @TempDir
    private Path directory;

    @Test
    void aDefinitionComesBeforeTheRowsOnce() throws Exception {
        FakeReader fake = started(range("a", 0, 0, 20), range("b", 0, 20, 25), range("a", 1, 20, 27));
        assertEquals(0, fake.asked);
        fake.reader.notifyNoMoreSplits();
        fake.poll(ALL);
        assertEquals(List.of("a: definition", "a: 0 to 5, attempt 1", "a: 6 to 11, attempt 1", "a: 12 to 17, attempt 1", "a: 18 to 19, attempt 1",
                "b: definition", "b: 20 to 24, attempt 1", "a: 20 to 25, attempt 1", "a: 26 to 26, attempt 1"), fake.found);
        assertEquals(InputStatus.END_OF_INPUT, fake.reader.pollNext(fake));
        assertEquals(List.of("shop.a 0 20", "shop.b 0 5", "shop.a 1 7"), reads(fake));
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void aDefinitionAlone() throws Exception {
        FakeReader fake = started(new TableRange("shop.a", 0, 1, 0, 1, bytes(FakeDatabase.definition("a")), new byte[0]));
        fake.poll(ALL);
        assertEquals(List.of("a: definition"), fake.found);
        assertEquals(List.of("shop.a 0 0"), reads(fake));
        assertEquals(1, fake.asked);
        assertTrue(database.behaviour().opened.isEmpty());
    }

    @Test
    void itAsksWhenItHasNothing() throws Exception {
        FakeReader fake = started();
        assertEquals(1, fake.asked);
        assertEquals(InputStatus.NOTHING_AVAILABLE, fake.reader.pollNext(fake));
        CompletableFuture<Void> told = fake.reader.isAvailable();
        assertFalse(told.isDone());
        fake.reader.addSplits(List.of(range("a", 0, 0, 3)));
        assertTrue(told.isDone());
        fake.poll(ALL);
        assertEquals(2, fake.asked);
        assertEquals(InputStatus.NOTHING_AVAILABLE, fake.reader.pollNext(fake));
        told = fake.reader.isAvailable();
        assertFalse(told.isDone());
        fake.reader.notifyNoMoreSplits();
        assertTrue(told.isDone());
        assertEquals(InputStatus.END_OF_INPUT, fake.reader.pollNext(fake));
    }

    @Test
    void aRangeIsReadAgainFromItsBeginning() throws Exception {
        List<DatabaseSplit> all = List.of(range("a", 0, 0, 20), range("a", 1, 20, 40));
        FakeReader whole = started(all.toArray(new DatabaseSplit[0]));
        whole.poll(ALL);
        for (int messages = 0; messages <= whole.found.size(); messages++) {
            FakeReader fake = started(all.toArray(new DatabaseSplit[0]));
            fake.poll(messages);
            List<DatabaseSplit> kept = new ArrayList<>();
            for (DatabaseSplit split : fake.reader.snapshotState(1)) {
                kept.add(copy(split));
            }
            assertEquals(fake.reader.snapshotState(2), kept);
            fake.reader.close();
            FakeReader again = started(kept.toArray(new DatabaseSplit[0]));
            again.poll(ALL);
            // The definition and 4 messages, and 4 more. A range is over when the reader has looked for one message more.
            int ranges = messages <= 5 ? 2 : 1;
            assertEquals(ranges, kept.size(), "after " + messages + " messages");
            assertEquals(1 + 4 * ranges, again.found.size());
            assertEquals("a: definition", again.found.get(0));
            assertTrue(again.found.get(1).endsWith(messages == 0 ? "attempt 1" : "attempt 2"), again.found.get(1));
            if (ranges == 2) {
                assertTrue(again.found.get(5).endsWith("attempt 1"), again.found.get(5));
            }
            again.reader.close();
        }
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void aFailureComesAfterTheMessagesBeforeIt() throws Exception {
        database.behaviour().failing.put("a 0", new AtomicInteger(1));
        FakeReader fake = started(range("a", 0, 0, 20));
        IllegalStateException failure = assertThrows(IllegalStateException.class, () -> fake.poll(ALL));
        assertEquals("shop.a, range 1 of 2 cannot be read", failure.getMessage());
        assertEquals("the connection is lost", failure.getCause().getMessage());
        assertEquals(List.of("a: definition", "a: 0 to 5, attempt 1"), fake.found);
        fake.reader.close();
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void whatWaitsForTheServerEndsWhenItIsClosed() throws Exception {
        database.behaviour().stuck = true;
        FakeReader fake = started(range("a", 0, 0, 20));
        fake.poll(1);
        assertEquals(InputStatus.NOTHING_AVAILABLE, fake.reader.pollNext(fake));
        fake.reader.close();
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void littleIsReadAhead() throws Exception {
        AtomicInteger next = new AtomicInteger();
        Fetch<Integer> fetch = new Fetch<>("numbers", () -> numbers(next));
        for (int expected = 0; expected < 1000; expected++) {
            fetch.available().get(60, TimeUnit.SECONDS);
            assertEquals(expected, fetch.poll());
            assertTrue(next.get() <= expected + 2 + Fetch.AHEAD, next + " read when " + expected + " is taken");
        }
        fetch.available().get(60, TimeUnit.SECONDS);
        assertEquals(null, fetch.poll());
        assertTrue(fetch.isOver());
        fetch.close();
        // Nobody takes anything: it stops, and ends when it is closed.
        next.set(0);
        Fetch<Integer> full = new Fetch<>("numbers", () -> numbers(next));
        full.available().get(60, TimeUnit.SECONDS);
        full.close();
        assertTrue(next.get() <= Fetch.AHEAD + 1, next + " read ahead");
    }

    private static Fetch.Input<Integer> numbers(AtomicInteger next) {
        return new Fetch.Input<Integer>() {
            @Override
            public Integer next() {
                int number = next.getAndIncrement();
                return number < 1000 ? number : null;
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void aTableThatIsGoneHasNoRows() throws Exception {
        database.behaviour().gone.add("a");
        FakeReader fake = started(range("a", 0, 0, 20));
        fake.poll(ALL);
        assertEquals(List.of("a: definition"), fake.found);
        assertEquals(List.of("shop.a 0 0"), reads(fake));
    }

    @Test
    void theLogIsReadOnAndGoesOnAfterEachBatch() throws Exception {
        for (int i = 0; i < 25; i++) {
            database.behaviour().change("a", i, "v" + i);
        }
        for (int batches = 1; batches <= 13; batches++) {
            FakeReader fake = started(log(0));
            fake.poll(Math.min(25, batches * 2));
            LogPosition kept = (LogPosition) copy(fake.reader.snapshotState(1).get(0));
            fake.reader.close();
            // At 25 a transaction is under way: what there is of it comes again.
            int from = batches * 2 > 25 ? 24 : batches * 2;
            assertEquals("binlog.000003:" + from, kept.toString());
            assertEquals("\"of " + Math.min(25, batches * 2) / 10 + "\"", new String(kept.definitions, StandardCharsets.UTF_8));
            FakeReader again = started(kept);
            again.poll(25 - from);
            assertEquals("a: v" + from + " at " + from, again.found.get(0));
            assertEquals(25 - from, again.found.size());
            again.reader.close();
        }
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void theLogIsToldWhatACompletedCheckpointHas() throws Exception {
        for (int i = 0; i < 6; i++) {
            database.behaviour().change("a", i, "v" + i);
        }
        FakeReader fake = started(log(0));
        fake.poll(2);
        fake.reader.snapshotState(1);
        fake.poll(4);
        fake.reader.snapshotState(2);
        fake.poll(6);
        fake.reader.snapshotState(3);
        // The first one failed; the third is under way.
        fake.reader.notifyCheckpointComplete(2);
        assertEquals(4, database.behaviour().confirmed.poll(60, TimeUnit.SECONDS));
        fake.reader.notifyCheckpointComplete(3);
        assertEquals(6, database.behaviour().confirmed.poll(60, TimeUnit.SECONDS));
        fake.reader.notifyCheckpointComplete(4);
        fake.reader.close();
        assertEquals(0, database.behaviour().confirmed.size());
    }

    @Test
    void aPositionIsToldAsItsServerWritesIt() {
        byte[] position = bytes("{\"slot\": \"s\", \"lsn\": \"16/B374D848\", \"sequence\": 1, \"time\": 1700000000000}");
        LogPosition wal = LogPosition.begin(1, position, bytes("{}"), "", 0);
        assertEquals("LSN 16/B374D848", wal.toString());
        assertEquals(1_700_000_000_000L, wal.time());
    }

    @Test
    void aLogThatIsLostFailsAfterWhatCameBefore() throws Exception {
        database.behaviour().change("a", 1, "v1");
        FakeReader fake = started(log(0));
        fake.poll(1);
        database.behaviour().logFailures.set(1);
        database.behaviour().change("a", 2, "v2");
        IllegalStateException failure = assertThrows(IllegalStateException.class, () -> fake.poll(2));
        assertEquals("the log of changes after binlog.000003:0 cannot be read", failure.getMessage());
        assertEquals("the connection to the log is lost", failure.getCause().getMessage());
        assertEquals(List.of("a: v1 at 0"), fake.found);
        fake.reader.close();
        assertEquals(0, database.behaviour().open.get());
    }

    /** Runs that are counted here. */
    private static final class Runs implements TableRuns {
        private static final long serialVersionUID = 1L;
        private int last = 1;

        @Override
        public int next() {
            return ++last;
        }

        @Override
        public int last() {
            return last;
        }
    }

    /** Ten changes, and a table of 30 rows that is to be read anew, listed when six of them were in the log. */
    private DatabaseTables reset() {
        database.with("a", 30).with("b", 5);
        database.behaviour().listedAt = 6;
        database.behaviour().log.clear();
        for (int i = 0; i < 10; i++) {
            database.behaviour().change(i % 2 == 0 ? "a" : "b", i, "v" + i);
        }
        return new DatabaseTables(database, new Runs(), "{}", true, Stages.ALL, TableResets.of(List.of("shop.a", "shop.none")));
    }

    private static final List<String> ROWS_OF_A = List.of("a: 0 to 5", "a: 6 to 11", "a: 12 to 17", "a: 18 to 19", "a: 20 to 25", "a: 26 to 29");
    private static final int ALL_OF_A = 18;

    @Test
    void aTableIsReadAnewBesideTheLog() throws Exception {
        FakeReader fake = started(reset(), log(0));
        fake.poll(ALL_OF_A);
        List<String> before = List.of("a: v0 at 0", "b: v1 at 1", "a: v2 at 2", "b: v3 at 3", "a: v4 at 4", "b: v5 at 5");
        assertEquals(before, fake.found.subList(0, 6));
        assertEquals(List.of("a: definition", "a: TRUNCATE TABLE `a`"), fake.found.subList(6, 8));
        List<String> rest = fake.found.subList(8, ALL_OF_A);
        assertEquals(List.of("a: v6 at 6", "b: v7 at 7", "a: v8 at 8", "b: v9 at 9"), rest.stream().filter(one -> one.contains(" at ")).collect(Collectors.toList()));
        assertEquals(ROWS_OF_A.stream().map(rows -> rows + ", attempt 1").collect(Collectors.toList()), rest.stream().filter(one -> one.contains(" to ")).collect(Collectors.toList()));
        assertEquals(Collections.nCopies(6, 1L), fake.runs.subList(0, 6));
        assertEquals(Collections.nCopies(12, 2L), fake.runs.subList(6, ALL_OF_A));
        // Nothing of it is left, and it is not asked for again.
        while (!isDone(fake)) {
            fake.reader.pollNext(fake);
        }
        FakeReader again = started(reset(), copy(fake.reader.snapshotState(1).get(0)));
        database.behaviour().change("b", 1, "last");
        again.poll(1);
        assertEquals(List.of("b: last at 10"), again.found);
        fake.reader.close();
        again.reader.close();
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void readingAnewGoesOnFromEachCheckpoint() throws Exception {
        for (int messages = 0; messages < ALL_OF_A; messages++) {
            DatabaseTables source = reset();
            FakeReader fake = started(source, log(0));
            fake.poll(messages);
            DatabaseSplit kept = copy(fake.reader.snapshotState(1).get(0));
            assertEquals(fake.reader.snapshotState(1).get(0), kept);
            fake.reader.close();
            FakeReader again = started(source, kept);
            String name = "after " + messages + " messages";
            while (!isDone(again)) {
                again.reader.isAvailable().get(60, TimeUnit.SECONDS);
                again.reader.pollNext(again);
            }
            // What was emptied is filled from there on, and no change is in a run of before what Doris has.
            int before = fake.found.indexOf("a: TRUNCATE TABLE `a`");
            int after = again.found.indexOf("a: TRUNCATE TABLE `a`");
            assertEquals(before < 0, after >= 0, name);
            List<String> rows = new ArrayList<>(before < 0 ? List.of() : fake.found.subList(before, fake.found.size()));
            rows.addAll(again.found.subList(Math.max(0, after), again.found.size()));
            for (String range : ROWS_OF_A) {
                assertTrue(rows.stream().anyMatch(one -> one.startsWith(range)), name + ": " + range + " in " + rows);
            }
            long latest = fake.runs.isEmpty() ? 1 : fake.runs.get(fake.runs.size() - 1);
            assertTrue(again.runs.stream().allMatch(run -> run >= latest), name + ": " + again.runs + " after run " + latest);
            again.reader.close();
        }
        assertEquals(0, database.behaviour().open.get());
    }

    @Test
    void whatTheSelectionHasNewIsRead() throws Exception {
        database.with("a", 3).with("b", 5);
        database.behaviour().change("b", 1, "v1");
        DatabaseTables source = new DatabaseTables(database, new Runs(), "{\"names\": {\"include\": [\"a\", \"b\"]}}", true, Stages.ALL, TableResets.of(List.of()));
        String before = "{\"include\":[\"b\"]}";
        FakeReader fake = started(source, LogPosition.begin(1, bytes("{\"file\": \"binlog.000003\", \"offset\": 0}"), bytes("\"of 0\""), before, 0));
        fake.poll(4);
        assertEquals(List.of("b: v1 at 0", "a: definition", "a: TRUNCATE TABLE `a`", "a: 0 to 2, attempt 1"), fake.found);
        LogPosition kept = (LogPosition) copy(fake.reader.snapshotState(1).get(0));
        assertEquals(source.selection(), kept.selection);
        fake.reader.close();
        assertEquals(0, database.behaviour().open.get());
    }

    /** All of the log is read, and what was asked for. */
    private static boolean isDone(FakeReader fake) {
        LogPosition position = (LogPosition) fake.reader.snapshotState(1).get(0);
        return position.resets > 0 && position.left.isEmpty() && position.toString().equals("binlog.000003:10");
    }

    @Test
    void requestsAreLinesOfAFile() throws Exception {
        Path file = directory.resolve("resets");
        TableResets resets = TableResets.in(file);
        assertEquals(List.of(), resets.after(0));
        TableResets.ask(file, List.of("shop.a", "shop.with blanks"));
        List<TableResets.Reset> asked = resets.after(0);
        assertEquals(List.of("shop.a", "shop.with blanks"), asked.stream().map(one -> one.table).collect(Collectors.toList()));
        assertEquals(List.of(), resets.after(asked.get(0).at));
    }

    private static LogPosition log(int offset) {
        return LogPosition.begin(1, bytes("{\"file\": \"binlog.000003\", \"offset\": " + offset + "}"), bytes("\"of 0\""), "", 0);
    }

    private static DatabaseSplit copy(DatabaseSplit split) throws IOException {
        return DatabaseSplit.SERIALIZER.deserialize(DatabaseSplit.SERIALIZER.getVersion(), DatabaseSplit.SERIALIZER.serialize(split));
    }

    private FakeReader started(DatabaseSplit... ranges) {
        return started(new FakeReader(database), ranges);
    }

    private static FakeReader started(DatabaseTables source, DatabaseSplit... ranges) {
        return started(new FakeReader(source), ranges);
    }

    private static FakeReader started(FakeReader fake, DatabaseSplit... ranges) {
        if (ranges.length > 0) {
            fake.reader.addSplits(List.of(ranges));
        }
        fake.reader.start();
        return fake;
    }

    private static TableRange range(String table, int number, int from, int to) {
        String range = String.format("{\"table\": \"%s\", \"number\": %d, \"from\": %d, \"to\": %d}", table, number, from, to);
        return new TableRange("shop." + table, number, 2, 0, 1, bytes(FakeDatabase.definition(table)), bytes(range));
    }

    private static List<String> reads(FakeReader fake) {
        List<String> reads = new ArrayList<>();
        fake.read.forEach(read -> reads.add(read.table + " " + read.number + " " + read.rows));
        return reads;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

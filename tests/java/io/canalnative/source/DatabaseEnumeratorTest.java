package io.canalnative.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

class DatabaseEnumeratorTest {

    private static final int MANY = 1000;

    private final FakeDatabase database = new FakeDatabase();
    private FakeCoordinator flink;
    private DatabaseEnumerator ranges;

    @Test
    void readersStayWithTheirTableAndHelpInTheEnd() {
        database.with("small", 10).with("large", 100).with("middle", 50);
        begin(2, Stages.FULL);
        ask(0);
        ask(1);
        // The largest is begun first, and the next one is for the next reader.
        assertEquals(List.of("large 0/5"), flink.given(0));
        assertEquals(List.of("middle 0/3"), flink.given(1));
        ask(0);
        ask(1);
        assertEquals(List.of("large 1/5"), flink.given(0));
        assertEquals(List.of("middle 1/3"), flink.given(1));
        ask(1);
        ask(1);
        ask(1);
        assertEquals(List.of("middle 2/3", "small 0/1", "large 2/5"), flink.given(1));
        ask(0);
        ask(1);
        ask(0);
        assertEquals(List.of("large 3/5"), flink.given(0));
        assertEquals(List.of("large 4/5"), flink.given(1));
        assertEquals(List.of(0), List.copyOf(flink.ended));
        ask(1);
        assertEquals(List.of(0, 1), List.copyOf(flink.ended));
    }

    @Test
    void aReaderWaitsUntilThereIsSomething() {
        database.with("a", 10).with("b", 10);
        create(1, Stages.FULL, ListedTables.none());
        ranges.handleSplitRequest(0, null);
        assertEquals(List.of(), flink.given(0));
        assertEquals(1, flink.calls(1));
        assertEquals(List.of(), flink.given(0));
        assertEquals(1, flink.calls(1));
        assertEquals(List.of("a 0/1"), flink.given(0));
        ranges.handleSplitRequest(0, null);
        assertEquals(List.of(), flink.given(0));
        assertTrue(flink.ended.isEmpty());
        flink.calls(MANY);
        assertEquals(List.of("b 0/1"), flink.given(0));
    }

    @Test
    void aReaderThatIsGoneIsGivenNothing() {
        database.with("a", 30);
        create(2, Stages.FULL, ListedTables.none());
        ranges.handleSplitRequest(0, null);
        ranges.handleSplitRequest(1, null);
        flink.lose(0);
        flink.calls(MANY);
        assertEquals(List.of("a 0/2"), flink.given(1));
        flink.comesBack(0);
        ask(0);
        assertEquals(List.of("a 1/2"), flink.given(0));
    }

    @Test
    void definitionsOnlyAndTablesWithoutRows() {
        database.with("empty", 0).with("full", 30);
        begin(1, Stages.DEFINITIONS);
        List<String> all = everything(0);
        assertEquals(List.of("full 0/1 definition", "empty 0/1 definition"), all);
        begin(1, Stages.FULL);
        assertEquals(List.of("full 0/2", "full 1/2", "empty 0/1 definition"), everything(0));
    }

    @Test
    void whatIsGivenBackWasBegun() {
        database.with("a", 45);
        begin(2, Stages.FULL);
        ask(0);
        TableRange lost = (TableRange) flink.assigned.get(0).get(0);
        flink.given(0);
        ranges.addSplitsBack(Collections.singletonList(lost), 0);
        ask(1);
        assertEquals(List.of("a 0/3 begun 1"), flink.given(1));
        // And once more.
        ranges.addSplitsBack(Collections.singletonList(lost.begun(1)), 1);
        assertEquals(List.of("a 0/3 begun 2", "a 1/3", "a 2/3"), everything(0));
    }

    @Test
    void aCheckpointHasWhatNobodyHasBeenGiven() throws IOException {
        database.with("a", 45).with("b", 30).with("c", 20);
        begin(1, Stages.FULL);
        assertEquals(List.of("a 0/3"), next(0));
        ranges.handleSourceEvent(0, new RangeRead("shop.a", 0, 20));
        assertEquals(List.of("a 1/3"), next(0));
        byte[] checkpoint = checkpoint();
        everything(0);
        // What was not given out then may have been begun since.
        restore(checkpoint);
        database.behaviour().tables.put("d", 10);
        assertEquals(List.of("a 2/3 begun 1", "b 0/2 begun 1", "b 1/2 begun 1", "c 0/1 begun 1"), everything(0));
        restore(checkpoint);
        assertEquals(List.of("a 2/3 begun 1"), next(0));
        restore(checkpoint());
        assertEquals(List.of("b 0/2 begun 2", "b 1/2 begun 2", "c 0/1 begun 2"), everything(0));
    }

    @Test
    void aCheckpointBeforeAnythingIsListed() throws IOException {
        database.with("a", 10);
        create(1, Stages.FULL, ListedTables.none());
        restore(checkpoint());
        assertEquals(List.of("a 0/1"), everything(0));
    }

    @Test
    void whatIsReadIsCountedOnce() throws IOException {
        database.with("a", 45).with("b", 30);
        begin(1, Stages.FULL);
        assertProgress(0, 2, 0, 75);
        everything(0);
        for (int number = 0; number < 3; number++) {
            ranges.handleSourceEvent(0, new RangeRead("shop.a", number, 16));
        }
        assertProgress(1, 2, 48, 78);
        // A reader that failed has read it again.
        ranges.handleSourceEvent(0, new RangeRead("shop.a", 1, 20));
        assertProgress(1, 2, 48, 78);
        restore(checkpoint());
        assertProgress(1, 2, 48, 78);
        ranges.handleSourceEvent(0, new RangeRead("shop.a", 2, 20));
        ranges.handleSourceEvent(0, new RangeRead("shop.b", 0, 20));
        ranges.handleSourceEvent(0, new RangeRead("shop.b", 1, 20));
        assertProgress(2, 2, 88, 88);
    }

    @Test
    void aRangeOfATableThatIsReadComesBackAllTheSame() throws IOException {
        database.with("a", 30);
        begin(1, Stages.FULL);
        ask(0);
        ask(0);
        List<DatabaseSplit> lost = new ArrayList<>(flink.assigned.get(0));
        flink.given(0);
        ranges.handleSourceEvent(0, new RangeRead("shop.a", 0, 20));
        ranges.handleSourceEvent(0, new RangeRead("shop.a", 1, 10));
        ranges.addSplitsBack(lost, 0);
        restore(checkpoint());
        assertEquals(new TreeSet<>(List.of("a 0/2 begun 1", "a 1/2 begun 1")), new TreeSet<>(everything(0)));
    }

    @Test
    void changesComeWhenTheRowsAreInDoris() {
        database.with("a", 30);
        database.behaviour().listedAt = 4;
        begin(2, Stages.ALL);
        ask(0);
        ask(1);
        flink.given(0);
        flink.given(1);
        // A checkpoint while a range is being read says nothing of its rows.
        ask(0);
        ranges.snapshotState(1);
        ask(1);
        ranges.notifyCheckpointComplete(1);
        assertEquals(List.of(), flink.given(0));
        ranges.snapshotState(2);
        ranges.snapshotState(3);
        assertEquals(List.of(), flink.given(0));
        ranges.notifyCheckpointComplete(3);
        assertEquals(List.of("log from binlog.000003:4"), flink.given(0));
        ask(0);
        ranges.notifyCheckpointComplete(4);
        assertEquals(List.of(), flink.given(1));
        assertTrue(flink.ended.isEmpty());
    }

    @Test
    void aReaderThatFailsMayHaveRowsToReadAgain() {
        database.with("a", 10);
        begin(1, Stages.ALL);
        ask(0);
        flink.given(0);
        ask(0);
        ranges.snapshotState(1);
        ranges.addSplitsBack(Collections.emptyList(), 0);
        // It goes on from before checkpoint 1 with the range, which no later checkpoint is known to have in Doris.
        ranges.snapshotState(2);
        ranges.notifyCheckpointComplete(2);
        ask(0);
        ranges.notifyCheckpointComplete(2);
        assertEquals(List.of(), flink.given(0));
        ranges.snapshotState(3);
        ranges.notifyCheckpointComplete(3);
        assertEquals(List.of("log from binlog.000003:0"), flink.given(0));
    }

    @Test
    void theLogIsGivenOnce() throws IOException {
        database.with("a", 10);
        begin(1, Stages.ALL);
        ask(0);
        flink.given(0);
        ask(0);
        byte[] before = checkpoint();
        ranges.notifyCheckpointComplete(1);
        DatabaseSplit log = flink.assigned.get(0).get(0);
        assertEquals(List.of("log from binlog.000003:0"), flink.given(0));
        byte[] after = checkpoint();
        // Its reader fails, and had it in no checkpoint.
        ranges.addSplitsBack(List.of(log), 0);
        ask(0);
        assertEquals(List.of("log from binlog.000003:0"), flink.given(0));
        restore(Stages.ALL, before);
        ask(0);
        assertEquals(List.of(), flink.given(0));
        checkpoint();
        ranges.notifyCheckpointComplete(1);
        assertEquals(List.of("log from binlog.000003:0"), flink.given(0));
        restore(Stages.ALL, after);
        ask(0);
        checkpoint();
        ranges.notifyCheckpointComplete(1);
        assertEquals(List.of(), flink.given(0));
    }

    @Test
    void changesAlone() {
        database.with("a", 30);
        begin(1, Stages.CHANGES);
        assertEquals(List.of("a 0/1 definition"), next(0));
        ask(0);
        ranges.snapshotState(1);
        ranges.notifyCheckpointComplete(1);
        assertEquals(List.of("log from binlog.000003:0"), flink.given(0));
    }

    @Test
    void tablesThatCannotBeReadAreLeftOutOrFailTheJob() {
        database.with("a", 10);
        database.behaviour().refused.put("shop.log", "it has no key");
        begin(1, Stages.FULL);
        assertEquals(List.of("a 0/1"), everything(0));
        assertProgress(0, 1, 0, 10);
        String said = assertThrows(IllegalStateException.class, () -> begin(1, source(true, Stages.FULL))).getMessage();
        assertTrue(said.contains("shop.log") && said.contains("it has no key") && said.contains("errors"), said);
    }

    @Test
    void whatTheServerSaysFailsTheJob() {
        database.with("a", 10);
        database.behaviour().unreachable = "refused by 10.0.0.1:3306";
        IllegalStateException failure = assertThrows(IllegalStateException.class, () -> begin(1, Stages.FULL));
        assertEquals("refused by 10.0.0.1:3306", failure.getCause().getMessage());
        database.behaviour().unreachable = null;
        create(1, Stages.FULL, ListedTables.none());
        flink.calls(1);
        database.behaviour().unreachable = "lost";
        failure = assertThrows(IllegalStateException.class, () -> flink.calls(1));
        assertTrue(failure.getMessage().contains("shop.a"), failure.getMessage());
    }

    @Test
    void aSequenceSaysHowOftenARangeWasBegun() {
        TableRange range = new TableRange("a.b", 0, 1, 7, 3, new byte[0], new byte[0]);
        assertEquals(3L << 51 | 7L << 20, range.rows(new byte[0]).sequence);
        assertEquals(3L << 51, range.definition().sequence);
        // The sink's count of runs begins at bit 51.
        assertTrue(range.begun(Integer.MAX_VALUE).rows(new byte[0]).sequence < 4L << 51);
    }

    /** All that is read in a run has one number, whoever reads it and however often the job is restored. */
    @Test
    void aRunHasOneNumber() throws IOException {
        database.with("a", 30);
        AtomicInteger last = new AtomicInteger(4);
        DatabaseTables source = new DatabaseTables(database, last::incrementAndGet, "{}", true, Stages.ALL, TableResets.of(List.of()));
        create(2, source, ListedTables.none());
        flink.calls(MANY);
        ask(0);
        assertEquals(5, ((TableRange) flink.assigned.get(0).get(0)).run);
        ListedTables kept = read(checkpoint());
        create(1, source, kept);
        ask(0);
        assertEquals(5, ((TableRange) flink.assigned.get(0).get(0)).run);
        ask(0);
        checkpoint();
        ranges.notifyCheckpointComplete(1);
        LogPosition log = (LogPosition) flink.assigned.get(0).get(1);
        assertEquals(5, log.run);
        assertEquals(5L << 51 | 1L << 44, log.change(new byte[0], 1L << 44).sequence);
        assertEquals(5, last.get());
        // One that begins anew before anything was kept is another run.
        create(1, source, ListedTables.none());
        flink.calls(MANY);
        ask(0);
        assertEquals(6, ((TableRange) flink.assigned.get(0).get(0)).run);
    }

    private DatabaseTables source(boolean failsOnRefused, Stages stages) {
        return new DatabaseTables(database, () -> 1, "{}", failsOnRefused, stages, TableResets.of(List.of()));
    }

    private void create(int readers, Stages stages, ListedTables listed) {
        create(readers, source(false, stages), listed);
    }

    private void create(int readers, DatabaseTables source, ListedTables listed) {
        flink = new FakeCoordinator(readers);
        ranges = new DatabaseEnumerator(flink, source, new ReadingProgress(), listed);
        ranges.start();
    }

    private void begin(int readers, Stages stages) {
        begin(readers, source(false, stages));
    }

    private void begin(int readers, DatabaseTables source) {
        create(readers, source, ListedTables.none());
        flink.calls(MANY);
    }

    private byte[] checkpoint() throws IOException {
        return ListedTables.SERIALIZER.serialize(ranges.snapshotState(1));
    }

    private static ListedTables read(byte[] checkpoint) throws IOException {
        return ListedTables.SERIALIZER.deserialize(ListedTables.SERIALIZER.getVersion(), checkpoint);
    }

    private void restore(byte[] checkpoint) throws IOException {
        restore(Stages.FULL, checkpoint);
    }

    private void restore(Stages stages, byte[] checkpoint) throws IOException {
        create(1, stages, read(checkpoint));
        flink.calls(MANY);
    }

    private void ask(int reader) {
        ranges.handleSplitRequest(reader, null);
        flink.calls(MANY);
    }

    private List<String> next(int reader) {
        ask(reader);
        return flink.given(reader);
    }

    /** All that a reader is given until it is told that there is no more. */
    private List<String> everything(int reader) {
        List<String> all = new ArrayList<>();
        for (int asked = 0; !flink.ended.contains(reader); asked++) {
            assertTrue(asked < MANY, "there is no end");
            all.addAll(next(reader));
        }
        return all;
    }

    private void assertProgress(long tablesDone, long tables, long rows, long expected) {
        ListedTables listed = ranges.snapshotState(1);
        assertEquals(Arrays.asList(tablesDone, tables, rows, expected),
                Arrays.asList((long) listed.tablesRead(), (long) listed.tables(), listed.rowsRead(), listed.rowsExpected()));
    }
}

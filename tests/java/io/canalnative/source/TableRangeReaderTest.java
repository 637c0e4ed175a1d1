package io.canalnative.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.flink.core.io.InputStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TableRangeReaderTest {

    private static final int ALL = Integer.MAX_VALUE;

    private final FakeDatabase database = new FakeDatabase();

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
        FakeReader fake = started(new TableRange("shop.a", 0, 1, 0, bytes(FakeDatabase.definition("a")), new byte[0]));
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
        List<TableRange> all = List.of(range("a", 0, 0, 20), range("a", 1, 20, 40));
        FakeReader whole = started(all.toArray(new TableRange[0]));
        whole.poll(ALL);
        for (int messages = 0; messages <= whole.found.size(); messages++) {
            FakeReader fake = started(all.toArray(new TableRange[0]));
            fake.poll(messages);
            List<TableRange> kept = new ArrayList<>();
            for (TableRange range : fake.reader.snapshotState(1)) {
                kept.add(TableRange.SERIALIZER.deserialize(TableRange.SERIALIZER.getVersion(), TableRange.SERIALIZER.serialize(range)));
            }
            assertEquals(fake.reader.snapshotState(2), kept);
            fake.reader.close();
            FakeReader again = started(kept.toArray(new TableRange[0]));
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
        TableRange range = range("a", 0, 0, 6_000);
        RangeFetch fetch = new RangeFetch(database, bytes("{}"), range);
        fetch.available().get(60, TimeUnit.SECONDS);
        RangeFetch.Message first = fetch.poll();
        assertEquals(6, first.rows);
        long most = 0;
        for (int taken = 1; taken < 1000; taken++) {
            fetch.available().get(60, TimeUnit.SECONDS);
            most = Math.max(most, fetch.poll().rows);
        }
        assertEquals(6_000, most);
        fetch.available().get(60, TimeUnit.SECONDS);
        assertEquals(null, fetch.poll());
        assertTrue(fetch.isOver());
        fetch.close();
        // Nobody takes anything: it stops, and ends when it is closed.
        RangeFetch full = new RangeFetch(database, bytes("{}"), range);
        full.available().get(60, TimeUnit.SECONDS);
        full.close();
        int left = 0;
        while (full.poll() != null) {
            left++;
        }
        assertTrue(left <= RangeFetch.AHEAD, left + " messages ahead");
        assertEquals(0, database.behaviour().open.get());
    }

    private FakeReader started(TableRange... ranges) {
        FakeReader fake = new FakeReader(database);
        if (ranges.length > 0) {
            fake.reader.addSplits(List.of(ranges));
        }
        fake.reader.start();
        return fake;
    }

    private static TableRange range(String table, int number, int from, int to) {
        String range = String.format("{\"table\": \"%s\", \"number\": %d, \"from\": %d, \"to\": %d}", table, number, from, to);
        return new TableRange("shop." + table, number, 2, 0, bytes(FakeDatabase.definition(table)), bytes(range));
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

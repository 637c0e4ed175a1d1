package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

import io.canalnative.NativeException;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** The writer's calls into the native side, by a Doris in memory. */
class DorisWriterTest {

    /** Long enough for its row to be handed over at once. */
    private static final String ENOUGH = String.join("", Collections.nCopies(5000, "long"));

    private final FakeDoris doris = new FakeDoris();
    private final FakeDoris.State cluster = doris.state();

    private DorisWriter open(WriterContext context, String... options) throws IOException {
        return FlinkLine.sink(OrdersTable.target(options), doris).createWriter(context);
    }

    private static WriterContext context() {
        return new WriterContext(OptionalLong.empty());
    }

    private FakeDoris.Loads loads(String table) {
        return cluster.writers.stream().filter(loads -> loads.table().equals(table)).findFirst().get();
    }

    private static DorisCommittable load(int number, int rows, String table, long after) {
        String json =
                String.format("{\"v\":1,\"database\":\"shop\",\"table\":\"%s\",\"label\":\"label%d\",\"txn\":%d,\"rows\":%d,\"bytes\":9}", table, number, number, rows);
        return new DorisCommittable(json.getBytes(StandardCharsets.UTF_8), after);
    }

    private static void write(DorisWriter writer, RowKind kind, long id, String name) throws Exception {
        writer.write(OrdersTable.row(kind, id, name), null);
    }

    @Test
    void aCheckpointWaitsForEveryLoadAndHandsOverItsTransactions() throws Exception {
        cluster.awaits = 3;
        try (DorisWriter writer = open(context())) {
            write(writer, RowKind.INSERT, 1, "a longer name that does not fit into eight bytes");
            write(writer, RowKind.UPDATE_BEFORE, 1, "a");
            write(writer, RowKind.UPDATE_AFTER, 2, "b");
            write(writer, RowKind.DELETE, 3, "c");
            assertEquals(Collections.emptyList(), cluster.calls);
            writer.flush(false);
            assertEquals(Arrays.asList("flush orders", "settled orders", "settled orders", "settled orders", "settled orders"), cluster.calls);
            assertEquals(Collections.singletonList(load(1, 4, "orders", -1)), writer.prepareCommit());
            assertEquals(
                    Arrays.asList("+I(1,a longer name that does not fit into eight bytes)", "-U(1,a)", "+U(2,b)", "-D(3,c)"),
                    cluster.precommitted.get("label1"));
            List<DorisWriterState> state = writer.snapshotState(5);
            assertEquals("[{\"next\":1,\"table\":\"orders\"}]", state.toString());
            assertEquals(Collections.emptyList(), writer.prepareCommit());
            write(writer, RowKind.INSERT, 4, "d");
            writer.flush(true);
            assertEquals(Collections.singletonList(load(2, 1, "orders", 5)), writer.prepareCommit(), "its rows came after checkpoint 5");
        }
        assertTrue(loads("orders").closed);
    }

    @Test
    void aFullWriterWaitsForRoomAndGoesOnWithTheSameRow() throws Exception {
        cluster.awaits = 1;
        try (DorisWriter writer = open(context())) {
            loads("orders").full = 2;
            write(writer, RowKind.INSERT, 1, "a");
            write(writer, RowKind.INSERT, 2, "b");
            writer.flush(false);
            assertEquals(Arrays.asList("room orders", "room orders", "room orders", "room orders", "flush orders"), cluster.calls.subList(0, 5));
            assertEquals(Arrays.asList("+I(1,a)", "+I(2,b)"), cluster.precommitted.get("label1"));
        }
    }

    @Test
    void rowsAreHandedOverManyAtATimeAndEachOnce() throws Exception {
        List<String> expected = new ArrayList<>();
        try (DorisWriter writer = open(context(), "sink.bad-rows", "log")) {
            for (int i = 0; i < 3000; i++) {
                // Some longer than all that is handed over at once, some bad, some of no layout.
                String name = i % 1000 == 500 ? ENOUGH : i % 7 == 3 ? "bad" : i % 11 == 5 ? "\ud83d" : "row " + i;
                write(writer, i % 2 == 0 ? RowKind.INSERT : RowKind.DELETE, i, name);
                if (name.startsWith("row") || name.startsWith("long")) {
                    expected.add((i % 2 == 0 ? "+I(" : "-D(") + i + "," + name + ")");
                }
                loads("orders").full = i % 13 == 0 ? 2 : 0;
                if (i == 600) {
                    assertTrue(loads("orders").rows > 0 && loads("orders").rows < expected.size());
                }
            }
            writer.flush(false);
        }
        assertEquals(expected, cluster.precommitted.get("label1"));
    }

    @Test
    void anInterruptEndsTheWaiting() throws Exception {
        cluster.awaits = Integer.MAX_VALUE;
        try (DorisWriter writer = open(context())) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> writer.flush(false));
            loads("orders").full = 1;
            Thread.currentThread().interrupt();
            write(writer, RowKind.INSERT, 1, "a");
            assertThrows(InterruptedException.class, () -> writer.flush(false));
            assertFalse(Thread.interrupted());
        }
    }

    @Test
    void aFailedLoadFailsTheNextHandingOver() throws Exception {
        WriterContext context = context();
        try (DorisWriter writer = open(context, "sink.check-interval", "1s")) {
            loads("orders").failure = "load l1 into shop.orders: refused";
            write(writer, RowKind.INSERT, 1, "a");
            assertEquals("load l1 into shop.orders: refused", assertThrows(NativeException.class, () -> writer.flush(false)).getMessage());
            assertThrows(NativeException.class, () -> write(writer, RowKind.INSERT, 2, ENOUGH), "rows that are enough are not kept");
            assertThrows(NativeException.class, () -> context.pass(1000), "also while no row comes");
        }
    }

    @Test
    void flushModeSendsByTheClock() throws Exception {
        WriterContext context = context();
        DorisWriter writer = open(context, "sink.enable-2pc", "false", "sink.buffer-flush.interval", "2s");
        write(writer, RowKind.INSERT, 1, "a");
        context.pass(1999);
        assertEquals(Collections.emptyList(), cluster.visible());
        context.pass(1);
        assertEquals(Collections.singletonList("+I(1,a)"), cluster.visible());
        assertEquals("tick orders", cluster.calls.get(0), "whether it is time is for the native side to say");
        write(writer, RowKind.INSERT, 2, "b");
        context.pass(2000);
        assertEquals(Arrays.asList("+I(1,a)", "+I(2,b)"), cluster.visible());
        write(writer, RowKind.INSERT, 3, "c");
        writer.flush(false);
        assertEquals(3, cluster.visible().size());
        assertEquals(Collections.emptyList(), writer.prepareCommit());
        writer.close();
        context.pass(2000);
        assertEquals(0, context.timers(), "a closed writer's timer ends");
    }

    @Test
    void twoPhaseCommitHasNoTimerUnlessAskedForAndNeverSendsByIt() throws Exception {
        WriterContext without = context();
        open(without).close();
        assertEquals(0, without.timers());
        WriterContext with = context();
        try (DorisWriter writer = open(with, "sink.check-interval", "1s")) {
            write(writer, RowKind.INSERT, 1, "a");
            with.pass(1000);
            assertEquals(Collections.singletonList("settled orders"), cluster.calls);
            assertEquals(1, with.timers());
        }
    }

    @Test
    void aBadRowFailsTheJobAndIsNamed() throws Exception {
        try (DorisWriter writer = open(context())) {
            write(writer, RowKind.INSERT, 6, "a");
            write(writer, RowKind.DELETE, 7, "bad");
            IOException e = assertThrows(IOException.class, () -> writer.flush(false));
            assertTrue(e.getMessage().startsWith("A row cannot go into shop.orders: column 'name': too long. The row: -D[7, bad]."), e.getMessage());
            IOException half = assertThrows(IOException.class, () -> write(writer, RowKind.INSERT, 8, "\ud83d"));
            assertTrue(half.getMessage().contains("column 'name' STRING has a text with half a surrogate pair"), half.getMessage());
        }
    }

    @Test
    void loggedBadRowsAreCountedAndTheOthersLoaded() throws Exception {
        WriterContext context = context();
        try (DorisWriter writer = open(context, "sink.bad-rows", "log")) {
            write(writer, RowKind.INSERT, 1, "bad");
            write(writer, RowKind.INSERT, 2, "b");
            write(writer, RowKind.INSERT, 3, "\ud83d");
            loads("orders").refused = "[{\"row\":\"{id: 9}\",\"reason\":\"no partition\"}]";
            writer.flush(false);
            assertEquals(Collections.singletonList("+I(2,b)"), cluster.precommitted.get("label1"));
            assertEquals(3L, context.metric("doris_native.table.shop.orders.badRowsPassedOver"));
        }
    }

    @Test
    void badRowsGoToTheSideTableWithTheSameDelivery() throws Exception {
        String[] options = {"sink.bad-rows", "table", "sink.bad-rows.table", "shop.refused"};
        DorisWriter writer = open(context(), options);
        write(writer, RowKind.INSERT, 1, "a");
        write(writer, RowKind.INSERT, 2, "a bad row");
        loads("orders").refused = "[{\"row\":\"{id: 9}\",\"reason\":\"no partition\"}]";
        writer.flush(false);
        assertEquals(
                Arrays.asList("+I(shop.orders|column 'name': too long|+I[2, a bad row])", "+I(shop.orders|no partition|{id: 9})"),
                cluster.precommitted.get("label2"));
        assertEquals(Arrays.asList(load(1, 1, "orders", -1), load(2, 2, "refused", -1)), writer.prepareCommit());
        List<DorisWriterState> states = new ArrayList<>(writer.snapshotState(1));
        writer.close();
        assertTrue(loads("orders").closed && loads("refused").closed);
        states.add(new DorisWriterState("{\"next\":8}".getBytes(StandardCharsets.UTF_8), null));
        cluster.writers.clear();
        FlinkLine.sink(OrdersTable.target(options), doris).restoreWriter(new WriterContext(OptionalLong.of(1)), states).close();
        assertEquals("[{\"next\":1,\"table\":\"orders\"},{\"next\":8}]", loads("orders").spec.get("restored").toString());
        assertEquals("[{\"next\":1,\"table\":\"refused\"}]", loads("refused").spec.get("restored").toString());
        assertFalse(loads("orders").spec.get("label").get("sink").equals(loads("refused").spec.get("label").get("sink")));
    }

    @Test
    void aRestoredWriterKnowsItsCheckpoint() throws Exception {
        try (DorisWriter writer = FlinkLine.sink(OrdersTable.target(), doris).restoreWriter(new WriterContext(OptionalLong.of(41)), Collections.emptyList())) {
            write(writer, RowKind.INSERT, 1, "a");
            writer.flush(false);
            Collection<DorisCommittable> loads = writer.prepareCommit();
            assertEquals(41, loads.iterator().next().after());
        }
        assertEquals(41, loads("orders").spec.get("label").get("restored").asLong());
    }

    @Test
    void metricsAreTheNativeSides() throws Exception {
        WriterContext context = context();
        try (DorisWriter writer = open(context)) {
            for (int load = 0; load < 3; load++) {
                write(writer, RowKind.INSERT, load, ENOUGH);
                // Two loads between two looks.
                loads("orders").flush();
            }
            writer.flush(false);
        }
        String group = "doris_native.table.shop.orders.";
        assertEquals(3L, context.metric(group + "rows"));
        assertEquals(30L, context.metric(group + "bytes"));
        assertEquals(3L, context.metric(group + "loads"));
        assertEquals(2L, context.metric(group + "inFlight"));
        assertEquals("label3", context.metric(group + "lastLabel"));
        assertEquals(3L, context.metric("numRecordsSend"));
        assertEquals(30L, context.metric("numBytesSend"));
        assertEquals(30L, context.metric("currentSendTime"));
        Histogram latency = (Histogram) context.metric(group + "loadMillis");
        assertEquals(3, latency.getCount());
        // 960 to 1023 ms are one bucket.
        assertEquals(Arrays.asList(5L, 992L, 992L), Arrays.stream(latency.getStatistics().getValues()).boxed().collect(Collectors.toList()));
        assertEquals(4000L, context.metric(group + "flushIntervalMillis"));
        assertFalse(context.metrics.toString().contains("s3cret"));
    }
}

package io.canalnative.database;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.canalnative.NativeException;
import io.canalnative.doris.WriterContext;
import org.apache.flink.metrics.Histogram;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.helpers.MessageFormatter;

/** When the writer calls the native side, and what it makes of the answers. */
class CanalDorisWriterTest {

    private final FakeLoads loads = new FakeLoads();
    private final WriterContext context = new WriterContext(OptionalLong.empty());

    private CanalDorisWriter open(String spec) {
        return new CanalDorisWriter(new DatabaseSpec(spec), 2, loads, new DatabaseMetrics(context.metricGroup()), context);
    }

    private static CanalRecord record(String text) {
        return new CanalRecord(text.getBytes(StandardCharsets.UTF_8), 3, 9L << 20);
    }

    private List<String> calls() {
        List<String> calls = Arrays.asList(loads.calls.toArray(new String[0]));
        loads.calls.clear();
        return calls;
    }

    @Test
    void aMessageThatThereIsNoRoomForIsResumed() throws Exception {
        CanalDorisWriter writer = open("{}");
        loads.waits = 2;
        writer.write(record("m"), null);
        assertEquals(Arrays.asList("write m 3 9437184", "await room", "await room", "resume"), calls());
        writer.write(new CanalRecord(new byte[] {'n'}, 0, 1, true, 7), null);
        assertEquals(Arrays.asList("write n 0 1 everyone's"), calls());
    }

    @Test
    void aCheckpointWaitsUntilAllIsSettled() throws Exception {
        CanalDorisWriter writer = open("{}");
        loads.waits = 3;
        writer.flush(false);
        assertEquals(Arrays.asList("flush", "await settled", "await settled", "await settled"), calls());
        assertEquals(Collections.singletonList(new WriterState(2, loads.state())), writer.snapshotState(1));
    }

    @Test
    void atTheEndNothingIsLeftWaiting() throws Exception {
        CanalDorisWriter writer = open("{}");
        loads.set("parked", 3);
        writer.flush(false);
        assertEquals(Arrays.asList("flush", "await settled"), calls());
        loads.atTick = () -> loads.set("parked", 0);
        writer.flush(true);
        assertEquals(Arrays.asList("flush", "await settled", "tick", "flush", "await settled"), calls());
        loads.set("parked", 3);
        loads.atTick = () -> context.clock.advanceTime(java.time.Duration.ofSeconds(31));
        String message = assertThrows(IOException.class, () -> writer.flush(true)).getMessage();
        assertTrue(message.contains("3 messages wait"), message);
    }

    @Test
    void aStateIsKeptAndRead() throws Exception {
        WriterState state = new WriterState(2, loads.state());
        byte[] kept = WriterState.SERIALIZER.serialize(state);
        assertEquals(state, WriterState.SERIALIZER.deserialize(WriterState.SERIALIZER.getVersion(), kept));
        assertArrayEquals(loads.state(), state.forSubtasks(3));
        String message = assertThrows(IOException.class, () -> WriterState.SERIALIZER.deserialize(9, kept)).getMessage();
        assertTrue(message.contains("version 9"), message);
        WriterState waiting = new WriterState(2, "{\"v\":1,\"parked\":[{},{}]}".getBytes(StandardCharsets.UTF_8));
        assertEquals("{\"v\":1,\"parked\":[{},{}]}", new String(waiting.forSubtasks(2), StandardCharsets.UTF_8));
        message = assertThrows(IllegalStateException.class, () -> waiting.forSubtasks(3)).getMessage();
        assertTrue(message.contains("2 messages") && message.contains("parallelism of 2"), message);
    }

    /** Tables that change go on changing while a message waits for them. */
    @Test
    void whileItWaitsItTicks() throws Exception {
        CanalDorisWriter writer = open("{}");
        loads.waits = 4;
        loads.atWait = () -> context.clock.advanceTime(java.time.Duration.ofMillis(500));
        writer.write(record("m"), null);
        assertEquals(Arrays.asList("write m 3 9437184", "await room", "await room", "tick", "await room", "await room", "tick", "resume"), calls());
    }

    @Test
    void aCancelledTaskWaitsForNothing() throws Exception {
        CanalDorisWriter writer = open("{}");
        loads.waits = Integer.MAX_VALUE;
        loads.atWait = () -> Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> writer.write(record("m"), null));
        assertThrows(InterruptedException.class, () -> writer.flush(false));
        writer.close();
        assertEquals(Arrays.asList("write m 3 9437184", "await room", "flush", "await settled", "close"), calls());
    }

    @Test
    void eachSecondATickAndAtThePaceAFlush() throws Exception {
        open("{\"flushMillis\": 2500, \"inFlight\": 2}");
        for (int second = 0; second < 4; second++) {
            context.pass(1000);
        }
        assertEquals(Arrays.asList("tick", "tick", "tick", "flush", "tick"), calls());
        // More would only wait for those under way.
        loads.set("openLoads", 3);
        context.pass(1000);
        context.pass(1000);
        assertEquals(Arrays.asList("tick", "tick"), calls());
        loads.set("openLoads", 2);
        context.pass(1000);
        assertEquals(Arrays.asList("tick", "flush"), calls());
    }

    @Test
    void aPaceBelowASecondIsKept() throws Exception {
        open("{\"flushMillis\": 400}");
        for (int i = 0; i < 5; i++) {
            context.pass(200);
        }
        assertEquals(Arrays.asList("flush", "flush"), calls());
        context.pass(200);
        assertEquals(Arrays.asList("tick", "flush"), calls());
    }

    @Test
    void withoutAPaceOnlyCheckpointsFlush() throws Exception {
        CanalDorisWriter writer = open("{\"flushMillis\": 0}");
        for (int second = 0; second < 30; second++) {
            context.pass(1000);
        }
        assertEquals(Collections.nCopies(30, "tick"), calls());
        writer.close();
        context.pass(1000);
        assertEquals(Collections.singletonList("close"), calls());
        assertEquals(0, context.timers());
    }

    @Test
    void aFailedLoadIsNoticedWithoutAMessage() {
        open("{}");
        loads.failure = new NativeException("load x failed: too many versions");
        assertEquals("load x failed: too many versions", assertThrows(NativeException.class, () -> context.pass(1000)).getMessage());
    }

    @Test
    void reportsAreTakenAtEachTick() throws Exception {
        open("{}");
        loads.reports = "[{\"severity\":\"info\",\"topic\":\"created\",\"table\":\"d.t\",\"text\":\"one\"}]";
        context.pass(1000);
        assertEquals("[]", loads.reports);
    }

    @Test
    void reportsAreLoggedByTheirSeverity() throws Exception {
        String reports =
                "[{\"severity\":\"info\",\"topic\":\"created\",\"table\":\"d.t\",\"text\":\"one\"},{\"severity\":\"warning\",\"topic\":\"skipped\",\"table\":\"\",\"text\":\"{} two\"},"
                        + "{\"severity\":\"error\",\"topic\":\"stopped\",\"table\":\"d.u\",\"text\":\"three\"}]";
        List<String> logged = new ArrayList<>();
        Logger log =
                (Logger)
                        Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Logger.class}, (proxy, method, arguments) -> {
                            logged.add(method.getName() + " " + MessageFormatter.arrayFormat((String) arguments[0], (Object[]) arguments[1]).getMessage());
                            return null;
                        });
        List<String> changes = new ArrayList<>();
        new ReportLog(log, changes::add).write(reports.getBytes(StandardCharsets.UTF_8));
        assertEquals(Arrays.asList("info created (d.t): one", "warn skipped: {} two", "error stopped (d.u): three"), logged);
        assertEquals(Arrays.asList("created (d.t): one"), changes);
    }

    @Test
    void metricsOfAllAndOfEachTable() throws Exception {
        open("{}");
        loads.set("loadedRows", 70);
        loads.set("bytes", 4000);
        loads.set("loads", 2);
        loads.set("lastLoadMillis", 12);
        String other = "{\"table\":\"d.u\",\"rows\":10}";
        loads.tables = Arrays.asList("{\"table\":\"d.t\",\"rows\":60}", other);
        context.pass(1000);
        loads.set("loadedRows", 80);
        loads.tables = Arrays.asList("{\"table\":\"d.t\",\"rows\":70}", other);
        context.pass(1000);
        assertEquals(80L, context.metric("canal_doris.loadedRows"));
        assertEquals(80L, context.metric("numRecordsSend"));
        assertEquals(4000L, context.metric("numBytesSend"));
        assertEquals(12L, context.metric("currentSendTime"));
        assertEquals(2L, ((Histogram) context.metrics.get("canal_doris.loadMillis")).getCount());
        assertEquals(70L, context.metric("canal_doris.table.d.t.rows"));
        assertEquals(10L, context.metric("canal_doris.table.d.u.rows"));
        for (String name : FakeLoads.METRICS) {
            assertTrue(context.metrics.containsKey("canal_doris." + name), name);
        }
    }

    @Test
    void tablesHaveMetricsUpToABound() throws Exception {
        open("{}");
        loads.tables = IntStream.range(0, 300).mapToObj(i -> "{\"table\":\"d.t" + i + "\",\"rows\":1}").collect(Collectors.toList());
        context.pass(1000);
        long groups = context.metrics.keySet().stream().filter(name -> name.startsWith("canal_doris.table.") && name.endsWith(".rows")).count();
        assertEquals(200, groups);
    }

    @Test
    void aSpecificationIsReadWithoutTellingItsPassword() {
        for (String[] bad : new String[][] {
            {"{\"password\": \"s3cret\", \"fenodes\" [", "is not JSON (line 1"}, {"[\"s3cret\"]", "not a JSON object"}, {"", "not a JSON object"},
            {"{\"label\": {}, \"password\": \"s3cret\"}", "'label'"}, {"{\"flushMillis\": -1}", "'flushMillis'"}, {"{\"flushMillis\": \"s\"}", "'flushMillis'"}}) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> CanalDorisSink.of(bad[0]), bad[0]);
            assertTrue(e.getMessage().contains(bad[1]), e.getMessage());
            assertFalse(e.getMessage().contains("s3cret"), e.getMessage());
            assertEquals(null, e.getCause());
        }
        assertEquals("canal-to-doris", CanalDorisSink.of("{\"password\": \"s3cret\"}").toString());
        assertEquals("***", new DatabaseSpec("{\"password\": \"s3cret\"}").toString());
    }
}

package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The natives of whole databases by themselves: misused, they throw; and routes. */
class NativeDatabaseTest {

    /** Nobody is asked before a row comes. */
    private static final byte[] SPEC =
            utf8("{\"fenodes\":[\"127.0.0.1:1\"],\"username\":\"u\",\"format\":\"json\",\"ddl\":{\"sync\":false},\"label\":{\"sink\":\"s\",\"job\":\"j\",\"subtask\":0,\"subtasks\":1},"
                    + "\"maxRows\":1,\"maxBytes\":1,\"memoryBytes\":1,\"inFlight\":1,\"maxRetries\":1,\"loadTimeoutSeconds\":1,\"patienceSeconds\":1}");

    @BeforeAll
    static void load() throws Exception {
        NativeLibrary.load();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] message(String table, String type) {
        return utf8(String.format("{\"data\":null,\"database\":\"d\",\"isDdl\":false,\"sql\":\"\",\"table\":\"%s\",\"type\":\"%s\"}", table, type));
    }

    private static void assertThrown(Class<? extends Exception> type, String part, Executable... calls) {
        for (Executable call : calls) {
            String message = assertThrows(type, call).getMessage();
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void everyCallOnAClosedHandleThrows() {
        long writer = NativeDatabase.open(SPEC, new byte[0][]);
        NativeDatabase.close(writer);
        long router = NativeDatabase.openRouter(false);
        NativeDatabase.closeRouter(router);
        assertThrown(IllegalStateException.class, "closed", () -> NativeDatabase.input(writer, 10), () -> NativeDatabase.write(writer, 1, 0, 0, false),
                () -> NativeDatabase.resume(writer), () -> NativeDatabase.await(writer, 0, 0), () -> NativeDatabase.flush(writer), () -> NativeDatabase.tick(writer),
                () -> NativeDatabase.state(writer), () -> NativeDatabase.reports(writer), () -> NativeDatabase.metrics(writer, new long[1]),
                () -> NativeDatabase.latency(writer, new long[1]), () -> NativeDatabase.tables(writer, 1), () -> NativeDatabase.close(writer),
                () -> NativeDatabase.routerInput(router, 10), () -> NativeDatabase.route(router, 1), () -> NativeDatabase.closeRouter(router));
    }

    @Test
    void aWriterIsNoRouter() {
        long writer = NativeDatabase.open(SPEC, new byte[0][]);
        long router = NativeDatabase.openRouter(false);
        assertThrown(IllegalStateException.class, "not a router", () -> NativeDatabase.route(writer, 1), () -> NativeDatabase.closeRouter(writer));
        assertThrown(IllegalStateException.class, "not a database's writer", () -> NativeDatabase.write(router, 1, 0, 0, false), () -> NativeDatabase.close(router));
        NativeDatabase.close(writer);
        NativeDatabase.closeRouter(router);
    }

    @Test
    void argumentsOutOfRangeThrow() {
        long writer = NativeDatabase.open(SPEC, new byte[0][]);
        NativeDatabase.input(writer, 100);
        assertThrown(IllegalArgumentException.class, "the input buffer holds 100", () -> NativeDatabase.write(writer, 101, 0, 0, false),
                () -> NativeDatabase.write(writer, -1, 0, 0, false));
        assertThrown(IllegalArgumentException.class, "partition -1", () -> NativeDatabase.write(writer, 1, -1, 0, false));
        assertThrown(IllegalArgumentException.class, "nothing to wait for", () -> NativeDatabase.await(writer, 2, 0));
        assertThrown(IllegalArgumentException.class, "-5 bytes", () -> NativeDatabase.input(writer, -5));
        NativeDatabase.close(writer);
        assertThrown(NativeException.class, "specification is not readable", () -> NativeDatabase.open(utf8("{}"), new byte[0][]));
        assertThrown(NativeException.class, "state of the writer is not readable", () -> NativeDatabase.open(SPEC, new byte[][] {utf8("rubbish")}));
    }

    @Test
    void whatAWriterTellsWithoutAnything() throws Exception {
        try (NativeDatabaseWriter writer = NativeDatabaseWriter.open(SPEC, Collections.emptyList())) {
            long[] metrics = new long[DatabaseLoads.METRICS.size() + 1];
            metrics[DatabaseLoads.METRICS.size()] = 77;
            assertTrue(writer.write(message("t", "QUERY"), 0, 0, false));
            assertTrue(writer.write(message("t", "QUERY"), 0, 1 << 20, false));
            writer.metrics(metrics);
            assertEquals(2, metrics[DatabaseLoads.METRICS.indexOf("skipped")]);
            assertEquals(77, metrics[DatabaseLoads.METRICS.size()], "as many as are named");
            Arrays.fill(metrics, 5);
            writer.metrics(metrics);
            assertEquals(0, metrics[DatabaseLoads.METRICS.size() - 1], "none less");
            assertTrue(writer.await(DatabaseLoads.SETTLED, 0) && writer.await(DatabaseLoads.ROOM, 0));
            assertEquals("[]", new String(writer.reports(), StandardCharsets.UTF_8));
            assertEquals("[]", new String(writer.tables(10), StandardCharsets.UTF_8));
            try (NativeDatabaseWriter restored = NativeDatabaseWriter.open(SPEC, Arrays.asList(writer.state(), writer.state()))) {
                assertEquals(new String(writer.state(), StandardCharsets.UTF_8), new String(restored.state(), StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    void messagesOfATableGoOneWay() throws Exception {
        try (NativeCanalRouter router = NativeCanalRouter.open(false); NativeCanalRouter other = NativeCanalRouter.open(false)) {
            boolean[] met = new boolean[4];
            for (int i = 0; i < 100; i++) {
                long number = router.route(message("t" + i, "INSERT"));
                assertTrue(number >= 0 && number < 1L << 32);
                assertEquals(number, other.route(message("t" + i, "DELETE")));
                met[(int) (number % 4)] = true;
            }
            assertTrue(met[0] && met[1] && met[2] && met[3]);
            for (String type : List.of("ALTER", "CREATE", "RENAME", "QUERY")) {
                assertEquals(NativeCanalRouter.ALL, router.route(message("t", type)), type);
            }
            // Whoever gets it says what is wrong with it.
            assertEquals(0, router.route(utf8("{")));
        }
    }

    /** The buffer grows with a message, and is given back when many small ones came after it. */
    @Test
    void largeMessages() throws Exception {
        byte[] large = message(String.join("", Collections.nCopies(200_000, "0123456789")), "INSERT");
        byte[] small = message("t", "INSERT");
        try (NativeCanalRouter router = NativeCanalRouter.open(false)) {
            long number = router.route(small);
            for (int round = 0; round < 3; round++) {
                assertTrue(router.route(large) >= 0);
                for (int i = 0; i < 1100; i++) {
                    assertEquals(number, router.route(small));
                }
            }
        }
    }
}

package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The boundary without a database; with one it is tests/cluster/whole_mysql.py. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NativeSourceTablesTest {

    private static final String PASSWORD = "s3cret";
    private static final String RANGE = "{\"database\": \"d\", \"table\": \"t\", \"number\": 0, \"of\": 1, \"query\": \"SELECT 1\", \"columns\": [], \"keys\": []}";
    private static final String TABLE = "{\"database\": \"d\", \"table\": \"t\", \"rows\": 0, \"columns\": [{\"name\": \"a\", \"type\": \"int\"}], \"keys\": [\"a\"], \"by_key\": true, \"from\": \"d.t\", \"select\": \"a\", \"message\": \"{}\"}";

    private final SourceTables source = new NativeSourceTables();

    @ParameterizedTest
    @ValueSource(strings = {"mysql", "postgres", "greenplum"})
    void nobodyListens(String kind) throws Exception {
        int port;
        try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = gone.getLocalPort();
        }
        assertRefused(assertThrows(NativeException.class, () -> source.tables(spec(kind, port))), port);
        assertRefused(assertThrows(NativeException.class, () -> source.ranges(spec(kind, port), bytes(TABLE))), port);
        try (SourceRows rows = source.open(spec(kind, port), bytes(RANGE))) {
            assertRefused(assertThrows(NativeException.class, rows::next), port);
            assertEquals(0, rows.rows());
        }
    }

    private static void assertRefused(Exception e, int port) {
        assertTrue(e.getMessage().contains("127.0.0.1:" + port) && e.getMessage().contains("host, port"), e.getMessage());
        assertFalse(e.getMessage().contains(PASSWORD), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mysql", "postgres"})
    void whatWaitsSeesAnInterrupt(String kind) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                SourceRows rows = source.open(spec(kind, silent.getLocalPort()), bytes(RANGE))) {
            AtomicReference<Exception> thrown = new AtomicReference<>();
            Thread waits = new Thread(() -> thrown.set(assertThrows(NativeException.class, rows::next)));
            waits.start();
            silent.accept();
            waits.interrupt();
            waits.join(20_000);
            assertTrue(String.valueOf(thrown.get()).contains("cancelled"), String.valueOf(thrown.get()));
            long began = System.nanoTime();
            rows.close();
            // Not only when the connection is given up, after 40 seconds.
            assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(20));
        }
    }

    @Test
    void aReaderThatIsClosedIsNotRead() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            SourceRows rows = source.open(spec("mysql", silent.getLocalPort()), bytes(RANGE));
            rows.close();
            assertThrows(IllegalStateException.class, rows::next);
            assertThrows(IllegalStateException.class, rows::rows);
            rows.close();
        }
    }

    @Test
    void whatIsNoSpecificationAndNoRange() throws IOException {
        NativeException refused = assertThrows(NativeException.class, () -> source.tables(bytes("{\"password\": \"" + PASSWORD + "\"}")));
        assertTrue(refused.getMessage().contains("specification"), refused.getMessage());
        assertThrows(IllegalArgumentException.class, () -> source.open(spec("mysql", 1), bytes("{}")));
        assertThrows(IllegalArgumentException.class, () -> source.ranges(spec("mysql", 1), bytes("[]")));
    }

    /** Only MySQL has a log that is read. */
    @Test
    void aLogThatIsNone() {
        byte[] spec = bytes(new String(spec("postgres", 1), StandardCharsets.UTF_8).replace("{\"kind\"", "{\"log\": true, \"kind\""));
        NativeException refused = assertThrows(NativeException.class, () -> source.tables(spec));
        assertTrue(refused.getMessage().contains("replication is missing, which the reader of a log needs"), refused.getMessage());
    }

    private static byte[] spec(String kind, int port) {
        return bytes("{\"kind\": \"" + kind + "\", \"host\": \"127.0.0.1\", \"port\": " + port + ", \"user\": \"reader\", \"password\": \"" + PASSWORD
                + "\", \"names\": {}, \"rangeRows\": 10, \"messageBytes\": 1000, \"connectSeconds\": 40, \"patienceSeconds\": 0}");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

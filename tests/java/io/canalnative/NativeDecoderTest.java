package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.flink.table.data.StringData;
import org.apache.flink.util.UserCodeClassLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The life of a native decoder and of its buffers; needs the native library. */
class NativeDecoderTest {

    private static NativeDecoder open(String spec) throws NativeLibraryException {
        return NativeDecoder.open(spec.getBytes(StandardCharsets.UTF_8));
    }

    private static NativeDecoder open() throws NativeLibraryException {
        return open(
                "{\"fields\":[{\"name\":\"s\",\"type\":{\"root\":\"VARCHAR\"}}],\"metadata\":[\"table\",\"event-timestamp\"],"
                        + "\"semantics\":\"canal\",\"timestamp\":\"SQL\",\"filterTable\":true}");
    }

    private static byte[] message(String table, String text) {
        return ("{\"data\":[{\"s\":\"" + text + "\"}],\"es\":5,\"table\":\"" + table + "\",\"type\":\"INSERT\"}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] letters(int length) {
        char[] text = new char[length];
        Arrays.fill(text, 'x');
        return message("t", new String(text));
    }

    private static long decode(NativeDecoder decoder, byte[] message) {
        long result = decoder.decode(message);
        return NativeDecoder.status(result) == NativeDecoder.TABLE_VERDICT ? decoder.answer(true) : result;
    }

    @Test
    void jarAndLibraryAreOfOneVersion() throws Exception {
        NativeLibrary.load();
        assertEquals(NativeLibrary.jarVersion(), NativeDecoder.version());
        assertTrue(Arrays.asList("avx2", "sse4.2", "portable").contains(NativeDecoder.cpuPath()), NativeDecoder.cpuPath());
    }

    @Test
    void aNameIsAskedForOnce() throws Exception {
        try (NativeDecoder decoder = open()) {
            assertEquals(NativeDecoder.TABLE_VERDICT, NativeDecoder.status(decoder.decode(message("库", "a"))));
            assertEquals("库", decoder.pendingName());
            long result = decoder.answer(true);
            assertEquals(NativeDecoder.ROWS, NativeDecoder.status(result));
            // [i32 size], 8 bytes of header and null bits, 8 bytes that hold the string
            assertArrayEquals(
                    new byte[] {16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a', 0, 0, 0, 0, 0, 0, (byte) 0x81},
                    decoder.rows(result));
            assertEquals(5, decoder.metadata(1));
            assertArrayEquals(new Object[] {StringData.fromString("库")}, decoder.dictionary(0, 0));
            assertArrayEquals(new Object[0], decoder.dictionary(0, 1));
            assertEquals(NativeDecoder.ROWS, NativeDecoder.status(decoder.decode(message("库", "b"))));
            assertEquals(NativeDecoder.TABLE_VERDICT, NativeDecoder.status(decoder.decode(message("other", "a"))));
            assertEquals(NativeDecoder.FILTERED, NativeDecoder.status(decoder.answer(false)));
        }
    }

    @Test
    void aClosedDecoderThrowsAndIsFreedOnce() throws Exception {
        NativeDecoder decoder = open();
        NativeDecoder other = open();
        long result = decode(decoder, message("t", "a"));
        decoder.close();
        decoder.close();
        Executable[] uses = {
            () -> decoder.decode(message("t", "a")),
            () -> decoder.rows(result),
            () -> decoder.metadata(0),
            () -> decoder.dictionary(0, 0),
            decoder::pendingName,
            () -> decoder.answer(true),
        };
        for (Executable use : uses) {
            assertThrows(IllegalStateException.class, use);
        }
        assertEquals(NativeDecoder.ROWS, NativeDecoder.status(decode(other, message("t", "a"))));
        other.close();
    }

    @Test
    void badRequestsAreExceptionsAndTheDecoderGoesOn() throws Exception {
        assertThrows(NativeException.class, () -> open("{\"fields\":[]}"));
        assertThrows(NativeException.class, () -> open("nonsense"));
        try (NativeDecoder decoder = open()) {
            assertThrows(IllegalStateException.class, decoder::pendingName);
            assertThrows(IllegalStateException.class, () -> decoder.answer(true));
            assertThrows(IllegalArgumentException.class, () -> decoder.dictionary(7, 0));
            assertThrows(IllegalArgumentException.class, () -> decoder.dictionary(1, 0));
            assertThrows(IllegalArgumentException.class, () -> decoder.dictionary(0, 1));
            assertEquals(NativeDecoder.ROWS, NativeDecoder.status(decode(decoder, message("t", "a"))));
        }
    }

    @Test
    void theInputGrowsForALargeMessageAndShrinksAfterManySmallOnes() throws Exception {
        try (NativeDecoder decoder = open()) {
            assertEquals(NativeDecoder.INITIAL_INPUT, decoder.inputCapacity());
            byte[] large = letters(20_000_000);
            long result = decode(decoder, large);
            assertEquals(20_000_000 + 20, decoder.rows(result).length);
            assertTrue(decoder.inputCapacity() >= large.length);
            byte[] small = letters(1000);
            for (int i = 1; i < NativeDecoder.SMALL_MESSAGES_BEFORE_SHRINK; i++) {
                decode(decoder, small);
            }
            // One that is not small starts the count again.
            decode(decoder, letters(large.length / 2));
            for (int i = 1; i < NativeDecoder.SMALL_MESSAGES_BEFORE_SHRINK; i++) {
                decode(decoder, small);
            }
            assertTrue(decoder.inputCapacity() >= large.length);
            long last = decode(decoder, small);
            assertEquals(NativeDecoder.INITIAL_INPUT, decoder.inputCapacity());
            assertEquals(1000 + 20, decoder.rows(last).length);
            assertEquals(20_000_000 + 20, decoder.rows(decode(decoder, large)).length);
        }
    }

    @Test
    void anUnreachableDecoderIsFreedByALaterOpen() throws Exception {
        int before = openAndForget();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (NativeLease.openCount() > before && System.nanoTime() < deadline) {
            System.gc();
            open().close();
        }
        assertTrue(NativeLease.openCount() <= before, NativeLease.openCount() + " decoders open, before " + before);
    }

    private static int openAndForget() throws NativeLibraryException {
        int before = NativeLease.openCount();
        assertNotNull(open());
        assertEquals(before + 1, NativeLease.openCount());
        return before;
    }

    /** A job's class loader, with the hooks that Flink runs when the job has ended. */
    private static final class JobClasses implements UserCodeClassLoader {
        private final ClassLoader loader = new ClassLoader() {};
        private final Map<String, Runnable> hooks = new HashMap<>();

        @Override
        public ClassLoader asClassLoader() {
            return loader;
        }

        @Override
        public void registerReleaseHookIfAbsent(String name, Runnable hook) {
            hooks.putIfAbsent(name, hook);
        }

        void release() {
            hooks.values().forEach(Runnable::run);
        }
    }

    @Test
    void theEndOfAJobFreesItsDecodersAndNoOthers() throws Exception {
        JobClasses job = new JobClasses();
        JobClasses otherJob = new JobClasses();
        NativeDecoder[] decoders = {open(), open(), open(), open()};
        decoders[0].closeWith(job);
        decoders[1].closeWith(job);
        decoders[2].closeWith(otherJob);
        decode(decoders[0], message("t", "a"));
        assertEquals(1, job.hooks.size());
        job.release();
        assertThrows(IllegalStateException.class, () -> decoders[0].decode(message("t", "a")));
        assertThrows(IllegalStateException.class, () -> decoders[1].decode(message("t", "a")));
        for (NativeDecoder open : Arrays.asList(decoders[2], decoders[3])) {
            assertEquals(NativeDecoder.ROWS, NativeDecoder.status(decode(open, message("t", "a"))));
            open.close();
        }
    }

    @Test
    void aDecoderWhoseThreadLivesIsNotFreedUnderIt() throws Exception {
        JobClasses job = new JobClasses();
        NativeDecoder decoder = open();
        decoder.closeWith(job);
        CountDownLatch decoded = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        int[] statuses = new int[1];
        Thread source =
                new Thread(
                        () -> {
                            decode(decoder, message("t", "a"));
                            decoded.countDown();
                            try {
                                released.await();
                            } catch (InterruptedException e) {
                                return;
                            }
                            statuses[0] = 1 + NativeDecoder.status(decode(decoder, message("t", "a")));
                        });
        source.start();
        assertTrue(decoded.await(60, TimeUnit.SECONDS));
        job.release();
        released.countDown();
        source.join();
        assertEquals(1 + NativeDecoder.ROWS, statuses[0]);
        job.release();
        assertFalse(source.isAlive());
        assertThrows(IllegalStateException.class, () -> decoder.decode(message("t", "a")));
    }
}

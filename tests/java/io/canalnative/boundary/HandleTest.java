package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.canalnative.NativeLibrary;

import org.junit.jupiter.api.Test;

/** What happens to a caller who misuses a handle: an exception, never memory that is not his. */
class HandleTest {

    private static final String MESSAGE = "{\"data\":[{\"s\":\"x\"}],\"table\":\"t\",\"type\":\"INSERT\"}";

    private static String large(int length) {
        return "{\"data\":[{\"s\":\"" + String.join("", Collections.nCopies(length / 16, "0123456789abcdef")) + "\"}],\"type\":\"INSERT\"}";
    }

    @Test
    void everyCallOnAClosedHandleThrows() throws Exception {
        long handle = NativeCalls.open("table");
        assertEquals(NativeCalls.ROWS, NativeCalls.status(NativeCalls.decode(handle, MESSAGE)));
        NativeCalls.close(handle);
        ByteBuffer structs = ByteBuffer.allocateDirect(152);
        long address = (Long) NativeCalls.call("address", structs);
        List<Callable<Object>> calls = new ArrayList<>();
        calls.add(() -> NativeCalls.decodeInput(handle, 10));
        calls.add(() -> NativeCalls.call("input", handle, 10));
        calls.add(() -> NativeCalls.call("output", handle));
        calls.add(() -> NativeCalls.call("metadata", handle));
        calls.add(() -> NativeCalls.call("pendingName", handle));
        calls.add(() -> NativeCalls.call("verdict", handle, true));
        calls.add(() -> NativeCalls.call("exportMetadata", handle, 0, 0, address, address + 80));
        calls.add(() -> NativeCalls.call("closeDecoder", handle));
        for (Callable<Object> call : calls) {
            String message = assertThrows(IllegalStateException.class, call::call).getMessage();
            assertTrue(message.contains("closed"), message);
        }
    }

    @Test
    void everyCallOnAClosedEncoderThrows() throws Exception {
        long handle = NativeCalls.openEncoder();
        NativeCalls.call("encoderInput", handle, 100);
        NativeCalls.call("closeEncoder", handle);
        List<Callable<Object>> calls = new ArrayList<>();
        calls.add(() -> NativeCalls.call("encoderInput", handle, 10));
        calls.add(() -> NativeCalls.call("encoderOutput", handle));
        calls.add(() -> NativeCalls.call("encode", handle, 0, 0, 0L));
        calls.add(() -> NativeCalls.call("refusal", handle));
        calls.add(() -> NativeCalls.call("closeEncoder", handle));
        for (Callable<Object> call : calls) {
            String message = assertThrows(IllegalStateException.class, call::call).getMessage();
            assertTrue(message.contains("closed"), message);
        }
    }

    /** A decoder's number given to the encoder's methods, and the other way round. */
    @Test
    void aDecoderIsNoEncoder() throws Exception {
        long decoder = NativeCalls.open();
        long encoder = NativeCalls.openEncoder();
        for (String method : new String[] {"closeEncoder", "encoderOutput", "refusal"}) {
            assertThrows(IllegalStateException.class, () -> NativeCalls.call(method, decoder), method);
        }
        for (String method : new String[] {"closeDecoder", "output", "metadata", "pendingName"}) {
            assertThrows(IllegalStateException.class, () -> NativeCalls.call(method, encoder), method);
        }
        assertEquals(NativeCalls.ROWS, NativeCalls.status(NativeCalls.decode(decoder, MESSAGE)));
        NativeCalls.close(decoder);
        NativeCalls.call("closeEncoder", encoder);
    }

    /** Rows that are none, of every length: a reason to delegate, or a message. */
    @Test
    void bytesThatAreNoRow() throws Exception {
        long handle = NativeCalls.openEncoder();
        ByteBuffer input = (ByteBuffer) NativeCalls.call("encoderInput", handle, 64);
        for (int length : new int[] {-1, Integer.MIN_VALUE, input.capacity() + 1, Integer.MAX_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> NativeCalls.call("encode", handle, length, 0, 0L), String.valueOf(length));
        }
        for (int kind : new int[] {-1, 4, 127}) {
            assertThrows(IllegalArgumentException.class, () -> NativeCalls.call("encode", handle, 16, kind, 0L), String.valueOf(kind));
        }
        for (int fill = 0; fill < 256; fill++) {
            for (int i = 0; i < 64; i++) {
                input.put(i, (byte) fill);
            }
            for (int length = 0; length <= 64; length++) {
                int status = NativeCalls.status((Long) NativeCalls.call("encode", handle, length, 0, 0L));
                assertTrue(status == 0 || status == 1, "status " + status);
            }
        }
        NativeCalls.call("closeEncoder", handle);
    }

    @Test
    void aStaleHandleIsNotTheDecoderThatTookItsPlace() throws Exception {
        long stale = NativeCalls.open();
        NativeCalls.close(stale);
        Set<Long> handles = new HashSet<>();
        for (int i = 0; i < 5000; i++) {
            long handle = NativeCalls.open();
            assertNotEquals(stale, handle);
            assertTrue(handles.add(handle), "a handle was given out twice");
            NativeCalls.close(handle);
        }
        assertThrows(IllegalStateException.class, () -> NativeCalls.decodeInput(stale, 0));
    }

    @Test
    void handlesThatWereNeverGivenOut() throws Exception {
        NativeLibrary.load();
        for (long handle : new long[] {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, 0xFFFFL << 32, 0x7FFF_FFFF_0000_0000L}) {
            assertThrows(IllegalStateException.class, () -> NativeCalls.call("input", handle, 100), Long.toHexString(handle));
        }
    }

    @Test
    void lengthsOutsideTheInput() throws Exception {
        long handle = NativeCalls.open();
        int capacity = ((ByteBuffer) NativeCalls.call("input", handle, 1000)).capacity();
        for (int length : new int[] {-1, Integer.MIN_VALUE, capacity + 1, Integer.MAX_VALUE}) {
            assertThrows(IllegalArgumentException.class, () -> NativeCalls.decodeInput(handle, length), String.valueOf(length));
        }
        assertThrows(IllegalArgumentException.class, () -> NativeCalls.call("input", handle, -1));
        assertEquals(NativeCalls.ROWS, NativeCalls.status(NativeCalls.decode(handle, MESSAGE)));
        NativeCalls.close(handle);
    }

    @Test
    void twoThreadsAtOnce() throws Exception {
        long handle = NativeCalls.open();
        String message = large(8 << 20);
        assertEquals(NativeCalls.ROWS, NativeCalls.status(NativeCalls.decode(handle, message)));
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger decoded = new AtomicInteger();
        AtomicBoolean enough = new AtomicBoolean();
        Callable<Void> user =
                () -> {
                    long deadline = System.nanoTime() + 60_000_000_000L;
                    while (!enough.get() && System.nanoTime() < deadline) {
                        try {
                            long result = NativeCalls.decodeInput(handle, message.length());
                            assertEquals(NativeCalls.ROWS, NativeCalls.status(result));
                            decoded.incrementAndGet();
                        } catch (IllegalStateException e) {
                            refused.incrementAndGet();
                        }
                        enough.compareAndSet(false, decoded.get() > 20 && refused.get() > 20);
                    }
                    return null;
                };
        inTwoThreads(user, user);
        assertTrue(enough.get(), decoded + " calls decoded, " + refused + " were refused");
        assertEquals(NativeCalls.ROWS, NativeCalls.status(NativeCalls.decode(handle, MESSAGE)), "the decoder is as before");
        NativeCalls.close(handle);
    }

    @Test
    void closedWhileAnotherThreadDecodes() throws Exception {
        for (int round = 0; round < 20; round++) {
            long handle = NativeCalls.open();
            String message = large(2 << 20);
            NativeCalls.decode(handle, message);
            AtomicBoolean closed = new AtomicBoolean();
            Callable<Void> decoding =
                    () -> {
                        while (!closed.get()) {
                            try {
                                NativeCalls.decodeInput(handle, message.length());
                            } catch (IllegalStateException e) {
                                // Closed, or about to be.
                            }
                        }
                        return null;
                    };
            Callable<Void> closing =
                    () -> {
                        while (!closed.get()) {
                            try {
                                NativeCalls.close(handle);
                                closed.set(true);
                            } catch (IllegalStateException e) {
                                // In use; the close of a decoder at work is refused.
                            }
                        }
                        return null;
                    };
            inTwoThreads(decoding, closing);
            assertThrows(IllegalStateException.class, () -> NativeCalls.decodeInput(handle, 1));
        }
    }

    private static void inTwoThreads(Callable<Void> first, Callable<Void> second) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<Void> one = threads.submit(first);
            Future<Void> other = threads.submit(second);
            one.get();
            other.get();
        } finally {
            threads.shutdownNow();
        }
    }
}

package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import io.canalnative.NativeException;
import org.junit.jupiter.api.Test;

/** The encoder's natives: what they give, and what becomes of a caller who misuses them. */
class EncoderHandleTest {

    private static final String INT = "{\"root\":\"INTEGER\",\"nullable\":false}";
    /** Reasons of the detail byte. */
    private static final int UPDATE_BEFORE = 1;
    private static final int MALFORMED = 2;
    private static final int NULL_IN_NOT_NULL = 4;

    @Test
    void aRowBecomesAMessage() throws Exception {
        try (EncoderCalls encoder = new EncoderCalls(INT, "shortest")) {
            long result = encoder.encode(42);
            assertEquals(EncoderCalls.ENCODED, NativeCalls.status(result));
            assertEquals("{\"data\":[{\"c\":42}],\"type\":\"INSERT\"}", encoder.message(result));
        }
    }

    @Test
    void aRefusedRowHasAReasonAndLeavesTheEncoderUsable() throws Exception {
        try (EncoderCalls encoder = new EncoderCalls(INT, "shortest")) {
            assertThrows(IllegalStateException.class, () -> NativeCalls.call("refusal", encoder.handle));
            ByteBuffer input = ((ByteBuffer) NativeCalls.call("encoderInput", encoder.handle, 16)).order(ByteOrder.LITTLE_ENDIAN);
            input.put(1, (byte) 1);
            assertEquals(NULL_IN_NOT_NULL, EncoderCalls.reason(encoder.encode(0)));
            byte[] text = (byte[]) NativeCalls.call("refusal", encoder.handle);
            assertEquals("column `c`: NULL in a NOT NULL field", new String(text, StandardCharsets.UTF_8));
            input.put(1, (byte) 0);
            assertEquals(EncoderCalls.ENCODED, NativeCalls.status(encoder.encode(7)));
            long before = (Long) NativeCalls.call("encode", encoder.handle, 16, 1, 0L);
            assertEquals(EncoderCalls.DELEGATE, NativeCalls.status(before));
            assertEquals(UPDATE_BEFORE, EncoderCalls.reason(before));
            assertEquals(MALFORMED, EncoderCalls.reason((Long) NativeCalls.call("encode", encoder.handle, 15, 0, 0L)));
        }
    }

    @Test
    void argumentsOutsideTheirRange() throws Exception {
        try (EncoderCalls encoder = new EncoderCalls(INT, "shortest")) {
            for (int length : new int[] {-1, 17, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> NativeCalls.call("encode", encoder.handle, length, 0, 0L));
            }
            for (int kind : new int[] {-1, 4, 255}) {
                assertThrows(IllegalArgumentException.class, () -> NativeCalls.call("encode", encoder.handle, 16, kind, 0L));
            }
            assertThrows(IllegalArgumentException.class, () -> NativeCalls.call("encoderInput", encoder.handle, -1));
        }
        assertThrows(NativeException.class, () -> NativeCalls.call("openEncoder", (Object) "{}".getBytes(StandardCharsets.UTF_8)));
        assertThrows(NativeException.class, () -> EncoderCalls.open("[{\"name\":\"c\",\"type\":{\"root\":\"NULL\"}}]", "shortest"));
    }

    @Test
    void everyCallOnAClosedHandleThrows() throws Exception {
        EncoderCalls encoder = new EncoderCalls(INT, "shortest");
        encoder.close();
        for (Callable<Object> call : callsOn(encoder.handle)) {
            String message = assertThrows(IllegalStateException.class, call::call).getMessage();
            assertTrue(message.contains("closed"), message);
        }
    }

    @Test
    void aDecoderIsNoEncoder() throws Exception {
        long decoder = NativeCalls.open();
        for (Callable<Object> call : callsOn(decoder)) {
            String message = assertThrows(IllegalStateException.class, call::call).getMessage();
            assertTrue(message.contains("not an encoder"), message);
        }
        NativeCalls.close(decoder);
        try (EncoderCalls encoder = new EncoderCalls(INT, "shortest")) {
            for (String name : new String[] {"output", "metadata", "pendingName", "closeDecoder"}) {
                String message =
                        assertThrows(IllegalStateException.class, () -> NativeCalls.call(name, encoder.handle)).getMessage();
                assertTrue(message.contains("not a decoder"), message);
            }
            assertEquals(EncoderCalls.ENCODED, NativeCalls.status(encoder.encode(1)));
        }
    }

    private static List<Callable<Object>> callsOn(long handle) {
        List<Callable<Object>> calls = new ArrayList<>();
        calls.add(() -> NativeCalls.call("encode", handle, 0, 0, 0L));
        calls.add(() -> NativeCalls.call("encoderInput", handle, 10));
        calls.add(() -> NativeCalls.call("encoderOutput", handle));
        calls.add(() -> NativeCalls.call("refusal", handle));
        calls.add(() -> NativeCalls.call("closeEncoder", handle));
        return calls;
    }
}

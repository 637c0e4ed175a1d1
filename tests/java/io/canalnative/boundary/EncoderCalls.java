package io.canalnative.boundary;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import io.canalnative.NativeLibrary;

/** The encoder's native methods on a table of one column that fits into 8 bytes. */
final class EncoderCalls implements AutoCloseable {

    static final int ENCODED = 0;
    static final int DELEGATE = 1;
    static final int OUTPUT_MOVED = 1;
    /** Header and field. */
    static final int ROW = 16;

    final long handle;
    private final ByteBuffer input;
    private ByteBuffer output;

    /** @param type the column's logical type as JSON; its name is {@code c} */
    EncoderCalls(String type, String floatText) throws Exception {
        handle = open("[{\"name\":\"c\",\"type\":" + type + "}]", floatText);
        input = ((ByteBuffer) NativeCalls.call("encoderInput", handle, ROW)).order(ByteOrder.LITTLE_ENDIAN);
        output = (ByteBuffer) NativeCalls.call("encoderOutput", handle);
        input.putLong(0, 0);
    }

    /** Opens an encoder of flink-json's shape. */
    static long open(String fields, String floatText) throws Exception {
        NativeLibrary.load();
        String spec =
                "{\"fields\":" + fields + ",\"timestamp\":\"SQL\",\"mapNullKey\":\"FAIL\",\"mapNullKeyLiteral\":\"null\",\"floatText\":\""
                        + floatText + "\",\"update\":\"update\"}";
        return (Long) NativeCalls.call("openEncoder", spec.getBytes(StandardCharsets.UTF_8));
    }

    /** Encodes an inserted row with this field. */
    long encode(long field) throws Exception {
        input.putLong(8, field);
        long result = (Long) NativeCalls.call("encode", handle, ROW, 0, 0L);
        if (((result >>> 40) & OUTPUT_MOVED) != 0) {
            output = (ByteBuffer) NativeCalls.call("encoderOutput", handle);
        }
        return result;
    }

    /** The message of a result. */
    String message(long result) {
        byte[] bytes = new byte[(int) result];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = output.get(i);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static int reason(long result) {
        return (int) (result >>> 48) & 0xFF;
    }

    @Override
    public void close() throws Exception {
        NativeCalls.call("closeEncoder", handle);
    }
}

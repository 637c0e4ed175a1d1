package io.canalnative.boundary;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import io.canalnative.NativeCodec;
import io.canalnative.NativeLibrary;

/** The native methods themselves, without the Java class that keeps callers from misusing them. */
final class NativeCalls {

    /** Status DELEGATE and so on are bits 32–39 of a result; see ARCHITECTURE.md. */
    static final int ROWS = 0;

    private NativeCalls() {}

    /** Loads the library and opens a decoder with one STRING column {@code s} and the given metadata keys. */
    static long open(String... metadata) throws Exception {
        NativeLibrary.load();
        String keys = metadata.length == 0 ? "" : "\"" + String.join("\",\"", metadata) + "\"";
        String spec =
                "{\"fields\":[{\"name\":\"s\",\"type\":{\"root\":\"VARCHAR\"}}],\"metadata\":[" + keys + "],\"semantics\":\"canal\",\"timestamp\":\"SQL\"}";
        return (Long) call("openDecoder", spec.getBytes(StandardCharsets.UTF_8));
    }

    /** Loads the library and opens an encoder with one STRING column {@code s}. */
    static long openEncoder() throws Exception {
        NativeLibrary.load();
        String spec =
                "{\"fields\":[{\"name\":\"s\",\"type\":{\"root\":\"VARCHAR\"}}],\"timestamp\":\"SQL\",\"mapNullKey\":\"FAIL\","
                        + "\"mapNullKeyLiteral\":\"null\",\"floatText\":\"shortest\",\"update\":\"delete-insert\"}";
        return (Long) call("openEncoder", spec.getBytes(StandardCharsets.UTF_8));
    }

    static void close(long handle) throws Exception {
        call("closeDecoder", handle);
    }

    /** Writes the message into the decoder's input and decodes it. */
    static long decode(long handle, String message) throws Exception {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        ByteBuffer input = (ByteBuffer) call("input", handle, bytes.length);
        input.put(bytes);
        return decodeInput(handle, bytes.length);
    }

    static long decodeInput(long handle, int length) throws Exception {
        return (Long) call("decode", handle, length);
    }

    static int status(long result) {
        return (int) (result >>> 32) & 0xFF;
    }

    static void exportMetadata(long handle, int slot, int from, long array, long schema) throws Exception {
        call("exportMetadata", handle, slot, from, array, schema);
    }

    /** Calls a method of {@link NativeCodec} by name; its exception is thrown as it is. */
    static Object call(String name, Object... arguments) throws Exception {
        for (Method method : NativeCodec.class.getDeclaredMethods()) {
            if (method.getName().equals(name)) {
                method.setAccessible(true);
                try {
                    return method.invoke(null, arguments);
                } catch (InvocationTargetException e) {
                    if (e.getCause() instanceof Exception) {
                        throw (Exception) e.getCause();
                    }
                    throw e;
                }
            }
        }
        throw new NoSuchMethodException(name);
    }
}

package io.canalnative;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.StringData;

/**
 * Reads one Arrow array through the C Data Interface, for the three types metadata comes in: Utf8 becomes {@link
 * StringData}, {@code Map<Utf8, Int32>} a {@link GenericMapData}, {@code List<Utf8>} a {@link GenericArrayData}.
 *
 * <p>The struct layouts are those of the C Data Interface on a 64-bit little endian machine: ArrowSchema is nine
 * 8-byte members, ArrowArray ten. Arrow's own Java import costs 16 to 20 microseconds an array and its JNI classes
 * cannot be relocated. {@link #close()} calls the release callbacks, once, if the structs were filled.
 */
final class ArrowReader implements AutoCloseable {

    /** Reads foreign memory; {@link NativeCodec#view} except in tests. */
    interface Memory {
        ByteBuffer view(long address, long length);
    }

    static final int SCHEMA_BYTES = 72;
    static final int ARRAY_BYTES = 80;

    // ArrowSchema
    private static final int FORMAT = 0;
    private static final int SCHEMA_N_CHILDREN = 32;
    private static final int SCHEMA_CHILDREN = 40;
    private static final int SCHEMA_RELEASE = 56;
    // ArrowArray
    private static final int LENGTH = 0;
    private static final int NULL_COUNT = 8;
    private static final int OFFSET = 16;
    private static final int N_BUFFERS = 24;
    private static final int N_CHILDREN = 32;
    private static final int BUFFERS = 40;
    private static final int CHILDREN = 48;
    private static final int RELEASE = 64;

    private final ByteBuffer array = struct(ARRAY_BYTES);
    private final ByteBuffer schema = struct(SCHEMA_BYTES);
    private boolean closed;

    private static ByteBuffer struct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    long arrayAddress() {
        return NativeCodec.address(array);
    }

    long schemaAddress() {
        return NativeCodec.address(schema);
    }

    /** Every value of the array, copied out of the native memory. */
    Object[] read() {
        return read(array, schema, NativeCodec::view);
    }

    @Override
    public void close() {
        boolean filled = array.getLong(RELEASE) != 0 || schema.getLong(SCHEMA_RELEASE) != 0;
        if (!closed && filled) {
            closed = true;
            NativeCodec.releaseArrow(arrayAddress(), schemaAddress());
        }
    }

    static Object[] read(ByteBuffer array, ByteBuffer schema, Memory memory) {
        String format = format(schema, memory);
        switch (format) {
            case "u":
                return strings(new Column(array, memory, Layout.UTF8));
            case "+l":
                return lists(new Column(array, memory, Layout.OFFSETS), child(schema, 0, memory), memory);
            case "+m":
                return maps(new Column(array, memory, Layout.OFFSETS), child(schema, 0, memory), memory);
            default:
                throw new IllegalStateException("An Arrow array of format '" + format + "'; metadata comes as u, +l or +m");
        }
    }

    private static StringData[] strings(Column column) {
        StringData[] values = new StringData[column.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = column.string(i);
        }
        return values;
    }

    private static Object[] lists(Column lists, ByteBuffer itemSchema, Memory memory) {
        expect(itemSchema, "u", memory);
        StringData[] items = strings(new Column(lists.child(0), memory, Layout.UTF8));
        Object[] values = new Object[lists.length];
        for (int i = 0; i < values.length; i++) {
            if (lists.isSet(i)) {
                int from = lists.start(i);
                StringData[] list = new StringData[lists.start(i + 1) - from];
                System.arraycopy(items, from, list, 0, list.length);
                values[i] = new GenericArrayData(list);
            }
        }
        return values;
    }

    private static Object[] maps(Column maps, ByteBuffer entrySchema, Memory memory) {
        expect(entrySchema, "+s", memory);
        expect(child(entrySchema, 0, memory), "u", memory);
        expect(child(entrySchema, 1, memory), "i", memory);
        Column entries = new Column(maps.child(0), memory, Layout.STRUCT);
        Column keys = new Column(entries.child(0), memory, Layout.UTF8);
        Column numbers = new Column(entries.child(1), memory, Layout.INT32);
        Object[] values = new Object[maps.length];
        for (int i = 0; i < values.length; i++) {
            if (maps.isSet(i)) {
                // A HashMap filled in message order, as in Flink's JsonToRowDataConverters: the iteration order shows.
                Map<StringData, Integer> map = new HashMap<>();
                for (int e = maps.start(i) + entries.offset; e < maps.start(i + 1) + entries.offset; e++) {
                    map.put(keys.string(e), numbers.isSet(e) ? (Integer) numbers.int32(e) : null);
                }
                values[i] = new GenericMapData(map);
            }
        }
        return values;
    }

    private static String format(ByteBuffer schema, Memory memory) {
        ByteBuffer text = memory.view(schema.getLong(FORMAT), 3).order(ByteOrder.LITTLE_ENDIAN);
        StringBuilder format = new StringBuilder();
        for (int i = 0; i < 3 && text.get(i) != 0; i++) {
            format.append((char) text.get(i));
        }
        return format.toString();
    }

    private static void expect(ByteBuffer schema, String format, Memory memory) {
        String found = format(schema, memory);
        if (!found.equals(format)) {
            throw new IllegalStateException("A nested Arrow array of format '" + found + "' where '" + format + "' belongs");
        }
    }

    private static ByteBuffer child(ByteBuffer schema, int index, Memory memory) {
        long count = schema.getLong(SCHEMA_N_CHILDREN);
        if (index >= count) {
            throw new IllegalStateException("An Arrow schema with " + count + " children; number " + index + " is needed");
        }
        long address = words(schema.getLong(SCHEMA_CHILDREN), count, memory).getLong(8 * index);
        return memory.view(address, SCHEMA_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer words(long address, long count, Memory memory) {
        return memory.view(address, 8 * count).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The buffers of the array types read here: validity first, then offsets or values, then data. */
    private enum Layout {
        STRUCT(1),
        INT32(2),
        OFFSETS(2),
        UTF8(3);

        final int buffers;

        Layout(int buffers) {
            this.buffers = buffers;
        }
    }

    /** One array with its buffers opened; indexes are relative to the array's own offset. */
    private static final class Column {
        final int length;
        final int offset;
        private final ByteBuffer array;
        private final Memory memory;
        private final ByteBuffer validity;
        private final ByteBuffer fixed;
        private final ByteBuffer data;

        /** @param layout which buffers the array has */
        Column(ByteBuffer array, Memory memory, Layout layout) {
            this.array = array;
            this.memory = memory;
            this.length = Math.toIntExact(array.getLong(LENGTH));
            this.offset = Math.toIntExact(array.getLong(OFFSET));
            long found = array.getLong(N_BUFFERS);
            if (found != layout.buffers) {
                throw new IllegalStateException("An Arrow array with " + found + " buffers where " + layout.buffers + " belong");
            }
            ByteBuffer addresses = words(array.getLong(BUFFERS), found, memory);
            int end = Math.addExact(offset, length);
            this.validity = array.getLong(NULL_COUNT) == 0 ? null : open(addresses.getLong(0), (end + 7L) / 8);
            boolean empty = length == 0 || layout == Layout.STRUCT;
            this.fixed = empty ? null : open(addresses.getLong(8), 4L * (layout == Layout.INT32 ? end : end + 1L));
            this.data = empty || layout != Layout.UTF8 ? null : open(addresses.getLong(16), fixed.getInt(4 * end));
        }

        private ByteBuffer open(long address, long bytes) {
            return address == 0 || bytes == 0 ? null : memory.view(address, bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        ByteBuffer child(int index) {
            long count = array.getLong(N_CHILDREN);
            if (index >= count) {
                throw new IllegalStateException("An Arrow array with " + count + " children; number " + index + " is needed");
            }
            long address = words(array.getLong(CHILDREN), count, memory).getLong(8 * index);
            return memory.view(address, ARRAY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        }

        boolean isSet(int index) {
            int bit = offset + index;
            return validity == null || (validity.get(bit >> 3) >> (bit & 7) & 1) != 0;
        }

        int start(int index) {
            return fixed.getInt(4 * (offset + index));
        }

        int int32(int index) {
            return fixed.getInt(4 * (offset + index));
        }

        StringData string(int index) {
            if (!isSet(index)) {
                return null;
            }
            byte[] bytes = new byte[start(index + 1) - start(index)];
            if (bytes.length > 0) {
                ByteBuffer from = data.duplicate();
                ((Buffer) from).position(start(index));
                from.get(bytes);
            }
            return StringData.fromBytes(bytes);
        }
    }
}

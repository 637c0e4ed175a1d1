package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.StringData;
import org.junit.jupiter.api.Test;

/** Arrow arrays laid out by hand, as the C Data Interface describes them. */
class ArrowReaderTest {

    /** A small address space: blocks of bytes at invented addresses. */
    private static final class Space implements ArrowReader.Memory {
        private final Map<Long, ByteBuffer> blocks = new HashMap<>();
        private long next = 4096;

        @Override
        public ByteBuffer view(long address, long length) {
            ByteBuffer block = blocks.get(address);
            assertTrue(block != null, "no block at " + address);
            assertTrue(length <= Math.max(block.capacity(), 3), "reads " + length + " of " + block.capacity() + " bytes");
            return block.duplicate();
        }

        long put(byte... bytes) {
            blocks.put(next, ByteBuffer.wrap(bytes));
            next += 4096;
            return next - 4096;
        }

        long ints(int... values) {
            ByteBuffer buffer = little(4 * values.length);
            for (int value : values) {
                buffer.putInt(value);
            }
            return put(buffer.array());
        }

        long words(long... values) {
            ByteBuffer buffer = little(8 * values.length);
            for (long value : values) {
                buffer.putLong(value);
            }
            return put(buffer.array());
        }

        long text(String text) {
            return put(text.getBytes(StandardCharsets.UTF_8));
        }

        long schema(String format, long... children) {
            long childList = children.length == 0 ? 0 : words(children);
            return words(text(format + "\0\0\0"), 0, 0, 2, children.length, childList, 0, 1, 0);
        }

        long array(long length, long nulls, long offset, long[] buffers, long... children) {
            long childList = children.length == 0 ? 0 : words(children);
            return words(length, nulls, offset, buffers.length, children.length, words(buffers), childList, 0, 1, 0);
        }

        Object[] read(long array, long schema) {
            return ArrowReader.read(
                    view(array, ArrowReader.ARRAY_BYTES).order(ByteOrder.LITTLE_ENDIAN),
                    view(schema, ArrowReader.SCHEMA_BYTES).order(ByteOrder.LITTLE_ENDIAN),
                    this);
        }
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long[] buffers(long... addresses) {
        return addresses;
    }

    private static StringData text(String text) {
        return StringData.fromString(text);
    }

    @Test
    void stringsWithAnOffsetAndNulls() {
        Space space = new Space();
        long data = space.text("skipped库b");
        // Validity of elements 0 to 4: set, set, clear, set, set; the array begins at element 1.
        long array =
                space.array(4, 1, 1, buffers(space.put((byte) 0b11011), space.ints(0, 7, 10, 10, 11, 11), data));
        assertArrayEquals(
                new Object[] {text("库"), null, text("b"), text("")}, space.read(array, space.schema("u")));
    }

    @Test
    void anUnknownNullCountUsesTheValidityBufferIfThereIsOne() {
        Space space = new Space();
        long data = space.text("ab");
        long withBits = space.array(2, -1, 0, buffers(space.put((byte) 0b01), space.ints(0, 1, 2), data));
        assertArrayEquals(new Object[] {text("a"), null}, space.read(withBits, space.schema("u")));
        long without = space.array(2, -1, 0, buffers(0, space.ints(0, 1, 2), data));
        assertArrayEquals(new Object[] {text("a"), text("b")}, space.read(without, space.schema("u")));
    }

    @Test
    void validityBeyondTheFirstByte() {
        Space space = new Space();
        int[] offsets = new int[11];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = i;
        }
        long array =
                space.array(10, 1, 0, buffers(space.put((byte) 0xFF, (byte) 0b01), space.ints(offsets), space.text("abcdefghij")));
        Object[] values = space.read(array, space.schema("u"));
        assertEquals(text("i"), values[8]);
        assertNull(values[9]);
    }

    @Test
    void anEmptyArrayMayHaveNoBuffers() {
        Space space = new Space();
        assertEquals(0, space.read(space.array(0, 0, 0, buffers(0, 0, 0)), space.schema("u")).length);
    }

    @Test
    void listsOfStrings() {
        Space space = new Space();
        long items = space.array(3, 1, 0, buffers(space.put((byte) 0b101), space.ints(0, 2, 2, 4), space.text("idno")));
        long array = space.array(3, 1, 0, buffers(space.put((byte) 0b101), space.ints(0, 2, 2, 3)), items);
        Object[] values = space.read(array, space.schema("+l", space.schema("u")));
        ArrayData first = (ArrayData) values[0];
        assertEquals(2, first.size());
        assertEquals(text("id"), first.getString(0));
        assertTrue(first.isNullAt(1));
        assertNull(values[1]);
        assertEquals(text("no"), ((ArrayData) values[2]).getString(0));
    }

    @Test
    void mapsWhoseEntriesHaveOffsetsOfTheirOwn() {
        Space space = new Space();
        // keys begin one element late, entries another one, and the map array itself at its second map
        long keys = space.array(5, 0, 1, buffers(0, space.ints(0, 1, 2, 3, 4, 5, 6), space.text("xyabcd")));
        long numbers = space.array(5, 1, 0, buffers(space.put((byte) 0b10111), space.ints(90, -5, 12, 3, 4)));
        long entries = space.array(4, 0, 1, buffers(0), keys, numbers);
        long array = space.array(2, 0, 1, buffers(0, space.ints(0, 1, 3, 4)), entries);
        long schema = space.schema("+m", space.schema("+s", space.schema("u"), space.schema("i")));
        Object[] values = space.read(array, schema);
        assertEquals(2, values.length);
        GenericMapData first = (GenericMapData) values[0];
        // map 1 holds entries 1 and 2: struct elements 2 and 3
        assertEquals(2, first.size());
        assertEquals(12, first.get(text("b")));
        assertNull(first.get(text("c")));
        assertEquals(text("d"), ((MapData) values[1]).keyArray().getString(0));
        assertEquals(4, ((MapData) values[1]).valueArray().getInt(0));
    }

    @Test
    void otherTypesAreRefusedByName() {
        Space space = new Space();
        long ints = space.array(1, 0, 0, buffers(0, space.ints(1)));
        assertThrows(IllegalStateException.class, () -> space.read(ints, space.schema("i")));
        long list = space.array(0, 0, 0, buffers(0, 0), ints);
        IllegalStateException nested =
                assertThrows(IllegalStateException.class, () -> space.read(list, space.schema("+l", space.schema("i"))));
        assertTrue(nested.getMessage().contains("'i' where 'u'"), nested.getMessage());
    }
}

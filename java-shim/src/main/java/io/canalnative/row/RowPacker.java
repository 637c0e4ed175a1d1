package io.canalnative.row;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryFormat;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.binary.BinarySection;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/**
 * Writes rows of any class into a native input buffer, in the layout of Flink's BinaryRowData.
 *
 * <p>What that layout would lose is refused: half a surrogate pair in a Java string, a timestamp with more digits than
 * its column, a decimal of another scale. (RowDataSerializer, which loses them silently, is used for nested values
 * only, after a check.)
 */
public final class RowPacker {

    /** The layout cannot hold this row; {@link #refusal} says why. */
    public static final int REFUSED = -1;

    private static final int COMPACT_DECIMAL = 18;
    private static final int COMPACT_TIMESTAMP = 3;
    private static final int BIG_DECIMAL_BYTES = 16;

    private final RowType type;
    private final RowBuffer target;
    private final LogicalTypeRoot[] roots;
    /** Precision of decimals and timestamps. */
    private final int[] precisions;
    private final int[] scales;
    /** For ARRAY, MAP, MULTISET and ROW. */
    private final NestedPacker[] nested;
    private final int header;
    private final int fixed;

    private ByteBuffer buffer;
    /** Where the row begins. */
    private int begin;
    /** Where the next variable part goes, from there. */
    private int end;
    /** The field that the last refused row was refused for; -1: it has another number of fields. */
    private int refused;

    /**
     * @param type the columns of every row
     * @param target where rows are written to
     */
    public RowPacker(RowType type, RowBuffer target) {
        this.type = type;
        this.target = target;
        int arity = type.getFieldCount();
        this.roots = new LogicalTypeRoot[arity];
        this.precisions = new int[arity];
        this.scales = new int[arity];
        this.nested = new NestedPacker[arity];
        this.header = BinaryRowData.calculateBitSetWidthInBytes(arity);
        this.fixed = header + 8 * arity;
        for (int i = 0; i < arity; i++) {
            LogicalType field = type.getTypeAt(i);
            roots[i] = field.getTypeRoot();
            switch (roots[i]) {
                case DECIMAL:
                    precisions[i] = ((DecimalType) field).getPrecision();
                    scales[i] = ((DecimalType) field).getScale();
                    break;
                case TIMESTAMP_WITHOUT_TIME_ZONE:
                case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                    precisions[i] = LogicalTypeChecks.getPrecision(field);
                    break;
                case ARRAY:
                case MAP:
                case MULTISET:
                case ROW:
                    nested[i] = new NestedPacker(field);
                    break;
                default:
                    break;
            }
        }
    }

    /** Writes a row to the buffer's beginning; returns its length in bytes, or {@link #REFUSED}. */
    public int pack(RowData row) {
        return pack(row, 0);
    }

    /** The same, behind the first {@code at} bytes of the buffer, which are kept. A length is a multiple of 8. */
    public int pack(RowData row, int at) {
        buffer = target.input();
        begin = at;
        refused = -1;
        if (row instanceof BinaryRowData) {
            BinaryRowData binary = (BinaryRowData) row;
            return binary.getArity() == roots.length ? copy(binary) : REFUSED;
        }
        reserve(fixed, 0);
        for (int word = 0; word < header; word += 8) {
            buffer.putLong(begin + word, 0);
        }
        end = fixed;
        for (int i = 0; i < roots.length; i++) {
            if (row.isNullAt(i)) {
                int bit = i + 8;
                int place = begin + (bit >> 3);
                buffer.put(place, (byte) (buffer.get(place) | 1 << (bit & 7)));
                set(i, 0);
            } else if (!field(row, i)) {
                refused = i;
                return REFUSED;
            }
        }
        return end;
    }

    /** Column and reason of the row that was refused last. */
    public String refusal() {
        if (refused < 0) {
            return "the row has not the table's " + roots.length + " columns";
        }
        return "column '" + type.getFieldNames().get(refused) + "' " + type.getTypeAt(refused).asSummaryString() + " has " + reason();
    }

    private String reason() {
        switch (roots[refused]) {
            case CHAR:
            case VARCHAR:
                return "a text with half a surrogate pair, which has no UTF-8 form";
            case DECIMAL:
                return "a decimal of another scale or of more digits";
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return "a timestamp with more digits";
            default:
                return "a nested value with one of these: half a surrogate pair, a decimal or timestamp of more digits than its type, a null key";
        }
    }

    private int copy(BinaryFormat binary) {
        int size = binary.getSizeInBytes();
        reserve(size, 0);
        position(0);
        copy(binary.getSegments(), binary.getOffset(), size);
        return size;
    }

    /** Copies bytes of a chain of segments to the buffer's position. */
    private void copy(MemorySegment[] segments, int offset, int size) {
        int from = offset;
        int left = size;
        for (MemorySegment segment : segments) {
            int here = Math.min(left, segment.size() - from);
            if (here > 0) {
                if (segment.isOffHeap()) {
                    segment.get(from, buffer, here);
                } else {
                    // For a buffer outside the heap, get() makes the text of an error that is not there, for each row.
                    buffer.put(segment.getArray(), from, here);
                }
                left -= here;
            }
            from = Math.max(0, from - segment.size());
        }
    }

    /** Writes a field that is not NULL; false if the layout cannot hold it. */
    private boolean field(RowData row, int i) {
        switch (roots[i]) {
            case BOOLEAN:
                return set(i, row.getBoolean(i) ? 1 : 0);
            case TINYINT:
                return set(i, row.getByte(i) & 0xFFL);
            case SMALLINT:
                return set(i, row.getShort(i) & 0xFFFFL);
            case INTEGER:
            case DATE:
            case TIME_WITHOUT_TIME_ZONE:
            case INTERVAL_YEAR_MONTH:
                return set(i, row.getInt(i) & 0xFFFFFFFFL);
            case BIGINT:
            case INTERVAL_DAY_TIME:
                return set(i, row.getLong(i));
            case FLOAT:
                return set(i, Float.floatToRawIntBits(row.getFloat(i)) & 0xFFFFFFFFL);
            case DOUBLE:
                return set(i, Double.doubleToRawLongBits(row.getDouble(i)));
            case CHAR:
            case VARCHAR:
                return string(i, row.getString(i));
            case BINARY:
            case VARBINARY:
                return bytes(i, row.getBinary(i));
            case DECIMAL:
                return decimal(i, row.getDecimal(i, precisions[i], scales[i]));
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestamp(i, row.getTimestamp(i, precisions[i]));
            default:
                return section(i, nested[i].pack(row, i));
        }
    }

    private boolean set(int i, long value) {
        buffer.putLong(begin + header + 8 * i, value);
        return true;
    }

    private boolean string(int i, StringData value) {
        if (!(value instanceof BinaryStringData)) {
            return false;
        }
        BinaryStringData text = (BinaryStringData) value;
        String object = text.getJavaObject();
        BinarySection section = text.getBinarySection();
        if (object != null) {
            byte[] bytes = object.getBytes(StandardCharsets.UTF_8);
            return !losesSurrogate(object, bytes) && bytes(i, bytes);
        }
        int size = section.getSizeInBytes();
        if (size <= 7) {
            return bytes(i, text.toBytes());
        }
        variable(i, size, size);
        copy(section.getSegments(), section.getOffset(), size);
        return true;
    }

    /** Whether a '?' among the bytes stands for half a surrogate pair, which UTF-8 cannot hold. */
    static boolean losesSurrogate(String text, byte[] utf8) {
        boolean suspect = false;
        for (byte b : utf8) {
            suspect |= b == '?';
        }
        if (suspect) {
            for (int at = 0; at < text.length(); at++) {
                char c = text.charAt(at);
                if (Character.isHighSurrogate(c) && at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))) {
                    at++;
                } else if (Character.isSurrogate(c)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean bytes(int i, byte[] value) {
        if (value.length <= 7) {
            long inline = (0x80L | value.length) << 56;
            for (int at = 0; at < value.length; at++) {
                inline |= (value[at] & 0xFFL) << (8 * at);
            }
            return set(i, inline);
        }
        variable(i, value.length, value.length);
        buffer.put(value);
        return true;
    }

    private boolean decimal(int i, DecimalData value) {
        if (value.scale() != scales[i]) {
            return false;
        }
        if (precisions[i] <= COMPACT_DECIMAL) {
            return value.isCompact() && set(i, value.toUnscaledLong());
        }
        byte[] unscaled = value.toUnscaledBytes();
        if (unscaled.length > BIG_DECIMAL_BYTES) {
            return false;
        }
        variable(i, unscaled.length, BIG_DECIMAL_BYTES);
        buffer.put(unscaled);
        return true;
    }

    private boolean timestamp(int i, TimestampData value) {
        if (precisions[i] <= COMPACT_TIMESTAMP) {
            return value.getNanoOfMillisecond() == 0 && set(i, value.getMillisecond());
        }
        variable(i, value.getNanoOfMillisecond(), 8);
        buffer.putLong(value.getMillisecond());
        return true;
    }

    private boolean section(int i, BinaryFormat value) {
        if (value == null) {
            return false;
        }
        int size = value.getSizeInBytes();
        variable(i, size, size);
        copy(value.getSegments(), value.getOffset(), size);
        return true;
    }

    /** Points field i at a new variable part of {@code size} bytes, zeroes its last word and sets the buffer's position. */
    private void variable(int i, int low, int size) {
        int padded = Math.addExact(size, 7) & ~7;
        reserve(Math.addExact(end, padded), end);
        set(i, (long) end << 32 | low);
        if (padded > 0) {
            buffer.putLong(begin + end + padded - 8, 0);
            if (padded > 8) {
                // A decimal of few bytes leaves its first word partly unwritten.
                buffer.putLong(begin + end, 0);
            }
        }
        position(end);
        end += padded;
    }

    private void position(int inRow) {
        ((Buffer) buffer).clear();
        ((Buffer) buffer).position(begin + inRow);
    }

    /** Room for a row of {@code length} bytes, of which {@code used} are written. */
    private void reserve(int length, int used) {
        if (Math.addExact(begin, length) > buffer.capacity()) {
            // A row may begin behind the buffer's end, as its caller leaves room for what it writes before it.
            buffer = target.grow(begin + length, Math.min(begin + used, buffer.capacity()));
        }
    }
}

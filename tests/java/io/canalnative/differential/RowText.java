package io.canalnative.differential;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Rows as text that is equal exactly if the rows are: floats with their bits, timestamps with nanoseconds, decimals
 * with precision and scale, bytes in hexadecimal, maps ordered by key, strings quoted.
 */
public final class RowText {

    private RowText() {}

    /** A row with its kind. NULL is read in any column, declared NOT NULL or not. */
    public static String of(RowData row, RowType type) {
        return row.getRowKind().shortString() + fields(row, type);
    }

    private static String fields(RowData row, RowType type) {
        StringBuilder text = new StringBuilder("(");
        for (int i = 0; i < type.getFieldCount(); i++) {
            LogicalType field = type.getTypeAt(i);
            text.append(i == 0 ? "" : ", ");
            boolean isNull = field.is(LogicalTypeRoot.NULL) || row.isNullAt(i);
            text.append(isNull ? "NULL" : value(RowData.createFieldGetter(field.copy(true), i).getFieldOrNull(row), field));
        }
        return text.append(')').toString();
    }

    private static String value(Object value, LogicalType type) {
        if (value == null) {
            return "NULL";
        }
        switch (type.getTypeRoot()) {
            case FLOAT:
                return value + "f#" + Integer.toHexString(Float.floatToRawIntBits((Float) value));
            case DOUBLE:
                return value + "d#" + Long.toHexString(Double.doubleToRawLongBits((Double) value));
            case CHAR:
            case VARCHAR:
                return string((StringData) value);
            case BINARY:
            case VARBINARY:
                return hex((byte[]) value);
            case DECIMAL:
                DecimalData decimal = (DecimalData) value;
                return decimal.toBigDecimal().toPlainString() + "(" + decimal.precision() + "," + decimal.scale() + ")";
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                TimestampData timestamp = (TimestampData) value;
                return timestamp.getMillisecond() + "ms+" + timestamp.getNanoOfMillisecond() + "ns";
            case ARRAY:
                return array((ArrayData) value, type.getChildren().get(0));
            case MAP:
                return map((MapData) value, ((MapType) type).getKeyType(), ((MapType) type).getValueType());
            case MULTISET:
                return map((MapData) value, ((MultisetType) type).getElementType(), new IntType());
            case ROW:
                return ((RowData) value).getRowKind().shortString() + fields((RowData) value, (RowType) type);
            default:
                return value.toString();
        }
    }

    private static String array(ArrayData array, LogicalType element) {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < array.size(); i++) {
            text.append(i == 0 ? "" : ", ").append(element(array, i, element));
        }
        return text.append(']').toString();
    }

    private static String element(ArrayData array, int i, LogicalType type) {
        if (type.is(LogicalTypeRoot.NULL) || array.isNullAt(i)) {
            return "NULL";
        }
        return value(ArrayData.createElementGetter(type.copy(true)).getElementOrNull(array, i), type);
    }

    private static String map(MapData map, LogicalType key, LogicalType value) {
        Map<String, String> entries = new TreeMap<>();
        ArrayData keys = map.keyArray();
        ArrayData values = map.valueArray();
        for (int i = 0; i < map.size(); i++) {
            String name = element(keys, i, key);
            if (entries.put(name, element(values, i, value)) != null) {
                throw new AssertionError("The key " + name + " stands twice in one map");
            }
        }
        return entries.toString();
    }

    private static String string(StringData value) {
        String text = value.toString();
        byte[] bytes = value.toBytes();
        String quoted = MessageText.quote(text);
        return Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8)) ? quoted : quoted + "#" + hex(bytes);
    }

    private static String hex(byte[] bytes) {
        StringBuilder text = new StringBuilder("x'");
        for (byte b : bytes) {
            text.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
        }
        return text.append('\'').toString();
    }
}

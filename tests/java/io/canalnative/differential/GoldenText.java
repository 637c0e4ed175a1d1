package io.canalnative.differential;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;

/** Rows in the text form of the golden files; see tests/data/README.md. */
final class GoldenText {

    private GoldenText() {}

    static String of(RowData row, RowType type) {
        return row.getRowKind().shortString() + fields(row, type);
    }

    private static String fields(RowData row, RowType type) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < type.getFieldCount(); i++) {
            LogicalType field = type.getTypeAt(i);
            boolean isNull = field.is(LogicalTypeRoot.NULL) || row.isNullAt(i);
            values.add(isNull ? "null" : value(RowData.createFieldGetter(field.copy(true), i).getFieldOrNull(row), field));
        }
        return "(" + String.join(", ", values) + ")";
    }

    private static String value(Object value, LogicalType type) {
        if (value == null) {
            return "null";
        }
        switch (type.getTypeRoot()) {
            case FLOAT:
                return floatingPoint((Float) value, true);
            case DOUBLE:
                return floatingPoint((Double) value, false);
            case CHAR:
            case VARCHAR:
                return string(value.toString());
            case BINARY:
            case VARBINARY:
                StringBuilder hex = new StringBuilder("x'");
                for (byte b : (byte[]) value) {
                    hex.append(String.format("%02x", b));
                }
                return hex.append('\'').toString();
            case DECIMAL:
                return ((DecimalData) value).toBigDecimal().toPlainString();
            case DATE:
                return LocalDate.ofEpochDay((Integer) value).toString();
            case TIME_WITHOUT_TIME_ZONE:
                LocalTime time = LocalTime.ofNanoOfDay((Integer) value * 1_000_000L);
                return String.format("%02d:%02d:%02d.%03d", time.getHour(), time.getMinute(), time.getSecond(), time.getNano() / 1_000_000);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return timestamp((TimestampData) value);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestamp((TimestampData) value) + "Z";
            default:
                return container(value, type);
        }
    }

    private static String container(Object value, LogicalType type) {
        switch (type.getTypeRoot()) {
            case ARRAY:
                return elements((ArrayData) value, type.getChildren().get(0)).toString();
            case MAP:
                return map((MapData) value, type.getChildren().get(0), ((MapType) type).getValueType());
            case MULTISET:
                return map((MapData) value, type.getChildren().get(0), new org.apache.flink.table.types.logical.IntType());
            case ROW:
                return fields((RowData) value, (RowType) type);
            default:
                return value.toString();
        }
    }

    private static List<String> elements(ArrayData array, LogicalType element) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            boolean isNull = element.is(LogicalTypeRoot.NULL) || array.isNullAt(i);
            values.add(isNull ? "null" : value(ArrayData.createElementGetter(element.copy(true)).getElementOrNull(array, i), element));
        }
        return values;
    }

    private static String map(MapData map, LogicalType keyType, LogicalType valueType) {
        List<String> values = elements(map.valueArray(), valueType);
        Integer[] order = new Integer[map.size()];
        byte[][] keys = new byte[map.size()][];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
            keys[i] = map.keyArray().getString(i).toBytes();
        }
        Arrays.sort(order, (a, b) -> Arrays.compareUnsigned(keys[a], keys[b]));
        List<String> entries = new ArrayList<>();
        for (int i : order) {
            entries.add(value(StringData.fromBytes(keys[i]), keyType) + "=" + values.get(i));
        }
        return "{" + String.join(", ", entries) + "}";
    }

    private static String string(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            quoted.append(c == '"' || c == '\\' ? "\\" + c : c < ' ' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        }
        return new String(quoted.append('"').toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static String timestamp(TimestampData value) {
        LocalDateTime time =
                LocalDateTime.ofInstant(Instant.ofEpochMilli(value.getMillisecond()), ZoneOffset.UTC).plusNanos(value.getNanoOfMillisecond());
        return String.format(
                "%s %02d:%02d:%02d.%09d", time.toLocalDate(), time.getHour(), time.getMinute(), time.getSecond(), time.getNano());
    }

    /** The fewest digits that give the value back. */
    private static String floatingPoint(double value, boolean single) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.toString(value);
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        for (int digits = 1; digits <= 17; digits++) {
            BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (single ? rounded.floatValue() == value : rounded.doubleValue() == value) {
                return rounded.stripTrailingZeros().toString();
            }
        }
        throw new AssertionError("17 digits give every double back, but not " + value);
    }
}

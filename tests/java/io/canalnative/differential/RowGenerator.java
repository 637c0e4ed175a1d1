package io.canalnative.differential;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;
import org.apache.flink.types.RowKind;

/** Rows of a type: usual values, values at the edge of each type and, if asked, values that do not fit their column. */
public final class RowGenerator {

    private static final String[] TEXTS = {
        "", "a", "scooter", "seven b", "eight by", "Small 2-wheel scooter", "quote\" back\\slash /slash", "\b\t\n\f\r\u0000\u0001\u000b\u001f\u007f",
        "naïve", "中文字符", "emoji 😀 twice 😀😀", "\u2028\u2029<>&'", "a long text that has its one quote at the very end of it all \"",
        "0123456789abcdef0123456789abcdef0123456789abcdef", "?", "\ufeffbom", "\ufffd", "null", "{\"a\":1}", "é", "😀", "1234567", "ééé😀",
    };

    private static final String[] LONE = {"\ud800", "a\udc00b", "\ud83d\ud83d\ude00", "?\ud800?"};

    private static final double[] DOUBLES = {
        0.0, -0.0, 1.0, -1.0, 0.1, 0.001, 0.00099999, 1e-3, 9.999e-4, 1e7, 9999999.0, 9999999.999, 12345678.9, 3.14, 100.0, 1e10, 2e23, 1e23, 8.41e21,
        1e16, 1.1e16, 123456789.0, 4.9e-324, 2.2250738585072014E-308, 1.7976931348623157E308, Double.NaN, Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY, 0.5, 1.0 / 3, 2.0 / 3, 1e-10, 5e-324, 9007199254740991.0, 9007199254740993.0, 12.34, 19.99, 1e22, 2e-3,
    };

    private static final float[] FLOATS = {
        0f, -0f, 1f, 0.1f, 3.14f, 1e-3f, 9.999e-4f, 1e7f, 9999999f, 123456789f, 1e16f, 1.1e16f, 3.4028235E38f, 1.4E-45f, Float.NaN,
        Float.NEGATIVE_INFINITY, 12.34f, 16777216f, 16777217f, 1f / 3, 2e10f,
    };

    private final Random random;
    /** Whether some values do not fit their column: NULL where NOT NULL is declared, digits beyond the precision. */
    private final boolean odd;

    /** Rows whose values fit their columns, or not all of them. */
    public RowGenerator(Random random, boolean odd) {
        this.random = random;
        this.odd = odd;
    }

    /** A row of any kind. */
    public GenericRowData row(RowType type) {
        GenericRowData row = fields(type);
        row.setRowKind(RowKind.values()[random.nextInt(4)]);
        return row;
    }

    private GenericRowData fields(RowType type) {
        GenericRowData row = new GenericRowData(type.getFieldCount());
        for (int i = 0; i < type.getFieldCount(); i++) {
            row.setField(i, value(type.getTypeAt(i)));
        }
        return row;
    }

    private boolean rarely() {
        return odd && random.nextInt(40) == 0;
    }

    private Object value(LogicalType type) {
        if (type.isNullable() && random.nextInt(6) == 0 || rarely()) {
            return null;
        }
        switch (type.getTypeRoot()) {
            case NULL:
                return null;
            case BOOLEAN:
                return random.nextBoolean();
            case TINYINT:
                return (byte) integer(8);
            case SMALLINT:
                return (short) integer(16);
            case INTEGER:
            case INTERVAL_YEAR_MONTH:
                return (int) integer(32);
            case BIGINT:
            case INTERVAL_DAY_TIME:
                return integer(64);
            case DATE:
                return random.nextInt(8) == 0 ? (int) integer(32) : random.nextInt(60_000) - 20_000;
            case TIME_WITHOUT_TIME_ZONE:
                return rarely() ? (int) integer(32) : random.nextInt(4) == 0 ? random.nextInt(86_400) * 1000 : random.nextInt(86_400_000);
            case FLOAT:
                return floating();
            case DOUBLE:
                return doubling();
            case CHAR:
            case VARCHAR:
                return text();
            case BINARY:
            case VARBINARY:
                return bytes();
            case DECIMAL:
                return decimal((DecimalType) type);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestamp(rarely() ? 9 : LogicalTypeChecks.getPrecision(type));
            case ARRAY:
                return array(((ArrayType) type).getElementType());
            case MAP:
                return map(((MapType) type).getKeyType(), ((MapType) type).getValueType());
            case MULTISET:
                return map(((MultisetType) type).getElementType(), new IntType(false));
            case ROW:
                return fields((RowType) type);
            default:
                throw new IllegalArgumentException("no values of " + type);
        }
    }

    private long integer(int bits) {
        long edge = 1L << (bits - 1);
        switch (random.nextInt(6)) {
            case 0:
                return -edge;
            case 1:
                return edge - 1;
            case 2:
                return random.nextInt(21) - 10;
            default:
                return random.nextLong() >> (64 - bits) >> random.nextInt(bits);
        }
    }

    private Float floating() {
        switch (random.nextInt(4)) {
            case 0:
                return FLOATS[random.nextInt(FLOATS.length)];
            case 1:
                return Float.intBitsToFloat(random.nextInt());
            default:
                return random.nextInt(10_000_000) / 100f;
        }
    }

    private Double doubling() {
        switch (random.nextInt(5)) {
            case 0:
                return DOUBLES[random.nextInt(DOUBLES.length)];
            case 1:
                return Double.longBitsToDouble(random.nextLong());
            case 2:
                return random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
            default:
                return random.nextInt(1_000_000_000) / 100d;
        }
    }

    private StringData text() {
        String text = rarely() ? LONE[random.nextInt(LONE.length)] : TEXTS[random.nextInt(TEXTS.length)];
        if (random.nextInt(5) == 0) {
            text += TEXTS[random.nextInt(TEXTS.length)];
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (rarely() && utf8.length > 0) {
            utf8[random.nextInt(utf8.length)] = (byte) (0x80 | random.nextInt(128));
            return StringData.fromBytes(utf8);
        }
        StringData java = StringData.fromString(text);
        return random.nextBoolean() || text.chars().anyMatch(c -> Character.isSurrogate((char) c)) ? java : StringData.fromBytes(utf8);
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(random.nextInt(5) == 0 ? 100 : 12)];
        random.nextBytes(bytes);
        return bytes;
    }

    private DecimalData decimal(DecimalType type) {
        int digits = 1 + random.nextInt(type.getPrecision());
        BigInteger unscaled = new BigInteger(digits * 10 / 3 + 1, random).mod(BigInteger.TEN.pow(digits));
        if (random.nextInt(3) == 0) {
            int zeros = random.nextInt(digits + 1);
            unscaled = unscaled.divide(BigInteger.TEN.pow(zeros)).multiply(BigInteger.TEN.pow(zeros));
        }
        BigDecimal value = new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), type.getScale());
        if (rarely() && type.getScale() > 0) {
            return DecimalData.fromBigDecimal(value, type.getPrecision(), type.getScale() - 1);
        }
        return DecimalData.fromBigDecimal(value, type.getPrecision(), type.getScale());
    }

    private TimestampData timestamp(int precision) {
        long millis = random.nextInt(8) == 0 ? integer(56) : (random.nextInt() * 1000L) + random.nextInt(1000) * (random.nextInt(2));
        int nanos = random.nextInt(3) == 0 ? 0 : random.nextInt(1_000_000);
        if (precision <= 3) {
            nanos = 0;
        } else if (precision < 9) {
            int unit = (int) Math.pow(10, 9 - precision);
            nanos = nanos / unit * unit;
        }
        return TimestampData.fromEpochMillis(millis, nanos);
    }

    private ArrayData array(LogicalType element) {
        Object[] values = new Object[random.nextInt(4)];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(element);
        }
        return new GenericArrayData(values);
    }

    private GenericMapData map(LogicalType key, LogicalType value) {
        Map<Object, Object> entries = new LinkedHashMap<>();
        int size = random.nextInt(5);
        for (int i = 0; i < size; i++) {
            entries.put(value(key), value(value));
        }
        return new GenericMapData(entries);
    }
}

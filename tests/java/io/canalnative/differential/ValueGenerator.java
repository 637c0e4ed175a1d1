package io.canalnative.differential;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;

import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** JSON text of values: right for a column's type, nearly right, or of another type altogether. */
public final class ValueGenerator {

    /** Who writes the message. */
    public enum Dialect {
        /** Every value is text or null. */
        CANAL,
        /** Numbers and booleans are JSON's own. */
        FLINK,
        /** A mixture, with values at and beyond the edge of each type. */
        ODD
    }

    private static final String[] NUMBERS = {
        "0", "-0", "1", "-1", "-0.0", "0.0", "1.0", "100.0", "1e2", "1E-7", "1.10", "0.1", "1e400", "-1e400", "1e-400", "1.9", "-1.9",
        "127", "128", "-129", "32768", "2147483647", "2147483648", "2147483647.9", "-2147483648.9", "9223372036854775807",
        "9223372036854775808", "9223372036854775808.0", "-9223372036854775809", "123456789012345678901234567890", "3.4028235677973366e38",
        "3.4028236e38", "2e23", "1e23", "8.41e21", "1e7", "1234567.125", "0.00001", "99999999.995", "0.99999999999999999999", "123456789.0",
        "1e16", "1.1e16", "4.9e-324", "2.2250738585072014e-308", "0.5e1", "12E+3", "1e0", "5e-1", "-0e5", "0E-10", "1e38", "9.99e37",
    };

    private static final String[] TEXTS = {
        "", " ", "1", "0", " 12 ", "+7", "-7", "007", "1_000", "1L", "0x1p3", "0x10", "NaN", "Infinity", "-Infinity", "+Infinity", "infinity",
        "1e5", "1E+2", ".5", "5.", "1f", "1d", "-0", "-0.0", "１２", "٣", "true", "TRUE", " true ", "\u00a01", "\u20032", "false", "yes", "null",
        "127", "128", "32768", "2147483648", "-2147483648", "9223372036854775808", "-9223372036854775808", "3.4028235677973366e38",
        "1e400", "1e-400", "99999999999999999999999999999999999999", "100000000000000000000000000000000000000.5", "0.00000000000000000001",
        "1.5.5", "--1", "+-1", "1e", "1e+", "e5", "12a", "a", "0000-00-00", "0000-00-00 00:00:00", "2021-02-31", "2021-02-30 01:02:03",
        "2020-01-01", "2020-01-01T", "20200101", "2020-1-1", "+12020-01-01", "-0001-01-01", "-0000-01-01", "12020-01-01", "2020-01-01 ",
        "24:00:00", "24:00:01", "23:59:59", "23:59:60", "12:34", "12:34:56.", "12:34:56.123456789", "12:34:56.1234567891", "1:2:3",
        "2020-01-01 12:34:56", "2020-01-01  12:34:56", "2020-01-01 12:34:56.", "2020-01-01 24:00:00", "2020-01-01 24:00:00.000",
        "2020-01-01 12:34:56.123456789", "2020-01-01 12:34:56.1234567890", "2020-01-01 12:34:56Z", "2020-01-01 12:34:56z",
        "2020-01-01 12:34:56.5+01:00", "2020-01-01T12:34:56", "2020-01-01t12:34:56", "2020-01-01T12:34", "2020-01-01T12:34Z",
        "2020-01-01T12:34:56Z", "2020-01-01T12:34:56.123Z", "2020-01-01T24:00:00", "2020-01-01T24:00:00Z", "2021-02-31T01:02:03Z",
        "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999999", "1969-12-31 23:59:59.999999999", "１２:００:００", "2020-02-29 00:00:00",
        "1900-02-29 00:00:00", "2020-00-10", "2020-13-10", "2020-12-32", "aGVsbG8=", "aGVsbG8", "aGVsbA==", "aGVs bG8=", "aGVs\nbG8=",
        "aGVsbA==aGVs", "aGVsbB==", "aGV-", "====", "AAAA", "a", "AA=A", "\u00e4\u00ff\u0000", "{\"a\":1}", "[1]", "中文", "😀", "\u2028",
    };

    private static final String[] CONTAINERS = {
        "{}", "[]", "{\"a\":1}", "[1,\"x\",null]", "[{}]", "{\"a\":{\"b\":[1.10,1e2,-0,1e400,true,\"\\u00e4\\/\"]}}", "[[[]]]",
        "{\"a\":1,\"b\":2,\"a\":3}", "{\"id\":null,\"name\":\"n\",\"c0\":\"1\",\"c1\":2}", "[1.50,100.0,1E+2]", "{\"\":\"\"}",
    };

    private final Random random;
    private final boolean iso;
    /** Of so many values in an odd message one is odd. */
    private int oddity = 4;

    /** Values with timestamps in SQL's or in ISO form. */
    public ValueGenerator(Random random, boolean iso) {
        this.random = random;
        this.iso = iso;
    }

    /** How odd the next messages are, differently each time: one bad value spoils a message, and most should be read. */
    public void changeOddity() {
        oddity = pick(Arrays.asList(3, 12, 60, 300));
    }

    /** JSON text of a value for a column. */
    public String value(LogicalType type, Dialect dialect) {
        if (random.nextInt(12) == 0) {
            return "null";
        }
        if (dialect == Dialect.ODD && random.nextInt(oddity) == 0) {
            return anything();
        }
        switch (type.getTypeRoot()) {
            case ARRAY:
                return array(type.getChildren().get(0), dialect);
            case MAP:
                return map(type.getChildren().get(1), dialect);
            case MULTISET:
                return map(new org.apache.flink.table.types.logical.IntType(), dialect);
            case ROW:
                return row((RowType) type, dialect);
            default:
                return scalar(type, dialect);
        }
    }

    /** Any JSON value at all. */
    public String anything() {
        switch (random.nextInt(9)) {
            case 8:
                return random.nextBoolean() ? number() : text(number());
            case 0:
                return random.nextBoolean() ? "true" : "false";
            case 1:
                return CONTAINERS[random.nextInt(CONTAINERS.length)];
            case 2:
            case 3:
                return random.nextInt(30) == 0 ? longNumber() : NUMBERS[random.nextInt(NUMBERS.length)];
            default:
                return text(TEXTS[random.nextInt(TEXTS.length)]);
        }
    }

    /** A text with one character changed, dropped or added. */
    private String nearly(String text) {
        String by = pick(" 0123456789.-+:TZtzeE_,/=\u00a0\uff11".split(""));
        int at = random.nextInt(text.length() + 1);
        int end = random.nextInt(3) == 0 ? at : Math.min(text.length(), at + 1);
        return text.substring(0, at) + (random.nextInt(4) == 0 ? "" : by) + text.substring(end);
    }

    /** A number of any length in JSON's own form. */
    private String number() {
        StringBuilder number = new StringBuilder(random.nextBoolean() ? "-" : "");
        number.append(random.nextInt(4) == 0 ? "0" : 1 + random.nextInt(9) + digits(random.nextInt(random.nextInt(4) == 0 ? 40 : 12)));
        if (random.nextInt(3) > 0) {
            number.append('.').append(digits(1 + random.nextInt(random.nextInt(4) == 0 ? 40 : 8)));
        }
        if (random.nextInt(4) == 0) {
            number.append(pick("e", "E", "e+", "e-", "E-")).append(random.nextInt(random.nextInt(4) == 0 ? 400 : 25));
        }
        return number.toString();
    }

    private String digits(int count) {
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < count; i++) {
            int digit = random.nextInt(14);
            digits.append((char) ('0' + (digit > 9 ? digit % 2 * 9 : digit)));
        }
        return digits.toString();
    }

    private String longNumber() {
        StringBuilder digits = new StringBuilder(random.nextBoolean() ? "0." : "7");
        for (int i = 300 + random.nextInt(1200); i > 0; i--) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }

    private String array(LogicalType element, Dialect dialect) {
        StringBuilder json = new StringBuilder("[");
        for (int i = random.nextInt(4); i > 0; i--) {
            json.append(space()).append(value(element, dialect)).append(space()).append(i > 1 ? "," : "");
        }
        return json.append(']').toString();
    }

    private String map(LogicalType value, Dialect dialect) {
        StringBuilder json = new StringBuilder("{");
        for (int i = random.nextInt(random.nextInt(20) == 0 ? 60 : 6); i > 0; i--) {
            String key = random.nextInt(3) > 0 ? "k" + random.nextInt(1000) : TEXTS[random.nextInt(TEXTS.length)];
            json.append(space()).append(text(key)).append(':').append(space()).append(value(value, dialect)).append(i > 1 ? "," : "");
        }
        return json.append('}').toString();
    }

    private String row(RowType type, Dialect dialect) {
        StringBuilder json = new StringBuilder("{");
        for (RowType.RowField field : type.getFields()) {
            if (random.nextInt(10) > 0) {
                json.append(json.length() > 1 ? "," : "").append(space()).append(text(field.getName())).append(space()).append(':');
                json.append(value(field.getType(), dialect));
            }
        }
        return json.append(space()).append('}').toString();
    }

    private String scalar(LogicalType type, Dialect dialect) {
        boolean edge = dialect == Dialect.ODD && random.nextInt(oddity) == 0;
        if (edge) {
            return text(random.nextBoolean() ? TEXTS[random.nextInt(TEXTS.length)] : nearly(plain(type, dialect)));
        }
        boolean bare = dialect == Dialect.FLINK || dialect == Dialect.ODD && random.nextBoolean();
        String plain = plain(type, dialect);
        boolean number = type.is(LogicalTypeRoot.DOUBLE) || type.is(LogicalTypeRoot.FLOAT) || isExactNumber(type);
        return bare && (number || type.is(LogicalTypeRoot.BOOLEAN)) ? plain : text(plain);
    }

    private static boolean isExactNumber(LogicalType type) {
        switch (type.getTypeRoot()) {
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
            case DECIMAL:
            case INTERVAL_YEAR_MONTH:
            case INTERVAL_DAY_TIME:
                return true;
            default:
                return false;
        }
    }

    /** A value's text as its writer prints it, mostly within the type's range. */
    private String plain(LogicalType type, Dialect dialect) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return dialect == Dialect.CANAL ? String.valueOf(random.nextInt(2)) : String.valueOf(random.nextBoolean());
            case TINYINT:
                return integer(7);
            case SMALLINT:
                return integer(15);
            case INTEGER:
            case INTERVAL_YEAR_MONTH:
                return integer(31);
            case BIGINT:
            case INTERVAL_DAY_TIME:
                return integer(63);
            case FLOAT:
                return floatingPoint((float) random.nextGaussian() * (float) Math.pow(10, random.nextInt(20) - 8));
            case DOUBLE:
                return floatingPoint(random.nextGaussian() * Math.pow(10, random.nextInt(30) - 10));
            case DECIMAL:
                return decimal((DecimalType) type);
            case BINARY:
            case VARBINARY:
                return binary();
            case DATE:
                return dateTime().toLocalDate().toString();
            case TIME_WITHOUT_TIME_ZONE:
                return time();
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return dateTime().toLocalDate() + (iso ? "T" : " ") + time();
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return dateTime().toLocalDate() + (iso ? "T" : " ") + time() + "Z";
            default:
                return words();
        }
    }

    private String integer(int bits) {
        int beyond = random.nextInt(100) == 0 ? 1 : 0;
        BigInteger value = new BigInteger(1 + random.nextInt(bits + beyond), random);
        return random.nextInt(3) == 0 ? value.negate().toString() : value.toString();
    }

    private String floatingPoint(double value) {
        if (random.nextInt(4) == 0) {
            return number();
        }
        String text = value == (float) value && random.nextBoolean() ? Float.toString((float) value) : Double.toString(value);
        return random.nextInt(4) == 0 ? BigDecimal.valueOf(value).toPlainString() : text;
    }

    private String decimal(DecimalType type) {
        if (random.nextInt(8) == 0) {
            return number();
        }
        int digits = 1 + random.nextInt(type.getPrecision() + (random.nextInt(20) == 0 ? 2 : 0));
        BigInteger unscaled = new BigInteger(digits * 10 / 3, random);
        int scale = random.nextInt(8) == 0 ? type.getScale() + random.nextInt(3) : random.nextInt(type.getScale() + 1);
        BigDecimal value = new BigDecimal(random.nextInt(3) == 0 ? unscaled.negate() : unscaled, scale);
        return random.nextInt(10) == 0 ? value.toString() : value.toPlainString();
    }

    private String binary() {
        byte[] bytes = new byte[random.nextInt(12)];
        random.nextBytes(bytes);
        if (random.nextInt(3) > 0) {
            return Base64.getEncoder().encodeToString(bytes);
        }
        return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    private LocalDateTime dateTime() {
        long second = random.nextInt(5) == 0 ? (long) (random.nextDouble() * 300_000_000_000L) - 60_000_000_000L : random.nextInt();
        return LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
    }

    private String time() {
        String time = String.format("%02d:%02d:%02d", random.nextInt(24), random.nextInt(60), random.nextInt(60));
        int digits = random.nextInt(3) == 0 ? random.nextInt(10) : random.nextInt(2) * 3;
        StringBuilder text = new StringBuilder(time).append(digits > 0 ? "." : "");
        for (int i = 0; i < digits; i++) {
            text.append((char) ('0' + random.nextInt(10)));
        }
        return text.toString();
    }

    private String words() {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(40) == 0 ? random.nextInt(3000) : random.nextInt(24);
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(character());
        }
        return text.toString();
    }

    private int character() {
        switch (random.nextInt(40)) {
            case 0:
                return "\"\\/\b\f\n\r\t".charAt(random.nextInt(8));
            case 1:
                return random.nextInt(0x20);
            case 2:
                return 0x80 + random.nextInt(0x700);
            case 3:
                return 0x4E00 + random.nextInt(0x5000);
            case 4:
                return 0x1F600 + random.nextInt(64);
            default:
                return 'a' + random.nextInt(26);
        }
    }

    /** A JSON string, each character written in one of the ways JSON has for it. */
    public String text(String value) {
        StringBuilder json = new StringBuilder("\"");
        boolean escapeMuch = random.nextInt(10) == 0;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            int named = "\"\\/\b\f\n\r\t".indexOf(c);
            boolean must = c == '"' || c == '\\';
            boolean control = c < ' ';
            if (escapeMuch && random.nextInt(3) == 0 || control && random.nextInt(4) > 0 && named < 0) {
                json.append(String.format(random.nextBoolean() ? "\\u%04x" : "\\u%04X", (int) c));
            } else if (must || named >= 0 && (c != '/' || random.nextInt(4) == 0) && random.nextInt(8) > 0) {
                json.append('\\').append("\"\\/bfnrt".charAt(named));
            } else {
                json.append(c);
            }
        }
        if (escapeMuch && random.nextInt(12) == 0) {
            json.append(random.nextBoolean() ? "\\uD83D" : "\\udc00x");
        }
        return json.append('"').toString();
    }

    /** Nothing, or now and then white space. */
    String space() {
        return random.nextInt(30) == 0 ? pick(" ", "\n", "\t", "\r\n", "   ") : "";
    }

    private String pick(String... of) {
        return of[random.nextInt(of.length)];
    }

    /** One of a list. */
    <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}

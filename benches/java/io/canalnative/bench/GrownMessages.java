package io.canalnative.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

/** INSERT messages of any number of columns, rows and tables, as Canal 1.1.7 writes them. */
final class GrownMessages {

    /** All messages of a workload together are about so long at most, if two of them are. */
    private static final long ALL_BYTES = 12_000_000;
    private static final int MOST_MESSAGES = 2_000;

    private final Random random = new Random(20260104);
    private int columns = 10;
    private int declared = 10;
    private int rows = 1;
    private int tables = 1;
    private int textLength = 12;
    private boolean onlyTexts;
    private String included;

    /** Columns in a message, all of which are declared. */
    GrownMessages columns(int count) {
        columns = count;
        declared = count;
        return this;
    }

    /** Declared columns, spread over those of the message. */
    GrownMessages declared(int count) {
        declared = count;
        return this;
    }

    GrownMessages rows(int count) {
        rows = count;
        return this;
    }

    /** Tables by turns of chance. */
    GrownMessages tables(int count) {
        tables = count;
        return this;
    }

    /** Only this table passes, by {@code table.include}. */
    GrownMessages included(String table) {
        included = table;
        return this;
    }

    /** Columns that are all texts of this many characters. */
    GrownMessages texts(int count, int length) {
        onlyTexts = true;
        textLength = length;
        return columns(count);
    }

    /** The messages, and a table of the declared columns. */
    Workload workload(String name) {
        DataTypes.Field[] fields = new DataTypes.Field[declared];
        for (int i = 0; i < declared; i++) {
            int column = (int) ((long) i * columns / declared);
            fields[i] = DataTypes.FIELD(name(column), type(column));
        }
        Map<String, String> options = included == null ? Collections.emptyMap() : Collections.singletonMap("table.include", included);
        return new Workload(name, DataTypes.ROW(fields).notNull(), Collections.emptyList(), options, this::messages);
    }

    private List<byte[]> messages() {
        List<byte[]> messages = new ArrayList<>();
        String types = types("mysqlType");
        String numbers = types("sqlType");
        long bytes = 0;
        int most = Math.max(MOST_MESSAGES, 2 * tables);
        while (messages.size() < 2 || bytes < ALL_BYTES && messages.size() < most) {
            byte[] message = message(types, numbers);
            messages.add(message);
            bytes += message.length;
        }
        return messages;
    }

    private byte[] message(String types, String numbers) {
        StringBuilder text = new StringBuilder("{\"data\":[");
        for (int row = 0; row < rows; row++) {
            text.append(row == 0 ? "{" : ",{");
            for (int column = 0; column < columns; column++) {
                text.append(column == 0 ? "\"" : ",\"").append(name(column)).append("\":\"");
                value(column, text);
                text.append('"');
            }
            text.append('}');
        }
        return text.append("],\"database\":\"shop\",\"es\":1589373560000,\"id\":").append(random.nextInt(1 << 20))
                .append(",\"isDdl\":false,").append(types).append(",\"old\":null,\"pkNames\":[\"c0\"],\"sql\":\"\",").append(numbers)
                .append(",\"table\":\"orders_").append(random.nextInt(tables)).append("\",\"ts\":15893735606").append(10 + random.nextInt(90))
                .append(",\"type\":\"INSERT\"}").toString().getBytes(StandardCharsets.UTF_8);
    }

    private String types(String member) {
        StringBuilder text = new StringBuilder("\"").append(member).append("\":{");
        for (int column = 0; column < columns; column++) {
            boolean named = member.equals("mysqlType");
            int kind = kind(column);
            text.append(column == 0 ? "\"" : ",\"").append(name(column)).append("\":")
                    .append(named ? new String[] {"\"bigint\"", "\"varchar(255)\"", "\"decimal(18,4)\"", "\"datetime(3)\""}[kind] : new String[] {"-5", "12", "3", "93"}[kind]);
        }
        return text.append('}').toString();
    }

    private static String name(int column) {
        return "c" + column;
    }

    private int kind(int column) {
        return onlyTexts ? 1 : column % 4;
    }

    private DataType type(int column) {
        return new DataType[] {DataTypes.BIGINT(), DataTypes.STRING(), DataTypes.DECIMAL(18, 4), DataTypes.TIMESTAMP(3)}[kind(column)];
    }

    private void value(int column, StringBuilder text) {
        switch (kind(column)) {
            case 0:
                text.append(random.nextInt(1_000_000_000));
                break;
            case 1:
                for (int i = 0; i < textLength; i++) {
                    text.append((char) ('a' + random.nextInt(26)));
                }
                break;
            case 2:
                text.append(String.format(Locale.ROOT, "%d.%04d", random.nextInt(100_000), random.nextInt(10_000)));
                break;
            default:
                text.append(String.format(Locale.ROOT, "2025-%02d-%02d %02d:%02d:%02d.%03d", 1 + random.nextInt(12), 1 + random.nextInt(28),
                        random.nextInt(24), random.nextInt(60), random.nextInt(60), random.nextInt(1_000)));
        }
    }
}

package io.canalnative.differential;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import io.canalnative.differential.ValueGenerator.Dialect;

import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** Messages for one table: as Canal writes them, as Flink's encoder writes them, odd ones, and broken ones. */
public final class MessageGenerator {

    private static final List<String> TYPES =
            Arrays.asList(
                    "INSERT", "UPDATE", "DELETE", "INIT", "CREATE", "ALTER", "ERASE", "RENAME", "TRUNCATE", "CINDEX", "DINDEX", "QUERY", "GTID",
                    "XACOMMIT", "XAROLLBACK", "MHEARTBEAT", "insert", "Update", "", "REPLACE", "INSERT ", "null");

    private static final List<String> BINARY_TYPES =
            Arrays.asList("blob", "longblob", "binary(8)", "varbinary(16)", "geometry", "BLOB", "text", "varchar(10)", "json", "enum('blob')");

    private final Random random;
    private final ValueGenerator values;
    private final MessageDamage damage;
    private final RowType columns;

    /** Messages for {@code table}. */
    public MessageGenerator(Random random, CanalTable table) {
        this.random = random;
        this.values = new ValueGenerator(random, "ISO-8601".equals(table.options.get("timestamp-format.standard")));
        this.damage = new MessageDamage(random);
        this.columns = (RowType) table.columns.getLogicalType();
    }

    /** The next message. */
    public byte[] message() {
        values.changeOddity();
        switch (random.nextInt(12)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
                return canal(Dialect.CANAL).getBytes(StandardCharsets.UTF_8);
            case 5:
            case 6:
                return flink().getBytes(StandardCharsets.UTF_8);
            case 7:
                return damage.of(canal(Dialect.CANAL));
            case 8:
                return damage.of(canal(Dialect.ODD));
            default:
                return canal(Dialect.ODD).getBytes(StandardCharsets.UTF_8);
        }
    }

    private String flink() {
        String type = random.nextInt(3) == 0 ? "DELETE" : "INSERT";
        return "{\"data\":[" + image(Dialect.FLINK, 0) + "],\"type\":\"" + type + "\"}";
    }

    private String canal(Dialect dialect) {
        boolean odd = dialect == Dialect.ODD;
        String type = random.nextInt(odd ? 4 : 12) == 0 ? values.pick(TYPES) : values.pick(TYPES.subList(0, 3));
        int rows = random.nextInt(3) > 0 ? 1 : random.nextInt(5);
        List<String> members = new ArrayList<>();
        add(members, "data", odd ? odd(images(rows, dialect, 0)) : images(rows, dialect, 0));
        add(members, "database", odd ? odd(name(SchemaGenerator.DATABASES)) : name(SchemaGenerator.DATABASES));
        add(members, "es", odd ? odd(time()) : time());
        add(members, "gtid", odd ? odd("\"a:1-2\"") : "\"\"");
        add(members, "id", odd ? odd(String.valueOf(random.nextInt(100000))) : String.valueOf(random.nextInt(100000)));
        add(members, "isDdl", odd ? odd(String.valueOf(random.nextBoolean())) : "false");
        add(members, "mysqlType", odd ? odd(mysqlTypes()) : mysqlTypes());
        add(members, "old", old(type, rows, dialect));
        add(members, "pkNames", odd ? odd(keyNames()) : keyNames());
        String sql = values.text(random.nextInt(5) == 0 ? "ALTER TABLE \"x\" ADD y" : "");
        add(members, "sql", odd ? odd(sql) : sql);
        add(members, "sqlType", odd ? odd(sqlTypes()) : sqlTypes());
        add(members, "table", odd ? odd(name(SchemaGenerator.TABLES)) : name(SchemaGenerator.TABLES));
        add(members, "ts", odd ? odd(time()) : time());
        add(members, "type", odd && random.nextInt(15) == 0 ? values.anything() : values.text(type));
        return object(arranged(members, odd));
    }

    private List<String> arranged(List<String> members, boolean odd) {
        if (odd && random.nextInt(3) == 0) {
            Collections.shuffle(members, random);
        }
        if (odd && random.nextInt(8) == 0) {
            members.remove(random.nextInt(members.size()));
        }
        if (odd && random.nextInt(15) == 0) {
            members.add(random.nextInt(members.size()), members.get(random.nextInt(members.size())));
        }
        if (random.nextInt(20) == 0) {
            members.add(random.nextInt(members.size() + 1), values.text("extra") + ":" + values.anything());
        }
        return members;
    }

    private String odd(String usual) {
        return random.nextInt(25) == 0 ? values.anything() : random.nextInt(25) == 0 ? "null" : usual;
    }

    private String old(String type, int rows, Dialect dialect) {
        if (!type.equals("UPDATE")) {
            return dialect == Dialect.ODD ? odd("null") : "null";
        }
        if (dialect != Dialect.ODD || random.nextInt(4) > 0) {
            return images(rows, dialect, 5);
        }
        switch (random.nextInt(6)) {
            case 0:
                return images(Math.max(0, rows - 1), dialect, 5);
            case 1:
                return images(rows + 1 + random.nextInt(2), dialect, 5);
            case 2:
                return "null";
            case 3:
                return values.anything();
            case 4:
                return "[null]";
            default:
                return images(rows, dialect, 1);
        }
    }

    private String images(int count, Dialect dialect, int missing) {
        StringBuilder json = new StringBuilder("[").append(values.space());
        for (int i = 0; i < count; i++) {
            boolean other = dialect == Dialect.ODD && random.nextInt(40) == 0;
            json.append(i == 0 ? "" : ",").append(values.space()).append(other ? values.anything() : image(dialect, missing));
        }
        return json.append(values.space()).append(']').toString();
    }

    /** A row's object; of ten columns {@code missing} are left out. */
    private String image(Dialect dialect, int missing) {
        List<String> members = new ArrayList<>();
        for (RowType.RowField field : columns.getFields()) {
            if (random.nextInt(10) >= missing) {
                add(members, field.getName(), values.value(field.getType(), dialect));
            }
        }
        if (dialect == Dialect.ODD && random.nextInt(6) == 0) {
            add(members, random.nextBoolean() ? "unknown" : "C0", values.anything());
        }
        if (dialect == Dialect.ODD && random.nextInt(6) == 0) {
            Collections.shuffle(members, random);
        }
        if (dialect == Dialect.ODD && !members.isEmpty() && random.nextInt(25) == 0) {
            members.add(members.get(random.nextInt(members.size())));
        }
        return object(members);
    }

    private void add(List<String> members, String name, String value) {
        members.add(values.space() + values.text(name) + values.space() + ":" + values.space() + value + values.space());
    }

    private static String object(List<String> members) {
        return "{" + String.join(",", members) + "}";
    }

    private String name(List<String> names) {
        return values.text(random.nextInt(3) > 0 ? names.get(0) : values.pick(names));
    }

    private String time() {
        return random.nextInt(30) == 0 ? "null" : String.valueOf(1589373560000L + random.nextInt(1 << 30) - (random.nextInt(20) == 0 ? 1L << 50 : 0));
    }

    private String keyNames() {
        int keys = random.nextInt(4);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            names.add(values.text(random.nextInt(5) == 0 ? "k\"" + random.nextInt(100) : "id"));
        }
        return keys == 3 ? "null" : "[" + String.join(",", names) + "]";
    }

    private String mysqlTypes() {
        List<String> members = new ArrayList<>();
        for (RowType.RowField field : columns.getFields()) {
            LogicalType type = field.getType();
            boolean binary = type.is(LogicalTypeRoot.BINARY) || type.is(LogicalTypeRoot.VARBINARY);
            add(members, field.getName(), binary ? values.text(values.pick(BINARY_TYPES)) : "\"varchar(32)\"");
        }
        return object(members);
    }

    private String sqlTypes() {
        List<String> members = new ArrayList<>();
        for (RowType.RowField field : columns.getFields()) {
            add(members, field.getName(), random.nextInt(60) == 0 ? values.anything() : String.valueOf(random.nextInt(20) - 7));
        }
        return object(members);
    }
}

package io.canalnative.differential;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/** Tables of every type flink-json reads, with projections, metadata and options; the same for the same seed. */
public final class SchemaGenerator {

    /** Names the filters and the messages are drawn from. */
    static final List<String> DATABASES = Arrays.asList("inventory", "shop", "库", "", "a.b", "Inventory", "null", "1.1");

    static final List<String> TABLES = Arrays.asList("products", "orders", "order_lines", "用户表", "", "Products", "p\"q\\r");

    private static final List<String> METADATA =
            Arrays.asList("database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp");

    private static final List<String> PATTERNS =
            Arrays.asList("inventory", "inv.*", "shop|inventory", "(?i)INVENTORY", "", ".*", "库|用户.", "products", "(?s)order.*", "\\w+", "null", "1\\.1");

    private static final List<String> NAMES =
            Arrays.asList(
                    "id", "name", "description", "weight", "a", "b", "ab", "abc", "A", "data", "old", "type", "ts", "es", "sql", "isDdl",
                    "with space", "we\"ird", "back\\slash", "名字", "naïve", "emoji😀", "tab\tname", "slash/name", "a.b", "\u0001ctl",
                    "a_name_that_is_longer_than_sixteen_bytes", "a_name_that_is_longer_than_sixteen_bytes_too",
                    "a_column_name_that_is_longer_than_any_register_of_the_machine_and_so_needs_more_than_one_comparison", "x1", "x2", "x3");

    private final Random random;

    public SchemaGenerator(Random random) {
        this.random = random;
    }

    /** The next table. */
    public CanalTable table() {
        DataType columns = row(columnCount(), 0).notNull();
        CanalTable table = new CanalTable(columns, projection(columns.getChildren().size()), Collections.emptyList(), options());
        return random.nextInt(3) > 0 ? table : table.withMetadata(metadata());
    }

    /** A table to write to, with the options that sinks know. */
    public CanalTable sink() {
        Map<String, String> options = new LinkedHashMap<>();
        if (random.nextInt(3) == 0) {
            options.put("timestamp-format.standard", random.nextBoolean() ? "ISO-8601" : "SQL");
        }
        if (random.nextInt(2) == 0) {
            options.put("map-null-key.mode", pick(Arrays.asList("FAIL", "DROP", "LITERAL", "literal")));
        }
        if (random.nextInt(2) == 0) {
            options.put("map-null-key.literal", pick(Arrays.asList("null", "", "a", "quote\" 😀")));
        }
        options.put("encode.decimal-as-plain-number", String.valueOf(random.nextBoolean()));
        options.put("encode.ignore-null-fields", String.valueOf(random.nextInt(3) == 0));
        CanalTable table = CanalTable.of(row(columnCount(), 0).notNull());
        return new CanalTable(table.columns, table.projection, Collections.emptyList(), options);
    }

    private int columnCount() {
        int kind = random.nextInt(20);
        return kind == 0 ? 40 + random.nextInt(40) : 1 + random.nextInt(kind < 10 ? 5 : 14);
    }

    private DataType row(int fields, int depth) {
        Set<String> names = new LinkedHashSet<>();
        while (names.size() < fields) {
            boolean plain = depth == 0 && random.nextInt(3) > 0 || names.size() >= 12;
            names.add(plain ? "c" + names.size() : pick(NAMES));
        }
        List<DataTypes.Field> list = new ArrayList<>();
        names.forEach(name -> list.add(DataTypes.FIELD(name, type(depth))));
        return DataTypes.ROW(list.toArray(new DataTypes.Field[0]));
    }

    private DataType type(int depth) {
        DataType type = depth < 3 && random.nextInt(depth == 0 ? 6 : 4) == 0 ? container(depth) : scalar();
        boolean notNull = random.nextInt(12) == 0 && !type.getLogicalType().is(LogicalTypeRoot.NULL);
        return notNull ? type.notNull() : type;
    }

    private DataType container(int depth) {
        switch (random.nextInt(5)) {
            case 0:
            case 1:
                return DataTypes.ARRAY(type(depth + 1));
            case 2:
                return DataTypes.MAP(random.nextInt(60) == 0 ? DataTypes.INT() : string(), type(depth + 1));
            case 3:
                return random.nextInt(3) == 0 ? DataTypes.MULTISET(string()) : row(1 + random.nextInt(4), depth + 1);
            default:
                return row(1 + random.nextInt(4), depth + 1);
        }
    }

    private DataType string() {
        int kind = random.nextInt(4);
        return kind == 0 ? DataTypes.CHAR(1 + random.nextInt(10)) : kind == 1 ? DataTypes.VARCHAR(1 + random.nextInt(20)) : DataTypes.STRING();
    }

    /** A type without parts. */
    public DataType scalar() {
        switch (random.nextInt(24)) {
            case 0:
            case 1:
                return DataTypes.BOOLEAN();
            case 2:
                return DataTypes.TINYINT();
            case 3:
                return DataTypes.SMALLINT();
            case 4:
            case 5:
                return DataTypes.INT();
            case 6:
            case 7:
                return DataTypes.BIGINT();
            case 8:
                return DataTypes.FLOAT();
            case 9:
                return DataTypes.DOUBLE();
            case 10:
            case 11:
                return decimal();
            case 12:
                return DataTypes.DATE();
            case 13:
                return DataTypes.TIME(random.nextInt(4));
            case 14:
            case 15:
                return DataTypes.TIMESTAMP(random.nextInt(10));
            case 16:
                return DataTypes.TIMESTAMP_LTZ(random.nextInt(10));
            case 17:
                return random.nextBoolean() ? DataTypes.BYTES() : DataTypes.BINARY(1 + random.nextInt(8));
            case 18:
                return random.nextBoolean() ? DataTypes.INTERVAL(DataTypes.YEAR()) : DataTypes.INTERVAL(DataTypes.DAY(), DataTypes.SECOND(3));
            case 19:
                return rarelyUnsupported();
            default:
                return string();
        }
    }

    private DataType rarelyUnsupported() {
        switch (random.nextInt(12)) {
            case 0:
                return DataTypes.NULL();
            case 1:
                return DataTypes.TIMESTAMP_WITH_TIME_ZONE(3);
            default:
                return DataTypes.DOUBLE();
        }
    }

    private DataType decimal() {
        int precision = 1 + random.nextInt(38);
        return DataTypes.DECIMAL(precision, random.nextInt(precision + 1));
    }

    /** The columns to read, of so many. */
    public int[] projection(int columns) {
        List<Integer> read = new ArrayList<>();
        for (int i = 0; i < columns; i++) {
            read.add(i);
        }
        if (random.nextInt(3) == 0) {
            Collections.shuffle(read, random);
            read = read.subList(0, random.nextInt(columns + 1));
        }
        return read.stream().mapToInt(Integer::intValue).toArray();
    }

    /** One to six metadata keys. */
    public List<String> metadata() {
        List<String> keys = new ArrayList<>(METADATA);
        Collections.shuffle(keys, random);
        return new ArrayList<>(keys.subList(0, 1 + random.nextInt(keys.size())));
    }

    /** Format options. */
    public Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        if (random.nextInt(3) == 0) {
            options.put("timestamp-format.standard", random.nextBoolean() ? "ISO-8601" : "SQL");
        }
        if (random.nextInt(6) == 0) {
            options.put("database.include", pick(PATTERNS));
        }
        if (random.nextInt(6) == 0) {
            options.put("table.include", pick(PATTERNS));
        }
        if (random.nextInt(20) == 0) {
            options.put("map-null-key.mode", "LITERAL");
            options.put("map-null-key.literal", "nothing");
        }
        if (random.nextInt(20) == 0) {
            options.put("encode.decimal-as-plain-number", "true");
        }
        if (random.nextInt(20) == 0) {
            options.put("encode.ignore-null-fields", "true");
        }
        return options;
    }

    private String pick(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }
}

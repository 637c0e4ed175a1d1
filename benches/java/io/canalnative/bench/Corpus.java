package io.canalnative.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.types.utils.TypeConversions;

/** The workloads of tests/data/bench, each with the goals that it is measured against. */
enum Corpus {
    PRODUCTS("products UPDATE", "products-update", "products-update", true, Options.NONE,
            Goal.ratio(Use.DISCARDED, 8), Goal.ratio(Use.READ, 6), Goal.ratio(Use.SERIALISED, 8), Goal.ratio(Use.GENERIC, 5), Goal.allocated(8),
            Goal.ratio(Comparison.ENCODED_GENERIC, 4), Goal.ratio(Comparison.ENCODED_BINARY, 8)),
    WIDE("40-column INSERT", "wide40-insert", "wide40-insert", true, Options.NONE,
            Goal.ratio(Use.DISCARDED, 12), Goal.ratio(Use.READ, 7), Goal.ratio(Use.SERIALISED, 12), Goal.ratio(Use.GENERIC, 5), Goal.allocated(4),
            Goal.ratio(Comparison.ENCODED_GENERIC, 3.5), Goal.ratio(Comparison.ENCODED_BINARY, 6)),
    BATCH("100-row INSERT", "batch100", "batch100", true, Options.NONE,
            Goal.ratio(Use.DISCARDED, 8), Goal.ratio(Use.READ, 5), Goal.ratio(Use.SERIALISED, 8), Goal.ratio(Use.GENERIC, 5), Goal.allocated(6)),
    METADATA("products + six metadata columns", "products-update", "products-update", false, Options.METADATA,
            Goal.ratio(Use.DISCARDED, 8)),
    FILTERED("another table, filtered out", "filtered", "products-update", false, Options.PRODUCTS_ONLY,
            Goal.ratio(Use.DISCARDED, 7)),
    TABLES("8 tables in one topic", "products-update", "products-update", false, Options.NONE,
            Goal.ratio(Use.DISCARDED, 7)) {
        @Override
        List<byte[]> messages() {
            return ofEightTables(super.messages());
        }
    },
    SMALL("100-byte INSERT", null, null, false, Options.NONE,
            Goal.ratio(Use.DISCARDED, 1), Goal.ratio(Use.READ, 1), Goal.ratio(Use.SERIALISED, 1), Goal.ratio(Use.GENERIC, 1)) {
        @Override
        DataType columns() {
            return DataTypes.ROW(DataTypes.FIELD("id", DataTypes.BIGINT()), DataTypes.FIELD("v", DataTypes.STRING())).notNull();
        }

        @Override
        List<byte[]> messages() {
            return small();
        }
    };

    /** System property: the project's directory, by default the working directory. */
    static final String ROOT = "canal.native.root";
    /** Distinct messages of each workload. */
    static final int MESSAGES = 2_000;

    /** What a table reads beside its columns. */
    private enum Options {
        NONE,
        METADATA,
        PRODUCTS_ONLY
    }

    /** Whether its rows are encoded too. */
    final boolean encoded;
    final List<Goal> goals;
    private final String title;
    private final String messageFile;
    private final String schemaFile;
    private final Options options;

    Corpus(String title, String messageFile, String schemaFile, boolean encoded, Options options, Goal... goals) {
        this.title = title;
        this.messageFile = messageFile;
        this.schemaFile = schemaFile;
        this.encoded = encoded;
        this.options = options;
        this.goals = Arrays.asList(goals);
    }

    /** Its messages and table; the messages are read when they are asked for. */
    Workload workload() {
        List<String> metadata = options != Options.METADATA
                ? Collections.emptyList()
                : Arrays.asList("database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp");
        Map<String, String> with = new LinkedHashMap<>();
        if (options == Options.PRODUCTS_ONLY) {
            with.put("database.include", "inventory");
            with.put("table.include", "products");
        }
        Supplier<List<byte[]>> messages = this::messages;
        return new Workload(title, columns(), metadata, with, messages);
    }

    /** Whether no message has rows, as all are of another table. */
    boolean isFiltered() {
        return this == FILTERED;
    }

    /** The uses of its rows that are measured: all, or where there is a goal for one only, that. */
    Set<Use> uses() {
        return this == FILTERED || this == TABLES ? EnumSet.of(Use.DISCARDED) : EnumSet.allOf(Use.class);
    }

    DataType columns() {
        List<DataTypes.Field> fields = new ArrayList<>();
        for (String line : lines(schemaFile + ".schema")) {
            String[] column = line.split("\t", 2);
            fields.add(
                    DataTypes.FIELD(
                            column[0],
                            TypeConversions.fromLogicalToDataType(LogicalTypeParser.parse(column[1], Corpus.class.getClassLoader()))));
        }
        return DataTypes.ROW(fields.toArray(new DataTypes.Field[0])).notNull();
    }

    /** {@value #MESSAGES} messages. Where the file has fewer, the rest are its messages with other digits. */
    List<byte[]> messages() {
        List<byte[]> messages = new ArrayList<>();
        for (String line : lines(messageFile + ".json.gz")) {
            if (messages.size() < MESSAGES) {
                messages.add(line.getBytes(StandardCharsets.UTF_8));
            }
        }
        int given = messages.size();
        Random random = new Random(20260101);
        for (int i = given; i < MESSAGES; i++) {
            messages.add(withOtherDigits(messages.get(i % given), random));
        }
        return messages;
    }

    /** Each message as of one of eight tables whose names and types differ, in no order that could be learned. */
    private static List<byte[]> ofEightTables(List<byte[]> messages) {
        Random random = new Random(20260102);
        List<byte[]> mixed = new ArrayList<>();
        for (byte[] message : messages) {
            int table = random.nextInt(8);
            String text = new String(message, StandardCharsets.UTF_8)
                    .replace("\"table\":\"products\"", "\"table\":\"products_" + table + "\"")
                    .replace("\"VARCHAR(255)\"", "\"VARCHAR(" + (248 + table) + ")\"");
            mixed.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return mixed;
    }

    /** Messages of 100 bytes: what flink-json needs, and the columns that Canal's readers ask for first. */
    private static List<byte[]> small() {
        Random random = new Random(20260103);
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            String text = String.format(
                    Locale.ROOT,
                    "{\"data\":[{\"id\":\"%07d\",\"v\":\"%04x\"}],\"database\":\"db\",\"old\":null,\"table\":\"t\",\"ts\":1,\"type\":\"INSERT\"}",
                    random.nextInt(10_000_000),
                    random.nextInt(1 << 16));
            messages.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return messages;
    }

    /**
     * A message with the last digits of its longer numbers changed. Digits before a '.' or inside dates that could become
     * another month, day or hour stay, so every value is as valid and as long as before. What {@code mysqlType} says stays too: a table has one
     * definition, whatever its rows are.
     */
    static byte[] withOtherDigits(byte[] message, Random random) {
        byte[] changed = message.clone();
        String text = new String(message, StandardCharsets.ISO_8859_1);
        int types = text.indexOf("\"mysqlType\":{");
        int typesEnd = types < 0 ? 0 : text.indexOf('}', types);
        int run = 0;
        for (int i = 0; i < changed.length; i++) {
            if (i == types) {
                i = typesEnd;
            }
            run = isDigit(changed[i]) ? run + 1 : 0;
            boolean last = i + 1 == changed.length || !isDigit(changed[i + 1]);
            boolean fraction = run >= 3 && i >= run && changed[i - run] == '.';
            if (last && (run == 3 || run > 4) && i + 1 < changed.length && changed[i + 1] != '.' && changed[i + 1] != '-' || last && fraction) {
                changed[i] = (byte) ('0' + random.nextInt(10));
            }
        }
        return changed;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static List<String> lines(String file) {
        Path path = Paths.get(System.getProperty(ROOT, ""), "tests", "data", "bench", file).toAbsolutePath();
        if (!Files.exists(path)) {
            throw new IllegalStateException(path + " does not exist; run in the project's directory, or set -D" + ROOT);
        }
        List<String> lines = new ArrayList<>();
        try (InputStream in = file.endsWith(".gz") ? new GZIPInputStream(Files.newInputStream(path)) : Files.newInputStream(path);
                BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            reader.lines().forEach(lines::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return lines;
    }

    @Override
    public String toString() {
        return title;
    }
}

package io.canalnative.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.utils.LogicalTypeParser;
import org.apache.flink.table.types.utils.TypeConversions;

/** Messages of one shape and the table that reads them. The messages are those of tests/data/bench. */
final class Workload {

    /** System property: the project's directory, by default the working directory. */
    static final String ROOT = "canal.native.root";
    /** Distinct messages of each workload. */
    static final int MESSAGES = 2_000;

    private static final List<String> ALL_METADATA =
            Arrays.asList("database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp");

    /** What the report calls it. */
    final String name;
    /** Metadata keys that the table reads. */
    final List<String> metadata;
    /** Format options without their prefix. */
    final Map<String, String> options;

    private final String messageFile;
    private final String schemaFile;
    private List<byte[]> messages;

    private Workload(String name, String messageFile, String schemaFile, List<String> metadata, Map<String, String> options) {
        this.name = name;
        this.messageFile = messageFile;
        this.schemaFile = schemaFile;
        this.metadata = metadata;
        this.options = options;
    }

    /** The workloads, in the order of the report. */
    static List<Workload> all() {
        List<String> none = Collections.emptyList();
        Map<String, String> products = new LinkedHashMap<>();
        products.put("database.include", "inventory");
        products.put("table.include", "products");
        return Arrays.asList(
                new Workload("products UPDATE", "products-update.json.gz", "products-update.schema", none, Collections.emptyMap()),
                new Workload("40-column INSERT", "wide40-insert.json.gz", "wide40-insert.schema", none, Collections.emptyMap()),
                new Workload("100-row INSERT", "batch100.json.gz", "batch100.schema", none, Collections.emptyMap()),
                new Workload("filtered", "filtered.json.gz", "products-update.schema", none, products),
                new Workload("products UPDATE + metadata", "products-update.json.gz", "products-update.schema", ALL_METADATA, Collections.emptyMap()));
    }

    /** Whether no message has rows, as all are of another table. */
    boolean isFiltered() {
        return !options.isEmpty();
    }

    /** The table's columns. */
    DataType columns() throws IOException {
        List<DataTypes.Field> fields = new ArrayList<>();
        for (String line : Files.readAllLines(data(schemaFile), StandardCharsets.UTF_8)) {
            String[] column = line.split("\t", 2);
            fields.add(
                    DataTypes.FIELD(
                            column[0],
                            TypeConversions.fromLogicalToDataType(LogicalTypeParser.parse(column[1], Workload.class.getClassLoader()))));
        }
        return DataTypes.ROW(fields.toArray(new DataTypes.Field[0])).notNull();
    }

    /** {@value #MESSAGES} messages. Where the file has fewer, the rest are its messages with other digits. */
    List<byte[]> messages() throws IOException {
        if (messages == null) {
            List<byte[]> lines = new ArrayList<>();
            try (InputStream in = new GZIPInputStream(Files.newInputStream(data(messageFile)));
                    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null && lines.size() < MESSAGES; line = reader.readLine()) {
                    lines.add(line.getBytes(StandardCharsets.UTF_8));
                }
            }
            int given = lines.size();
            Random random = new Random(20260101);
            for (int i = given; i < MESSAGES; i++) {
                lines.add(withOtherDigits(lines.get(i % given), random));
            }
            messages = lines;
        }
        return messages;
    }

    /** Average length of the messages. */
    double averageBytes() throws IOException {
        return messages().stream().mapToInt(message -> message.length).average().orElse(0);
    }

    /**
     * A message with the last digits of its longer numbers changed. Digits before a '.' or inside dates that could become
     * another month, day or hour stay, so every value is as valid and as long as before.
     */
    static byte[] withOtherDigits(byte[] message, Random random) {
        byte[] changed = message.clone();
        int run = 0;
        for (int i = 0; i < changed.length; i++) {
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

    private static Path data(String file) {
        Path path = Paths.get(System.getProperty(ROOT, ""), "tests", "data", "bench", file).toAbsolutePath();
        if (!Files.exists(path)) {
            throw new IllegalStateException(path + " does not exist; run in the project's directory, or set -D" + ROOT);
        }
        return path;
    }

    @Override
    public String toString() {
        return name;
    }
}

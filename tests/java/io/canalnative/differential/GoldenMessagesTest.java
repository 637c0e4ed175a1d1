package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The golden scenarios of tests/data/canal: flink-json gives what {@code .stock} (or else {@code .rows}) says, the jar
 * what {@code .rows} says; from some version of flink-json on both give what {@code .from_<version>} says.
 */
class GoldenMessagesTest {

    /** The versions of flink-json from which on some messages read otherwise. */
    private static final List<String> TURNS = Arrays.asList("2.1", "2.3");
    private static final List<String> METADATA_OF_FLINK =
            Arrays.asList("database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp");
    private static final List<String> OPTIONS_OF_OURS = Arrays.asList("semantics", "ddl", "zero-date");
    private static final List<String> KINDS = Arrays.asList("Ddl", "Query", "Transaction", "Other");

    @TestFactory
    Stream<DynamicTest> scenarios() throws Exception {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(TestData.path("canal"))) {
            files = walk.filter(file -> file.toString().endsWith(".schema")).sorted().collect(Collectors.toList());
        }
        assertFalse(files.isEmpty(), "no scenario below " + TestData.path("canal"));
        return files.stream().map(file -> DynamicTest.dynamicTest(name(file), () -> new Scenario(file).check()));
    }

    private static String name(Path schema) {
        return schema.getParent().getFileName() + "/" + schema.getFileName().toString().replace(".schema", "");
    }

    private static final class Scenario {
        private final Path schema;
        private final Map<String, String> columns = new LinkedHashMap<>();
        private final Map<String, String> options = new LinkedHashMap<>();

        Scenario(Path schema) throws Exception {
            this.schema = schema;
            for (String line : Files.readAllLines(schema, StandardCharsets.UTF_8)) {
                if (line.startsWith("@")) {
                    String[] option = line.substring(1).split(" ", 2);
                    options.put(option[0], option[1]);
                } else if (!line.isEmpty()) {
                    String[] column = line.split("\t", 2);
                    columns.put(column[0], column[1]);
                }
            }
        }

        private Path file(String extension) {
            return schema.resolveSibling(schema.getFileName().toString().replace(".schema", extension));
        }

        void check() throws Exception {
            boolean differs = options.remove("stock") != null;
            assertEquals(differs, Files.exists(file(".stock")), "@stock and a .stock file go together");
            String metadata = options.remove("metadata");
            Map<String, String> ours = new LinkedHashMap<>(options);
            ours.keySet().retainAll(OPTIONS_OF_OURS);
            options.keySet().removeAll(OPTIONS_OF_OURS);
            CanalTable table = CanalTable.of(TestData.columns(columns));
            for (Map.Entry<String, String> option : options.entrySet()) {
                table = table.with(option.getKey(), option.getValue());
            }
            List<String> keys = metadata == null ? new ArrayList<>() : Arrays.asList(metadata.split(", "));
            boolean flinkHasThem = METADATA_OF_FLINK.containsAll(keys);
            table = keys.isEmpty() ? table : table.withMetadata(keys);
            Map<Integer, List<String>> rows = blocks(file(".rows"));
            CanalTable nativeTable = table;
            for (Map.Entry<String, String> option : ours.entrySet()) {
                nativeTable = nativeTable.with(option.getKey(), option.getValue());
            }
            Map<Integer, List<String>> stock = new LinkedHashMap<>();
            rows.forEach((line, block) -> stock.put(line, asStock(block)));
            if (differs) {
                stock.putAll(blocks(file(".stock")));
            }
            for (String version : TURNS) {
                Path turned = file(".from_" + version.replace('.', '_'));
                if (FlinkVersion.isAtLeast(version) && Files.exists(turned)) {
                    Map<Integer, List<String>> blocks = blocks(turned);
                    rows.putAll(blocks);
                    blocks.forEach((line, block) -> stock.put(line, asStock(block)));
                }
            }
            List<byte[]> messages = TestData.lines(file(".jsonl"));
            try (LibDirectory stockLib = LibDirectory.stock();
                    LibDirectory nativeLib = LibDirectory.withNativeCodec();
                    TableDecoder stockDecoder = flinkHasThem ? new TableDecoder(table, stockLib) : null;
                    TableDecoder decoder = new TableDecoder(nativeTable, nativeLib)) {
                assertTrue(decoder.isNative(), "the native library is not in use; see the warning above");
                for (int i = 0; i < messages.size(); i++) {
                    int line = i + 1;
                    byte[] message = messages.get(i);
                    if (flinkHasThem) {
                        assertEquals(text(stock.get(line)), text(asStock(outcome(stockDecoder, message))), () -> "flink-json, line " + line);
                    }
                    assertEquals(text(rows.get(line)), text(outcome(decoder, message)), () -> "the jar, line " + line);
                }
            }
            assertEquals(messages.size(), rows.size(), "messages and blocks of .rows");
        }

        /** Outcome line and rows by line number; the number itself is cut off, and so are comments. */
        private static Map<Integer, List<String>> blocks(Path file) throws Exception {
            Map<Integer, List<String>> blocks = new LinkedHashMap<>();
            List<String> block = null;
            for (byte[] bytes : TestData.lines(file)) {
                String line = new String(bytes, StandardCharsets.UTF_8);
                if (line.startsWith("#") || line.isEmpty()) {
                    continue;
                }
                if (Character.isDigit(line.charAt(0))) {
                    String[] parts = line.split(" ", 2);
                    block = new ArrayList<>();
                    block.add(parts[1]);
                    blocks.put(Integer.valueOf(parts[0]), block);
                } else {
                    block.add(line);
                }
            }
            return blocks;
        }

        /** flink-json knows rows and errors only. */
        private static List<String> asStock(List<String> block) {
            List<String> known = new ArrayList<>(block);
            known.set(0, block.get(0).startsWith("error") ? "error" : "rows");
            return known;
        }

        private static String text(List<String> block) {
            // Which of its reasons the native decoder had is not visible from here.
            return block == null ? "no block" : String.join("\n", block).replaceFirst("^(\\w+.*? ?delegated) \\w+", "$1");
        }

        private List<String> outcome(TableDecoder decoder, byte[] message) {
            long[] before = counters(decoder);
            Outcome outcome = decoder.decode(message);
            long[] after = counters(decoder);
            List<String> block = new ArrayList<>();
            block.add("rows");
            if (outcome.failed()) {
                block.set(0, "error");
            } else if (after[1] > before[1]) {
                block.set(0, "filtered");
            } else if (after[2] > before[2] && outcome.rows.isEmpty()) {
                block.set(0, "dropped");
            }
            for (int kind = 0; kind < KINDS.size(); kind++) {
                if (after[3 + kind] > before[3 + kind]) {
                    block.set(0, "skipped " + KINDS.get(kind));
                }
            }
            // An empty message never reaches the native decoder, which would hand it on.
            if (after[0] > before[0] || message.length == 0 && decoder.isNative()) {
                block.set(0, block.get(0) + " delegated");
            }
            for (RowData row : outcome.failed() ? new ArrayList<RowData>() : decoder.rows()) {
                block.add(GoldenText.of(row, decoder.produced));
            }
            return block;
        }

        private static long[] counters(TableDecoder decoder) {
            long[] values = new long[3 + KINDS.size()];
            values[0] = decoder.counter("delegated");
            values[1] = decoder.counter("filtered");
            values[2] = decoder.counter("parseErrors");
            for (int kind = 0; kind < KINDS.size(); kind++) {
                values[3 + kind] = decoder.counter("skipped" + KINDS.get(kind));
            }
            return values;
        }
    }
}

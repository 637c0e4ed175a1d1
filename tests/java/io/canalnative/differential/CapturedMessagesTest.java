package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** flink-json and the native codec decode what real Canal servers wrote: each table's messages, and whole topics. */
class CapturedMessagesTest {

    private static final List<String> METADATA =
            Arrays.asList("database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp");

    private final Map<String, Map<String, Map<String, String>>> schemas;

    CapturedMessagesTest() throws Exception {
        schemas = TestData.capturedSchemas();
    }

    @Test
    void typedColumns() throws Exception {
        eachTable("typed", false, false);
    }

    @Test
    void everyColumnAsString() throws Exception {
        eachTable("all STRING", true, false);
    }

    @Test
    void typedColumnsAndMetadata() throws Exception {
        eachTable("typed, with metadata", false, true);
    }

    /** One table reads a topic that all tables were written to. */
    @Test
    void topicsOfManyTables() throws Exception {
        Comparison.Counts counts = new Comparison.Counts();
        try (LibDirectory stock = LibDirectory.stock();
                LibDirectory nativeLib = LibDirectory.withNativeCodec()) {
            for (Map.Entry<String, Map<String, Map<String, String>>> set : schemas.entrySet()) {
                List<byte[]> messages = messages(set.getKey());
                String name = busiest(messages, set.getValue());
                String[] parts = name.split("\\.", 2);
                CanalTable table =
                        CanalTable.of(TestData.columns(set.getValue().get(name)))
                                .with("database.include", Pattern.quote(parts[0]))
                                .with("table.include", "(?i)" + Pattern.quote(parts[1]));
                decode(table, set.getKey() + " through " + name, messages, stock, nativeLib, counts);
            }
        }
        finish("topics of many tables", counts);
        assertEquals(0, counts.delegated.get("canal"), "a real message was not decoded natively: " + counts);
    }

    private void eachTable(String what, boolean strings, boolean metadata) throws Exception {
        Comparison.Counts counts = new Comparison.Counts();
        long withoutBeforeImages = 0;
        try (LibDirectory stock = LibDirectory.stock();
                LibDirectory nativeLib = LibDirectory.withNativeCodec()) {
            for (Map.Entry<String, Map<String, Map<String, String>>> set : schemas.entrySet()) {
                Map<String, List<byte[]>> byTable = byTable(messages(set.getKey()));
                for (Map.Entry<String, Map<String, String>> schema : set.getValue().entrySet()) {
                    Map<String, String> types = new LinkedHashMap<>(schema.getValue());
                    types.replaceAll((name, sql) -> strings ? "STRING" : sql);
                    CanalTable table = CanalTable.of(TestData.columns(types));
                    List<byte[]> messages = byTable.get(schema.getKey());
                    assertTrue(messages != null, schema.getKey() + " of " + set.getKey() + " has a schema but no message");
                    withoutBeforeImages += messages.stream().filter(CapturedMessagesTest::lacksBeforeImages).count();
                    decode(metadata ? table.withMetadata(METADATA) : table, set.getKey() + " " + schema.getKey(), messages, stock, nativeLib, counts);
                }
            }
        }
        finish(what, counts);
        // The exception of these is worded by flink-json's decoder, so they are handed to it; in strict and in lenient mode.
        assertEquals(2L * withoutBeforeImages, counts.delegated.get("canal"), "a real message was not decoded natively: " + counts);
    }

    /** Whether it is an UPDATE without {@code old}: Canal 1.1.4 writes that for {@code binlog_row_image=MINIMAL}. */
    private static boolean lacksBeforeImages(byte[] message) {
        String text = new String(message, StandardCharsets.UTF_8);
        return text.contains("\"old\":null") && text.endsWith("\"type\":\"UPDATE\"}");
    }

    private static void decode(
            CanalTable table, String from, List<byte[]> messages, LibDirectory stock, LibDirectory nativeLib, Comparison.Counts counts)
            throws Exception {
        try (Comparison comparison = Comparison.of(table, stock, nativeLib, counts)) {
            assertTrue(comparison != null && comparison.isNative(), "no native decoder for " + from);
            comparison.from(from);
            messages.forEach(comparison::decode);
        }
    }

    private static void finish(String what, Comparison.Counts counts) {
        System.out.println("Captured messages, " + what + ": " + counts);
        assertEquals(0, counts.found(), () -> "differences, the first of them:\n" + String.join("\n", counts.differences));
        assertTrue(counts.rows > 1000, "hardly any row: " + counts);
    }

    private static List<byte[]> messages(String set) throws Exception {
        return TestData.lines(TestData.path("canal/captured/" + set + ".jsonl.gz"));
    }

    static Map<String, List<byte[]>> byTable(List<byte[]> messages) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Map<String, List<byte[]>> tables = new LinkedHashMap<>();
        for (byte[] message : messages) {
            JsonNode root = json.readTree(message);
            String name = root.path("database").asText() + "." + root.path("table").asText();
            tables.computeIfAbsent(name, n -> new ArrayList<>()).add(message);
        }
        return tables;
    }

    private static String busiest(List<byte[]> messages, Map<String, Map<String, String>> schemas) throws Exception {
        String found = null;
        Map<String, List<byte[]>> tables = byTable(messages);
        for (String name : schemas.keySet()) {
            found = found == null || tables.get(name).size() > tables.get(found).size() ? name : found;
        }
        return found;
    }
}

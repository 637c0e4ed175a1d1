package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same messages decoded natively and in Java give the same rows and exceptions, with all metadata and options: so
 * delegated messages are like others, and nothing depends on whether a platform has the library.
 */
class WithoutLibraryTest {

    private static final List<String> METADATA =
            Arrays.asList(
                    "old", "database", "type", "sql", "table", "is-ddl", "sql-type", "gtid", "pk-names", "id", "ingestion-timestamp", "raw",
                    "event-timestamp");
    private static final List<String> COUNTERS =
            Arrays.asList(
                    "messages", "bytes", "rows", "filtered", "skippedDdl", "skippedQuery", "skippedTransaction", "skippedOther", "ddl", "parseErrors");
    /** The first seed; the same for a run of any length. */
    private static final long SEED = 20_000;
    private static final int TABLES = Integer.getInteger("canalnative.withoutlibrary.tables", 300);

    @TempDir private Path directory;

    private LibDirectory nativeLib;
    private LibDirectory javaOnly;
    private long cases;
    private long rows;
    private long failures;
    private long delegated;
    private final List<String> differences = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        nativeLib = LibDirectory.withNativeCodec();
        javaOnly = LibDirectory.withoutLibrary(directory);
    }

    @AfterEach
    void close() throws Exception {
        nativeLib.close();
        javaOnly.close();
    }

    @Test
    void capturedMessages() throws Exception {
        for (Map.Entry<String, Map<String, Map<String, String>>> set : TestData.capturedSchemas().entrySet()) {
            List<byte[]> messages = TestData.lines(TestData.path("canal/captured/" + set.getKey() + ".jsonl.gz"));
            Map<String, List<byte[]>> byTable = CapturedMessagesTest.byTable(messages);
            for (Map.Entry<String, Map<String, String>> schema : set.getValue().entrySet()) {
                Map<String, String> nullable = new LinkedHashMap<>(schema.getValue());
                nullable.replaceAll((name, sql) -> sql.replace(" NOT NULL", ""));
                CanalTable table = CanalTable.of(TestData.columns(nullable)).withMetadata(METADATA);
                List<byte[]> own = byTable.get(schema.getKey());
                compare(table.with("ddl", "emit").with("zero-date", "null"), own, set.getKey());
                compare(table.with("semantics", "flink").with("ignore-parse-errors", "true"), own, set.getKey());
            }
            // Statements of every table and of none, through one table.
            Map<String, String> any = Collections.singletonMap("id", "STRING");
            CanalTable every = CanalTable.of(TestData.columns(any)).withMetadata(METADATA);
            compare(every.with("ddl", "emit"), messages, set.getKey());
            compare(every.with("ddl", "fail"), messages, set.getKey());
        }
        finish("captured messages");
        assertTrue(delegated * 20 < cases, delegated + " of " + cases + " were delegated: this test compares the native decoder");
    }

    @Test
    void generatedMessages() throws Exception {
        for (long seed = SEED; seed < SEED + TABLES; seed++) {
            Random random = new Random(seed);
            CanalTable table = new SchemaGenerator(random).table();
            MessageGenerator generator = new MessageGenerator(random, table);
            List<byte[]> messages = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                messages.add(generator.message());
            }
            for (CanalTable variant : variants(table, random)) {
                compare(variant, messages, "seed " + seed);
            }
        }
        finish("generated messages");
        assertTrue(delegated * 4 < cases * 3, delegated + " of " + cases + " were delegated: this test compares the native decoder");
    }

    private static List<CanalTable> variants(CanalTable table, Random random) {
        List<String> keys = new ArrayList<>(METADATA);
        Collections.shuffle(keys, random);
        List<String> names = table.physical().getFieldNames();
        keys = new ArrayList<>(keys.subList(0, random.nextInt(keys.size() + 1)));
        // Flink's own keys do not go with columns of the same name.
        keys.removeIf(key -> names.contains(key) && Arrays.asList("database", "table").contains(key));
        CanalTable more = table.withMetadata(keys).with("ignore-parse-errors", String.valueOf(random.nextInt(3) == 0));
        boolean nullable = table.columns.getLogicalType().getChildren().stream().allMatch(LogicalType::isNullable);
        String[] ddl = {"skip", "fail", nullable ? "emit" : "skip", nullable ? "emit" : "skip"};
        String[] zeroDate = {"fail", "null", "epoch"};
        return Arrays.asList(
                more.with("semantics", "flink"),
                more.with("ddl", ddl[random.nextInt(ddl.length)]).with("zero-date", zeroDate[random.nextInt(zeroDate.length)]));
    }

    private void compare(CanalTable table, List<byte[]> messages, String from) throws Exception {
        try {
            table.decoder(nativeLib);
        } catch (RuntimeException refused) {
            // Both refuse it, with one text: the planner's side has no native part.
            return;
        }
        try (TableDecoder library = new TableDecoder(table, nativeLib);
                TableDecoder java = new TableDecoder(table, javaOnly)) {
            assertTrue(library.isNative(), "the native library is not in use");
            assertFalse(java.isNative(), "the native library is in use");
            for (byte[] message : messages) {
                Outcome expected = java.decode(message);
                Outcome actual = library.decode(message);
                cases++;
                rows += expected.rows.size();
                failures += expected.failed() ? 1 : 0;
                check(table, message, from, expected, actual);
                if (!hasNullColumn(table)) {
                    check(table, message, from + ", binary rows", expected, library.decodeBinary(message));
                }
            }
            int times = hasNullColumn(table) ? 1 : 2;
            for (String counter : COUNTERS) {
                // Under flink semantics, Flink's codec does not tell what it passes over.
                if (!table.options.containsKey("semantics")) {
                    assertEquals(times * java.counter(counter), library.counter(counter), from + ": " + counter);
                }
            }
            delegated += library.counter("delegated") / times;
        }
    }

    /** Flink has no serializer for rows with a NULL column, so nobody asks for them in binary form. */
    private static boolean hasNullColumn(CanalTable table) {
        return table.physical().getChildren().stream().anyMatch(type -> type.is(LogicalTypeRoot.NULL));
    }

    private void check(CanalTable table, byte[] message, String from, Outcome expected, Outcome actual) {
        if (!actual.isSame(expected)) {
            differences.add(
                    from + "\n  " + table + "\n  message: " + new String(message, StandardCharsets.UTF_8) + "\n  in Java:" + expected
                            + "\n  natively:" + actual);
        }
    }

    private void finish(String what) {
        System.out.printf(
                "Without the library, %s: %,d cases, %,d rows, %,d exceptions compared, %,d delegated, differences %,d%n",
                what, cases, rows, failures, delegated, differences.size());
        assertEquals(0, differences.size(), () -> "the first of them:\n" + String.join("\n", differences.subList(0, Math.min(5, differences.size()))));
        assertTrue(rows > 1000, "hardly any row: " + rows);
    }
}

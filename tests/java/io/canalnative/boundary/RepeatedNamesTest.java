package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.function.IntFunction;

import io.canalnative.differential.CanalTable;
import io.canalnative.differential.Comparison;
import io.canalnative.differential.LibDirectory;

import org.apache.flink.table.api.DataTypes;
import org.junit.jupiter.api.Test;

/** What the native side remembers of earlier messages, beyond what it can hold: metadata values and filter verdicts. */
class RepeatedNamesTest {

    private static final CanalTable TABLE = CanalTable.of(DataTypes.ROW(DataTypes.FIELD("s", DataTypes.STRING())).notNull());

    private static byte[] message(String database, String table, String sqlType, String pkNames) {
        return ("{\"data\":[{\"s\":\"x\"}],\"database\":\"" + database + "\",\"es\":1589373560000,\"pkNames\":" + pkNames + ",\"sqlType\":" + sqlType
                        + ",\"table\":\"" + table + "\",\"ts\":1589373560798,\"type\":\"INSERT\"}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void compare(CanalTable table, int messages, IntFunction<byte[]> message) throws Exception {
        Comparison.Counts counts = new Comparison.Counts();
        try (LibDirectory stock = LibDirectory.stock();
                LibDirectory nativeLib = LibDirectory.withNativeCodec()) {
            try (Comparison comparison = Comparison.of(table, stock, nativeLib, counts)) {
                assertTrue(comparison != null && comparison.isNative(), "no native decoder");
                for (int i = 0; i < messages; i++) {
                    comparison.from("message " + i);
                    comparison.decode(message.apply(i));
                }
            }
        }
        assertEquals(0, counts.found(), () -> String.join("\n", counts.differences));
        assertEquals(Collections.singleton(0L), new HashSet<>(counts.delegated.values()), "delegated");
    }

    /** More distinct values than a dictionary holds (4,096), old ones among them again and again. */
    @Test
    void dictionariesGrowAndAreEmptied() throws Exception {
        CanalTable table = TABLE.withMetadata(Arrays.asList("table", "sql-type", "database", "pk-names", "ingestion-timestamp"));
        compare(
                table,
                12_000,
                i -> {
                    int name = i % 3 == 0 ? i / 100 : i;
                    return message("d" + name % 7, "t" + name, "{\"c" + name % 5000 + "\":" + name + "}", "[\"k" + name % 300 + "\"]");
                });
    }

    /** Fewer values, but more bytes of them than a dictionary holds (8 MiB). */
    @Test
    void dictionariesOfLongValues() throws Exception {
        String name = String.join("", Collections.nCopies(4_000, "0123456789"));
        CanalTable table = TABLE.withMetadata(Arrays.asList("pk-names", "table", "sql-type"));
        compare(table, 800, i -> message("d", name + i % 330, "{\"" + name + i % 410 + "\":1}", "[\"" + name + i % 390 + "\"]"));
    }

    @Test
    void manyVerdicts() throws Exception {
        CanalTable table = TABLE.with("database.include", "d\\d*[02468]").with("table.include", ".*[^7]");
        compare(table, 30_000, i -> message("d" + (i % 2 == 0 ? i : i % 100), "t" + i % 10_000, "{}", "[]"));
    }

    @Test
    void verdictsOnLongNames() throws Exception {
        String name = String.join("", Collections.nCopies(10_000, "0123456789"));
        compare(TABLE.with("table.include", ".*[13579]"), 300, i -> message("d", name + i, "{}", "[]"));
    }
}

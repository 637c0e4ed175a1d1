package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;

import org.junit.jupiter.api.Test;

/**
 * flink-json and the native codec decode the same generated messages.
 *
 * <p>System properties: {@value #SEED} (default {@value #DEFAULT_SEED}) starts the sequence of tables, {@value #TABLES}
 * (default {@value #DEFAULT_TABLES}) is their number. Table {@code n} of a run is table 0 of a run with seed {@code
 * seed + n}, so a reported seed reproduces its table alone.
 */
class DifferentialTest {

    static final String SEED = "canalnative.differential.seed";
    static final String TABLES = "canalnative.differential.tables";
    static final long DEFAULT_SEED = 1;
    static final int DEFAULT_TABLES = 600;
    private static final int MESSAGES_A_TABLE = 12;

    @Test
    void generatedMessagesOverGeneratedTables() throws Exception {
        long seed = Long.getLong(SEED, DEFAULT_SEED);
        int tables = Integer.getInteger(TABLES, DEFAULT_TABLES);
        Comparison.Counts counts = new Comparison.Counts();
        int compared = 0;
        try (LibDirectory stock = LibDirectory.stock();
                LibDirectory nativeLib = LibDirectory.withNativeCodec()) {
            for (long s = seed; s < seed + tables; s++) {
                compared += compare(s, stock, nativeLib, counts) ? 1 : 0;
            }
        }
        System.out.println("Differential, seed " + seed + ", " + compared + " tables (" + (tables - compared) + " refused by both): " + counts);
        assertEquals(0, counts.found(), () -> "differences, the first of them:\n" + String.join("\n", counts.differences));
        assertTrue(compared > tables * 9 / 10, "too many generated tables are refused: " + (tables - compared) + " of " + tables);
        assertTrue(counts.rows > counts.failures, "most generated messages should have rows: " + counts);
        assertTrue(counts.delegated.get("canal") * 4 < counts.cases, "most generated messages should be decoded natively: " + counts);
    }

    private static boolean compare(long seed, LibDirectory stock, LibDirectory nativeLib, Comparison.Counts counts) throws Exception {
        Random random = new Random(seed);
        CanalTable table = new SchemaGenerator(random).table();
        try (Comparison comparison = Comparison.of(table, stock, nativeLib, counts)) {
            if (comparison == null) {
                return false;
            }
            assertTrue(comparison.isNative(), "the native library is not in use; see the warning above");
            MessageGenerator messages = new MessageGenerator(random, table);
            for (int i = 0; i < MESSAGES_A_TABLE; i++) {
                comparison.from("seed " + seed + ", message " + i);
                comparison.decode(messages.message());
            }
            return true;
        }
    }
}

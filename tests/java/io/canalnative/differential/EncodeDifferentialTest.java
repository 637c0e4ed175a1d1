package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;

/**
 * flink-json and the native codec encode the same generated rows, in each form a sink may get them: generic, binary in
 * one and in several segments, joined. Messages must be equal to the byte, exceptions by class and text.
 *
 * <p>System properties as in {@link DifferentialTest}.
 */
class EncodeDifferentialTest {

    private static final int ROWS_A_TABLE = 40;

    private long cases;
    private long failures;
    private long delegated;
    private long ordinaryDelegated;
    private long ordinary;
    private long found;
    private final List<String> differences = new ArrayList<>();

    @Test
    void generatedRowsOverGeneratedTables() throws Exception {
        long seed = Long.getLong(DifferentialTest.SEED, DifferentialTest.DEFAULT_SEED);
        int tables = Integer.getInteger(DifferentialTest.TABLES, DifferentialTest.DEFAULT_TABLES);
        int compared = 0;
        try (LibDirectory stock = LibDirectory.stock();
                LibDirectory nativeLib = LibDirectory.withNativeCodec()) {
            for (long s = seed; s < seed + tables; s++) {
                compared += compare(s, stock, nativeLib) ? 1 : 0;
            }
        }
        System.out.printf(
                "Encode differential, seed %d, %d tables (%d refused by both): %,d messages, %,d exceptions compared; delegated %,d, "
                        + "of the %,d ordinary rows %,d; differences %,d%n",
                seed, compared, tables - compared, cases, failures, delegated, ordinary, ordinaryDelegated, found);
        assertEquals(0, found, () -> "differences, the first of them:\n" + String.join("\n", differences));
        assertTrue(compared > tables * 8 / 10, "too many generated tables are refused: " + (tables - compared) + " of " + tables);
        assertTrue(ordinaryDelegated * 5 < ordinary, "most ordinary rows should be encoded natively: " + ordinaryDelegated + " of " + ordinary);
    }

    private boolean compare(long seed, LibDirectory stockLib, LibDirectory nativeLib) throws Exception {
        Random random = new Random(seed);
        SchemaGenerator schemas = new SchemaGenerator(random);
        CanalTable table = schemas.sink();
        List<String> refusal = refusal(table, stockLib);
        if (!refusal.isEmpty()) {
            List<String> ours = refusal(table, nativeLib);
            if (!refusal.equals(ours)) {
                differs(table + "\n  stock refuses: " + refusal + "\n  native refuses: " + ours);
            }
            return false;
        }
        try (TableEncoder stock = new TableEncoder(table, stockLib);
                TableEncoder ours = new TableEncoder(table, nativeLib)) {
            assertTrue(ours.isNative(), "the native codec is not in use; see the warning above");
            RowType type = table.physical();
            RowDataSerializer serializer = new RowDataSerializer(type);
            boolean odd = seed % 3 == 0;
            RowGenerator rows = new RowGenerator(random, odd);
            long before = ours.counter("encodeDelegated");
            long casesBefore = cases;
            for (int i = 0; i < ROWS_A_TABLE; i++) {
                GenericRowData row = rows.row(type);
                String from = "seed " + seed + ", row " + i;
                compare(from, table, stock, ours, row);
                compare(from + ", joined", table, stock, ours, joined(row));
                BinaryRowData binary = BinaryRows.of(serializer, row, type);
                if (binary != null) {
                    compare(from + ", binary", table, stock, ours, binary);
                    compare(from + ", binary in segments", table, stock, ours, inSegments(binary));
                }
            }
            delegated += ours.counter("encodeDelegated") - before;
            if (!odd) {
                ordinary += cases - casesBefore;
                ordinaryDelegated += ours.counter("encodeDelegated") - before;
            }
        }
        return true;
    }

    private void compare(String from, CanalTable table, TableEncoder stock, TableEncoder ours, RowData row) {
        cases++;
        Outcome expected = stock.encode(row);
        Outcome actual = ours.encode(row);
        failures += expected.failed() ? 1 : 0;
        if (!actual.isSame(expected)) {
            differs(from + "\n  " + table + "\n  row: " + RowText.of(row, table.physical()) + "\n  stock:" + expected + "\n  native:" + actual);
        }
    }

    private void differs(String report) {
        found++;
        if (differences.size() < 20) {
            differences.add(report);
        }
    }

    private static RowData joined(GenericRowData row) {
        int half = row.getArity() / 2;
        GenericRowData left = new GenericRowData(half);
        GenericRowData right = new GenericRowData(row.getArity() - half);
        for (int i = 0; i < row.getArity(); i++) {
            (i < half ? left : right).setField(i < half ? i : i - half, row.getField(i));
        }
        return new JoinedRowData(row.getRowKind(), left, right);
    }

    /** The same row in segments that hold little more than the fixed part, which Flink keeps in the first of them. */
    private static BinaryRowData inSegments(BinaryRowData row) {
        int shift = 8;
        int size = row.getSizeInBytes();
        int segment = Integer.highestOneBit(shift + row.getFixedLengthPartSize() - 1) << 1;
        MemorySegment[] segments = new MemorySegment[(shift + size + segment - 1) / segment];
        byte[] bytes = new byte[segments.length * segment];
        row.getSegments()[0].get(row.getOffset(), bytes, shift, size);
        for (int i = 0; i < segments.length; i++) {
            segments[i] = MemorySegmentFactory.wrap(java.util.Arrays.copyOfRange(bytes, i * segment, (i + 1) * segment));
        }
        BinaryRowData split = new BinaryRowData(row.getArity());
        split.pointTo(segments, shift, size);
        return split;
    }

    private static List<String> refusal(CanalTable table, LibDirectory lib) {
        try {
            table.encoder(lib);
            return new ArrayList<>();
        } catch (RuntimeException e) {
            return Outcome.chain(e);
        }
    }
}

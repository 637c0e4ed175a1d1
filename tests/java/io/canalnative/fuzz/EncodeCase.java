package io.canalnative.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import io.canalnative.differential.BinaryRows;
import io.canalnative.differential.CanalTable;
import io.canalnative.differential.LibDirectory;
import io.canalnative.differential.Outcome;
import io.canalnative.differential.RowGenerator;
import io.canalnative.differential.RowText;
import io.canalnative.differential.SchemaGenerator;
import io.canalnative.differential.TableEncoder;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;

/** A table to write to and rows for it; the same for the same seed. Both codecs encode each row, generic and binary. */
final class EncodeCase {

    private static final int ROWS = 100;

    /** Counts over any number of cases. */
    static final class Counts {
        long messages;
        long failures;
        long delegated;
        long refused;
    }

    final CanalTable table;
    final List<GenericRowData> rows;

    private EncodeCase(CanalTable table, List<GenericRowData> rows) {
        this.table = table;
        this.rows = rows;
    }

    /** Without rows where {@code stock} refuses the table. */
    static EncodeCase of(long seed, LibDirectory stock) {
        Random random = new Random(seed);
        random.nextLong();
        CanalTable table = new SchemaGenerator(random).sink();
        RowGenerator generator = new RowGenerator(random, random.nextInt(3) == 0);
        List<GenericRowData> rows = new ArrayList<>();
        boolean refused = !refusal(table, stock).isEmpty();
        for (int i = 0; i < ROWS && !refused; i++) {
            rows.add(generator.row(table.physical()));
        }
        return new EncodeCase(table, rows);
    }

    /** The first difference made small, in words; null if there is none. */
    String difference(LibDirectory stock, LibDirectory nativeLib, Counts counts) throws Exception {
        EncodeCase failing = firstDifference(stock, nativeLib, counts);
        if (failing == null) {
            return null;
        }
        for (int column = failing.table.columns.getChildren().size() - 1; column >= 0; column--) {
            EncodeCase fewer = failing.without(column);
            EncodeCase still = fewer == null ? null : fewer.firstDifference(stock, nativeLib, new Counts());
            failing = still == null ? failing : still;
        }
        return failing.described(stock, nativeLib);
    }

    /** The first row that differs, as a case of its own. */
    private EncodeCase firstDifference(LibDirectory stockLib, LibDirectory nativeLib, Counts counts) throws Exception {
        List<String> stockRefusal = refusal(table, stockLib);
        if (!stockRefusal.isEmpty()) {
            counts.refused++;
            return stockRefusal.equals(refusal(table, nativeLib)) ? null : new EncodeCase(table, Collections.emptyList());
        }
        RowDataSerializer serializer = new RowDataSerializer(table.physical());
        try (TableEncoder stock = new TableEncoder(table, stockLib);
                TableEncoder ours = new TableEncoder(table, nativeLib)) {
            if (!ours.isNative()) {
                throw new IllegalStateException("the native library is not in use; see the warning above");
            }
            for (GenericRowData row : rows) {
                RowData binary = BinaryRows.of(serializer, row, table.physical());
                for (RowData form : binary == null ? Arrays.asList((RowData) row) : Arrays.asList(row, binary)) {
                    Outcome expected = stock.encode(form);
                    counts.messages++;
                    counts.failures += expected.failed() ? 1 : 0;
                    if (!ours.encode(form).isSame(expected)) {
                        return new EncodeCase(table, Collections.singletonList(row));
                    }
                }
            }
            counts.delegated += ours.counter("encodeDelegated");
        }
        return null;
    }

    private static List<String> refusal(CanalTable table, LibDirectory lib) {
        try {
            table.encoder(lib);
            return Collections.emptyList();
        } catch (RuntimeException e) {
            return Outcome.chain(e);
        }
    }

    private String described(LibDirectory stockLib, LibDirectory nativeLib) throws Exception {
        if (rows.isEmpty()) {
            return table + "\n  stock refuses: " + refusal(table, stockLib) + "\n  native refuses: " + refusal(table, nativeLib);
        }
        GenericRowData row = rows.get(0);
        RowData binary = BinaryRows.of(new RowDataSerializer(table.physical()), row, table.physical());
        StringBuilder text = new StringBuilder("encode, " + table + "\n  row: " + RowText.of(row, table.physical()));
        try (TableEncoder stock = new TableEncoder(table, stockLib);
                TableEncoder ours = new TableEncoder(table, nativeLib)) {
            text.append("\n  stock:").append(stock.encode(row)).append("\n  native:").append(ours.encode(row));
            if (binary != null) {
                text.append("\n  binary, stock:").append(stock.encode(binary)).append("\n  binary, native:").append(ours.encode(binary));
            }
        }
        return text.toString();
    }

    /** The same without a column; null if it has no other. */
    private EncodeCase without(int column) {
        CanalTable fewer = CaseReduction.without(table, column);
        if (fewer == null) {
            return null;
        }
        List<GenericRowData> shorter = new ArrayList<>();
        for (GenericRowData row : rows) {
            GenericRowData fields = new GenericRowData(row.getRowKind(), row.getArity() - 1);
            for (int i = 0; i < fields.getArity(); i++) {
                fields.setField(i, row.getField(i < column ? i : i + 1));
            }
            shorter.add(fields);
        }
        return new EncodeCase(fewer, shorter);
    }
}

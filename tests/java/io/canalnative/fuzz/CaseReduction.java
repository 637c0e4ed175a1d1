package io.canalnative.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.canalnative.differential.CanalTable;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

/** Makes a failing case small: fewer messages, columns, options and bytes, as long as it fails. */
final class CaseReduction {

    private final Predicate<FuzzCase> fails;
    private final long deadline;
    private FuzzCase smallest;

    private CaseReduction(FuzzCase failing, Predicate<FuzzCase> fails, long deadline) {
        this.smallest = failing;
        this.fails = fails;
        this.deadline = deadline;
    }

    /**
     * The smallest case found.
     *
     * @param seconds when to stop looking
     */
    static FuzzCase of(FuzzCase failing, Predicate<FuzzCase> fails, int seconds) {
        CaseReduction reduction = new CaseReduction(failing, fails, System.nanoTime() + seconds * 1_000_000_000L);
        int before;
        do {
            before = size(reduction.smallest);
            reduction.messages();
            reduction.columns();
            reduction.options();
            reduction.bytes();
        } while (size(reduction.smallest) < before && reduction.hasTime());
        return reduction.smallest;
    }

    private static int size(FuzzCase of) {
        return of.table.toString().length() + of.messages.stream().mapToInt(message -> message.length + 1).sum();
    }

    private boolean hasTime() {
        return System.nanoTime() < deadline;
    }

    private boolean keep(CanalTable table, List<byte[]> messages) {
        FuzzCase candidate = new FuzzCase(table, messages);
        boolean failing = hasTime() && fails.test(candidate);
        smallest = failing ? candidate : smallest;
        return failing;
    }

    private void messages() {
        for (byte[] message : new ArrayList<>(smallest.messages)) {
            if (smallest.messages.size() > 1 && keep(smallest.table, Collections.singletonList(message))) {
                return;
            }
        }
        for (int chunk = smallest.messages.size() / 2; chunk > 0; chunk /= 2) {
            for (int from = 0; from + chunk <= smallest.messages.size() && smallest.messages.size() > 1; ) {
                List<byte[]> fewer = new ArrayList<>(smallest.messages);
                fewer.subList(from, from + chunk).clear();
                from += !fewer.isEmpty() && keep(smallest.table, fewer) ? 0 : chunk;
            }
        }
    }

    private void columns() {
        CanalTable table = smallest.table;
        for (int column = table.columns.getChildren().size() - 1; column >= 0; column--) {
            CanalTable without = without(smallest.table, column);
            if (without != null) {
                keep(without, smallest.messages);
            }
        }
    }

    /** The table without a column; null if it has no other. */
    static CanalTable without(CanalTable table, int column) {
        List<String> names = DataType.getFieldNames(table.columns);
        List<DataType> types = DataType.getFieldDataTypes(table.columns);
        if (names.size() == 1) {
            return null;
        }
        List<DataTypes.Field> fields = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            if (i != column) {
                fields.add(DataTypes.FIELD(names.get(i), types.get(i)));
            }
        }
        int[] projection = Arrays.stream(table.projection).filter(i -> i != column).map(i -> i > column ? i - 1 : i).toArray();
        return new CanalTable(DataTypes.ROW(fields.toArray(new DataTypes.Field[0])).notNull(), projection, table.metadata, table.options);
    }

    private void options() {
        for (String key : new ArrayList<>(smallest.table.metadata)) {
            List<String> fewer = new ArrayList<>(smallest.table.metadata);
            fewer.remove(key);
            keep(new CanalTable(smallest.table.columns, smallest.table.projection, fewer, smallest.table.options), smallest.messages);
        }
        for (String option : new ArrayList<>(smallest.table.options.keySet())) {
            Map<String, String> fewer = new LinkedHashMap<>(smallest.table.options);
            fewer.remove(option);
            keep(new CanalTable(smallest.table.columns, smallest.table.projection, smallest.table.metadata, fewer), smallest.messages);
        }
    }

    private void bytes() {
        for (int i = 0; i < smallest.messages.size(); i++) {
            for (int chunk = smallest.messages.get(i).length / 2; chunk > 0 && hasTime(); chunk = chunk > 8 ? chunk / 2 : chunk - 1) {
                for (int from = 0; from + chunk <= smallest.messages.get(i).length && hasTime(); ) {
                    byte[] message = smallest.messages.get(i);
                    byte[] shorter = Arrays.copyOf(message, message.length - chunk);
                    System.arraycopy(message, from + chunk, shorter, from, message.length - from - chunk);
                    List<byte[]> messages = new ArrayList<>(smallest.messages);
                    messages.set(i, shorter);
                    from += keep(smallest.table, messages) ? 0 : chunk;
                }
            }
        }
    }
}

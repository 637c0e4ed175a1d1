package io.canalnative.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.canalnative.format.BinaryRowCollector;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;

/** The guard before the clock: both codecs must give the same rows for every message. */
final class Equality {

    private Equality() {}

    /** Fails for the first message whose rows differ, and for a workload that has other numbers of rows than it should. */
    static void check(Workload workload, Codec stock, Codec nativeCodec) throws Exception {
        RowType type = stock.rowType();
        long total = 0;
        for (byte[] message : workload.messages()) {
            List<String> expected = new ArrayList<>();
            List<String> generic = new ArrayList<>();
            List<String> binary = new ArrayList<>();
            stock.decode(message, new Texts(type, expected));
            nativeCodec.decode(message, new Texts(type, generic));
            nativeCodec.decode(message, new BinaryTexts(type, binary));
            if (!expected.equals(generic) || !expected.equals(binary)) {
                throw new IllegalStateException(
                        workload.name + ": rows differ for " + new String(message, "UTF-8") + "\nstock " + expected + "\nnative " + generic + "\nbinary " + binary);
            }
            total += expected.size();
        }
        if (workload.isFiltered() != (total == 0)) {
            throw new IllegalStateException(workload.name + " has " + total + " rows");
        }
    }

    /** The rows of the workload, after both codecs have made the same message of each. */
    static List<RowData> encodableRows(Workload workload, Codec stock, Codec nativeCodec) throws Exception {
        List<RowData> rows = new ArrayList<>();
        for (byte[] message : workload.messages()) {
            if (rows.size() < Workload.MESSAGES) {
                stock.decode(message, new Rows(rows));
            }
        }
        for (RowData row : rows) {
            byte[] expected = stock.encode(row);
            byte[] actual = nativeCodec.encode(row);
            if (!Arrays.equals(expected, actual)) {
                throw new IllegalStateException(
                        workload.name + ": messages differ for " + row + "\nstock " + new String(expected, "UTF-8") + "\nnative " + new String(actual, "UTF-8"));
            }
        }
        return rows;
    }

    private static String text(RowData row, RowType type) {
        StringBuilder text = new StringBuilder(row.getRowKind().shortString());
        for (int i = 0; i < type.getFieldCount(); i++) {
            LogicalType field = type.getTypeAt(i);
            text.append('|').append(text(RowData.createFieldGetter(field.copy(true), i).getFieldOrNull(row), field));
        }
        return text.toString();
    }

    private static String text(Object value, LogicalType type) {
        if (value instanceof MapData) {
            MapData map = (MapData) value;
            String[] entries = new String[map.size()];
            for (int i = 0; i < entries.length; i++) {
                boolean isNull = map.valueArray().isNullAt(i);
                entries[i] = map.keyArray().getString(i) + "=" + (isNull ? null : text(element(map.valueArray(), ((MapType) type).getValueType(), i), null));
            }
            Arrays.sort(entries);
            return Arrays.toString(entries);
        }
        if (value instanceof ArrayData) {
            ArrayData array = (ArrayData) value;
            Object[] elements = new Object[array.size()];
            for (int i = 0; i < elements.length; i++) {
                elements[i] = element(array, type.getChildren().get(0), i);
            }
            return Arrays.toString(elements);
        }
        return String.valueOf(value);
    }

    private static Object element(ArrayData array, LogicalType type, int i) {
        return ArrayData.createElementGetter(type.copy(true)).getElementOrNull(array, i);
    }

    private static final class Rows implements Collector<RowData> {
        private final List<RowData> rows;

        Rows(List<RowData> rows) {
            this.rows = rows;
        }

        @Override
        public void collect(RowData row) {
            rows.add(row);
        }

        @Override
        public void close() {}
    }

    private static class Texts implements Collector<RowData> {
        private final RowType type;
        private final List<String> texts;

        Texts(RowType type, List<String> texts) {
            this.type = type;
            this.texts = texts;
        }

        @Override
        public void collect(RowData row) {
            texts.add(text(row, type));
        }

        @Override
        public void close() {}
    }

    private static final class BinaryTexts extends Texts implements BinaryRowCollector {
        BinaryTexts(RowType type, List<String> texts) {
            super(type, texts);
        }
    }
}

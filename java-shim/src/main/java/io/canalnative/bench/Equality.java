package io.canalnative.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.canalnative.format.BinaryRowCollector;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;

/** The guard before the clock: both codecs must give the same rows for every message. */
final class Equality {

    private Equality() {}

    /**
     * Fails for the first message whose rows differ.
     *
     * @return the rows of all messages
     */
    static long check(Workload workload, Codec stock, Codec nativeCodec) throws Exception {
        long total = 0;
        for (byte[] message : workload.messages()) {
            List<String> expected = rows(message, stock, false);
            List<String> generic = rows(message, nativeCodec, false);
            List<String> binary = rows(message, nativeCodec, true);
            if (!expected.equals(generic) || !expected.equals(binary)) {
                throw new IllegalStateException(
                        workload.name + ": rows differ for " + new String(message, "UTF-8") + "\nstock " + expected + "\nnative " + generic + "\nbinary " + binary);
            }
            total += expected.size();
        }
        return total;
    }

    /** The rows of a message as texts, in order: kind and values. {@code binary}: as a collector that takes BinaryRowData gets them. */
    static List<String> rows(byte[] message, Codec codec, boolean binary) throws Exception {
        List<String> texts = new ArrayList<>();
        codec.decode(message, binary ? new BinaryTexts(codec.rowType(), texts) : new Texts(codec.rowType(), texts));
        return texts;
    }

    /** At least {@code wanted} rows of the workload, or all, after both codecs have made the same message of each. */
    static List<RowData> encodableRows(Workload workload, Codec stock, Codec nativeCodec, int wanted) throws Exception {
        List<RowData> rows = new ArrayList<>();
        for (byte[] message : workload.messages()) {
            if (rows.size() < wanted) {
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
        if (value instanceof RowData) {
            return '(' + text((RowData) value, (RowType) type) + ')';
        }
        if (value instanceof MapData) {
            MapData map = (MapData) value;
            LogicalType keys = type.getChildren().get(0);
            LogicalType values = type instanceof MapType ? ((MapType) type).getValueType() : new IntType(false);
            String[] entries = new String[map.size()];
            for (int i = 0; i < entries.length; i++) {
                entries[i] = element(map.keyArray(), keys, i) + "=" + element(map.valueArray(), values, i);
            }
            Arrays.sort(entries);
            return Arrays.toString(entries);
        }
        if (value instanceof ArrayData) {
            ArrayData array = (ArrayData) value;
            String[] elements = new String[array.size()];
            for (int i = 0; i < elements.length; i++) {
                elements[i] = element(array, type.getChildren().get(0), i);
            }
            return Arrays.toString(elements);
        }
        return value instanceof byte[] ? Arrays.toString((byte[]) value) : String.valueOf(value);
    }

    private static String element(ArrayData array, LogicalType type, int i) {
        return text(ArrayData.createElementGetter(type.copy(true)).getElementOrNull(array, i), type);
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

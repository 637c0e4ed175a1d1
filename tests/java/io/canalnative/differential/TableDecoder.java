package io.canalnative.differential;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.flink.util.InstantiationUtil;

/** An open decoder of a {@link CanalTable}, with its rows and counters in reach. */
public final class TableDecoder implements AutoCloseable {

    private static final String BINARY_COLLECTOR = "io.canalnative.format.BinaryRowCollector";

    /** The type of the rows, metadata included. */
    public final RowType produced;

    private final DeserializationSchema<RowData> schema;
    private final TaskContext task;
    private final List<RowData> rows = new ArrayList<>();
    private final Collector<RowData> generic = new ListingCollector(rows);
    private final Collector<RowData> binary;

    /** Opens the table's decoder from {@code lib}, serialised and read back first as Flink does on the way to a task. */
    public TableDecoder(CanalTable table, LibDirectory lib) throws Exception {
        schema = InstantiationUtil.clone(table.decoder(lib), lib);
        produced = ((InternalTypeInfo<RowData>) schema.getProducedType()).toRowType();
        binary = binaryCollector(lib);
        task = new TaskContext(lib);
        schema.open(task);
    }

    /** A collector that asks for binary rows where {@code lib} knows that, else a plain one. */
    @SuppressWarnings("unchecked")
    private Collector<RowData> binaryCollector(LibDirectory lib) {
        try {
            Class<?> marker = Class.forName(BINARY_COLLECTOR, false, lib);
            return (Collector<RowData>)
                    Proxy.newProxyInstance(
                            lib,
                            new Class<?>[] {marker},
                            (proxy, method, arguments) -> {
                                if (method.getName().equals("collect")) {
                                    generic.collect((RowData) arguments[0]);
                                }
                                return null;
                            });
        } catch (ClassNotFoundException e) {
            return generic;
        }
    }

    /** Decodes a message into an ordinary collector; the rows are kept for {@link #rows()}. */
    public Outcome decode(byte[] message) {
        return decode(message, generic);
    }

    /** Decodes a message into a collector that takes binary rows. */
    public Outcome decodeBinary(byte[] message) {
        return decode(message, binary);
    }

    private Outcome decode(byte[] message, Collector<RowData> out) {
        rows.clear();
        List<String> errors = Collections.emptyList();
        try {
            schema.deserialize(message, out);
        } catch (Throwable t) {
            errors = Outcome.chain(t);
        }
        List<String> texts = new ArrayList<>(rows.size());
        for (RowData row : rows) {
            texts.add(RowText.of(row, produced));
        }
        return new Outcome(texts, errors);
    }

    /** The rows of the message decoded last. */
    public List<RowData> rows() {
        return rows;
    }

    /** A counter of the metric group {@code canal_json}; 0 where the codec has none. */
    public long counter(String name) {
        return task.counter(name);
    }

    /** Whether the native library decodes, by the codec's own gauge. */
    public boolean isNative() {
        return task.isNative();
    }

    @Override
    public void close() {
        task.end();
    }

    private static final class ListingCollector implements Collector<RowData> {
        private final List<RowData> rows;

        ListingCollector(List<RowData> rows) {
            this.rows = rows;
        }

        @Override
        public void collect(RowData row) {
            rows.add(row);
        }

        @Override
        public void close() {}
    }
}

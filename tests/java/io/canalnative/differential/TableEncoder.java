package io.canalnative.differential;

import java.nio.charset.StandardCharsets;
import java.util.Collections;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;

/** An open encoder of a {@link CanalTable}, with its counters in reach. */
public final class TableEncoder implements AutoCloseable {

    private final SerializationSchema<RowData> schema;
    private final TaskContext task;

    /** Opens the table's encoder from {@code lib}, serialised and read back first as Flink does on the way to a task. */
    public TableEncoder(CanalTable table, LibDirectory lib) throws Exception {
        schema = InstantiationUtil.clone(table.encoder(lib), lib);
        task = new TaskContext(lib);
        schema.open(task);
    }

    /** The message for a row as the one "row" of the outcome, or the exception. */
    public Outcome encode(RowData row) {
        try {
            byte[] message = schema.serialize(row);
            // One character a byte, so that texts are equal exactly if the bytes are.
            return new Outcome(Collections.singletonList(new String(message, StandardCharsets.ISO_8859_1)), Collections.emptyList());
        } catch (Throwable t) {
            return new Outcome(Collections.emptyList(), Outcome.chain(t));
        }
    }

    /** The message for a row that has one. */
    public String text(RowData row) {
        return new String(schema.serialize(row), StandardCharsets.UTF_8);
    }

    /** A counter of the metric group {@code canal_json}; 0 where the codec has none. */
    public long counter(String name) {
        return task.counter(name);
    }

    /** Whether this is the native codec, by its counters. */
    public boolean isNative() {
        return task.counts("encodeDelegated");
    }

    @Override
    public void close() {
        task.end();
    }
}

package io.canalnative.readyrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.canalnative.format.BinaryRowCollector;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** Gives the rows of the first messages again and again. */
final class ReadyRows implements DeserializationSchema<RowData> {

    private static final long serialVersionUID = 1L;

    private final DeserializationSchema<RowData> canal;
    private final int messages;
    private final boolean binary;
    private transient List<RowData[]> ready;
    private transient int next;

    ReadyRows(DeserializationSchema<RowData> canal, int messages, boolean binary) {
        this.canal = canal;
        this.messages = messages;
        this.binary = binary;
    }

    @Override
    public void open(InitializationContext context) throws Exception {
        canal.open(context);
        ready = new ArrayList<>(messages);
    }

    @Override
    public void deserialize(byte[] message, Collector<RowData> out) throws IOException {
        if (ready.size() < messages) {
            List<RowData> rows = new ArrayList<>();
            canal.deserialize(message, binary ? new BinaryRows(rows) : new Rows(rows));
            ready.add(rows.toArray(new RowData[0]));
        }
        for (RowData row : ready.get(next)) {
            out.collect(row);
        }
        next = next + 1 == messages ? 0 : next + 1;
    }

    @Override
    public RowData deserialize(byte[] message) {
        throw new UnsupportedOperationException("Rows are given to a collector");
    }

    @Override
    public boolean isEndOfStream(RowData row) {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return canal.getProducedType();
    }

    private static class Rows implements Collector<RowData> {
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

    private static final class BinaryRows extends Rows implements BinaryRowCollector {
        BinaryRows(List<RowData> rows) {
            super(rows);
        }
    }
}

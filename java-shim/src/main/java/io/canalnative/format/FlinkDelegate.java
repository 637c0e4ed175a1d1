package io.canalnative.format;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** Decodes the messages that the native decoder hands on, or all where there is none, with flink-json's own decoder. */
final class FlinkDelegate {

    private static final String CORRUPT = "Corrupt Canal JSON message '";

    private final DeserializationSchema<RowData> stock;
    /** Null under flink semantics, where messages go to flink-json as they are. */
    private final DelegatedMessage.Rewriter rewriter;
    /** Null if flink-json gives all metadata that is requested. */
    private final DelegatedMetadata metadata;
    private final boolean lenient;
    private final DecoderMetrics metrics;
    private final RowBuffer buffer = new RowBuffer();

    FlinkDelegate(
            DeserializationSchema<RowData> stock,
            DelegatedMessage.Rewriter rewriter,
            DelegatedMetadata metadata,
            boolean lenient,
            DecoderMetrics metrics) {
        this.stock = stock;
        this.rewriter = rewriter;
        this.metadata = metadata;
        this.lenient = lenient;
        this.metrics = metrics;
    }

    /** Decodes an entry that was written as a flat message. */
    void decode(byte[] entry, byte[] packet, Collector<RowData> out) throws IOException {
        if (metadata != null) {
            metadata.in(packet);
        }
        decode(entry, out);
    }

    void decode(byte[] message, Collector<RowData> out) throws IOException {
        metrics.delegated.inc();
        if (rewriter == null && metadata == null) {
            stock.deserialize(message, new CountingCollector(out));
            return;
        }
        buffer.rows.clear();
        if (rewriter == null) {
            stock.deserialize(message, buffer);
            completeAsIs(message);
        } else if (!decodeRewritten(message)) {
            return;
        }
        metrics.rows.inc(buffer.rows.size());
        for (RowData row : buffer.rows) {
            out.collect(row);
        }
        buffer.rows.clear();
    }

    /** Under flink semantics: puts our metadata into the rows that flink-json gave. */
    private void completeAsIs(byte[] message) throws IOException {
        if (buffer.rows.isEmpty()) {
            return;
        }
        try {
            buffer.complete(metadata.read(message, JsonText.read(message), lenient));
        } catch (IOException e) {
            buffer.rows.clear();
            throw new IOException(CORRUPT + new String(message) + "'.", e);
        }
    }

    /** Under canal semantics; false if the message is dropped. */
    private boolean decodeRewritten(byte[] message) throws IOException {
        try {
            rewriteAndDecode(message);
            return true;
        } catch (SchemaChangeException e) {
            throw e;
        } catch (Throwable t) {
            // As wide as flink-json's own: deep recursion in a pattern ends here as well.
            buffer.rows.clear();
            if (lenient) {
                metrics.parseErrors.inc();
                return false;
            }
            throw new IOException(CORRUPT + new String(message) + "'.", cause(t));
        }
    }

    private void rewriteAndDecode(byte[] message) throws IOException {
        DelegatedMessage delegated = rewriter.rewrite(message);
        if (delegated.filtered) {
            metrics.filtered.inc();
        } else if (delegated.skipped != null) {
            metrics.skipped(delegated.skipped).inc();
        }
        for (byte[] part : delegated.messages) {
            stock.deserialize(part, buffer);
        }
        if (delegated.metadata != null) {
            buffer.complete(delegated.metadata);
        }
        if (delegated.schemaChange) {
            metrics.ddl.inc();
        }
    }

    /** What flink-json found wrong, without its quotation of the rewritten message. */
    private static Throwable cause(Throwable t) {
        boolean quotes = t instanceof IOException && t.getCause() != null && String.valueOf(t.getMessage()).startsWith(CORRUPT);
        return quotes ? t.getCause() : t;
    }

    private static final class RowBuffer implements Collector<RowData> {
        private final List<RowData> rows = new ArrayList<>();

        void complete(DelegatedMetadata.Values metadata) {
            for (int i = 0; i < rows.size(); i++) {
                rows.set(i, metadata.complete(rows.get(i), i));
            }
        }

        @Override
        public void collect(RowData row) {
            rows.add(row);
        }

        @Override
        public void close() {}
    }

    private final class CountingCollector implements Collector<RowData> {
        private final Collector<RowData> out;

        CountingCollector(Collector<RowData> out) {
            this.out = out;
        }

        @Override
        public void collect(RowData row) {
            metrics.rows.inc();
            out.collect(row);
        }

        @Override
        public void close() {
            out.close();
        }
    }
}

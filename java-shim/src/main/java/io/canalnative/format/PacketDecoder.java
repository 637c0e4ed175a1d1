package io.canalnative.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import io.canalnative.NativeDecoder;

import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/**
 * Decodes the packets of one subtask. Without metadata columns a packet is one call of the native side; with them each of its entries
 * is. Rows leave after the whole packet was read. Not thread safe.
 */
final class PacketDecoder implements RowDecoder {

    private final NativeDecoder decoder;
    private final RowReader rows;
    /** Null if no metadata was requested. */
    private final MetadataReader metadata;
    private final Pattern database;
    private final Pattern table;
    private final FlinkDelegate delegate;
    private final DecoderMetrics metrics;
    /** The slot of the first count. */
    private final int counts;
    private final RowForm form = new RowForm();
    private final RowList buffered = new RowList();

    PacketDecoder(
            NativeDecoder decoder,
            RowReader rows,
            MetadataReader metadata,
            int slots,
            Pattern database,
            Pattern table,
            FlinkDelegate delegate,
            DecoderMetrics metrics) {
        this.decoder = decoder;
        this.rows = rows;
        this.metadata = metadata;
        this.counts = slots;
        this.database = database;
        this.table = table;
        this.delegate = delegate;
        this.metrics = metrics;
    }

    @Override
    public void decode(byte[] packet, Collector<RowData> out) throws IOException {
        metrics.messages.inc();
        metrics.bytes.inc(packet.length);
        long result = decoder.decode(packet);
        if (NativeDecoder.isPlain(result) && metadata == null) {
            count();
            emit(result, packet, form.isBinary(out), out);
        } else {
            finish(result, packet, out);
        }
    }

    private void finish(long first, byte[] packet, Collector<RowData> out) throws IOException {
        boolean binary = form.isBinary(out);
        buffered.rows.clear();
        try {
            long result = first;
            while (one(result, packet, binary)) {
                result = decoder.proceed();
            }
        } finally {
            count();
            if (metadata != null) {
                metadata.done();
            }
        }
        for (RowData row : buffered.rows) {
            out.collect(row);
        }
        buffered.rows.clear();
    }

    /** Takes a result, and answers what it asks first; whether the packet has more. */
    private boolean one(long first, byte[] packet, boolean binary) throws IOException {
        long result = first;
        int status = NativeDecoder.status(result);
        noteReset(result);
        while (status == NativeDecoder.DATABASE_VERDICT || status == NativeDecoder.TABLE_VERDICT) {
            result = decoder.answerEntry(matches(status == NativeDecoder.DATABASE_VERDICT ? database : table));
            status = NativeDecoder.status(result);
            noteReset(result);
        }
        switch (status) {
            case NativeDecoder.ROWS:
                emit(result, packet, binary, buffered);
                break;
            case NativeDecoder.DROPPED:
                break;
            case NativeDecoder.DELEGATE:
                delegate.decode(decoder.rows(result), packet, buffered);
                break;
            case NativeDecoder.BROKEN:
                String reason = new String(decoder.rows(result), StandardCharsets.UTF_8);
                throw new IOException("Corrupt Canal packet of " + packet.length + " bytes: " + reason + ".");
            default:
                throw new IllegalStateException("The native decoder answered with status " + status + ", which a packet does not have");
        }
        return (NativeDecoder.flags(result) & NativeDecoder.MORE) != 0;
    }

    private boolean matches(Pattern pattern) throws IOException {
        String name = decoder.pendingName();
        try {
            return pattern.matcher(name).matches();
        } catch (StackOverflowError e) {
            throw new IOException("The pattern '" + pattern + "' is too deep to be matched with the name '" + name + "'", e);
        }
    }

    private void noteReset(long result) {
        if (metadata != null && (NativeDecoder.flags(result) & NativeDecoder.METADATA_RESET) != 0) {
            metadata.reset();
        }
    }

    private void emit(long result, byte[] packet, boolean binary, Collector<RowData> out) {
        byte[] bytes = decoder.rows(result);
        if (bytes.length == 0) {
            // The slots are an earlier entry's.
            return;
        }
        if (metadata != null) {
            metadata.read(packet);
        }
        int flags = NativeDecoder.flags(result);
        boolean wide = (flags & NativeDecoder.WIDE_TIMESTAMPS) != 0;
        boolean generic = !binary || wide || (flags & NativeDecoder.GENERIC_ONLY) != 0;
        metrics.rows.inc(generic ? rows.emitGeneric(bytes, wide, metadata, out) : rows.emitBinary(bytes, metadata, out));
    }

    /** What became of the packet's entries, as the native side counted it: in the order of {@code Count} in native/src/canal/packet. */
    private void count() {
        int slot = counts;
        metrics.entries.inc(decoder.metadata(slot++));
        metrics.filtered.inc(decoder.metadata(slot++));
        for (EventKind kind : EventKind.BY_DETAIL) {
            metrics.skipped(kind).inc(decoder.metadata(slot++));
        }
        metrics.parseErrors.inc(decoder.metadata(slot++));
        metrics.ddl.inc(decoder.metadata(slot));
    }

    @Override
    public void close() {
        decoder.close();
    }

    private static final class RowList implements Collector<RowData> {
        private final List<RowData> rows = new ArrayList<>();

        @Override
        public void collect(RowData row) {
            rows.add(row);
        }

        @Override
        public void close() {}
    }
}

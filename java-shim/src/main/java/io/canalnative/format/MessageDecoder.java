package io.canalnative.format;

import java.io.IOException;
import java.util.regex.Pattern;

import io.canalnative.NativeDecoder;

import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** Decodes the flat messages of one subtask. Not thread safe. */
final class MessageDecoder implements RowDecoder {

    /** Null without the native library: then every message is delegated. */
    private final NativeDecoder decoder;
    private final RowReader rows;
    /** Null if no metadata was requested. */
    private final MetadataReader metadata;
    private final Pattern database;
    private final Pattern table;
    private final FlinkDelegate delegate;
    private final DecoderMetrics metrics;
    private final RowForm form = new RowForm();

    MessageDecoder(
            NativeDecoder decoder,
            RowReader rows,
            MetadataReader metadata,
            Pattern database,
            Pattern table,
            FlinkDelegate delegate,
            DecoderMetrics metrics) {
        this.decoder = decoder;
        this.rows = rows;
        this.metadata = metadata;
        this.database = database;
        this.table = table;
        this.delegate = delegate;
        this.metrics = metrics;
    }

    @Override
    public void decode(byte[] message, Collector<RowData> out) throws IOException {
        metrics.messages.inc();
        metrics.bytes.inc(message.length);
        if (decoder == null) {
            delegate.decode(message, out);
            return;
        }
        long result = decoder.decode(message);
        int flags = NativeDecoder.flags(result);
        if (NativeDecoder.isPlain(result)) {
            emit(result, flags, message, out);
        } else {
            finish(result, flags, message, out);
        }
    }

    private void finish(long first, int firstFlags, byte[] message, Collector<RowData> out) throws IOException {
        long result = first;
        int flags = firstFlags;
        int status = NativeDecoder.status(result);
        noteReset(flags);
        while (status == NativeDecoder.DATABASE_VERDICT || status == NativeDecoder.TABLE_VERDICT) {
            Pattern pattern = status == NativeDecoder.DATABASE_VERDICT ? database : table;
            boolean accepted;
            try {
                accepted = pattern.matcher(decoder.pendingName()).matches();
            } catch (StackOverflowError e) {
                // A pattern too deep for this name: an error of the message in flink-json, so it shall word it.
                delegate.decode(message, out);
                return;
            }
            result = decoder.answer(accepted);
            flags = NativeDecoder.flags(result);
            status = NativeDecoder.status(result);
            noteReset(flags);
        }
        switch (status) {
            case NativeDecoder.ROWS:
                if ((flags & NativeDecoder.NULLED) != 0) {
                    metrics.parseErrors.inc();
                }
                if ((flags & NativeDecoder.DDL) != 0) {
                    metrics.ddl.inc();
                }
                emit(result, flags, message, out);
                break;
            case NativeDecoder.FILTERED:
                metrics.filtered.inc();
                break;
            case NativeDecoder.SKIPPED:
                metrics.skipped(EventKind.ofDetail(NativeDecoder.detail(result))).inc();
                break;
            case NativeDecoder.DROPPED:
                metrics.parseErrors.inc();
                break;
            case NativeDecoder.DELEGATE:
                delegate.decode(message, out);
                break;
            default:
                throw new IllegalStateException("The native decoder answered with status " + status + ", which has no meaning");
        }
    }

    private void noteReset(int flags) {
        if (metadata != null && (flags & NativeDecoder.METADATA_RESET) != 0) {
            metadata.reset();
        }
    }

    private void emit(long result, int flags, byte[] message, Collector<RowData> out) {
        byte[] bytes = decoder.rows(result);
        if (metadata != null) {
            metadata.read(message);
            metadata.done();
        }
        boolean generic = (flags & (NativeDecoder.GENERIC_ONLY | NativeDecoder.WIDE_TIMESTAMPS)) != 0;
        int count =
                generic || !form.isBinary(out)
                        ? rows.emitGeneric(bytes, (flags & NativeDecoder.WIDE_TIMESTAMPS) != 0, metadata, out)
                        : rows.emitBinary(bytes, metadata, out);
        metrics.rows.inc(count);
    }

    @Override
    public void close() {
        if (decoder != null) {
            decoder.close();
        }
    }
}

package io.canalnative.format;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.canalnative.NativeEncoder;
import io.canalnative.row.RowPacker;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** Encodes the rows of one subtask. Not thread safe. */
final class RowEncoder implements AutoCloseable {

    private static final byte[] INSERT = "],\"type\":\"INSERT\"}".getBytes(StandardCharsets.UTF_8);
    private static final byte[] UPDATE = "],\"old\":[{}],\"type\":\"UPDATE\"}".getBytes(StandardCharsets.UTF_8);

    private static final String NO_LIBRARY = "the native library is not loaded";
    private static final String NOT_PACKED =
            "a text with half a surrogate pair, a timestamp with more digits than its column, or a decimal of another scale";

    private final EncodingOptions options;
    private final NativeEncoder encoder;
    private final RowPacker packer;
    private final SerializationSchema<RowData> stock;
    private final EncoderMetrics metrics;

    /** @param encoder null where the library is missing: every row goes to flink-json's encoder */
    RowEncoder(
            EncodingOptions options,
            NativeEncoder encoder,
            RowPacker packer,
            SerializationSchema<RowData> stock,
            EncoderMetrics metrics) {
        this.options = options;
        this.encoder = encoder;
        this.packer = packer;
        this.stock = stock;
        this.metrics = metrics;
    }

    /** The message for a row, a fresh array. */
    byte[] encode(RowData row) {
        RowKind kind = row.getRowKind();
        if (options.updates && kind == RowKind.UPDATE_BEFORE) {
            throw new IllegalStateException(
                    "A row of kind UPDATE_BEFORE reached a canal-json sink with 'encode.update' = 'update', which has asked for none; "
                            + "use 'encode.update' = 'delete-insert' with this connector");
        }
        byte[] message = encoder == null ? delegate(row, kind, NO_LIBRARY) : encode(row, kind);
        metrics.messages.inc();
        metrics.bytes.inc(message.length);
        return message;
    }

    private byte[] encode(RowData row, RowKind kind) {
        int length = packer.pack(row);
        if (length == RowPacker.REFUSED) {
            return delegate(row, kind, NOT_PACKED);
        }
        long now = options.envelope == null ? 0 : System.currentTimeMillis();
        long result = encoder.encode(length, kind.toByteValue(), now);
        if (NativeEncoder.status(result) == NativeEncoder.ENCODED) {
            return encoder.message(result, length);
        }
        // Only an envelope of ours asks why: Flink's encoder speaks for itself.
        return delegate(row, kind, options.envelope == null ? "" : encoder.refusal());
    }

    private byte[] delegate(RowData row, RowKind kind, String reason) {
        metrics.delegated.inc();
        if (options.envelope != null) {
            // Flink's encoder has no such envelope; there is nobody to ask.
            throw new IllegalArgumentException(
                    String.format("Could not write row '%s' as a Canal message for %s.%s: %s",
                            row, options.envelope.database, options.envelope.table, reason));
        }
        byte[] message = stock.serialize(row);
        return options.updates && kind == RowKind.UPDATE_AFTER ? asUpdate(message) : message;
    }

    /** Flink's message for an inserted row as an UPDATE without its before image. */
    private static byte[] asUpdate(byte[] insert) {
        int rows = insert.length - INSERT.length;
        if (rows < 0 || !Arrays.equals(Arrays.copyOfRange(insert, rows, insert.length), INSERT)) {
            throw new IllegalStateException("flink-json wrote a message that does not end in " + new String(INSERT, StandardCharsets.UTF_8));
        }
        byte[] update = Arrays.copyOf(insert, rows + UPDATE.length);
        System.arraycopy(UPDATE, 0, update, rows, UPDATE.length);
        return update;
    }

    @Override
    public void close() {
        if (encoder != null) {
            encoder.close();
        }
    }
}

package io.canalnative.format;

import java.util.Objects;

import io.canalnative.NativeDecoder;
import io.canalnative.NativeEncoder;
import io.canalnative.NativeException;
import io.canalnative.NativeLibraryException;
import io.canalnative.row.RowPacker;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encodes Canal JSON in Rust; the counterpart of flink-json's CanalJsonSerializationSchema and equal to it in what
 * callers see: one message for each row, byte for byte the same, and the same exception for a row that has none. With
 * {@code encode.update} and {@code encode.envelope} it writes what flink-json cannot.
 *
 * <p>Where the native library cannot be used, {@link #open} warns and flink-json's encoder does the work.
 */
public final class CanalSerializationSchema implements SerializationSchema<RowData> {
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(CanalSerializationSchema.class);

    private final EncodingOptions options;
    private final RowType consumed;
    /** flink-json's encoder for single rows, and where the library is missing. */
    private final SerializationSchema<RowData> stock;

    private transient RowEncoder encoder;

    CanalSerializationSchema(EncodingOptions options, RowType consumed, SerializationSchema<RowData> stock) {
        this.options = options;
        this.consumed = consumed;
        this.stock = stock;
    }

    @Override
    public void open(InitializationContext context) throws Exception {
        if (encoder != null) {
            encoder.close();
            encoder = null;
        }
        stock.open(context);
        NativeEncoder opened = null;
        try {
            opened = NativeEncoder.open(EncoderSpec.json(options, consumed, EncoderProbe.ask()));
        } catch (NativeLibraryException | NativeException e) {
            if (options.envelope != null) {
                throw new IllegalStateException(
                        "'encode.envelope' = 'full' needs the native library, as Flink's own encoder has no such envelope. " + e.getMessage(), e);
            }
            LOG.warn("canal-native: this table is encoded by Flink's own codec: {}", e.getMessage());
        }
        EncoderMetrics metrics = new EncoderMetrics();
        if (context != null) {
            connect(context, opened, metrics);
        }
        encoder = new RowEncoder(options, opened, opened == null ? null : new RowPacker(consumed, opened), stock, metrics);
        if (opened != null) {
            LOG.info(
                    "canal-native {} ({}): encodes, envelope {}, update {}, columns {}",
                    NativeDecoder.version(),
                    NativeDecoder.cpuPath(),
                    options.envelope == null ? "flink" : "full",
                    options.updates ? "update" : "delete-insert",
                    consumed.getFieldNames());
        }
    }

    private static void connect(InitializationContext context, NativeEncoder opened, EncoderMetrics metrics) {
        MetricGroup group = context.getMetricGroup();
        if (group != null) {
            metrics.register(group);
        }
        if (opened == null) {
            return;
        }
        try {
            opened.closeWith(context.getUserCodeClassLoader());
        } catch (ClassCastException | NullPointerException | UnsupportedOperationException e) {
            // Some sinks have no such class loader to give; the encoder is then freed when it is unreachable.
            LOG.debug("No user code class loader to bind the encoder's life to", e);
        }
    }

    @Override
    public byte[] serialize(RowData row) {
        if (encoder == null) {
            // Not opened: flink-json's own answer to that.
            return stock.serialize(row);
        }
        return encoder.encode(row);
    }

    @Override
    public boolean equals(Object o) {
        if (this == o) {
            return true;
        }
        if (o == null || getClass() != o.getClass()) {
            return false;
        }
        CanalSerializationSchema that = (CanalSerializationSchema) o;
        return options.equals(that.options) && stock.equals(that.stock);
    }

    @Override
    public int hashCode() {
        return Objects.hash(options, stock);
    }
}

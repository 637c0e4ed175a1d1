package io.canalnative.format;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import io.canalnative.NativeDecoder;
import io.canalnative.NativeException;
import io.canalnative.NativeLibrary;
import io.canalnative.NativeLibraryException;
import io.canalnative.row.RowColumns;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes Canal JSON in Rust; the counterpart of flink-json's CanalJsonDeserializationSchema and equal to it in what
 * callers see: null and empty messages emit nothing, a bad message throws {@code IOException("Corrupt Canal JSON message
 * '…'.")} unless {@code ignore-parse-errors} is set, and nothing of it is emitted.
 *
 * <p>Rows are handed over in the class the collector takes: see {@link BinaryRowCollector}. Where the native library
 * cannot be used, {@link #open} warns and each message takes the way of a delegated one ({@link FlinkDelegate}), so that
 * the rows do not depend on the platform.
 */
public final class CanalDeserializationSchema implements DeserializationSchema<RowData> {
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(CanalDeserializationSchema.class);

    private final DecodingOptions options;
    private final RowType physical;
    private final List<String> metadataKeys;
    /** Null if the native side has no name for some type. */
    private final byte[] spec;
    private final TypeInformation<RowData> produced;
    /** flink-json's decoder with the user's options: before open. */
    private final DeserializationSchema<RowData> stock;
    /** flink-json's decoder for single messages; strict under canal semantics. */
    private final DeserializationSchema<RowData> delegate;

    private transient MessageDecoder decoder;

    CanalDeserializationSchema(
            DecodingOptions options,
            RowType physical,
            List<String> metadataKeys,
            boolean timeMillis,
            TypeInformation<RowData> produced,
            DeserializationSchema<RowData> stock,
            DeserializationSchema<RowData> delegate) {
        this.options = options;
        this.physical = physical;
        this.metadataKeys = new ArrayList<>(metadataKeys);
        this.spec = RowColumns.canExpress(physical) ? DecoderSpec.json(options, physical, metadataKeys, timeMillis) : null;
        this.produced = produced;
        this.stock = stock;
        this.delegate = delegate;
        // The stock decoder has compiled them already, so a bad pattern throws where it does in Flink.
        pattern(options.database);
        pattern(options.table);
    }

    private static Pattern pattern(String regex) {
        return regex == null ? null : Pattern.compile(regex);
    }

    @Override
    public void open(InitializationContext context) throws Exception {
        if (decoder != null) {
            decoder.close();
            decoder = null;
        }
        stock.open(context);
        if (delegate != stock) {
            delegate.open(context);
        }
        NativeDecoder opened = openNative();
        DecoderMetrics metrics = new DecoderMetrics();
        if (context != null) {
            connect(context, opened, metrics);
        }
        decoder = messageDecoder(opened, metrics);
        LOG.info(
                "canal-native {} ({}): semantics {}, ignore-parse-errors {}, ddl {}, zero-date {}, binary rows where the collector takes them, "
                        + "columns {}, metadata {}",
                NativeLibrary.jarVersion(),
                opened == null ? "Java" : NativeDecoder.cpuPath(),
                options.flinkSemantics ? "flink" : "canal",
                options.lenient,
                options.ddl.text,
                options.zeroDate.text,
                physical.getFieldNames(),
                metadataKeys);
    }

    /** Null where messages have to be decoded in Java. */
    private NativeDecoder openNative() {
        if (spec == null) {
            LOG.warn("canal-native: this table is decoded in Java, as the native codec does not know a type in {}", physical);
            return null;
        }
        try {
            return NativeDecoder.open(spec);
        } catch (NativeLibraryException e) {
            // NativeLibrary has warned, once in this JVM.
            LOG.info("canal-native: this table is decoded in Java: {}", e.getMessage());
        } catch (NativeException e) {
            LOG.warn("canal-native: this table is decoded in Java, as the library refuses its schema: {}", e.getMessage());
        }
        return null;
    }

    private static void connect(InitializationContext context, NativeDecoder opened, DecoderMetrics metrics) {
        MetricGroup group = context.getMetricGroup();
        if (group != null) {
            metrics.register(group, opened != null);
        }
        if (opened == null) {
            return;
        }
        try {
            opened.closeWith(context.getUserCodeClassLoader());
        } catch (ClassCastException | NullPointerException | UnsupportedOperationException e) {
            // Flink's filesystem source has no such class loader to give (DeserializationSchemaAdapter, a bad cast);
            // the decoder is then freed when it is unreachable.
            LOG.debug("No user code class loader to bind the decoder's life to", e);
        }
    }

    private MessageDecoder messageDecoder(NativeDecoder opened, DecoderMetrics metrics) {
        Pattern database = pattern(options.database);
        Pattern table = pattern(options.table);
        DelegatedMetadata more = DelegatedMetadata.of(physical.getFieldCount(), metadataKeys);
        DelegatedMessage.Rewriter rewriter =
                options.flinkSemantics ? null : new DelegatedMessage.Rewriter(physical, database, table, more, options);
        return new MessageDecoder(
                opened,
                opened == null ? null : new RowReader(physical),
                opened == null || metadataKeys.isEmpty() ? null : new MetadataReader(opened, metadataKeys),
                database,
                table,
                new FlinkDelegate(delegate, rewriter, more, options.lenient, metrics),
                metrics);
    }

    @Override
    public RowData deserialize(byte[] message) throws IOException {
        return stock.deserialize(message);
    }

    @Override
    public void deserialize(byte[] message, Collector<RowData> out) throws IOException {
        if (message == null || message.length == 0) {
            return;
        }
        if (decoder == null) {
            stock.deserialize(message, out);
            return;
        }
        decoder.decode(message, out);
    }

    @Override
    public boolean isEndOfStream(RowData nextElement) {
        return false;
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return produced;
    }

    @Override
    public boolean equals(Object o) {
        if (this == o) {
            return true;
        }
        if (o == null || getClass() != o.getClass()) {
            return false;
        }
        CanalDeserializationSchema that = (CanalDeserializationSchema) o;
        return options.equals(that.options) && metadataKeys.equals(that.metadataKeys) && stock.equals(that.stock);
    }

    @Override
    public int hashCode() {
        return Objects.hash(options, metadataKeys, stock);
    }
}

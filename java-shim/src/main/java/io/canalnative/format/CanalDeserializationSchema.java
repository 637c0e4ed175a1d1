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
 * Decodes Canal's messages in Rust. For flat messages it is the counterpart of flink-json's CanalJsonDeserializationSchema and equal to
 * it in what callers see: null and empty messages emit nothing, a bad message throws {@code IOException("Corrupt Canal JSON message
 * '…'.")} unless {@code ignore-parse-errors} is set, and nothing of it is emitted. For packets a bad entry throws the same about the
 * entry's flat message, and what is no packet {@code IOException("Corrupt Canal packet …")}.
 *
 * <p>Rows are handed over in the class the collector takes: see {@link BinaryRowCollector}. Where the native library
 * cannot be used, {@link #open} warns and each flat message takes the way of a delegated one ({@link FlinkDelegate}), so that
 * the rows do not depend on the platform; for packets it throws.
 */
public final class CanalDeserializationSchema implements DeserializationSchema<RowData> {
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(CanalDeserializationSchema.class);

    /** The format's name, for errors. */
    private final String identifier;
    private final DecodingOptions options;
    private final Wire wire;
    private final RowType physical;
    private final List<String> metadataKeys;
    /** Null if the native side has no name for some type. */
    private final byte[] spec;
    private final TypeInformation<RowData> produced;
    /** flink-json's decoder with the user's options: before open. */
    private final DeserializationSchema<RowData> stock;
    /** flink-json's decoder for single messages; strict under canal semantics. */
    private final DeserializationSchema<RowData> delegate;

    private transient RowDecoder decoder;

    CanalDeserializationSchema(
            String identifier,
            DecodingOptions options,
            Wire wire,
            RowType physical,
            List<String> metadataKeys,
            boolean timeMillis,
            TypeInformation<RowData> produced,
            DeserializationSchema<RowData> stock,
            DeserializationSchema<RowData> delegate) {
        this.identifier = identifier;
        this.options = options;
        this.wire = wire;
        this.physical = physical;
        this.metadataKeys = new ArrayList<>(metadataKeys);
        this.spec = RowColumns.canExpress(physical) ? DecoderSpec.json(options, physical, metadataKeys, timeMillis, wire) : null;
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
        NativeDecoder opened = wire == Wire.PROTOBUF ? openForPackets() : openNative();
        DecoderMetrics metrics = new DecoderMetrics();
        if (context != null) {
            connect(context, wire, opened, metrics);
        }
        decoder = rowDecoder(opened, metrics);
        LOG.info(
                "canal-native {} ({}), {}: semantics {}, ignore-parse-errors {}, ddl {}, zero-date {}, binary rows where the collector takes them, "
                        + "columns {}, metadata {}",
                NativeLibrary.jarVersion(),
                opened == null ? "Java" : NativeDecoder.cpuPath(),
                wire.text,
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

    /** There is no other decoder of packets to fall back on. */
    private NativeDecoder openForPackets() {
        if (spec == null) {
            throw new IllegalStateException(
                    "'format' = '" + identifier + "' does not know a type in " + physical + ". Declare that column with another type or leave it out.");
        }
        try {
            return NativeDecoder.open(spec);
        } catch (NativeLibraryException | NativeException e) {
            throw new IllegalStateException(
                    "'format' = '" + identifier + "' needs canal-native's library, which cannot be used here: " + e.getMessage()
                            + " Run this job where the library loads (Linux on x86-64), or let the Canal server write flatMessage = true and use"
                            + " 'format' = 'canal-json', which needs no library.",
                    e);
        }
    }

    private static void connect(InitializationContext context, Wire wire, NativeDecoder opened, DecoderMetrics metrics) {
        MetricGroup group = context.getMetricGroup();
        if (group != null) {
            metrics.register(group, wire, opened != null);
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

    private RowDecoder rowDecoder(NativeDecoder opened, DecoderMetrics metrics) {
        Pattern database = pattern(options.database);
        Pattern table = pattern(options.table);
        DelegatedMetadata more = DelegatedMetadata.of(physical.getFieldCount(), metadataKeys);
        DelegatedMessage.Rewriter rewriter =
                options.flinkSemantics ? null : new DelegatedMessage.Rewriter(physical, database, table, more, options);
        RowReader rows = opened == null ? null : new RowReader(physical);
        MetadataReader metadata = opened == null || metadataKeys.isEmpty() ? null : new MetadataReader(opened, metadataKeys);
        FlinkDelegate flink = new FlinkDelegate(delegate, rewriter, more, options.lenient, metrics);
        if (wire == Wire.JSON) {
            return new MessageDecoder(opened, rows, metadata, database, table, flink, metrics);
        }
        int slots = (int) metadataKeys.stream().filter(key -> CanalMetadata.of(key) != CanalMetadata.RAW).count();
        return new PacketDecoder(opened, rows, metadata, slots, database, table, flink, metrics);
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
            if (wire == Wire.PROTOBUF) {
                throw new IllegalStateException("A decoder of packets has to be opened before it is used");
            }
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
        return wire == that.wire && options.equals(that.options) && metadataKeys.equals(that.metadataKeys) && stock.equals(that.stock);
    }

    @Override
    public int hashCode() {
        return Objects.hash(wire, options, metadataKeys, stock);
    }
}

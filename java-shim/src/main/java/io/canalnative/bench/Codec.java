package io.canalnative.bench;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.runtime.connector.sink.SinkRuntimeProviderContext;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.UserCodeClassLoader;

/** An open decoder and an open encoder of a workload's table, found through the factories as the planner does it. */
final class Codec implements AutoCloseable {

    /** System property: flink-json's jar, by default the one on the class path. */
    static final String STOCK = "canal.native.stock";

    private final DeserializationSchema<RowData> schema;
    private final SerializationSchema<RowData> encoder;
    private final Map<String, Counter> counters = new HashMap<>();
    private final List<Runnable> releaseHooks = new ArrayList<>();
    private final URLClassLoader own;

    private Codec(DeserializationSchema<RowData> schema, SerializationSchema<RowData> encoder, ClassLoader lib, URLClassLoader own) throws Exception {
        this.own = own;
        this.schema = schema;
        this.encoder = encoder;
        schema.open(new Context(lib));
        if (encoder != null) {
            encoder.open(new Context(lib));
        }
    }

    private static Codec planned(Workload workload, ClassLoader lib, URLClassLoader own) throws Exception {
        return new Codec(InstantiationUtil.clone(decoder(workload, lib), lib), InstantiationUtil.clone(encoder(workload, lib), lib), lib, own);
    }

    /** flink-json's, with classes of its own. */
    static Codec stock(Workload workload) throws Exception {
        FlinkJson loader = new FlinkJson();
        return planned(workload, loader, loader).requireStock();
    }

    /**
     * One for each, and no encoders, as the sources of a task manager have them: they share their classes. Close them together.
     *
     * @param stock flink-json's
     */
    static List<Codec> decoders(List<Workload> workloads, boolean stock) throws Exception {
        FlinkJson own = stock ? new FlinkJson() : null;
        ClassLoader lib = stock ? own : Codec.class.getClassLoader();
        List<Codec> codecs = new ArrayList<>();
        for (Workload workload : workloads) {
            Codec codec = new Codec(InstantiationUtil.clone(decoder(workload, lib), lib), null, lib, own);
            codecs.add(stock ? codec.requireStock() : codec.requireNative());
        }
        return codecs;
    }

    private Codec requireStock() {
        if (counters.containsKey("delegated")) {
            throw new IllegalStateException("The class loader of flink-json gave the native codec");
        }
        return this;
    }

    private Codec requireNative() {
        if (!counters.containsKey("delegated")) {
            throw new IllegalStateException("The native codec is not in use: put the jar before flink-json, and see the warning above");
        }
        return this;
    }

    /** A decoder as it is sent to a task, for {@link #received}. */
    static byte[] sent(Workload workload, boolean stock) throws Exception {
        return InstantiationUtil.serializeObject(decoder(workload, stock ? new FlinkJson() : Codec.class.getClassLoader()));
    }

    /** What a task makes of a decoder that it was sent; there is no encoder. */
    static Codec received(byte[] sent, boolean stock) throws Exception {
        FlinkJson own = stock ? new FlinkJson() : null;
        ClassLoader lib = stock ? own : Codec.class.getClassLoader();
        return new Codec(InstantiationUtil.deserializeObject(sent, lib), null, lib, own);
    }

    /** The one of the jar on the class path. */
    static Codec nativeCodec(Workload workload) throws Exception {
        return planned(workload, Codec.class.getClassLoader(), null).requireNative();
    }

    /** The version in the file name of flink-json's jar. */
    static String stockVersion() throws Exception {
        return new File(FlinkJson.jar().getPath()).getName().replaceAll("flink-json-|\\.jar", "");
    }

    private static DeserializationSchema<RowData> decoder(Workload workload, ClassLoader lib) {
        DataType columns = workload.columns;
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(new Connector(), context(workload, columns, lib));
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        if (!workload.metadata.isEmpty()) {
            format.applyReadableMetadata(workload.metadata);
        }
        return format.createRuntimeDecoder(ScanRuntimeProviderContext.INSTANCE, columns);
    }

    private static SerializationSchema<RowData> encoder(Workload workload, ClassLoader lib) {
        DataType columns = workload.columns;
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(new Connector(), context(workload, columns, lib));
        EncodingFormat<SerializationSchema<RowData>> format =
                helper.discoverEncodingFormat(SerializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        return format.createRuntimeEncoder(new SinkRuntimeProviderContext(false), columns);
    }

    private static FactoryUtil.DefaultDynamicTableContext context(Workload workload, DataType columns, ClassLoader lib) {
        Map<String, String> with = new HashMap<>();
        with.put("connector", Connector.NAME);
        with.put("format", "canal-json");
        workload.options.forEach((key, value) -> with.put("canal-json." + key, value));
        Column[] physical = new Column[columns.getChildren().size()];
        for (int i = 0; i < physical.length; i++) {
            physical[i] = Column.physical(DataType.getFieldNames(columns).get(i), columns.getChildren().get(i));
        }
        CatalogTable table = CatalogTable.newBuilder().schema(Schema.newBuilder().fromRowDataType(columns).build()).options(with).build();
        return new FactoryUtil.DefaultDynamicTableContext(
                ObjectIdentifier.of("default_catalog", "default_database", "topic"),
                new ResolvedCatalogTable(table, ResolvedSchema.of(physical)),
                Collections.emptyMap(),
                new Configuration(),
                lib,
                false);
    }

    /** The type of the rows, metadata included. */
    RowType rowType() {
        return ((InternalTypeInfo<RowData>) schema.getProducedType()).toRowType();
    }

    /** Decodes one message. */
    void decode(byte[] message, Collector<RowData> out) throws IOException {
        schema.deserialize(message, out);
    }

    /** Encodes one row. */
    byte[] encode(RowData row) {
        return encoder.serialize(row);
    }

    /** Messages and rows that the native codec has handed to flink-json. */
    long delegated() {
        return counters.get("delegated").getCount() + counters.get("encodeDelegated").getCount();
    }

    /** A benchmark of the native codec that ran flink-json would be worth nothing. */
    void requireNothingDelegated() {
        long delegated = delegated();
        if (delegated > 0) {
            throw new IllegalStateException(delegated + " messages or rows were handed to flink-json");
        }
    }

    @Override
    public void close() throws IOException {
        releaseHooks.forEach(Runnable::run);
        if (own != null) {
            own.close();
        }
    }

    /** flink-json alone: its classes from its jar, its services only; the rest of Flink is the process's. */
    private static final class FlinkJson extends URLClassLoader {
        private static final String SERVICES = "META-INF/services/org.apache.flink.table.factories.Factory";
        private static final String PACKAGE = "org.apache.flink.formats.json.";

        FlinkJson() throws Exception {
            super(new URL[] {jar()}, Codec.class.getClassLoader());
        }

        private static URL jar() throws Exception {
            String named = System.getProperty(STOCK);
            if (named != null) {
                return new File(named).toURI().toURL();
            }
            String resource = "org/apache/flink/formats/json/JsonFormatFactory.class";
            String found = String.valueOf(Codec.class.getClassLoader().getResource(resource));
            if (!found.startsWith("jar:")) {
                throw new IllegalStateException("flink-json's jar is not on the class path; set -D" + STOCK);
            }
            return new URI(found.substring(4, found.indexOf('!'))).toURL();
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(PACKAGE)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                return known != null ? known : findClass(name);
            }
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            return name.equals(SERVICES) ? findResources(name) : super.getResources(name);
        }
    }

    private final class Context implements DeserializationSchema.InitializationContext, SerializationSchema.InitializationContext {
        private final ClassLoader lib;

        Context(ClassLoader lib) {
            this.lib = lib;
        }

        @Override
        public MetricGroup getMetricGroup() {
            return new UnregisteredMetricsGroup() {
                @Override
                public MetricGroup addGroup(String name) {
                    return this;
                }

                @Override
                public <C extends Counter> C counter(String name, C counter) {
                    counters.put(name, counter);
                    return counter;
                }
            };
        }

        @Override
        public UserCodeClassLoader getUserCodeClassLoader() {
            return new UserCodeClassLoader() {
                @Override
                public ClassLoader asClassLoader() {
                    return lib;
                }

                @Override
                public void registerReleaseHookIfAbsent(String name, Runnable hook) {
                    releaseHooks.add(hook);
                }
            };
        }
    }

    /** A connector that has nothing but a format. */
    private static final class Connector implements DynamicTableSourceFactory {
        static final String NAME = "bench";

        @Override
        public DynamicTableSource createDynamicTableSource(Context context) {
            throw new UnsupportedOperationException("Only the format of this connector is used");
        }

        @Override
        public String factoryIdentifier() {
            return NAME;
        }

        @Override
        public Set<ConfigOption<?>> requiredOptions() {
            return Collections.singleton(FactoryUtil.FORMAT);
        }

        @Override
        public Set<ConfigOption<?>> optionalOptions() {
            return new HashSet<>();
        }
    }
}

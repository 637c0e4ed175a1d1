package io.canalnative.differential;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.runtime.connector.sink.SinkRuntimeProviderContext;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * A table {@code WITH ('connector' = 'differential', 'format' = 'canal-json', …)}: its decoder is found and built as
 * the planner does it, through the factories of a {@link LibDirectory}.
 */
public final class CanalTable {

    /** The columns of the table, a ROW. */
    public final DataType columns;
    /** The columns that are read, in the order of the rows. */
    public final int[] projection;
    /** Metadata keys, in the order of the rows. */
    public final List<String> metadata;
    /** Format options without the prefix. */
    public final Map<String, String> options;

    /** A table of which the projected columns and then the metadata are read. */
    public CanalTable(DataType columns, int[] projection, List<String> metadata, Map<String, String> options) {
        this.columns = columns;
        this.projection = projection;
        this.metadata = metadata;
        this.options = options;
    }

    /** A table of which every column is read. */
    public static CanalTable of(DataType columns) {
        int[] all = new int[columns.getChildren().size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i;
        }
        return new CanalTable(columns, all, Collections.emptyList(), Collections.emptyMap());
    }

    /** The same table with another option. */
    public CanalTable with(String option, String value) {
        Map<String, String> more = new LinkedHashMap<>(options);
        more.put(option, value);
        return new CanalTable(columns, projection, metadata, more);
    }

    /** The same table with metadata columns. */
    public CanalTable withMetadata(List<String> keys) {
        return new CanalTable(columns, projection, keys, options);
    }

    /** The physical part of the rows. */
    public RowType physical() {
        return (RowType) Projection.of(projection).project(columns).getLogicalType();
    }

    /** A decoder that is not open yet, from the factory that {@code lib} has for {@code canal-json}. */
    public DeserializationSchema<RowData> decoder(LibDirectory lib) {
        DynamicTableSourceFactory connector = new Connector();
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(connector, context(lib));
        DecodingFormat<DeserializationSchema<RowData>> format =
                helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        if (!metadata.isEmpty()) {
            format.applyReadableMetadata(metadata);
        }
        int[][] paths = new int[projection.length][];
        for (int i = 0; i < paths.length; i++) {
            paths[i] = new int[] {projection[i]};
        }
        return ((ProjectableDecodingFormat<DeserializationSchema<RowData>>) format)
                .createRuntimeDecoder(ScanRuntimeProviderContext.INSTANCE, columns, paths);
    }

    /** An encoder that is not open yet, from the factory that {@code lib} has for {@code canal-json}; of all columns. */
    public SerializationSchema<RowData> encoder(LibDirectory lib) {
        return encodingFormat(lib).createRuntimeEncoder(new SinkRuntimeProviderContext(false), columns);
    }

    /** The encoding format that the factory of {@code lib} makes of the options. */
    public EncodingFormat<SerializationSchema<RowData>> encodingFormat(LibDirectory lib) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(new Connector(), context(lib));
        EncodingFormat<SerializationSchema<RowData>> format =
                helper.discoverEncodingFormat(SerializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        return format;
    }

    private FactoryUtil.DefaultDynamicTableContext context(LibDirectory lib) {
        Map<String, String> with = new HashMap<>();
        with.put("connector", Connector.NAME);
        with.put("format", "canal-json");
        options.forEach((key, value) -> with.put("canal-json." + key, value));
        List<String> names = DataType.getFieldNames(columns);
        List<DataType> types = DataType.getFieldDataTypes(columns);
        Column[] physical = new Column[names.size()];
        for (int i = 0; i < physical.length; i++) {
            physical[i] = Column.physical(names.get(i), types.get(i));
        }
        Schema schema = Schema.newBuilder().fromRowDataType(columns).build();
        CatalogTable table = CatalogTable.newBuilder().schema(schema).options(with).build();
        return new FactoryUtil.DefaultDynamicTableContext(
                ObjectIdentifier.of("default_catalog", "default_database", "topic"),
                new ResolvedCatalogTable(table, ResolvedSchema.of(physical)),
                Collections.emptyMap(),
                new Configuration(),
                lib,
                false);
    }

    @Override
    public String toString() {
        return "table " + columns + " reads " + Arrays.toString(projection) + " metadata " + metadata + " options " + options;
    }

    /** A connector that has nothing but a format. */
    private static final class Connector implements DynamicTableSourceFactory {
        static final String NAME = "differential";

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

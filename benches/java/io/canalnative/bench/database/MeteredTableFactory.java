package io.canalnative.bench.database;

import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;

/** The connector {@code metered}: tables that read the {@link Input} of this JVM's job by any format, as the connector {@code kafka} reads a topic. */
public final class MeteredTableFactory implements DynamicTableSourceFactory {

    /** Of the one job of this JVM. */
    static volatile Input input;

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        DecodingFormat<DeserializationSchema<RowData>> format = helper.discoverDecodingFormat(DeserializationFormatFactory.class, FactoryUtil.FORMAT);
        helper.validate();
        return new MeteredTable(format, context.getPhysicalRowDataType());
    }

    @Override
    public String factoryIdentifier() {
        return "metered";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return new HashSet<>(Collections.singleton(FactoryUtil.FORMAT));
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Collections.emptySet();
    }

    private static final class MeteredTable implements ScanTableSource {
        private final DecodingFormat<DeserializationSchema<RowData>> format;
        private final DataType columns;

        MeteredTable(DecodingFormat<DeserializationSchema<RowData>> format, DataType columns) {
            this.format = format;
            this.columns = columns;
        }

        @Override
        public ChangelogMode getChangelogMode() {
            return format.getChangelogMode();
        }

        @Override
        public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
            return SourceProvider.of(input.source(Decode.by(format.createRuntimeDecoder(context, columns))));
        }

        @Override
        public DynamicTableSource copy() {
            return new MeteredTable(format, columns);
        }

        @Override
        public String asSummaryString() {
            return "metered messages";
        }
    }
}

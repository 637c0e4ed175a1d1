package io.canalnative.readyrows;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;

/**
 * The format {@code ready-rows}: canal-json that costs nothing, for topics that repeat the same messages. The first {@code
 * messages} are decoded by canal-json; from then on their rows are given again, in the same order, without a look at the
 * bytes. What a job costs with it is what no codec can save.
 */
public final class ReadyRowsFormatFactory implements DeserializationFormatFactory {

    private static final ConfigOption<Integer> MESSAGES = ConfigOptions.key("messages").intType().noDefaultValue();
    private static final ConfigOption<Boolean> BINARY = ConfigOptions.key("binary").booleanType().defaultValue(true)
            .withDescription("Whether rows are BinaryRowData; not for sources that take generic rows only.");

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(DynamicTableFactory.Context context, ReadableConfig options) {
        FactoryUtil.validateFactoryOptions(this, options);
        DeserializationFormatFactory canal = FactoryUtil.discoverFactory(context.getClassLoader(), DeserializationFormatFactory.class, "canal-json");
        return new ReadyRowsFormat(canal.createDecodingFormat(context, new Configuration()), options.get(MESSAGES), options.get(BINARY));
    }

    @Override
    public String factoryIdentifier() {
        return "ready-rows";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.singleton(MESSAGES);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return new HashSet<>(Arrays.asList(BINARY));
    }

    private static final class ReadyRowsFormat implements DecodingFormat<DeserializationSchema<RowData>> {
        private final DecodingFormat<DeserializationSchema<RowData>> canal;
        private final int messages;
        private final boolean binary;

        ReadyRowsFormat(DecodingFormat<DeserializationSchema<RowData>> canal, int messages, boolean binary) {
            this.canal = canal;
            this.messages = messages;
            this.binary = binary;
        }

        @Override
        public DeserializationSchema<RowData> createRuntimeDecoder(DynamicTableSource.Context context, DataType columns) {
            return new ReadyRows(canal.createRuntimeDecoder(context, columns), messages, binary);
        }

        @Override
        public Map<String, DataType> listReadableMetadata() {
            return canal.listReadableMetadata();
        }

        @Override
        public void applyReadableMetadata(List<String> keys) {
            canal.applyReadableMetadata(keys);
        }

        @Override
        public ChangelogMode getChangelogMode() {
            return canal.getChangelogMode();
        }
    }
}

package io.canalnative.doris;

import java.util.List;
import java.util.Set;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * {@code 'connector' = 'doris-native'}: writes to Apache Doris. A source factory too, but only to say, better than Flink would, that and
 * how such a table cannot be read.
 */
public final class DorisNativeFactory implements DynamicTableSinkFactory, DynamicTableSourceFactory {

    /** What a table names as its {@code 'connector'}. */
    public static final String IDENTIFIER = "doris-native";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return DorisOptions.required();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return DorisOptions.optional();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validateExcept(DorisOptions.PROPERTIES);
        List<String> columns = DorisTableSink.physical(context.getPhysicalRowDataType()).getFieldNames();
        DorisSettings settings = new DorisSettings(helper.getOptions(), context.getCatalogTable().getOptions(), columns);
        return new DorisTableSink(
                settings, context.getPhysicalRowDataType(), context.getPrimaryKeyIndexes(), SessionZone.of(context.getConfiguration()));
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        throw new ValidationException(
                String.format(
                        "%s cannot be read: 'connector' = '%s' only writes, so it takes no SELECT and no lookup join. To read from Doris, declare a second "
                                + "table with 'connector' = 'doris' (Apache Doris' own) or 'jdbc'.",
                        context.getObjectIdentifier().asSummaryString(), IDENTIFIER));
    }
}

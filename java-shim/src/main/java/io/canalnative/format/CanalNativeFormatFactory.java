package io.canalnative.format;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;

/**
 * The factory behind both identifiers, {@code canal-json} and {@code canal-json-native}.
 *
 * <p>Options: the eight of flink-json's CanalJsonFormatFactory with the same types, defaults, checks and error texts,
 * and those of {@link CanalNativeOptions}. Sources are decoded and sinks encoded in Rust, or by flink-json with
 * {@code codec = flink}.
 *
 * <p>Every method throws a ValidationException that says what to do if flink-json is not on the class path.
 */
public abstract class CanalNativeFormatFactory implements DeserializationFormatFactory, SerializationFormatFactory {

    private final String identifier;

    /** @param identifier what a table names as its {@code 'format'} */
    protected CanalNativeFormatFactory(String identifier) {
        this.identifier = identifier;
    }

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
            DynamicTableFactory.Context context, ReadableConfig formatOptions) {
        return StockFormat.required(identifier, () -> decodingFormat(formatOptions));
    }

    private DecodingFormat<DeserializationSchema<RowData>> decodingFormat(ReadableConfig options) {
        FactoryUtil.validateFactoryOptions(this, options);
        StockFormat.validateDecoding(options);
        CanalNativeOptions.validate(options);
        CanalNativeOptions.validateDecoding(identifier, options);
        DecodingOptions decoding = StockFormat.decodingOptions(options);
        if (options.get(CanalNativeOptions.CODEC).equals(CanalNativeOptions.FLINK)) {
            return StockFormat.decodingFormat(decoding, decoding.lenient);
        }
        return new CanalNativeDecodingFormat(identifier, decoding, Wire.JSON);
    }

    @Override
    public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
            DynamicTableFactory.Context context, ReadableConfig formatOptions) {
        return StockFormat.required(identifier, () -> encodingFormat(context, formatOptions));
    }

    private EncodingFormat<SerializationSchema<RowData>> encodingFormat(DynamicTableFactory.Context context, ReadableConfig options) {
        FactoryUtil.validateFactoryOptions(this, options);
        StockFormat.validateEncoding(options);
        CanalNativeOptions.validate(options);
        boolean ours = !options.get(CanalNativeOptions.CODEC).equals(CanalNativeOptions.FLINK);
        return new CanalNativeEncodingFormat(CanalNativeOptions.encoding(options, () -> primaryKey(context)), ours);
    }

    private static List<String> primaryKey(DynamicTableFactory.Context context) {
        if (context == null) {
            return null;
        }
        return context.getCatalogTable().getResolvedSchema().getPrimaryKey().map(UniqueConstraint::getColumns).orElse(Collections.emptyList());
    }

    @Override
    public String factoryIdentifier() {
        return identifier;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.emptySet();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        Set<ConfigOption<?>> options = new HashSet<>(StockFormat.required(identifier, StockFormat::options));
        options.add(CanalNativeOptions.SEMANTICS);
        options.add(CanalNativeOptions.CODEC);
        options.add(CanalNativeOptions.ENCODE_UPDATE);
        options.add(CanalNativeOptions.ENCODE_ENVELOPE);
        options.add(CanalNativeOptions.ENCODE_DATABASE);
        options.add(CanalNativeOptions.ENCODE_TABLE);
        options.add(CanalNativeOptions.ENCODE_PK_NAMES);
        options.add(CanalNativeOptions.DDL);
        options.add(CanalNativeOptions.ZERO_DATE);
        return options;
    }
}

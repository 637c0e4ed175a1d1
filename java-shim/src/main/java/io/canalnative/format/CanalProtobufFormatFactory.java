package io.canalnative.format;

import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;

/**
 * The format {@code canal-protobuf}: packets, as a Canal server writes them with {@code flatMessage = false}.
 *
 * <p>Options: those of canal-json that are about reading, with its types, defaults, checks and error texts; {@code semantics} and
 * {@code codec} are none, as Flink has no codec of packets. A sink is refused.
 */
public class CanalProtobufFormatFactory implements DeserializationFormatFactory, SerializationFormatFactory {

    /** The format's identifier, {@code canal-protobuf}. */
    public static final String IDENTIFIER = "canal-protobuf";

    /** Called by Java's service loader. */
    public CanalProtobufFormatFactory() {}

    @Override
    public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
            DynamicTableFactory.Context context, ReadableConfig formatOptions) {
        return StockFormat.required(IDENTIFIER, () -> decodingFormat(formatOptions));
    }

    private DecodingFormat<DeserializationSchema<RowData>> decodingFormat(ReadableConfig options) {
        FactoryUtil.validateFactoryOptions(this, options);
        StockFormat.validateDecoding(options);
        CanalNativeOptions.validate(options);
        return new CanalNativeDecodingFormat(IDENTIFIER, StockFormat.decodingOptions(options), Wire.PROTOBUF);
    }

    @Override
    public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
            DynamicTableFactory.Context context, ReadableConfig formatOptions) {
        throw new ValidationException(
                "'format' = '" + IDENTIFIER + "' reads only: packets hold a server's position in the binlog, which a sink has none of. To write"
                        + " Canal's messages use 'format' = 'canal-json', with 'canal-json.encode.envelope' = 'full' for all members.");
    }

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.emptySet();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        Set<ConfigOption<?>> options = new HashSet<>(StockFormat.required(IDENTIFIER, StockFormat::decodingOptions));
        options.add(CanalNativeOptions.DDL);
        options.add(CanalNativeOptions.ZERO_DATE);
        return options;
    }
}

package io.canalnative.format;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.common.TimestampFormat;
import org.apache.flink.formats.json.JsonFormatOptions;
import org.apache.flink.formats.json.JsonFormatOptionsUtil;
import org.apache.flink.formats.json.canal.CanalJsonDecodingFormat;
import org.apache.flink.formats.json.canal.CanalJsonFormatOptions;
import org.apache.flink.formats.json.canal.CanalJsonSerializationSchema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Everything taken from flink-json: options with their validation and texts, the stock decoder, the stock encoder.
 *
 * <p>The only class that names classes of flink-json, and no signature does, so
 * that the factory can be loaded, and can explain itself, where flink-json is missing: see {@link #required}.
 */
final class StockFormat {

    private StockFormat() {}

    /** Runs an action that needs flink-json; says what to do if its classes are not there. */
    static <T> T required(String identifier, Supplier<T> action) {
        try {
            return action.get();
        } catch (NoClassDefFoundError e) {
            throw new ValidationException(
                    "The format '" + identifier + "' needs flink-json on the class path, but the class "
                            + e.getMessage() + " is missing. Put flink-json-<Flink version>.jar back into Flink's lib/ directory.",
                    e);
        }
    }

    /** The eight options of flink-json's canal-json. */
    static Set<ConfigOption<?>> options() {
        Set<ConfigOption<?>> options = new HashSet<>();
        options.add(CanalJsonFormatOptions.IGNORE_PARSE_ERRORS);
        options.add(CanalJsonFormatOptions.TIMESTAMP_FORMAT);
        options.add(CanalJsonFormatOptions.DATABASE_INCLUDE);
        options.add(CanalJsonFormatOptions.TABLE_INCLUDE);
        options.add(CanalJsonFormatOptions.JSON_MAP_NULL_KEY_MODE);
        options.add(CanalJsonFormatOptions.JSON_MAP_NULL_KEY_LITERAL);
        options.add(JsonFormatOptions.ENCODE_DECIMAL_AS_PLAIN_NUMBER);
        options.add(JsonFormatOptions.ENCODE_IGNORE_NULL_FIELDS);
        return options;
    }

    /** Those of them that say how messages are read. */
    static Set<ConfigOption<?>> decodingOptions() {
        Set<ConfigOption<?>> options = new HashSet<>();
        options.add(CanalJsonFormatOptions.IGNORE_PARSE_ERRORS);
        options.add(CanalJsonFormatOptions.TIMESTAMP_FORMAT);
        options.add(CanalJsonFormatOptions.DATABASE_INCLUDE);
        options.add(CanalJsonFormatOptions.TABLE_INCLUDE);
        return options;
    }

    static void validateDecoding(ReadableConfig options) {
        JsonFormatOptionsUtil.validateDecodingFormatOptions(options);
    }

    static void validateEncoding(ReadableConfig options) {
        JsonFormatOptionsUtil.validateEncodingFormatOptions(options);
    }

    /** The values of a source's options, read once. */
    static DecodingOptions decodingOptions(ReadableConfig options) {
        return new DecodingOptions(
                options.getOptional(CanalJsonFormatOptions.DATABASE_INCLUDE).orElse(null),
                options.getOptional(CanalJsonFormatOptions.TABLE_INCLUDE).orElse(null),
                options.get(CanalJsonFormatOptions.IGNORE_PARSE_ERRORS),
                JsonFormatOptionsUtil.getTimestampFormat(options) == TimestampFormat.ISO_8601,
                options.get(CanalNativeOptions.SEMANTICS).equals(CanalNativeOptions.FLINK),
                DdlHandling.of(options.get(CanalNativeOptions.DDL)),
                ZeroDate.of(options.get(CanalNativeOptions.ZERO_DATE)));
    }

    /** flink-json's own decoding format, with its own value for {@code ignore-parse-errors}. */
    static ProjectableDecodingFormat<DeserializationSchema<RowData>> decodingFormat(DecodingOptions options, boolean lenient) {
        return new CanalJsonDecodingFormat(
                options.database, options.table, lenient, options.iso8601 ? TimestampFormat.ISO_8601 : TimestampFormat.SQL);
    }

    /** The values of a sink's options, read once; {@code envelope} is null for Flink's own. */
    static EncodingOptions encodingOptions(ReadableConfig options, boolean updates, EncodingOptions.Envelope envelope) {
        return new EncodingOptions(
                JsonFormatOptionsUtil.getTimestampFormat(options) == TimestampFormat.ISO_8601,
                JsonFormatOptionsUtil.getMapNullKeyMode(options).name(),
                options.get(CanalJsonFormatOptions.JSON_MAP_NULL_KEY_LITERAL),
                options.get(JsonFormatOptions.ENCODE_DECIMAL_AS_PLAIN_NUMBER),
                options.get(JsonFormatOptions.ENCODE_IGNORE_NULL_FIELDS),
                updates,
                envelope);
    }

    /** flink-json's own encoder; it knows no envelope and no UPDATE. */
    static SerializationSchema<RowData> encoder(EncodingOptions options, RowType consumed) {
        return new CanalJsonSerializationSchema(
                consumed,
                options.iso8601 ? TimestampFormat.ISO_8601 : TimestampFormat.SQL,
                JsonFormatOptions.MapNullKeyMode.valueOf(options.nullKeyMode),
                options.nullKeyLiteral,
                options.plainDecimals,
                options.ignoreNulls);
    }
}

package io.canalnative.format;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** The options this format has beside flink-json's eight. Keys are below the format's identifier. */
public final class CanalNativeOptions {

    /** In both options: as flink-json does, or flink-json itself. */
    static final String FLINK = "flink";

    private static final String CANAL = "canal";
    private static final String NATIVE = "native";
    private static final String DELETE_INSERT = "delete-insert";
    private static final String UPDATE = "update";
    private static final String FULL = "full";

    /** {@code semantics}: whose answer counts where flink-json is silently wrong. {@code canal} (default) or {@code flink}. */
    public static final ConfigOption<String> SEMANTICS =
            ConfigOptions.key("semantics")
                    .stringType()
                    .defaultValue(CANAL)
                    .withDescription(
                            "Whose answer counts where Flink's codec is silently wrong: 'canal' reads messages as Canal means them, "
                                    + "'flink' gives bit for bit what flink-json gives.");

    /** {@code codec}: {@code native} (default), or {@code flink} for the unchanged decoder of flink-json. */
    public static final ConfigOption<String> CODEC =
            ConfigOptions.key("codec")
                    .stringType()
                    .defaultValue(NATIVE)
                    .withDescription("'native' decodes in Rust, 'flink' hands the table to Flink's own codec.");

    /** {@code encode.update}: {@code delete-insert} (default, Flink's), or {@code update}: one UPDATE message a change. */
    public static final ConfigOption<String> ENCODE_UPDATE =
            ConfigOptions.key("encode.update")
                    .stringType()
                    .defaultValue(DELETE_INSERT)
                    .withDescription(
                            "How a changed row is written: 'delete-insert' as Flink does, a DELETE and an INSERT message; 'update' as one "
                                    + "UPDATE message without the row before.");

    /** {@code encode.envelope}: {@code flink} (default), or {@code full}: every member that Canal writes. */
    public static final ConfigOption<String> ENCODE_ENVELOPE =
            ConfigOptions.key("encode.envelope")
                    .stringType()
                    .defaultValue(FLINK)
                    .withDescription(
                            "What a message has around its row: 'flink' data and type only, 'full' all that Canal writes, values as text.");

    /** {@code encode.database}: the database that a full envelope names. No default. */
    public static final ConfigOption<String> ENCODE_DATABASE =
            ConfigOptions.key("encode.database").stringType().noDefaultValue().withDescription("The database of a full envelope.");

    /** {@code encode.table}: the table that a full envelope names. No default. */
    public static final ConfigOption<String> ENCODE_TABLE =
            ConfigOptions.key("encode.table").stringType().noDefaultValue().withDescription("The table of a full envelope.");

    /** {@code encode.pk-names}: the key columns of a full envelope, separated by ';'. Default: the table's PRIMARY KEY. */
    public static final ConfigOption<List<String>> ENCODE_PK_NAMES =
            ConfigOptions.key("encode.pk-names")
                    .stringType()
                    .asList()
                    .noDefaultValue()
                    .withDescription("The key columns of a full envelope, separated by ';'. By default the table's PRIMARY KEY.");

    /** {@code ddl}: what becomes of a schema change. {@code skip} (default), {@code emit} or {@code fail}; semantics canal only. */
    public static final ConfigOption<String> DDL =
            ConfigOptions.key("ddl")
                    .stringType()
                    .defaultValue("skip")
                    .withDescription(
                            "What becomes of a schema change: 'skip' counts it and passes over it, 'emit' gives one row of NULLs with its "
                                    + "metadata, 'fail' fails the job.");

    /** {@code zero-date}: how MySQL's date of zeros is read. {@code fail} (default), {@code null} or {@code epoch}; semantics canal only. */
    public static final ConfigOption<String> ZERO_DATE =
            ConfigOptions.key("zero-date")
                    .stringType()
                    .defaultValue("fail")
                    .withDescription(
                            "How '0000-00-00' is read in DATE, TIMESTAMP and TIMESTAMP_LTZ columns: 'fail' as a bad value, 'null' as NULL, "
                                    + "'epoch' as 1970-01-01 00:00:00.");

    private CanalNativeOptions() {}

    /** Refuses values other than those named above, exactly as written there. */
    static void validate(ReadableConfig options) {
        oneOf(options, SEMANTICS, CANAL, FLINK);
        oneOf(options, CODEC, NATIVE, FLINK);
        oneOf(options, DDL, "skip", "emit", "fail");
        oneOf(options, ZERO_DATE, "fail", "null", "epoch");
    }

    /** Refuses, for a source, what Flink's codec or semantics would leave without effect. */
    static void validateDecoding(String identifier, ReadableConfig options) {
        for (ConfigOption<String> reader : Arrays.asList(SEMANTICS, CODEC)) {
            for (ConfigOption<String> ours : Arrays.asList(DDL, ZERO_DATE)) {
                if (options.get(reader).equals(FLINK) && !options.get(ours).equals(ours.defaultValue())) {
                    throw new ValidationException(
                            String.format(
                                    "'%1$s.%2$s' = '%3$s' has no effect under '%1$s.%4$s' = '%5$s', where messages mean what Flink's codec makes of "
                                            + "them. Remove one of the two options.",
                                    identifier, ours.key(), options.get(ours), reader.key(), FLINK));
                }
            }
        }
    }

    /**
     * The values of a sink's options; refuses what does not go together.
     *
     * @param primaryKey asked if needed; null where the format is used without a table
     */
    static EncodingOptions encoding(ReadableConfig options, Supplier<List<String>> primaryKey) {
        oneOf(options, ENCODE_UPDATE, DELETE_INSERT, UPDATE);
        oneOf(options, ENCODE_ENVELOPE, FLINK, FULL);
        boolean updates = options.get(ENCODE_UPDATE).equals(UPDATE);
        boolean full = options.get(ENCODE_ENVELOPE).equals(FULL);
        if (options.get(CODEC).equals(FLINK) && (updates || full)) {
            throw new ValidationException(
                    String.format("'%s' = '%s' goes with '%s' = '%s' only: Flink's own codec does not have it.",
                            updates ? ENCODE_UPDATE.key() : ENCODE_ENVELOPE.key(), updates ? UPDATE : FULL, CODEC.key(), NATIVE));
        }
        if (updates) {
            requireKey(primaryKey.get());
        }
        EncodingOptions encoding = StockFormat.encodingOptions(options, updates, full ? envelope(options, primaryKey) : noEnvelope(options));
        if (full && encoding.iso8601) {
            throw new ValidationException(
                    String.format("'timestamp-format.standard' = 'ISO-8601' does not go with '%s' = '%s', where timestamps are as Canal writes "
                                    + "them: 2020-01-31 10:11:12.123.",
                            ENCODE_ENVELOPE.key(), FULL));
        }
        return encoding;
    }

    /** Without a key a reader cannot know which row an UPDATE replaces, as the message does not say what was before. */
    private static void requireKey(List<String> primaryKey) {
        if (primaryKey != null && primaryKey.isEmpty()) {
            throw new ValidationException(
                    String.format("'%s' = '%s' needs a PRIMARY KEY in the table: its messages do not say which row they replace. Declare "
                                    + "PRIMARY KEY (...) NOT ENFORCED, or use '%s'.",
                            ENCODE_UPDATE.key(), UPDATE, DELETE_INSERT));
        }
    }

    private static EncodingOptions.Envelope envelope(ReadableConfig options, Supplier<List<String>> primaryKey) {
        for (ConfigOption<String> name : Arrays.asList(ENCODE_DATABASE, ENCODE_TABLE)) {
            if (!options.getOptional(name).isPresent()) {
                throw new ValidationException(
                        String.format("'%s' = '%s' needs '%s', the name that the messages shall state.", ENCODE_ENVELOPE.key(), FULL, name.key()));
            }
        }
        return new EncodingOptions.Envelope(
                options.get(ENCODE_DATABASE), options.get(ENCODE_TABLE), options.getOptional(ENCODE_PK_NAMES).orElseGet(primaryKey));
    }

    private static EncodingOptions.Envelope noEnvelope(ReadableConfig options) {
        for (ConfigOption<?> option : Arrays.asList(ENCODE_DATABASE, ENCODE_TABLE, ENCODE_PK_NAMES)) {
            if (options.getOptional(option).isPresent()) {
                throw new ValidationException(
                        String.format("'%s' has no effect without '%s' = '%s'.", option.key(), ENCODE_ENVELOPE.key(), FULL));
            }
        }
        return null;
    }

    private static void oneOf(ReadableConfig options, ConfigOption<String> option, String... values) {
        String value = options.get(option);
        if (!Arrays.asList(values).contains(value)) {
            throw new ValidationException(
                    String.format("Unsupported value '%s' for %s. Supported values are %s.", value, option.key(), Arrays.toString(values)));
        }
    }
}

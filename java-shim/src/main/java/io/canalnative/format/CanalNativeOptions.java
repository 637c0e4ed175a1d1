package io.canalnative.format;

import java.util.Arrays;

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

    private static void oneOf(ReadableConfig options, ConfigOption<String> option, String... values) {
        String value = options.get(option);
        if (!Arrays.asList(values).contains(value)) {
            throw new ValidationException(
                    String.format("Unsupported value '%s' for %s. Supported values are %s.", value, option.key(), Arrays.toString(values)));
        }
    }
}

package io.canalnative.format;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/** The two options this format has beside flink-json's eight. Keys are below the format's identifier. */
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

    private CanalNativeOptions() {}

    /** Refuses values other than those named above, exactly as written there. */
    static void validate(ReadableConfig options) {
        oneOf(options, SEMANTICS, CANAL, FLINK);
        oneOf(options, CODEC, NATIVE, FLINK);
    }

    private static void oneOf(ReadableConfig options, ConfigOption<String> option, String first, String second) {
        String value = options.get(option);
        if (!value.equals(first) && !value.equals(second)) {
            throw new ValidationException(
                    String.format("Unsupported value '%s' for %s. Supported values are [%s, %s].", value, option.key(), first, second));
        }
    }
}

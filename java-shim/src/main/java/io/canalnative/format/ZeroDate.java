package io.canalnative.format;

import java.util.Locale;
import java.util.regex.Pattern;

import org.apache.flink.table.types.logical.LogicalTypeRoot;

/** How MySQL's date of zeros is read in DATE, TIMESTAMP and TIMESTAMP_LTZ columns: the option {@code zero-date}. */
enum ZeroDate {
    /** It is a bad value. */
    FAIL("fail"),
    /** As NULL. */
    NULL("null"),
    /** As 1970-01-01 00:00:00. */
    EPOCH("epoch");

    private static final String STAMP = "0000-00-00 00:00:00(\\.0{1,9})?";
    private static final String ISO_STAMP = STAMP.replace(" ", "[ T]");
    private static final Pattern DATE = Pattern.compile("0000-00-00");

    /** The option's value. */
    final String text;

    ZeroDate(String text) {
        this.text = text;
    }

    /** The constant of a validated value. */
    static ZeroDate of(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }

    /** What matches a date of zeros in a column of this type, or null for types without dates. */
    static Pattern pattern(LogicalTypeRoot root, boolean iso8601) {
        switch (root) {
            case DATE:
                return DATE;
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return Pattern.compile(iso8601 ? ISO_STAMP : STAMP);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return Pattern.compile((iso8601 ? ISO_STAMP : STAMP) + "Z?");
            default:
                return null;
        }
    }

    /** What flink-json reads in its place, or null for NULL. */
    String replacement(LogicalTypeRoot root, boolean iso8601) {
        if (this == NULL) {
            return null;
        }
        String stamp = iso8601 ? "1970-01-01T00:00:00" : "1970-01-01 00:00:00";
        switch (root) {
            case DATE:
                return "1970-01-01";
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return stamp + "Z";
            default:
                return stamp;
        }
    }
}

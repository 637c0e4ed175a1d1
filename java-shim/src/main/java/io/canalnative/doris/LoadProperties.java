package io.canalnative.doris;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.apache.flink.table.api.ValidationException;

/**
 * The table's {@code sink.properties.*}: headers of a Stream Load (Doris: StreamLoadAction). Most are sent as they are; those that say what
 * the sink itself decides are checked here, and those that would break or lose rows are refused.
 */
final class LoadProperties implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final Map<String, String> REFUSED = new HashMap<>();

    static {
        REFUSED.put("label", "Labels are made by the sink; 'sink.label-prefix' begins them.");
        REFUSED.put("two_phase_commit", "Use 'sink.enable-2pc'.");
        REFUSED.put("merge_type", "Deletes are sent with the delete sign; see 'sink.enable-delete'.");
        REFUSED.put("delete", "Deletes are sent with the delete sign; see 'sink.enable-delete'.");
        REFUSED.put("hidden_columns", "The sink names the hidden columns that it writes.");
        REFUSED.put("jsonpaths", "The sink names its columns; rename them in the INSERT's query.");
        REFUSED.put("json_root", "The sink's bodies have no such member.");
        REFUSED.put("skip_lines", "It would lose rows.");
        REFUSED.put("where", "Filter in the INSERT's query.");
        REFUSED.put("authorization", "Use 'username' and 'password'.");
        REFUSED.put("expect", "The sink sets it.");
        REFUSED.put("content-length", "The sink sets it.");
        REFUSED.put("transfer-encoding", "The sink sets it.");
    }

    /** json, csv or arrow. */
    final String format;
    /** none, gz or lz4. */
    final String compression;
    /** Limit for one load, seconds. */
    final int timeoutSeconds;
    /** Rows go into Doris' own groups, where there are no labels. */
    final boolean groupCommit;
    /** Sent as headers, by name. */
    final TreeMap<String, String> headers;

    private LoadProperties(String format, String compression, int timeoutSeconds, TreeMap<String, String> headers) {
        this.format = format;
        this.compression = compression;
        this.timeoutSeconds = timeoutSeconds;
        this.headers = headers;
        this.groupCommit = !headers.getOrDefault("group_commit", "off_mode").equals("off_mode");
    }

    /**
     * @param options the table's options, by full name
     * @param columns the table's columns
     */
    static LoadProperties of(Map<String, String> options, List<String> columns) {
        TreeMap<String, String> headers = new TreeMap<>();
        options.forEach(
                (key, value) -> {
                    if (key.startsWith(DorisOptions.PROPERTIES)) {
                        headers.put(key.substring(DorisOptions.PROPERTIES.length()).toLowerCase(Locale.ROOT), value);
                    }
                });
        for (String name : headers.keySet()) {
            if (REFUSED.containsKey(name)) {
                throw refused(name, REFUSED.get(name));
            }
        }
        lossless(headers);
        columns(headers, columns);
        String format = choice(headers, "format", "json", "json", "csv", "arrow");
        // How the sink lays out its bodies is its own affair; whatever was set here for the official one fits no other.
        Arrays.asList("read_json_by_line", "strip_outer_array", "fuzzy_parse", "num_as_string", "trim_double_quotes", "empty_field_as_null")
                .forEach(headers::remove);
        String compression = choice(headers, "compress_type", "none", "none", "gz", "lz4");
        if (format.equals("arrow") && !compression.equals("none")) {
            throw refused("compress_type", "Doris does not unpack Arrow bodies; leave it out, or use 'json' or 'csv'.");
        }
        checkGroupCommit(headers.get("group_commit"));
        return new LoadProperties(format, compression, timeout(headers), headers);
    }

    private static ValidationException refused(String name, String remedy) {
        return new ValidationException(String.format("'%s%s' is not for this sink. %s", DorisOptions.PROPERTIES, name, remedy));
    }

    /** Takes out a property that the specification has a member for. */
    private static String choice(Map<String, String> headers, String name, String byDefault, String... values) {
        String value = headers.remove(name);
        if (value == null) {
            return byDefault;
        }
        String known = value.trim().toLowerCase(Locale.ROOT);
        if (!Arrays.asList(values).contains(known)) {
            throw unsupported(name, value, values);
        }
        return known;
    }

    private static void checkGroupCommit(String value) {
        String[] modes = {"sync_mode", "async_mode", "off_mode"};
        if (value != null && !Arrays.asList(modes).contains(value)) {
            throw unsupported("group_commit", value, modes);
        }
    }

    private static ValidationException unsupported(String name, String value, String... values) {
        return new ValidationException(
                String.format("Unsupported value '%s' for %s%s. Supported values are %s.", value, DorisOptions.PROPERTIES, name, Arrays.toString(values)));
    }

    /** Takes out what the sink always sends, and refuses the values that lose rows or columns silently. */
    private static void lossless(Map<String, String> headers) {
        String ratio = headers.remove("max_filter_ratio");
        if (ratio != null && !ratio.trim().matches("0(\\.0*)?")) {
            throw refused("max_filter_ratio", "It would lose rows silently. Use 'sink.bad-rows' = 'log' or 'table'.");
        }
        String strict = headers.remove("strict_mode");
        if (strict != null && !strict.trim().equals("true")) {
            throw refused("strict_mode", "Without it Doris turns bad values into NULL silently. Remove it, and CAST in the INSERT's query.");
        }
    }

    /** The sink sends every column of the table in Flink, so a list of columns must be that; it has nothing to add then. */
    private static void columns(Map<String, String> headers, List<String> columns) {
        String list = headers.remove("columns");
        if (list != null) {
            if (list.contains("=")) {
                throw refused("columns", "A list with expressions is not supported; compute values in the INSERT's query.");
            }
            HashSet<String> named = new HashSet<>();
            for (String name : list.split(",")) {
                named.add(name.trim().replace("`", ""));
            }
            named.remove("__DORIS_DELETE_SIGN__");
            if (!named.equals(new HashSet<>(columns))) {
                throw new ValidationException(
                        String.format("'%scolumns' = '%s' are not the table's columns %s. Declare in CREATE TABLE exactly the columns to be written.",
                                DorisOptions.PROPERTIES, list, columns));
            }
        }
        String sequence = headers.get("function_column.sequence_col");
        if (sequence != null && !columns.contains(sequence.trim())) {
            throw new ValidationException(
                    String.format("'%sfunction_column.sequence_col' names '%s', which is no column of the table. Its columns are %s.",
                            DorisOptions.PROPERTIES, sequence, columns));
        }
    }

    private static int timeout(Map<String, String> headers) {
        String text = headers.remove("timeout");
        if (text == null) {
            return 600;
        }
        try {
            int seconds = Integer.parseInt(text.trim());
            if (seconds > 0) {
                return seconds;
            }
        } catch (NumberFormatException e) {
            // Named below, with the values that are not positive.
        }
        throw new ValidationException(String.format("'%stimeout' = '%s' is not a number of seconds above 0.", DorisOptions.PROPERTIES, text));
    }
}

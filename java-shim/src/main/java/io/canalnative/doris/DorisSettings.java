package io.canalnative.doris;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.factories.FactoryUtil;

/** The checked values of a table's options. */
final class DorisSettings implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final Pattern ADDRESS = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:/\\s@]+):[0-9]{1,5}");
    private static final List<String> PROTOCOLS = Arrays.asList("http", "mysql", "thrift", "arrowflight");
    private static final MemorySize LEAST_MEMORY = MemorySize.ofMebiBytes(128);

    final TableName table;
    final ArrayList<String> fenodes;
    final ArrayList<String> benodes;
    final boolean autoRedirect;
    final String username;
    final Secret password;
    final TreeMap<String, String> hostRewrite;
    final long connectTimeoutMillis;
    final boolean tls;
    /** PEM file of authorities; empty for the system's. */
    final String tlsAuthorities;
    /** Whether a certificate may be for another host. */
    final boolean tlsAnyName;

    final LoadProperties properties;
    /** Exactly once; if not, flush mode. */
    final boolean twoPhase;
    final String labelPrefix;
    final boolean delete;
    final boolean ignoreUpdateBefore;
    final int maxRetries;
    final long checkMillis;
    final int maxRows;
    final long maxBytes;
    final long intervalMillis;
    final int inFlight;
    final long memoryBytes;
    final String binary;
    final BadRowPolicy badRows;
    /** Null but for {@link BadRowPolicy#TABLE}. */
    final TableName badRowsTable;
    /** Null for that of the rows before. */
    final Integer parallelism;

    /**
     * @param options the table's options without {@code sink.properties.*}
     * @param all every option of the table, by full name
     * @param columns the table's columns
     */
    DorisSettings(ReadableConfig options, Map<String, String> all, List<String> columns) {
        table = TableName.parse(DorisOptions.TABLE.key(), options.get(DorisOptions.TABLE));
        fenodes = addresses(DorisOptions.FENODES, options);
        benodes = addresses(DorisOptions.BENODES, options);
        autoRedirect = options.get(DorisOptions.AUTO_REDIRECT);
        username = options.get(DorisOptions.USERNAME);
        password = new Secret(options.get(DorisOptions.PASSWORD));
        hostRewrite = hostRewrite(options);
        connectTimeoutMillis = positive(DorisOptions.CONNECT_TIMEOUT, options.get(DorisOptions.CONNECT_TIMEOUT).toMillis());
        HashSet<String> withoutTls = withoutTls(options);
        tls = options.get(DorisOptions.TLS) && !withoutTls.contains("http");
        tlsAuthorities = options.getOptional(DorisOptions.TLS_CA).orElse("").trim();
        tlsAnyName = options.get(DorisOptions.TLS_SKIP_HOSTNAME);
        properties = LoadProperties.of(all, columns);
        twoPhase = twoPhase(options, properties.groupCommit);
        labelPrefix = options.get(DorisOptions.LABEL_PREFIX);
        delete = options.get(DorisOptions.DELETE);
        ignoreUpdateBefore = options.get(DorisOptions.IGNORE_UPDATE_BEFORE);
        maxRetries = notNegative(DorisOptions.MAX_RETRIES, options.get(DorisOptions.MAX_RETRIES));
        checkMillis = options.get(DorisOptions.CHECK_INTERVAL).toMillis();
        Long pause = under(DorisOptions.REAL_FLUSH_PAUSE, DorisOptions.FLUSH_INTERVAL, options);
        intervalMillis = pause == null ? options.get(DorisOptions.FLUSH_INTERVAL).toMillis() : Duration.ofSeconds(pause).toMillis();
        Integer batch = under(DorisOptions.INCREMENT_BATCH, DorisOptions.FLUSH_MAX_ROWS, options);
        maxRows = (int) positive(DorisOptions.FLUSH_MAX_ROWS, batch == null ? options.get(DorisOptions.FLUSH_MAX_ROWS) : batch);
        Long megabytes = under(DorisOptions.FLUSH_BATCH, DorisOptions.FLUSH_MAX_BYTES, options);
        maxBytes = positive(DorisOptions.FLUSH_MAX_BYTES, megabytes == null ? options.get(DorisOptions.FLUSH_MAX_BYTES).getBytes() : megabytes << 20);
        inFlight = notNegative(DorisOptions.QUEUE_SIZE, options.get(DorisOptions.QUEUE_SIZE)) + 1;
        memoryBytes = memory(options);
        binary = oneOf(options, DorisOptions.BINARY, "hex", "base64", "utf8");
        badRows = BadRowPolicy.valueOf(oneOf(options, DorisOptions.BAD_ROWS, "fail", "log", "table").toUpperCase(Locale.ROOT));
        badRowsTable = badRowsTable(options);
        parallelism = options.getOptional(FactoryUtil.SINK_PARALLELISM).orElse(null);
        check(options);
    }

    private void check(ReadableConfig options) {
        if (options.get(DorisOptions.IGNORE_COMMIT_ERROR)) {
            throw new ValidationException(
                    "'sink.ignore.commit-error' = 'true' would lose rows silently. Remove it: a transaction that Doris no longer knows fails the job, "
                            + "and the message names the load and the checkpoint to restore.");
        }
        if (parallelism != null && parallelism < 1) {
            throw new ValidationException("'sink.parallelism' = '" + parallelism + "' must be at least 1.");
        }
    }

    /** Names of protocols, as far as this sink is concerned only {@code http} has a meaning. */
    private static HashSet<String> withoutTls(ReadableConfig options) {
        HashSet<String> excluded = new HashSet<>();
        for (String part : options.getOptional(DorisOptions.TLS_EXCLUDED).orElse("").split(",")) {
            String protocol = part.trim().toLowerCase(Locale.ROOT);
            if (!protocol.isEmpty() && !PROTOCOLS.contains(protocol)) {
                throw new ValidationException(
                        String.format("'%s' has '%s'. Name protocols of %s, separated by commas.", DorisOptions.TLS_EXCLUDED.key(), part.trim(), PROTOCOLS));
            }
            excluded.add(protocol);
        }
        return excluded;
    }

    /** Two-phase commit unless another option says flush mode; both together are refused. */
    private static boolean twoPhase(ReadableConfig options, boolean groupCommit) {
        String flush = null;
        String mode = options.get(DorisOptions.WRITE_MODE).toUpperCase(Locale.ROOT).replace('-', '_');
        if (mode.equals("STREAM_LOAD_BATCH")) {
            flush = "'sink.write-mode' = 'STREAM_LOAD_BATCH'";
        } else if (!mode.equals("STREAM_LOAD")) {
            throw new ValidationException(
                    String.format("'sink.write-mode' = '%s' is not supported. Use STREAM_LOAD, which reaches every Doris.", options.get(DorisOptions.WRITE_MODE)));
        }
        if (options.get(DorisOptions.BATCH_MODE)) {
            flush = "'sink.enable.batch-mode' = 'true'";
        }
        if (groupCommit) {
            flush = "'sink.properties.group_commit'";
        }
        if (flush != null && options.getOptional(DorisOptions.TWO_PHASE).orElse(false)) {
            throw new ValidationException(
                    String.format("%s and 'sink.enable-2pc' = 'true' exclude each other: the first is at least once, the second exactly once. Remove one.", flush));
        }
        return flush == null && options.get(DorisOptions.TWO_PHASE);
    }

    private static ArrayList<String> addresses(ConfigOption<String> option, ReadableConfig options) {
        ArrayList<String> addresses = new ArrayList<>();
        for (String part : options.getOptional(option).orElse("").split(",")) {
            String address = part.trim();
            if (address.isEmpty()) {
                continue;
            }
            if (!ADDRESS.matcher(address).matches()) {
                // An address that begins with user:password@ must not get into a message.
                String shown = address.contains("@") ? "…" + address.substring(address.indexOf('@')) : address;
                throw new ValidationException(
                        String.format("'%s' has '%s', which is no address. Write host:port of the HTTP service, without a scheme, such as fe:8030.", option.key(), shown));
            }
            addresses.add(address);
        }
        if (addresses.isEmpty() && option == DorisOptions.FENODES) {
            throw new ValidationException("'fenodes' is empty. Name host:port of the front ends' HTTP service, such as fe:8030.");
        }
        return addresses;
    }

    private static TreeMap<String, String> hostRewrite(ReadableConfig options) {
        TreeMap<String, String> rewrite = new TreeMap<>();
        for (String part : options.getOptional(DorisOptions.HOST_REWRITE).orElse("").split(",")) {
            if (part.trim().isEmpty()) {
                continue;
            }
            String[] pair = part.split("=", -1);
            if (pair.length != 2 || pair[0].trim().isEmpty() || pair[1].trim().isEmpty()) {
                throw new ValidationException(
                        String.format("'%s' has '%s'. Write inner=outer, each a host or host:port, separated by commas.", DorisOptions.HOST_REWRITE.key(), part));
            }
            rewrite.put(pair[0].trim(), pair[1].trim());
        }
        return rewrite;
    }

    private long memory(ReadableConfig options) {
        Long megabytes = under(DorisOptions.TOTAL_MEMORY, DorisOptions.MEMORY, options);
        long memory =
                megabytes != null
                        ? megabytes << 20
                        : options.getOptional(DorisOptions.MEMORY).orElse(LEAST_MEMORY).getBytes();
        boolean stated = megabytes != null || options.getOptional(DorisOptions.MEMORY).isPresent();
        if (stated && memory < maxBytes) {
            throw new ValidationException(
                    String.format("'%s' is %d bytes, but '%s' lets one load have %d. Raise the first or lower the second.",
                            DorisOptions.MEMORY.key(), memory, DorisOptions.FLUSH_MAX_BYTES.key(), maxBytes));
        }
        return Math.max(memory, maxBytes);
    }

    private TableName badRowsTable(ReadableConfig options) {
        String name = options.getOptional(DorisOptions.BAD_ROWS_TABLE).orElse(null);
        if ((badRows == BadRowPolicy.TABLE) != (name != null)) {
            throw new ValidationException(
                    "'sink.bad-rows' = 'table' and 'sink.bad-rows.table' go together: the second names the table that bad rows are written to.");
        }
        return name == null ? null : TableName.parse(DorisOptions.BAD_ROWS_TABLE.key(), name);
    }

    /** The value under another product's name; null without one. Both names at once are refused. */
    private static <T> T under(ConfigOption<T> theirs, ConfigOption<?> ours, ReadableConfig options) {
        T value = options.getOptional(theirs).orElse(null);
        if (value != null && options.getOptional(ours).isPresent()) {
            throw new ValidationException(String.format("'%s' and '%s' are one option. Remove one of them.", theirs.key(), ours.key()));
        }
        if (value != null) {
            notNegative(theirs, ((Number) value).longValue());
        }
        return value;
    }

    private static long positive(ConfigOption<?> option, long value) {
        if (value < 1) {
            throw new ValidationException(String.format("'%s' is %d and must be at least 1.", option.key(), value));
        }
        return value;
    }

    private static long notNegative(ConfigOption<?> option, long value) {
        if (value < 0) {
            throw new ValidationException(String.format("'%s' is %d and must not be negative.", option.key(), value));
        }
        return value;
    }

    private static int notNegative(ConfigOption<?> option, int value) {
        return (int) notNegative(option, (long) value);
    }

    private static String oneOf(ReadableConfig options, ConfigOption<String> option, String... values) {
        String value = options.get(option);
        if (!Arrays.asList(values).contains(value)) {
            throw new ValidationException(
                    String.format("Unsupported value '%s' for %s. Supported values are %s.", value, option.key(), Arrays.toString(values)));
        }
        return value;
    }
}

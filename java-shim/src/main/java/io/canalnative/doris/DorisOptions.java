package io.canalnative.doris;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.table.factories.FactoryUtil;

/**
 * The options of a {@code doris-native} table. Names and defaults are those of the official connector (flink-doris-connector 25.0.0,
 * DorisConfigOptions) where they mean the same; the manual, docs/doris.md, lists where they do not.
 */
final class DorisOptions {

    /** {@code sink.properties.}: what follows is sent as a header of each Stream Load. */
    static final String PROPERTIES = "sink.properties.";

    static final ConfigOption<String> FENODES =
            text("fenodes", "Front ends, host:port of their HTTP service, separated by commas.");
    static final ConfigOption<String> BENODES =
            text("benodes", "Back ends to load into without asking a front end, host:port of their HTTP service, separated by commas.");
    static final ConfigOption<String> TABLE = text("table.identifier", "The table in Doris: database.table.");
    static final ConfigOption<String> USERNAME = text("username", "User of Doris, with LOAD and SELECT privilege on the table.");
    static final ConfigOption<String> PASSWORD =
            ConfigOptions.key("password").stringType().defaultValue("").withDescription("The user's password.");
    static final ConfigOption<String> JDBC_URL =
            text("jdbc-url", "Not needed: the table's columns are asked for over HTTP. Accepted for the official connector's sake.");
    static final ConfigOption<Boolean> AUTO_REDIRECT =
            flag("auto-redirect", true, "Whether front ends name the back end of each load; 'false' for those in 'benodes', or else those that a front end lists.");
    static final ConfigOption<Duration> CONNECT_TIMEOUT =
            ConfigOptions.key("doris.request.connect.timeout").durationType().defaultValue(Duration.ofSeconds(60))
                    .withDescription("Limit for a connection to be made.");
    static final ConfigOption<Boolean> TLS = flag("doris.enable.tls", false, "TLS to front ends and back ends; all traffic is HTTP.");
    static final ConfigOption<String> TLS_CA = text("doris.tls.ca-certificate-path", "PEM file of the authorities to trust, on each task manager; without it the system's.");
    static final ConfigOption<Boolean> TLS_SKIP_HOSTNAME =
            flag("doris.tls.skip-hostname-verification", false, "Whether a certificate may be for another host; it must be signed by an authority all the same.");
    static final ConfigOption<String> TLS_EXCLUDED =
            text("doris.tls.excluded-protocols", "Protocols without TLS, separated by commas: http, which is all that the sink uses, mysql, thrift, arrowflight.");

    static final ConfigOption<Boolean> TWO_PHASE =
            flag("sink.enable-2pc", true, "Exactly once by two-phase commit; 'false' for low latency, at least once.");
    static final ConfigOption<String> LABEL_PREFIX =
            ConfigOptions.key("sink.label-prefix").stringType().defaultValue("")
                    .withDescription("Begins each load's label, for people. Labels are unique without it.");
    static final ConfigOption<Boolean> DELETE =
            flag("sink.enable-delete", true, "'false' passes over deletes, and counts them.");
    static final ConfigOption<Boolean> IGNORE_UPDATE_BEFORE =
            flag("sink.ignore.update-before", false, "Take no row before an update; then an update that changes the key leaves the old row.");
    static final ConfigOption<Integer> MAX_RETRIES = number("sink.max-retries", 3, "Times a load is sent again, under the same label.");
    static final ConfigOption<Duration> CHECK_INTERVAL =
            ConfigOptions.key("sink.check-interval").durationType().defaultValue(Duration.ZERO)
                    .withDescription("How often a failed load is looked for while no row comes; 0 for at checkpoints only.");
    static final ConfigOption<Integer> FLUSH_MAX_ROWS = number("sink.buffer-flush.max-rows", 500_000, "Rows of one load.");
    static final ConfigOption<MemorySize> FLUSH_MAX_BYTES =
            memory("sink.buffer-flush.max-bytes", MemorySize.ofMebiBytes(100), "Bytes of one load, before compression.");
    static final ConfigOption<Duration> FLUSH_INTERVAL =
            ConfigOptions.key("sink.buffer-flush.interval").durationType().defaultValue(Duration.ofSeconds(10))
                    .withDescription("Without two-phase commit: how long a row waits at most; 0 for until the next checkpoint.");
    static final ConfigOption<Integer> QUEUE_SIZE =
            number("sink.flush.queue-size", 2, "Loads that are under way beside the next one.");
    static final ConfigOption<String> WRITE_MODE =
            ConfigOptions.key("sink.write-mode").stringType().defaultValue("STREAM_LOAD")
                    .withDescription("STREAM_LOAD, or STREAM_LOAD_BATCH for 'sink.enable-2pc' = 'false'.");
    static final ConfigOption<Boolean> BATCH_MODE =
            flag("sink.enable.batch-mode", false, "'true' is 'sink.enable-2pc' = 'false'.");
    static final ConfigOption<Boolean> IGNORE_COMMIT_ERROR = flag("sink.ignore.commit-error", false, "'true' is refused: it loses rows.");
    static final ConfigOption<Boolean> USE_CACHE = flag("sink.use-cache", false, "Without effect: a load's bytes are always kept until its outcome is known.");
    static final ConfigOption<MemorySize> BUFFER_SIZE = memory("sink.buffer-size", MemorySize.ofMebiBytes(1), "Without effect: see 'sink.memory'.");
    static final ConfigOption<Integer> BUFFER_COUNT = number("sink.buffer-count", 3, "Without effect: see 'sink.memory'.");
    static final ConfigOption<Boolean> UTF8_HEADERS = flag("sink.http-utf8-charset", false, "Without effect: headers are always UTF-8.");

    /** {@code sink.memory}: no default of its own; 128 MB, or {@code max-bytes} where that is more. */
    static final ConfigOption<MemorySize> MEMORY =
            ConfigOptions.key("sink.memory").memoryType().noDefaultValue()
                    .withDescription("Memory for the bodies of all loads of a subtask, outside the heap. 128 MB, or as much as one load may have.");
    static final ConfigOption<String> BINARY =
            ConfigOptions.key("sink.binary").stringType().defaultValue("hex")
                    .withDescription("How BINARY and VARBINARY become text, as Doris has no such type: 'hex', 'base64' or 'utf8'.");
    static final ConfigOption<String> BAD_ROWS =
            ConfigOptions.key("sink.bad-rows").stringType().defaultValue("fail")
                    .withDescription("What becomes of a row that cannot go into the table: 'fail' the job, 'log' it, or write it to a 'table'.");
    static final ConfigOption<String> BAD_ROWS_TABLE =
            text("sink.bad-rows.table", "database.table for bad rows, with 'sink.bad-rows' = 'table'.");
    static final ConfigOption<String> HOST_REWRITE =
            text("sink.host-rewrite", "Inner addresses that Doris redirects to, and what to use instead: inner=outer, separated by commas; host or host:port.");

    // CloudCanal's names (BladePipe, parameters of a Doris or StarRocks target).
    static final ConfigOption<Long> REAL_FLUSH_PAUSE =
            ConfigOptions.key("realFlushPauseSec").longType().noDefaultValue().withDescription("'sink.buffer-flush.interval', in seconds.");
    static final ConfigOption<Integer> INCREMENT_BATCH =
            ConfigOptions.key("increBatchSize").intType().noDefaultValue().withDescription("'sink.buffer-flush.max-rows'.");
    static final ConfigOption<Long> FLUSH_BATCH =
            ConfigOptions.key("flushBatchMb").longType().noDefaultValue().withDescription("'sink.buffer-flush.max-bytes', in MB.");
    static final ConfigOption<Long> TOTAL_MEMORY =
            ConfigOptions.key("totalDataInMemMb").longType().noDefaultValue().withDescription("'sink.memory', in MB.");

    /** Options for reading, which a table that was moved over may have; without effect, as in the official sink. */
    private static final String[] READING = {
        "doris.request.retries", "doris.request.read.timeout", "doris.request.query.timeout", "doris.request.tablet.size", "doris.batch.size",
        "doris.exec.mem.limit", "doris.deserialize.arrow.async", "doris.deserialize.queue.size", "doris.thrift.max.message.size", "doris.read.field",
        "doris.filter.query", "source.use-old-api", "source.use-flight-sql", "source.flight-sql-port", "source.scan.mode", "source.scan.timestamp",
        "source.binlog.increment-type", "source.binlog.poll-interval", "source.binlog.offset-table", "source.binlog.consumer-id",
        "lookup.cache.max-rows", "lookup.cache.ttl", "lookup.max-retries", "lookup.jdbc.async", "lookup.jdbc.read.batch.size",
        "lookup.jdbc.read.batch.queue-size", "lookup.jdbc.read.thread-size",
    };

    private DorisOptions() {}

    static Set<ConfigOption<?>> required() {
        return new LinkedHashSet<>(Arrays.asList(FENODES, TABLE, USERNAME));
    }

    static Set<ConfigOption<?>> optional() {
        Set<ConfigOption<?>> options = new LinkedHashSet<>();
        Collections.addAll(options, BENODES, PASSWORD, JDBC_URL, AUTO_REDIRECT, CONNECT_TIMEOUT, TLS, TLS_CA, TLS_SKIP_HOSTNAME, TLS_EXCLUDED);
        Collections.addAll(options, TWO_PHASE, LABEL_PREFIX, DELETE, IGNORE_UPDATE_BEFORE, MAX_RETRIES, CHECK_INTERVAL, FactoryUtil.SINK_PARALLELISM);
        Collections.addAll(options, FLUSH_MAX_ROWS, FLUSH_MAX_BYTES, FLUSH_INTERVAL, QUEUE_SIZE, WRITE_MODE, BATCH_MODE, IGNORE_COMMIT_ERROR);
        Collections.addAll(options, USE_CACHE, BUFFER_SIZE, BUFFER_COUNT, UTF8_HEADERS);
        Collections.addAll(options, MEMORY, BINARY, BAD_ROWS, BAD_ROWS_TABLE, HOST_REWRITE);
        Collections.addAll(options, REAL_FLUSH_PAUSE, INCREMENT_BATCH, FLUSH_BATCH, TOTAL_MEMORY);
        for (String key : READING) {
            options.add(text(key, "For reading; without effect."));
        }
        return options;
    }

    private static ConfigOption<String> text(String key, String description) {
        return ConfigOptions.key(key).stringType().noDefaultValue().withDescription(description);
    }

    private static ConfigOption<Boolean> flag(String key, boolean byDefault, String description) {
        return ConfigOptions.key(key).booleanType().defaultValue(byDefault).withDescription(description);
    }

    private static ConfigOption<Integer> number(String key, int byDefault, String description) {
        return ConfigOptions.key(key).intType().defaultValue(byDefault).withDescription(description);
    }

    private static ConfigOption<MemorySize> memory(String key, MemorySize byDefault, String description) {
        return ConfigOptions.key(key).memoryType().defaultValue(byDefault).withDescription(description);
    }
}

package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.TreeMap;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

/** The options' values, defaults and refusals. */
class DorisSettingsTest {

    private static DorisSettings settings(String... pairs) {
        return OrdersTable.settings(pairs);
    }

    private static String refusal(String... pairs) {
        String message = assertThrows(ValidationException.class, () -> settings(pairs), Arrays.toString(pairs)).getMessage();
        assertFalse(message.contains("s3cret"), message);
        return message;
    }

    private static void refused(String expected, String... pairs) {
        String message = refusal(pairs);
        assertTrue(message.contains(expected), message);
    }

    @Test
    void defaults() {
        DorisSettings settings = settings();
        assertEquals(Arrays.asList("fe1:8030", "fe2:8030"), settings.fenodes);
        assertEquals("shop.orders", settings.table.toString());
        assertTrue(settings.twoPhase && settings.delete && settings.autoRedirect);
        assertFalse(settings.ignoreUpdateBefore);
        assertEquals(Arrays.asList(500_000L, 100L << 20, 128L << 20, 10_000L, 60_000L, 0L),
                Arrays.asList((long) settings.maxRows, settings.maxBytes, settings.memoryBytes, settings.intervalMillis, settings.connectTimeoutMillis, settings.checkMillis));
        assertEquals(Arrays.asList(3, 3, 600), Arrays.asList(settings.maxRetries, settings.inFlight, settings.properties.timeoutSeconds));
        assertEquals(Arrays.asList("json", "none", "hex", ""), Arrays.asList(settings.properties.format, settings.properties.compression, settings.binary, settings.labelPrefix));
        assertEquals(BadRowPolicy.FAIL, settings.badRows);
        assertNull(settings.parallelism);
        assertEquals(Collections.emptyMap(), settings.properties.headers);
    }

    @Test
    void addressesAndNames() {
        assertEquals(Arrays.asList("10.0.0.1:8040", "[::1]:8040"), settings("benodes", " 10.0.0.1:8040 , [::1]:8040,").benodes);
        refused("'fenodes' has 'http://fe:8030', which is no address. Write host:port", "fenodes", "http://fe:8030");
        refused("'fenodes' has 'fe'", "fenodes", "fe");
        refused("'fenodes' has '…@fe:8030'", "fenodes", "root:s3cret@fe:8030");
        refused("'fenodes' is empty", "fenodes", " , ");
        for (String name : new String[] {"orders", "a.b.c", "`shop`.`orders`", ".orders", ""}) {
            refused("'table.identifier' = '" + name + "' is not the name of a table", "table.identifier", name);
        }
        assertEquals(new TreeMap<>(java.util.Map.of("10.0.0.7", "doris-1", "be:8040", "out:18040")), settings("sink.host-rewrite", "10.0.0.7=doris-1, be:8040 = out:18040").hostRewrite);
        refused("Write inner=outer", "sink.host-rewrite", "10.0.0.7");
        assertFalse(settings("auto-redirect", "false").autoRedirect);
        assertFalse(settings("auto-redirect", "false", "benodes", "be:8040").autoRedirect);
    }

    @Test
    void flushModeUnderEachOfItsNames() {
        assertFalse(settings("sink.enable-2pc", "false").twoPhase);
        String[][] names = {{"sink.write-mode", "stream_load_batch"}, {"sink.enable.batch-mode", "true"}, {"sink.properties.group_commit", "sync_mode"}};
        for (String[] name : names) {
            assertFalse(settings(name).twoPhase, name[0]);
            refused("and 'sink.enable-2pc' = 'true' exclude each other", name[0], name[1], "sink.enable-2pc", "true");
        }
        assertTrue(settings("sink.write-mode", "stream-load", "sink.properties.group_commit", "off_mode").twoPhase);
        refused("'sink.write-mode' = 'COPY' is not supported. Use STREAM_LOAD", "sink.write-mode", "COPY");
    }

    @Test
    void whatWouldLoseRowsOrSecretsIsRefused() {
        refused("would lose rows silently", "sink.ignore.commit-error", "true");
        assertFalse(settings().tls);
        assertTrue(settings("doris.enable.tls", "true").tls);
        assertTrue(settings("doris.enable.tls", "true", "doris.tls.excluded-protocols", "mysql,thrift").tls);
        assertFalse(settings("doris.enable.tls", "true", "doris.tls.excluded-protocols", "mysql, HTTP ,").tls);
        refused("'doris.tls.excluded-protocols' has 'https'. Name protocols of [http, mysql, thrift, arrowflight]", "doris.tls.excluded-protocols", "mysql,https");
        DorisSettings tls = settings("doris.enable.tls", "true", "doris.tls.ca-certificate-path", "/etc/ca.pem", "doris.tls.skip-hostname-verification", "true");
        assertEquals("/etc/ca.pem true", tls.tlsAuthorities + " " + tls.tlsAnyName);
    }

    @Test
    void sizesAndCounts() {
        assertEquals(200L << 20, settings("sink.buffer-flush.max-bytes", "200mb").memoryBytes);
        assertEquals(300L << 20, settings("sink.memory", "300mb").memoryBytes);
        refused("'sink.memory' is 10485760 bytes, but 'sink.buffer-flush.max-bytes' lets one load have 104857600", "sink.memory", "10mb");
        assertEquals(1, settings("sink.flush.queue-size", "0").inFlight);
        refused("'sink.flush.queue-size' is -1 and must not be negative", "sink.flush.queue-size", "-1");
        refused("'sink.max-retries' is -1", "sink.max-retries", "-1");
        refused("'sink.buffer-flush.max-rows' is 0 and must be at least 1", "sink.buffer-flush.max-rows", "0");
        refused("'sink.parallelism' = '0'", "sink.parallelism", "0");
        assertEquals(4, settings("sink.parallelism", "4").parallelism);
    }

    @Test
    void cloudCanalsNames() {
        DorisSettings settings = settings("realFlushPauseSec", "5", "increBatchSize", "1000", "flushBatchMb", "8", "totalDataInMemMb", "32");
        assertEquals(Arrays.asList(5000L, 1000L, 8L << 20, 32L << 20), Arrays.asList(settings.intervalMillis, (long) settings.maxRows, settings.maxBytes, settings.memoryBytes));
        refused("'realFlushPauseSec' and 'sink.buffer-flush.interval' are one option", "realFlushPauseSec", "5", "sink.buffer-flush.interval", "5s");
        refused("'flushBatchMb' is -1 and must not be negative", "flushBatchMb", "-1");
    }

    @Test
    void badRows() {
        assertEquals("shop.refused", settings("sink.bad-rows", "table", "sink.bad-rows.table", "shop.refused").badRowsTable.toString());
        refused("go together", "sink.bad-rows", "table");
        refused("go together", "sink.bad-rows.table", "shop.refused");
        refused("Unsupported value 'drop' for sink.bad-rows. Supported values are [fail, log, table].", "sink.bad-rows", "drop");
        refused("Unsupported value 'raw' for sink.binary", "sink.binary", "raw");
    }

    @Test
    void loadProperties() {
        LoadProperties csv =
                settings("sink.properties.format", "CSV", "sink.properties.column_separator", "\\x01", "sink.properties.compress_type", "gz",
                        "sink.properties.timeout", "1200", "sink.properties.read_json_by_line", "true", "sink.properties.strip_outer_array", "true",
                        "sink.properties.strict_mode", "true", "sink.properties.max_filter_ratio", "0.0", "sink.properties.partial_columns", "true",
                        "sink.properties.columns", "`id`, name,__DORIS_DELETE_SIGN__", "sink.properties.function_column.sequence_col", "id")
                        .properties;
        assertEquals(Arrays.asList("csv", "gz"), Arrays.asList(csv.format, csv.compression));
        assertEquals(1200, csv.timeoutSeconds);
        assertEquals("{column_separator=\\x01, function_column.sequence_col=id, partial_columns=true}", csv.headers.toString());
        refused("Unsupported value 'parquet' for sink.properties.format. Supported values are [json, csv, arrow].", "sink.properties.format", "parquet");
        assertEquals("lz4", settings("sink.properties.compress_type", "LZ4").properties.compression);
        refused("Doris does not unpack Arrow bodies", "sink.properties.compress_type", "lz4", "sink.properties.format", "arrow");
        refused("Unsupported value 'lz4_block' for sink.properties.compress_type", "sink.properties.compress_type", "lz4_block");
        refused("Unsupported value 'on' for sink.properties.group_commit", "sink.properties.group_commit", "on");
        refused("'sink.properties.timeout' = '10m' is not a number of seconds above 0", "sink.properties.timeout", "10m");
    }

    @Test
    void loadPropertiesThatAreTheSinksOwnAreRefused() {
        for (String name : new String[] {"label", "two_phase_commit", "merge_type", "delete", "hidden_columns", "jsonpaths", "json_root", "skip_lines",
            "where", "Authorization", "Expect"}) {
            refused("'sink.properties." + name.toLowerCase(java.util.Locale.ROOT) + "' is not for this sink.", "sink.properties." + name, "s3cret");
        }
        refused("It would lose rows silently", "sink.properties.max_filter_ratio", "0.1");
        refused("bad values into NULL silently", "sink.properties.strict_mode", "false");
        refused("A list with expressions", "sink.properties.columns", "id,name,v=to_bitmap(name)");
        refused("'sink.properties.columns' = 'id' are not the table's columns [id, name]", "sink.properties.columns", "id");
        refused("names 'version', which is no column of the table. Its columns are [id, name].", "sink.properties.function_column.sequence_col", "version");
    }

    @Test
    void thePasswordIsKeptAndNotShown() throws Exception {
        DorisSettings copy = InstantiationUtil.clone(settings());
        assertEquals("s3cret", copy.password.reveal());
        assertEquals("***", copy.password.toString());
        assertEquals("", OrdersTable.settings("password", "").password.reveal());
    }
}

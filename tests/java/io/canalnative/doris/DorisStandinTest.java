package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import io.canalnative.differential.TestData;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SQL jobs that write by the native library to a Doris that keeps state. */
class DorisStandinTest {

    private static final String PRODUCTS =
            "CREATE TABLE shop.products (id BIGINT NOT NULL, name VARCHAR(80) NULL, weight DECIMAL(10, 2) NULL) UNIQUE KEY(id) "
                    + "DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')";

    private Standin doris;
    private StreamTableEnvironment tables;

    @BeforeEach
    void start() throws Exception {
        doris = new Standin();
        doris.sql("information_schema", "CREATE DATABASE shop");
        open();
    }

    @AfterEach
    void stop() throws Exception {
        doris.close();
    }

    private void open(String... settings) {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "none");
        for (int i = 0; i < settings.length; i += 2) {
            configuration.setString(settings[i], settings[i + 1]);
        }
        StreamExecutionEnvironment jobs = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        jobs.setParallelism(1);
        tables = StreamTableEnvironment.create(jobs, EnvironmentSettings.newInstance().inStreamingMode().build());
    }

    private void sink(String columns, String... options) {
        TreeMap<String, String> all = new TreeMap<>();
        all.put("connector", "doris-native");
        all.put("fenodes", doris.frontEnds());
        all.put("table.identifier", "shop.products");
        all.put("username", Standin.USER);
        all.put("password", Standin.PASSWORD);
        for (int i = 0; i < options.length; i += 2) {
            all.put(options[i], options[i + 1]);
        }
        String with = all.entrySet().stream().map(e -> "'" + e.getKey() + "' = '" + e.getValue() + "'").collect(Collectors.joining(", "));
        tables.executeSql("CREATE TABLE doris_products (" + columns + ") WITH (" + with + ")");
    }

    /** The quickstart's Canal messages: inserts, updates and a delete. */
    private void messages() {
        Path file = TestData.path("quickstart/products.jsonl");
        tables.executeSql(
                "CREATE TABLE messages (id BIGINT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '"
                        + file + "', 'format' = 'canal-json')");
    }

    private List<String> rows(String select) throws Exception {
        return doris.sql("shop", select).stream().map(Object::toString).collect(Collectors.toList());
    }

    private long count(String state) throws Exception {
        JsonNode all = doris.transactions();
        JsonNode list = all.isArray() ? all : all.elements().next();
        return StreamSupport.stream(list.spliterator(), false).filter(one -> one.toString().contains('"' + state + '"')).count();
    }

    private static final List<String> LEFT =
            Arrays.asList(
                    "[101, scooter, 3.14]", "[102, battery, 8.40]", "[103, 12-pack drill bits, 0.80]", "[104, hammer, 0.75]", "[105, hammer, 0.88]",
                    "[106, hammer, 1.00]", "[107, rocks, 5.10]", "[108, jacket, 0.10]", "[109, spare tire, null]", "[110, jacket, 0.50]",
                    "[112, scooter, 6.02]");

    @Test
    void canalMessagesEndAsTheRowsOfTheSourcesTable() throws Exception {
        for (String[] mode : new String[][] {{}, {"sink.enable-2pc", "false"}, {"sink.properties.format", "csv"}, {"sink.properties.format", "arrow"}, {"sink.properties.compress_type", "gz"},
            {"sink.properties.compress_type", "lz4", "sink.properties.format", "csv"}, {"auto-redirect", "false"}}) {
            open();
            doris.sql("shop", "DROP TABLE IF EXISTS products");
            doris.sql("shop", PRODUCTS);
            messages();
            sink("id BIGINT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED", mode);
            tables.executeSql("INSERT INTO doris_products SELECT * FROM messages").await();
            assertEquals(LEFT, rows("SELECT id, name, weight FROM products ORDER BY id"), Arrays.toString(mode));
            assertEquals(0, count("PRECOMMITTED"), Arrays.toString(mode));
        }
    }

    @Test
    void everythingIsEncrypted(@TempDir Path folder) throws Exception {
        doris.close();
        doris = new Standin(folder);
        doris.sql("information_schema", "CREATE DATABASE shop");
        String[] trusting = {"doris.enable.tls", "true", "doris.tls.ca-certificate-path", folder.resolve("ca.pem").toString()};
        for (String[] mode : new String[][] {{}, {"auto-redirect", "false"}}) {
            open();
            doris.sql("shop", "DROP TABLE IF EXISTS products");
            doris.sql("shop", PRODUCTS);
            messages();
            sink("id BIGINT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED", Stream.of(trusting, mode).flatMap(Stream::of).toArray(String[]::new));
            tables.executeSql("INSERT INTO doris_products SELECT * FROM messages").await();
            assertEquals(LEFT, rows("SELECT id, name, weight FROM products ORDER BY id"), Arrays.toString(mode));
        }
        open();
        messages();
        sink("id BIGINT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED", "doris.enable.tls", "true");
        Exception e = assertThrows(Exception.class, () -> tables.executeSql("INSERT INTO doris_products SELECT * FROM messages").await());
        assertTrue(causes(e).contains("'doris.tls.ca-certificate-path'"), causes(e));
    }

    @Test
    void aChangedKeyLeavesNoOldRow() throws Exception {
        doris.sql("shop", PRODUCTS);
        sink("id BIGINT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED");
        // Each total replaces the one before, and is the key.
        tables.executeSql(
                        "INSERT INTO doris_products SELECT n * 10, 'total', CAST(NULL AS DECIMAL(10, 2)) FROM (SELECT SUM(v) AS n FROM (VALUES (1), (2), (3)) AS t(v))")
                .await();
        assertEquals(Arrays.asList("[60, total, null]"), rows("SELECT id, name, weight FROM products ORDER BY id"));
    }

    @Test
    void aRowThatDorisWouldCutIsNamedBeforeItIsSent() throws Exception {
        doris.sql("shop", PRODUCTS.replace("VARCHAR(80)", "VARCHAR(3)"));
        messages();
        sink("id BIGINT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED");
        Exception e = assertThrows(Exception.class, () -> tables.executeSql("INSERT INTO doris_products SELECT * FROM messages").await());
        String text = causes(e);
        assertTrue(text.contains("'name'") || text.contains("`name`") || text.contains("column name"), text);
        assertTrue(text.contains("scooter"), text);
        assertFalse(text.contains(Standin.PASSWORD), text);
        assertEquals(Arrays.asList("[0]"), rows("SELECT count(*) FROM products"));
    }

    @Test
    void aMissingTableIsNamedWithTheRemedy() throws Exception {
        messages();
        sink("id BIGINT, name STRING, weight DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED");
        Exception e = assertThrows(Exception.class, () -> tables.executeSql("INSERT INTO doris_products SELECT * FROM messages").await());
        assertTrue(causes(e).contains("Doris has no table `products` in database `shop`"), causes(e));
    }

    @Test
    void lostAnswersLoseAndDoubleNothing() throws Exception {
        doris.sql("shop", PRODUCTS.replace("UNIQUE", "DUPLICATE"));
        for (String fault : new String[] {"cut_before_answer", "cut_in_body", "cut_after_2pc", "too_many_versions"}) {
            doris.fault("{\"name\": \"" + fault + "\", \"count\": 1}");
        }
        open("execution.checkpointing.interval", "200ms");
        tables.executeSql(
                "CREATE TABLE numbers (id BIGINT, name STRING, weight DECIMAL(10, 2)) WITH ('connector' = 'datagen', 'number-of-rows' = '2000', "
                        + "'rows-per-second' = '1000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '2000', 'fields.name.length' = '5', "
                        + "'fields.weight.min' = '0', 'fields.weight.max' = '99')");
        sink("id BIGINT, name STRING, weight DECIMAL(10, 2)");
        tables.executeSql("INSERT INTO doris_products SELECT * FROM numbers").await();
        assertEquals(Arrays.asList("[2000, 2000]"), rows("SELECT count(*), count(DISTINCT id) FROM products"));
        assertEquals(0, count("PRECOMMITTED"));
    }

    private static String causes(Throwable e) {
        StringBuilder all = new StringBuilder();
        for (; e != null; e = e.getCause()) {
            all.append(e.getMessage()).append('\n');
        }
        return all.toString();
    }
}

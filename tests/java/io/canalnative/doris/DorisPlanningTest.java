package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.utils.TypeConversions;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the planner makes of doris-native tables. */
class DorisPlanningTest {

    private StreamExecutionEnvironment jobs;
    private StreamTableEnvironment tables;

    @BeforeEach
    void environment() {
        open(new Configuration());
    }

    private void open(Configuration configuration) {
        jobs = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        tables = StreamTableEnvironment.create(jobs, EnvironmentSettings.newInstance().inStreamingMode().build());
        tables.executeSql("CREATE TABLE endless (id BIGINT, name STRING) WITH ('connector' = 'datagen')");
    }

    private static String with(Map<String, String> options) {
        return options.entrySet().stream().map(e -> "'" + e.getKey() + "' = '" + e.getValue() + "'").collect(Collectors.joining(", ", " WITH ('connector' = 'doris-native', ", ")"));
    }

    private void create(String columns, String... options) {
        tables.executeSql("CREATE TABLE orders (" + columns + ")" + with(OrdersTable.options(options)));
    }

    /** The message of the innermost cause. */
    private static String refusal(org.junit.jupiter.api.function.Executable action) {
        Throwable cause = assertThrows(Exception.class, action);
        StringBuilder all = new StringBuilder();
        for (; cause != null; cause = cause.getCause()) {
            all.append(cause.getMessage()).append('\n');
        }
        assertFalse(all.toString().contains("s3cret"), all.toString());
        return all.toString();
    }

    private static DorisTableSink sink(String... options) {
        return new DorisTableSink(OrdersTable.settings(options), TypeConversions.fromLogicalToDataType(OrdersTable.COLUMNS), new int[] {0}, OrdersTable.zone("UTC"));
    }

    @Test
    void theRowBeforeAnUpdateIsAskedForUnlessItHasNoUse() {
        ChangelogMode upserts =
                ChangelogMode.newBuilder().addContainedKind(RowKind.INSERT).addContainedKind(RowKind.UPDATE_AFTER).addContainedKind(RowKind.DELETE).build();
        assertEquals(ChangelogMode.all(), sink().getChangelogMode(ChangelogMode.all()));
        assertEquals(upserts, sink("sink.ignore.update-before", "true").getChangelogMode(ChangelogMode.all()));
        assertEquals(upserts, sink("sink.enable-delete", "false").getChangelogMode(ChangelogMode.all()));
        DorisTableSink sink = sink();
        assertEquals("doris-native shop.orders", sink.asSummaryString());
        assertEquals(sink.asSummaryString(), sink.copy().asSummaryString());
    }

    @Test
    void anUpdatingQueryIsPlannedWithTheRowBefore() {
        create("id BIGINT PRIMARY KEY NOT ENFORCED, name STRING");
        String insert = "INSERT INTO orders SELECT id, MAX(name) FROM endless GROUP BY id";
        jobs.enableCheckpointing(1000);
        String plan = tables.explainSql(insert, org.apache.flink.table.api.ExplainDetail.CHANGELOG_MODE);
        assertTrue(plan.contains("changelogMode=[I,UB,UA]"), plan);
        tables.executeSql("ALTER TABLE orders SET ('sink.ignore.update-before' = 'true')");
        plan = tables.explainSql(insert, org.apache.flink.table.api.ExplainDetail.CHANGELOG_MODE);
        assertFalse(plan.contains("changelogMode=[I,UB,UA]"), plan);
    }

    @Test
    void optionsAreCheckedBeforeAJobStarts() {
        create("id BIGINT, name STRING", "sink.properties.label", "mine");
        assertTrue(refusal(() -> tables.explainSql("INSERT INTO orders VALUES (1, 'a')")).contains("'sink.properties.label' is not for this sink."));
        tables.executeSql("ALTER TABLE orders RESET ('sink.properties.label')");
        tables.executeSql("ALTER TABLE orders SET ('sink.paralellism' = '2')");
        assertTrue(refusal(() -> tables.explainSql("INSERT INTO orders VALUES (1, 'a')")).contains("sink.paralellism"));
        tables.executeSql("ALTER TABLE orders RESET ('sink.paralellism', 'username')");
        assertTrue(refusal(() -> tables.explainSql("INSERT INTO orders VALUES (1, 'a')")).contains("username"));
    }

    @Test
    void aMovedTableKeepsItsOptionsForReading() {
        create("id BIGINT, name STRING", "doris.batch.size", "1024", "lookup.cache.ttl", "10s", "source.use-old-api", "false", "doris.request.retries", "3", "jdbc-url", "jdbc:mysql://fe:9030");
        tables.explainSql("INSERT INTO orders VALUES (1, 'a')");
    }

    @Test
    void typesThatDorisHasNot() {
        DataType span = DataTypes.ROW(DataTypes.FIELD("a", DataTypes.ARRAY(DataTypes.INTERVAL(DataTypes.DAY()))));
        assertTrue(
                refusal(() -> new DorisTableSink(OrdersTable.settings(), span, new int[0], OrdersTable.zone("UTC")))
                        .contains("Column 'a' of the table for shop.orders has type ARRAY<INTERVAL DAY(2)>, for which Doris has none. CAST it"));
        create("id BIGINT, __DORIS_DELETE_SIGN__ TINYINT");
        assertTrue(refusal(() -> tables.explainSql("INSERT INTO orders VALUES (1, CAST(0 AS TINYINT))")).contains("is the sink's own to set"));
    }

    @Test
    void cannotBeRead() {
        create("id BIGINT, name STRING");
        String expected = "default_catalog.default_database.orders cannot be read: 'connector' = 'doris-native' only writes";
        assertTrue(refusal(() -> tables.explainSql("SELECT * FROM orders")).contains(expected));
        tables.executeSql("CREATE VIEW timed AS SELECT id, PROCTIME() AS seen FROM endless");
        String lookup = "SELECT t.id, o.name FROM timed AS t JOIN orders FOR SYSTEM_TIME AS OF t.seen AS o ON t.id = o.id";
        assertTrue(refusal(() -> tables.explainSql(lookup)).contains(expected));
    }

    @Test
    void anEndlessJobWithoutCheckpointsIsRefused() {
        create("id BIGINT PRIMARY KEY NOT ENFORCED, name STRING");
        String insert = "INSERT INTO orders SELECT * FROM endless";
        String message = refusal(() -> plan(insert));
        assertTrue(message.contains("Nothing would ever be visible in shop.orders") && message.contains("'execution.checkpointing.interval'"), message);
        environment();
        create("id BIGINT PRIMARY KEY NOT ENFORCED, name STRING", "sink.enable-2pc", "false");
        plan(insert);
    }

    @Test
    void checkpointsOrAnEndMakeRowsVisible() {
        create("id BIGINT PRIMARY KEY NOT ENFORCED, name STRING", "sink.parallelism", "3");
        plan("INSERT INTO orders VALUES (1, 'a')");
        tables.executeSql("CREATE TABLE ends (id BIGINT, name STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '5')");
        plan("INSERT INTO orders SELECT * FROM ends");
        jobs.enableCheckpointing(1000);
        plan("INSERT INTO orders SELECT * FROM endless");
    }

    /** Plans a job as far as it goes without a cluster. */
    private org.apache.flink.streaming.api.graph.StreamGraph plan(String insert) {
        tables.createStatementSet().addInsertSql(insert).attachAsDataStream();
        return jobs.getStreamGraph();
    }

    @Test
    void parallelismAndOperators() {
        create("id BIGINT PRIMARY KEY NOT ENFORCED, name STRING", "sink.parallelism", "3");
        TreeSet<String> operators = new TreeSet<>();
        plan("INSERT INTO orders VALUES (1, 'a')").getStreamNodes().stream()
                .filter(node -> node.getOperatorName().contains("Writer") || node.getOperatorName().contains("Committer"))
                .forEach(node -> operators.add(node.getOperatorName().replaceAll(".*: ", "") + " " + node.getParallelism()));
        assertEquals("[Committer 3, Writer 3]", operators.toString());
    }

    @Test
    void theSinkIsSerializableOnThisLine() throws Exception {
        DorisSink copy = InstantiationUtil.clone(FlinkLine.sink(OrdersTable.target(), NativeDorisBackend.INSTANCE));
        assertEquals("doris-native shop.orders", copy.toString());
        boolean initContext = DorisPlanningTest.class.getClassLoader().getResource("org/apache/flink/api/connector/sink2/Sink$InitContext.class") != null;
        assertEquals(initContext ? "DorisSinkOfFlink1" : "DorisSinkOfFlink2", copy.getClass().getSimpleName());
    }
}

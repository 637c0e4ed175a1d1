package io.canalnative.official;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.canalnative.doris.Standin;
import org.apache.doris.flink.cfg.DorisExecutionOptions;
import org.apache.doris.flink.cfg.DorisOptions;
import org.apache.doris.flink.cfg.DorisReadOptions;
import org.apache.doris.flink.sink.DorisSink;
import org.apache.doris.flink.sink.writer.serializer.RowDataSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * Ten rows through the official connector's jar into the stand-in, in three groups with a checkpoint between them. Row i has the
 * id i mod 5 and the name n{i}; it is a DELETE where i mod 4 is 3.
 */
@Timeout(120)
abstract class AgainstStandin {

    static final String UNIQUE = "UNIQUE KEY(id)";
    static final String DUPLICATE = "DUPLICATE KEY(id)";
    /** The groups of {@link Numbers}; the loads of a job with checkpoints. */
    static final int[] GROUPS = {5, 8, 10};
    /** What the rows and their deletes leave in a unique table. */
    static final List<String> LEFT = Arrays.asList("[0, n5]", "[1, n6]", "[3, n8]", "[4, n9]");
    /** What is in a duplicate table, where deletes are off: the official connector inserts them. */
    static final List<String> ALL =
            Arrays.asList("[0, n0]", "[0, n5]", "[1, n1]", "[1, n6]", "[2, n2]", "[2, n7]", "[3, n3]", "[3, n8]", "[4, n4]", "[4, n9]");

    Standin doris;

    @BeforeEach
    final void start() throws Exception {
        doris = new Standin();
        doris.sql("information_schema", "CREATE DATABASE db1");
        table(UNIQUE);
    }

    @AfterEach
    final void stop() throws Exception {
        doris.close();
    }

    final void table(String keys) throws Exception {
        doris.sql("db1", "DROP TABLE IF EXISTS t1");
        doris.sql("db1", "CREATE TABLE t1 (id INT, name VARCHAR(20)) " + keys + " DISTRIBUTED BY HASH(id) BUCKETS 1");
    }

    static Configuration settings(String... pairs) {
        Configuration settings = new Configuration();
        settings.setString("rest.port", "0");
        settings.setString("restart-strategy.type", "none");
        settings.setString("execution.checkpointing.interval", "100ms");
        for (int i = 0; i < pairs.length; i += 2) {
            settings.setString(pairs[i], pairs[i + 1]);
        }
        return settings;
    }

    static StreamExecutionEnvironment environment(Configuration settings) {
        StreamExecutionEnvironment jobs = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        jobs.setParallelism(1);
        return jobs;
    }

    static RowData row(int i) {
        GenericRowData row = GenericRowData.of(i % 5, StringData.fromString("n" + i));
        row.setRowKind(i % 4 == 3 ? RowKind.DELETE : RowKind.INSERT);
        return row;
    }

    DorisOptions connection(boolean autoRedirect) {
        return DorisOptions.builder().setFenodes(doris.frontEnds()).setTableIdentifier("db1.t1").setUsername(Standin.USER)
                .setPassword(Standin.PASSWORD).setAutoRedirect(autoRedirect).build();
    }

    /** The DataStream sink; {@code deletes} as the execution options have it. */
    DorisSink<RowData> sink(DorisExecutionOptions.Builder options, String labelPrefix, boolean deletes, boolean autoRedirect, String... load) {
        Properties properties = new Properties();
        for (int i = 0; i < load.length; i += 2) {
            properties.setProperty(load[i], load[i + 1]);
        }
        boolean json = "json".equals(properties.getProperty("format"));
        if (json) {
            properties.setProperty("read_json_by_line", "true");
        } else {
            properties.setProperty("column_separator", "\\x01");
            properties.setProperty("line_delimiter", "\\x02");
        }
        RowDataSerializer rows = RowDataSerializer.builder().setFieldNames(new String[] {"id", "name"})
                .setFieldType(new DataType[] {DataTypes.INT(), DataTypes.VARCHAR(20)}).setType(json ? "json" : "csv")
                .setFieldDelimiter("\001").enableDelete(deletes).build();
        DorisSink.Builder<RowData> sink = DorisSink.builder();
        return sink.setDorisOptions(connection(autoRedirect)).setDorisReadOptions(DorisReadOptions.builder().build())
                .setDorisExecutionOptions(options.setLabelPrefix(labelPrefix).setStreamLoadProp(properties).setDeletable(deletes).build())
                .setSerializer(rows).build();
    }

    DorisSink<RowData> sink(DorisExecutionOptions.Builder options, boolean deletes, boolean autoRedirect, String... load) {
        return sink(options, "lp", deletes, autoRedirect, load);
    }

    /** A job of the ten rows. */
    StreamExecutionEnvironment tenRows(Configuration settings, DorisSink<RowData> sink) {
        StreamExecutionEnvironment jobs = environment(settings);
        source(jobs, new Numbers(false, GROUPS)).map(AgainstStandin::row).returns(RowData.class).sinkTo(sink);
        return jobs;
    }

    @SuppressWarnings("deprecation") // see Numbers
    static DataStream<Integer> source(StreamExecutionEnvironment jobs, Numbers numbers) {
        return jobs.addSource(numbers).uid("numbers");
    }

    /** Messages of the failure that ends the job, outermost first. */
    static String failure(JobClient job) throws Exception {
        try {
            job.getJobExecutionResult().get();
        } catch (Exception e) {
            StringBuilder all = new StringBuilder();
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                all.append(cause.getMessage()).append('\n');
            }
            return all.toString();
        }
        throw new AssertionError("the job succeeded");
    }

    List<String> stored() throws Exception {
        return doris.sql("db1", "SELECT id, name FROM t1 ORDER BY id, name").stream().map(Object::toString).collect(Collectors.toList());
    }

    private List<JsonNode> loads(Predicate<JsonNode> which) throws Exception {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode load : doris.admin("GET", "/loads", null).get("loads")) {
            if (which.test(load)) {
                found.add(load);
            }
        }
        return found;
    }

    /** Labels of the loads with rows, in order, and what came of their transactions. */
    List<String> labels() throws Exception {
        return loads(load -> load.get("total").asInt() > 0).stream().map(load -> load.get("label").asText() + " " + load.get("outcome").asText())
                .collect(Collectors.toList());
    }

    /** Rows of each load that succeeded and had any, in order. */
    List<Integer> loaded() throws Exception {
        return loads(load -> load.get("loaded").asInt() > 0).stream().map(load -> load.get("loaded").asInt()).collect(Collectors.toList());
    }

    /** Number of requests of a kind. */
    int counter(String name) throws Exception {
        return doris.admin("GET", "/loads?counters", null).get("counters").path(name).asInt();
    }

    /** How many transactions are in each state now. */
    TreeMap<String, Integer> states() throws Exception {
        TreeMap<String, Integer> states = new TreeMap<>();
        doris.transactions().forEach(one -> states.merge(one.get("state").asText(), 1, Integer::sum));
        return states;
    }

    void assertStates(int visible, int aborted) throws Exception {
        TreeMap<String, Integer> expected = new TreeMap<>();
        expected.put("VISIBLE", visible);
        if (aborted > 0) {
            expected.put("ABORTED", aborted);
        }
        assertEquals(expected, states());
    }

    static void assertMatches(String pattern, String text) {
        assertTrue(text.matches(pattern), () -> text + " is not " + pattern);
    }
}

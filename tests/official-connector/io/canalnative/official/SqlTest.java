package io.canalnative.official;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.canalnative.doris.Standin;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** The official connector by {@code CREATE TABLE … WITH ('connector' = 'doris')}. */
class SqlTest extends AgainstStandin {

    private void insert(String... options) throws Exception {
        StreamExecutionEnvironment jobs = environment(settings("table.exec.sink.upsert-materialize", "NONE"));
        StreamTableEnvironment tables = StreamTableEnvironment.create(jobs);
        DataStream<Row> rows = source(jobs, new Numbers(false, GROUPS))
                .map(i -> Row.ofKind(i % 4 == 3 ? RowKind.DELETE : RowKind.INSERT, i % 5, "n" + i))
                .returns(Types.ROW_NAMED(new String[] {"id", "name"}, Types.INT, Types.STRING));
        Schema columns = Schema.newBuilder().column("id", DataTypes.INT()).column("name", DataTypes.STRING()).build();
        ChangelogMode kinds = ChangelogMode.newBuilder().addContainedKind(RowKind.INSERT).addContainedKind(RowKind.DELETE).build();
        tables.createTemporaryView("numbers", tables.fromChangelogStream(rows, columns, kinds));
        TreeMap<String, String> all = new TreeMap<>();
        all.put("connector", "doris");
        all.put("fenodes", doris.frontEnds());
        all.put("table.identifier", "db1.t1");
        all.put("username", Standin.USER);
        all.put("password", Standin.PASSWORD);
        all.put("sink.label-prefix", "lp");
        for (int i = 0; i < options.length; i += 2) {
            all.put(options[i], options[i + 1]);
        }
        String with = all.entrySet().stream().map(e -> "'" + e.getKey() + "' = '" + e.getValue() + "'").collect(Collectors.joining(", "));
        tables.executeSql("CREATE TABLE doris_t1 (id INT, name STRING) WITH (" + with + ")");
        tables.executeSql("INSERT INTO doris_t1 SELECT id, name FROM numbers").await();
    }

    @Test
    void twoPhases() throws Exception {
        insert("sink.enable-2pc", "true", "sink.properties.format", "json", "sink.properties.read_json_by_line", "true");
        assertEquals(LEFT, stored());
        assertEquals(Arrays.asList(5, 3, 2), loaded());
        assertStates(3, 1);
    }

    @Test
    void aUniqueTableByDefault() throws Exception {
        insert("sink.properties.format", "json", "sink.properties.read_json_by_line", "true");
        assertEquals(LEFT, stored());
        assertStates(3, 0);
        assertEquals(0, counter("2pc.commit"));
    }

    @Test
    void aDuplicateTableByDefault() throws Exception {
        table(DUPLICATE);
        insert("sink.properties.format", "json", "sink.properties.read_json_by_line", "true");
        assertEquals(ALL, stored());
        assertStates(3, 1);
        assertEquals(3, counter("2pc.commit"));
    }

    @Test
    void onePhaseCsv() throws Exception {
        insert("sink.enable-2pc", "false", "sink.properties.format", "csv", "sink.properties.column_separator", "\\x01",
                "sink.properties.line_delimiter", "\\x02");
        assertEquals(LEFT, stored());
        assertStates(3, 0);
    }

    @Test
    void batchModeCsv() throws Exception {
        insert("sink.enable.batch-mode", "true", "sink.buffer-flush.interval", "10min", "sink.properties.format", "csv",
                "sink.properties.column_separator", "\\x01", "sink.properties.line_delimiter", "\\x02");
        assertEquals(LEFT, stored());
        assertEquals(Arrays.asList(5, 3, 2), loaded());
        assertStates(3, 0);
    }
}

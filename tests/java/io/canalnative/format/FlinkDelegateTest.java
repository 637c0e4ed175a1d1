package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that Flink's codec decodes for us, under canal semantics. */
class FlinkDelegateTest {

    private static final DataType TYPE =
            DataTypes.ROW(
                    DataTypes.FIELD("id", DataTypes.BIGINT()),
                    DataTypes.FIELD("name", DataTypes.STRING()),
                    DataTypes.FIELD("ok", DataTypes.BOOLEAN()),
                    DataTypes.FIELD("raw", DataTypes.BYTES()));

    private static final DecodingOptions OPTIONS = new DecodingOptions(null, null, false, false, false, DdlHandling.SKIP, ZeroDate.FAIL);

    private final DecoderMetrics metrics = new DecoderMetrics();
    private DeserializationSchema<RowData> stock;

    @BeforeEach
    void openStock() throws Exception {
        stock = stock(null, null);
    }

    private static DeserializationSchema<RowData> stock(String database, String table) throws Exception {
        DecodingOptions options = new DecodingOptions(database, table, false, false, false, DdlHandling.SKIP, ZeroDate.FAIL);
        ProjectableDecodingFormat<DeserializationSchema<RowData>> format = StockFormat.decodingFormat(options, false);
        DynamicTableSource.Context context = ScanRuntimeProviderContext.INSTANCE;
        DeserializationSchema<RowData> decoder =
                format.createRuntimeDecoder(context, TYPE, new int[][] {{0}, {1}, {2}, {3}});
        decoder.open(null);
        return decoder;
    }

    private List<String> decode(String message, boolean lenient, String database, String table) throws IOException {
        DelegatedMessage.Rewriter rewriter =
                new DelegatedMessage.Rewriter(
                        (RowType) TYPE.getLogicalType(),
                        database == null ? null : Pattern.compile(database),
                        table == null ? null : Pattern.compile(table),
                        null,
                        OPTIONS);
        List<RowData> rows = new ArrayList<>();
        new FlinkDelegate(stock, rewriter, null, lenient, metrics)
                .decode(message.getBytes(StandardCharsets.UTF_8), new ListCollector<>(rows));
        List<String> text = new ArrayList<>();
        for (RowData row : rows) {
            String raw = row.isNullAt(3) ? "null" : Arrays.toString(row.getBinary(3));
            String ok = row.isNullAt(2) ? "null" : String.valueOf(row.getBoolean(2));
            text.add(row.getRowKind().shortString() + " " + (row.isNullAt(0) ? "null" : row.getLong(0)) + " " + row.getString(1) + " " + ok + " " + raw);
        }
        return text;
    }

    private List<String> decode(String message) throws IOException {
        return decode(message, false, null, null);
    }

    private Throwable causeOf(String message) {
        IOException e = assertThrows(IOException.class, () -> decode(message));
        assertEquals("Corrupt Canal JSON message '" + message + "'.", e.getMessage());
        return e.getCause();
    }

    @Test
    void beforeImagesAreJoinedByIndex() throws Exception {
        assertEquals(
                Arrays.asList(
                        "-U 9 a null null", "+U 1 a null null",
                        "-U 2 old null null", "+U 2 b null null",
                        "-U 3 null null null", "+U 3 c null null"),
                decode(
                        "{\"data\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"b\"},{\"id\":\"3\",\"name\":\"c\"}],"
                                + "\"old\":[{\"id\":\"9\"},{\"name\":\"old\"},{\"name\":null}],\"type\":\"UPDATE\"}"));
        assertEquals(6, metrics.rows.getCount());
        assertEquals(1, metrics.delegated.getCount());
    }

    @Test
    void canalsTextForBooleans() throws Exception {
        for (String one : new String[] {"\"1\"", "\" 1\"", "1", "true", "\"TRUE\""}) {
            assertEquals(Arrays.asList("+I 1 x true null"), decode(insert("\"ok\":" + one)), one);
        }
        for (String zero : new String[] {"\"0\"", "0", "\"11\"", "1.0", "false"}) {
            assertEquals(Arrays.asList("+I 1 x false null"), decode(insert("\"ok\":" + zero)), zero);
        }
    }

    private static String insert(String column) {
        return "{\"data\":[{\"id\":1,\"name\":\"x\"," + column + "}],\"type\":\"INSERT\"}";
    }

    @Test
    void binaryColumnsAreLatin1WhereMysqlTypeSaysSo() throws Exception {
        String message = "{\"data\":[{\"id\":1,\"name\":\"x\",\"raw\":\"%s\"}],\"mysqlType\":{\"raw\":\"%s\"},\"type\":\"INIT\"}";
        for (String type : new String[] {"varbinary(4)", "BLOB", "geometry", "binary(2)"}) {
            assertEquals(Arrays.asList("+I 1 x null [0, -1, 65]"), decode(String.format(message, "\\u0000ÿA", type)), type);
        }
        assertEquals(Arrays.asList("+I 1 x null [0, -1, 65]"), decode(String.format(message, "AP9B", "text")));
        Throwable cause = causeOf(String.format(message, "库", "blob"));
        assertTrue(cause.getMessage().contains("Fail to deserialize at field: data."), cause.toString());
    }

    @Test
    void everyTypeWithoutRowsIsSkippedByKind() throws Exception {
        String[] types = {"CREATE", "ALTER", "ERASE", "RENAME", "TRUNCATE", "CINDEX", "DINDEX", "QUERY", "GTID", "XACOMMIT", "XAROLLBACK", "MHEARTBEAT"};
        for (String type : types) {
            assertEquals(0, decode("{\"data\":[{}],\"type\":\"" + type + "\"}").size());
        }
        decode("{\"data\":[{}],\"isDdl\":true,\"type\":\"FLASHBACK\"}");
        decode("{\"data\":null,\"type\":\"WATERMARK\"}");
        decode("{\"type\":\"BOOTSTRAP\"}");
        assertEquals(8, metrics.skipped(EventKind.DDL).getCount());
        assertEquals(1, metrics.skipped(EventKind.QUERY).getCount());
        assertEquals(3, metrics.skipped(EventKind.TRANSACTION).getCount());
        assertEquals(3, metrics.skipped(EventKind.OTHER).getCount());
        assertEquals(Arrays.asList("+I 1 null null null"), decode("{\"data\":[{\"id\":1}],\"isDdl\":true,\"type\":\"INSERT\"}"));
    }

    @Test
    void anUnknownEventWithRowsIsAnErrorThatNamesIt() throws Exception {
        String message = "{\"data\":[{\"id\":1}],\"type\":\"REPLACE\"}";
        assertTrue(causeOf(message).getMessage().startsWith("Unknown \"type\" value \"REPLACE\""));
        assertEquals(0, decode(message, true, null, null).size());
        assertEquals(1, metrics.parseErrors.getCount());
    }

    @Test
    void updatesWithoutBeforeImagesSayWhatIsMissing() throws Exception {
        String data = "{\"data\":[{\"id\":1},{\"id\":2}],";
        assertEquals(
                "The UPDATE has no \"old\": its 2 row(s) have no before image",
                causeOf(data + "\"type\":\"UPDATE\"}").getMessage());
        assertEquals(
                "The UPDATE has no \"old\": its 2 row(s) have no before image",
                causeOf(data + "\"old\":null,\"type\":\"UPDATE\"}").getMessage());
        assertEquals(
                "\"old\" of the UPDATE has 1 before image(s) for the 2 row(s) in \"data\"",
                causeOf(data + "\"old\":[{}],\"type\":\"UPDATE\"}").getMessage());
        assertEquals(
                "\"old\"[1] of the UPDATE is null: row 1 has no before image",
                causeOf(data + "\"old\":[{},null],\"type\":\"UPDATE\"}").getMessage());
        assertEquals(0, decode("{\"data\":[],\"type\":\"UPDATE\"}").size());
    }

    @Test
    void aMessageIsAllOrNothing() throws Exception {
        String secondRowBad =
                "{\"data\":[{\"id\":1},{\"id\":2}],\"old\":[{\"id\":3},{\"id\":\"x\"}],\"type\":\"UPDATE\"}";
        assertEquals(0, decode(secondRowBad, true, null, null).size());
        assertEquals(1, metrics.parseErrors.getCount());
        assertTrue(causeOf(secondRowBad).getMessage().contains("Fail to deserialize at field: old."));
        String surplusBad = "{\"data\":[{\"id\":1}],\"old\":[{\"id\":3},{\"id\":\"x\"}],\"type\":\"UPDATE\"}";
        assertTrue(causeOf(surplusBad).getMessage().contains("Fail to deserialize at field: old."));
        assertEquals(0, metrics.rows.getCount());
    }

    @Test
    void filtersComeFirst() throws Exception {
        stock = stock("inv.*", "t1");
        assertEquals(0, decode("{\"database\":\"other\",\"data\":[{}],\"type\":\"REPLACE\"}", false, "inv.*", "t1").size());
        assertEquals(0, decode("{\"database\":\"inv\",\"table\":\"t2\",\"data\":[{}],\"type\":\"REPLACE\"}", false, "inv.*", "t1").size());
        assertEquals(2, metrics.filtered.getCount());
        assertEquals(
                Arrays.asList("+I 1 null null null"),
                decode("{\"database\":\"inv2\",\"table\":\"t1\",\"data\":[{\"id\":1}],\"type\":\"INSERT\"}", false, "inv.*", "t1"));
        assertThrows(IOException.class, () -> decode("{\"table\":\"t1\",\"data\":[],\"type\":\"INSERT\"}", false, "inv.*", "t1"));
    }

    @Test
    void malformedTextFailsAsInFlink() {
        for (String bad : new String[] {"{\"data\":[", "nonsense", "  ", "[]", "null", "{}", "{\"type\":null}"}) {
            IOException ours = assertThrows(IOException.class, () -> decode(bad), bad);
            IOException flinks =
                    assertThrows(IOException.class, () -> stock.deserialize(bad.getBytes(StandardCharsets.UTF_8), new ListCollector<>(new ArrayList<>())));
            assertEquals(flinks.getMessage(), ours.getMessage());
            assertEquals(String.valueOf(flinks.getCause()), String.valueOf(ours.getCause()), bad);
        }
    }
}

package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Oracle's tables by JDBC, of a driver that only plays one: what is asked, and what becomes of answers. */
class OracleTablesTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PASSWORD = "s3cret";
    private static final int TEXT = Types.VARCHAR;
    private static final int BINARY_FLOAT = 100;
    private static final int BINARY_DOUBLE = 101;
    private static final String COLUMNS_OF = "SELECT c.COLUMN_NAME, c.DATA_TYPE, c.DATA_TYPE_OWNER, TO_CHAR(c.DATA_PRECISION), TO_CHAR(c.DATA_SCALE), TO_CHAR(c.CHAR_LENGTH), TO_CHAR(c.DATA_LENGTH), c.NULLABLE, "
            + "m.COMMENTS, c.DATA_DEFAULT FROM ALL_TAB_COLS c LEFT JOIN ALL_COL_COMMENTS m ON m.OWNER = c.OWNER AND m.TABLE_NAME = c.TABLE_NAME AND m.COLUMN_NAME = c.COLUMN_NAME "
            + "WHERE c.OWNER = 'SHOP' AND c.TABLE_NAME = '%s' AND c.HIDDEN_COLUMN = 'NO' ORDER BY c.COLUMN_ID";
    private static final String KEY_OF = "SELECT k.COLUMN_NAME FROM ALL_CONSTRAINTS c JOIN ALL_CONS_COLUMNS k ON k.OWNER = c.OWNER AND k.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND k.TABLE_NAME = c.TABLE_NAME "
            + "WHERE c.OWNER = 'SHOP' AND c.TABLE_NAME = '%s' AND c.CONSTRAINT_TYPE = 'P' AND c.STATUS = 'ENABLED' AND c.VALIDATED = 'VALIDATED' ORDER BY k.POSITION";
    private static final String SELECT = "SELECT \"ID\", \"CODE\", \"AMOUNT\", \"ANY_SIZE\", \"NOTE\", \"RAW_BYTES\", \"BYTES\", \"RATIO\", \"SHARE\", LTRIM(TO_CHAR(\"AT\", 'SYYYY-MM-DD HH24:MI:SS')), "
            + "LTRIM(TO_CHAR(SYS_EXTRACT_UTC(\"ZONED\"), 'SYYYY-MM-DD HH24:MI:SS.FF3')) FROM \"SHOP\".\"ORDERS\"";

    private final SourceTables source = new NativeSourceTables();
    private PlayedOracle oracle;

    @BeforeEach
    void play() throws Exception {
        oracle = new PlayedOracle();
        oracle.answer("SELECT PRODUCT || ' ' || VERSION FROM PRODUCT_COMPONENT_VERSION WHERE PRODUCT LIKE 'Oracle%' AND ROWNUM = 1", texts(1), row("Oracle Database 19c 19.0.0.0.0"));
        oracle.answer("SELECT t.OWNER, t.TABLE_NAME, TO_CHAR(t.NUM_ROWS), c.COMMENTS FROM ALL_TABLES t JOIN ALL_USERS u ON u.USERNAME = t.OWNER AND u.ORACLE_MAINTAINED = 'N' "
                        + "LEFT JOIN ALL_TAB_COMMENTS c ON c.OWNER = t.OWNER AND c.TABLE_NAME = t.TABLE_NAME WHERE t.TEMPORARY = 'N' AND t.NESTED = 'NO' AND t.SECONDARY = 'N' AND t.DROPPED = 'NO' "
                        + "AND (t.IOT_TYPE IS NULL OR t.IOT_TYPE = 'IOT') AND t.TABLE_NAME NOT LIKE 'MLOG$\\_%' ESCAPE '\\' AND t.TABLE_NAME NOT LIKE 'RUPD$\\_%' ESCAPE '\\' ORDER BY 1, 2",
                texts(4), row("SHOP", "FILES", null, null), row("SHOP", "ORDERS", "1000", "what was ordered"));
        oracle.answer(String.format(COLUMNS_OF, "ORDERS"), texts(10),
                column("ID", "NUMBER", "18", "0", null, "22", "N", "the order's number", null), column("CODE", "CHAR", null, null, "8", "8", "Y", null, "'new'  "),
                column("AMOUNT", "NUMBER", "10", "2", null, "22", "Y", null, "0 "), column("ANY_SIZE", "NUMBER", null, null, null, "22", "Y", null, "SYSDATE - 1"),
                column("NOTE", "CLOB", null, null, "0", "4000", "Y", null, null), column("RAW_BYTES", "RAW", null, null, "0", "16", "Y", null, null),
                column("BYTES", "BLOB", null, null, "0", "4000", "Y", null, null), column("RATIO", "BINARY_DOUBLE", null, null, "0", "8", "Y", null, null),
                column("SHARE", "BINARY_FLOAT", null, null, "0", "4", "Y", null, null), column("AT", "DATE", null, null, "0", "7", "Y", null, null),
                column("ZONED", "TIMESTAMP(3) WITH TIME ZONE", null, null, "0", "13", "Y", null, null));
        oracle.answer(String.format(KEY_OF, "ORDERS"), texts(1), row("ID"));
        oracle.answer(String.format(COLUMNS_OF, "FILES"), texts(10), column("ID", "NUMBER", "9", "0", null, "22", "N", null, null), column("CONTENT", "BFILE", null, null, "0", "530", "Y", null, null));
        oracle.answer(String.format(KEY_OF, "FILES"), texts(1), row("ID"));
    }

    @AfterEach
    void close() throws Exception {
        oracle.close();
    }

    @Test
    void tablesAreListed() throws Exception {
        JsonNode found = JSON.readTree(source.tables(spec()));
        assertEquals("Oracle Database 19c 19.0.0.0.0", found.get("server").asText());
        assertEquals(1, found.get("tables").size());
        JsonNode table = found.get("tables").get(0);
        assertEquals("SHOP.ORDERS 1000 [\"ID\"] true", table.get("database").asText() + "." + table.get("table").asText() + " " + table.get("rows") + " " + table.get("keys") + " " + table.get("by_key"));
        assertEquals("CREATE TABLE `ORDERS` (\n  `ID` bigint NOT NULL COMMENT 'the order''s number',\n  `CODE` char(8) DEFAULT 'new',\n  `AMOUNT` decimal(10,2) DEFAULT '0',\n  `ANY_SIZE` longtext,\n"
                + "  `NOTE` longtext,\n  `RAW_BYTES` varbinary(16),\n  `BYTES` longblob,\n  `RATIO` double,\n  `SHARE` float,\n  `AT` datetime,\n  `ZONED` datetime(3),\n  PRIMARY KEY (`ID`)\n) COMMENT='what was ordered'",
                JSON.readTree(table.get("message").asText()).get("sql").asText());
        JsonNode refused = found.get("refused").get(0);
        assertEquals("SHOP.FILES", refused.get("table").asText());
        assertTrue(refused.get("reason").asText().contains("column CONTENT is of the type BFILE"), refused.toString());
        assertTrue(oracle.asked.get(0).startsWith("ALTER SESSION SET TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,'"), oracle.asked.get(0));
    }

    @Test
    void aTableIsCutAtItsKey() throws Exception {
        oracle.answer("SELECT 1 FROM \"SHOP\".\"ORDERS\" WHERE 1 = 0", new int[] {Types.NUMERIC});
        oracle.answer("SELECT MIN(\"ID\"), MAX(\"ID\") FROM \"SHOP\".\"ORDERS\"", new int[] {Types.NUMERIC, Types.NUMERIC}, row(new BigDecimal(1), new BigDecimal(1000)));
        assertEquals(4, ranges().size());
        // Too few rows for so many numbers: by the rows themselves.
        oracle.answer("SELECT MIN(\"ID\"), MAX(\"ID\") FROM \"SHOP\".\"ORDERS\"", new int[] {Types.NUMERIC, Types.NUMERIC}, row(new BigDecimal(1), new BigDecimal("1000000000000")));
        oracle.answer("SELECT \"ID\" FROM \"SHOP\".\"ORDERS\" ORDER BY \"ID\" OFFSET 249 ROWS FETCH NEXT 1 ROWS ONLY", new int[] {Types.NUMERIC}, row(new BigDecimal(500)));
        oracle.answer("SELECT \"ID\" FROM \"SHOP\".\"ORDERS\" WHERE \"ID\" > 500 ORDER BY \"ID\" OFFSET 249 ROWS FETCH NEXT 1 ROWS ONLY", new int[] {Types.NUMERIC});
        JsonNode ranges = ranges();
        assertEquals(2, ranges.size());
        assertEquals(SELECT + " WHERE \"ID\" > 500", ranges.get(1).get("query").asText());
    }

    private JsonNode ranges() throws Exception {
        JsonNode table = JSON.readTree(source.tables(spec())).get("tables").get(0);
        return JSON.readTree(source.ranges(spec(), JSON.writeValueAsBytes(table)));
    }

    @Test
    void rowsAreReadAsTheyAre() throws Exception {
        int[] types = {Types.NUMERIC, Types.CHAR, Types.NUMERIC, Types.NUMERIC, Types.CLOB, Types.VARBINARY, Types.BLOB, BINARY_DOUBLE, BINARY_FLOAT, TEXT, TEXT};
        oracle.answer(SELECT + " WHERE \"ID\" <= 500", types,
                row(new BigDecimal(7), "ab      ", new BigDecimal("0.5"), new BigDecimal("1E+30"), PlayedOracle.clob("日本 \n"), new byte[] {(byte) 0xFF, 0}, PlayedOracle.blob((byte) 1), 0.1, 0.1f, "2024-01-31 01:02:03",
                        "2024-01-31 01:02:03.125"),
                row(new BigDecimal(8), "        ", null, null, null, null, null, null, null, "-4712-01-01 00:00:00", null));
        List<String> messages = read();
        assertEquals(1, messages.size());
        JsonNode data = JSON.readTree(messages.get(0)).get("data");
        assertEquals("{\"ID\":\"7\",\"CODE\":\"ab\",\"AMOUNT\":\"0.5\",\"ANY_SIZE\":\"1000000000000000000000000000000\",\"NOTE\":\"日本 \\n\",\"RAW_BYTES\":\"ÿ\\u0000\",\"BYTES\":\"\\u0001\",\"RATIO\":\"0.1\",\"SHARE\":\"0.1\","
                + "\"AT\":\"2024-01-31 01:02:03\",\"ZONED\":\"2024-01-31 01:02:03.125\"}", data.get(0).toString());
        // A text of blanks is none, and is not NULL.
        assertEquals("{\"ID\":\"8\",\"CODE\":\"\",\"AMOUNT\":null,\"ANY_SIZE\":null,\"NOTE\":null,\"RAW_BYTES\":null,\"BYTES\":null,\"RATIO\":null,\"SHARE\":null,\"AT\":\"-4712-01-01 00:00:00\",\"ZONED\":null}",
                data.get(1).toString());
    }

    @Test
    void manyRowsComeInBatches() throws Exception {
        Object[][] rows = new Object[2_500][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = row(new BigDecimal(i), null, null, null, null, null, null, null, null, null, null);
        }
        int[] types = {Types.NUMERIC, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT};
        oracle.answer(SELECT + " WHERE \"ID\" <= 500", types, rows);
        int count = 0;
        for (String message : read()) {
            for (JsonNode row : JSON.readTree(message).get("data")) {
                assertEquals(count++, row.get("ID").asInt());
            }
        }
        assertEquals(rows.length, count);
    }

    @Test
    void aTableThatIsGone() throws Exception {
        oracle.fail(SELECT + " WHERE \"ID\" <= 500", 942);
        try (SourceRows rows = source.open(spec(), range())) {
            assertNull(rows.next());
            assertTrue(rows.isGone());
        }
    }

    @Test
    void whatTheServerRefusesIsSaid() throws Exception {
        oracle.refuse(1017);
        assertSaid(() -> source.tables(spec()), "the server does not let reader in", "ORA-01017: played; https://docs/", "127.0.0.1:1521");
        oracle.refuse(12541);
        assertSaid(() -> source.tables(spec()), "host, port, service, the listener", "ORA-12541");
        oracle.refuse(0);
        oracle.fail(SELECT + " WHERE \"ID\" <= 500", 1555);
        try (SourceRows rows = source.open(spec(), range())) {
            assertSaid(rows::next, "the source does not run `SELECT \"ID\"", "ORA-01555");
        }
        assertSaid(() -> source.tables(new String(spec(), StandardCharsets.UTF_8).replace(PlayedOracle.SERVICE, "OTHER").getBytes(StandardCharsets.UTF_8)),
                "put ojdbc11.jar", "no JDBC driver takes jdbc:oracle:thin:@//127.0.0.1:1521/OTHER");
    }

    private interface Call {
        Object call() throws Exception;
    }

    private static void assertSaid(Call call, String... words) {
        String said = assertThrows(NativeException.class, call::call).getMessage();
        for (String word : words) {
            assertTrue(said.contains(word), said);
        }
        assertFalse(said.contains(PASSWORD), said);
    }

    private List<String> read() throws Exception {
        List<String> messages = new ArrayList<>();
        try (SourceRows rows = source.open(spec(), range())) {
            for (byte[] message = rows.next(); message != null; message = rows.next()) {
                messages.add(new String(message, StandardCharsets.UTF_8));
            }
            assertFalse(rows.isGone());
        }
        return messages;
    }

    /** The first of two ranges of the table. */
    private byte[] range() throws Exception {
        oracle.answer("SELECT 1 FROM \"SHOP\".\"ORDERS\" WHERE 1 = 0", new int[] {Types.NUMERIC});
        oracle.answer("SELECT MIN(\"ID\"), MAX(\"ID\") FROM \"SHOP\".\"ORDERS\"", new int[] {Types.NUMERIC, Types.NUMERIC}, row(new BigDecimal(1), new BigDecimal("1000000000000")));
        oracle.answer("SELECT \"ID\" FROM \"SHOP\".\"ORDERS\" ORDER BY \"ID\" OFFSET 249 ROWS FETCH NEXT 1 ROWS ONLY", new int[] {Types.NUMERIC}, row(new BigDecimal(500)));
        oracle.answer("SELECT \"ID\" FROM \"SHOP\".\"ORDERS\" WHERE \"ID\" > 500 ORDER BY \"ID\" OFFSET 249 ROWS FETCH NEXT 1 ROWS ONLY", new int[] {Types.NUMERIC});
        return JSON.writeValueAsBytes(ranges().get(0));
    }

    private static int[] texts(int count) {
        int[] types = new int[count];
        Arrays.fill(types, TEXT);
        return types;
    }

    private static Object[] row(Object... cells) {
        return cells;
    }

    private static Object[] column(String name, String type, String precision, String scale, String chars, String bytes, String nullable, String comment, String byDefault) {
        return row(name, type, null, precision, scale, chars, bytes, nullable, comment, byDefault);
    }

    private static byte[] spec() {
        return ("{\"kind\": \"oracle\", \"host\": \"127.0.0.1\", \"port\": 1521, \"database\": \"" + PlayedOracle.SERVICE + "\", \"user\": \"reader\", \"password\": \"" + PASSWORD
                + "\", \"names\": {}, \"rangeRows\": 250, \"messageBytes\": 100000, \"connectSeconds\": 40, \"patienceSeconds\": 0}").getBytes(StandardCharsets.UTF_8);
    }
}

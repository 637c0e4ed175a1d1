package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
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

/** Oracle's log by JDBC, of a driver that only plays one: {@code tests/redo_log.rs} has what becomes of it. */
class OracleLogTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SELECT = "SELECT \"ID\", \"NAME\" FROM \"SHOP\".\"ORDERS\" WHERE (\"ID\" = '7') OR (\"ID\" = '8')";
    private static final int[] ROWS = {Types.NUMERIC, Types.VARCHAR};

    private final SourceTables source = new NativeSourceTables();
    private PlayedOracle oracle;

    @BeforeEach
    void play() throws Exception {
        oracle = new PlayedOracle();
        oracle.answerLike("SELECT PRODUCT ", texts(1), row("Oracle Database 19c 19.0.0.0.0"));
        oracle.answerLike("SELECT t.OWNER, ", texts(4), row("SHOP", "ORDERS", "2", null));
        oracle.answerLike("SELECT c.COLUMN_NAME, ", texts(10), row("ID", "NUMBER", null, "9", "0", "0", "22", "N", null, null), row("NAME", "VARCHAR2", null, null, null, "20", "80", "Y", null, null));
        oracle.answerLike("SELECT k.COLUMN_NAME ", texts(1), row("ID"));
        oracle.answerLike("SELECT LOG_MODE, ", texts(7), row("ARCHIVELOG", "YES", "YES", "NO", "YES", "1", "1"));
        oracle.answerLike("SELECT TO_CHAR(CURRENT_SCN) ", texts(1), row("100"));
        oracle.answerLike("SELECT TO_CHAR(MIN(START_SCN)) ", texts(1), row("90"));
        oracle.answerLike("SELECT RAWTOHEX(XID) FROM V$TRANSACTION", texts(1));
        oracle.answerLike("SELECT USERNAME FROM ALL_USERS", texts(1), row("SYS"));
        oracle.answerLike("SELECT TO_CHAR(ROUND((SYSDATE", texts(1), row("0"));
        oracle.answerLike("SELECT TO_CHAR(SEQUENCE#), ", texts(5), row("5", "50", "281474976710655", "/redo'5", "C"));
        oracle.answerLike("SELECT TO_CHAR(SCN), RS_ID", texts(11), record("95", "1", "insert into \"SHOP\".\"ORDERS\"(\"ID\",\"NAME\") values ('7','a')"),
                record("96", "2", "delete from \"SHOP\".\"ORDERS\" where \"ID\" = '8' and \"NAME\" IS NULL"), record("102", "7", "commit"));
        oracle.answerLike("SELECT TO_CHAR(\"canal-native number\")", new int[] {Types.VARCHAR, Types.NUMERIC}, row("0", new BigDecimal(7)), row("1", new BigDecimal(8)));
    }

    @AfterEach
    void close() throws Exception {
        oracle.close();
    }

    @Test
    void rowsThatWereChangedAreRead() throws Exception {
        JsonNode begin = JSON.readTree(source.tables(spec())).get("log");
        assertEquals("90 101", begin.get("position").get("scn") + " " + begin.get("position").get("commit"));
        // ALTER TABLE … ADD came in between: invalid identifier.
        oracle.fail(SELECT, 904);
        try (SourceLog log = source.log(spec(), JSON.writeValueAsBytes(begin.get("position")), JSON.writeValueAsBytes(begin.get("definitions")))) {
            assertNull(log.next(1_500));
            oracle.answer(SELECT, ROWS, row(new BigDecimal(7), "now b"));
            List<JsonNode> messages = messages(log.next(60_000));
            assertEquals("INSERT [{\"ID\":\"7\",\"NAME\":\"now b\"}]", messages.get(0).get("type").asText() + " " + messages.get(0).get("data"));
            assertEquals("DELETE [{\"ID\":\"8\",\"NAME\":null}]", messages.get(1).get("type").asText() + " " + messages.get(1).get("data"));
            assertEquals("2 SHOP ORDERS [\"ID\"] {\"ID\":\"int\",\"NAME\":\"varchar(20)\"} 1700000000000",
                    messages.size() + " " + messages.get(0).get("database").asText() + " " + messages.get(0).get("table").asText() + " " + messages.get(0).get("pkNames") + " " + messages.get(0).get("mysqlType") + " "
                            + messages.get(0).get("es"));
            assertEquals("102 102", JSON.readTree(log.position()).get("scn") + " " + JSON.readTree(log.position()).get("commit"));
            assertTrue(log.reached(JSON.writeValueAsBytes(begin.get("position"))));
        }
        String begun = oracle.asked.stream().filter(statement -> statement.startsWith("BEGIN DBMS_LOGMNR.ADD_LOGFILE")).findFirst().get();
        assertTrue(begun.contains("LOGFILENAME => '/redo''5'") && begun.contains("STARTSCN => 90,"), begun);
    }

    @Test
    void aLogThatCannotBeReadIsSaid() throws Exception {
        byte[] position = JSON.writeValueAsBytes(JSON.readTree(source.tables(spec())).get("log").get("position"));
        oracle.answerLike("SELECT TO_CHAR(SEQUENCE#), ", texts(5), row("9", "500", "281474976710655", "/redo9", "C"));
        try (SourceLog log = source.log(spec(), position, "{\"tables\": []}".getBytes(StandardCharsets.UTF_8))) {
            String said = assertThrows(NativeException.class, () -> log.next(60_000)).getMessage();
            assertTrue(said.contains("the log is gone from SCN 90 on") && said.contains("begins at SCN 500"), said);
        }
        oracle.fail("SELECT LOG_MODE, ", 942);
        String said = assertThrows(NativeException.class, () -> source.tables(spec())).getMessage();
        assertTrue(said.contains("GRANT LOGMINING") && said.contains("ORA-00942"), said);
        assertFalse(said.contains("s3cret"), said);
    }

    /** Of a batch: messages, each behind its length and its sequence. */
    private static List<JsonNode> messages(byte[] batch) throws Exception {
        assertNotNull(batch);
        List<JsonNode> messages = new ArrayList<>();
        for (ByteBuffer rest = ByteBuffer.wrap(batch); rest.hasRemaining();) {
            byte[] message = new byte[rest.getInt()];
            rest.getLong();
            rest.get(message);
            messages.add(JSON.readTree(message));
        }
        return messages;
    }

    private static Object[] record(String scn, String code, String sql) {
        return row(scn, " 0x01.02.03 /" + scn, "0A00", code, "1700000000", "SHOP", "ORDERS", "AAAR3sAAEAAAACXAAA", "0", "0", sql);
    }

    private static int[] texts(int count) {
        int[] types = new int[count];
        Arrays.fill(types, Types.VARCHAR);
        return types;
    }

    private static Object[] row(Object... cells) {
        return cells;
    }

    private static byte[] spec() {
        return ("{\"kind\": \"oracle\", \"host\": \"127.0.0.1\", \"port\": 1521, \"database\": \"" + PlayedOracle.SERVICE + "\", \"user\": \"reader\", \"password\": \"s3cret\", \"names\": {}, "
                + "\"rangeRows\": 250, \"messageBytes\": 100000, \"connectSeconds\": 40, \"patienceSeconds\": 0, \"log\": true}").getBytes(StandardCharsets.UTF_8);
    }
}

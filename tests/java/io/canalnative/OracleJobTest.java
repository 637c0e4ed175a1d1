package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;

import io.canalnative.doris.Standin;
import io.canalnative.job.CanalToDoris;
import io.canalnative.job.Correction;
import io.canalnative.job.Verification;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job whose source is an Oracle that a driver plays, into a Doris that keeps state, and its verification. What a real one would answer is Oracle's documentation's word. */
class OracleJobTest {

    private static final String TABLE = "\"SHOP\".\"ORDERS\"";
    private static final String AT = "LTRIM(TO_CHAR(\"AT\", 'SYYYY-MM-DD HH24:MI:SS.FF3'))";
    private static final String SELECT = "SELECT \"ID\", \"CODE\", \"AMOUNT\", \"NOTE\", " + AT + " FROM " + TABLE;
    private static final int[] TYPES = {Types.NUMERIC, Types.CHAR, Types.NUMERIC, Types.VARCHAR, Types.VARCHAR};
    private static final Object[] FIRST = row(new BigDecimal(1), "ab      ", new BigDecimal("1.5"), "näme 1", "2024-01-31 01:02:03.125");
    private static final Object[] SECOND = row(new BigDecimal(2), "        ", new BigDecimal("-0.25"), null, "0001-01-01 00:00:00.000");
    private static final Object[] THIRD = row(new BigDecimal(3), null, null, null, null);
    /** Of a row as verify has Oracle sum it up. */
    private static final String TEXT = "CASE WHEN \"ID\" IS NULL THEN 'N' ELSE TO_CHAR(\"ID\") END || ',' || "
            + "CASE WHEN \"CODE\" IS NULL THEN 'N' ELSE NVL(LENGTHB(CONVERT(RTRIM(TO_CHAR(\"CODE\")), 'AL32UTF8')), 0) || ':' || RTRIM(TO_CHAR(\"CODE\")) END || ',' || "
            + "CASE WHEN \"AMOUNT\" IS NULL THEN 'N' ELSE TO_CHAR(\"AMOUNT\", 'FM99999990.00') END || ',' || "
            + "CASE WHEN \"NOTE\" IS NULL THEN 'N' ELSE NVL(LENGTHB(CONVERT(TO_CHAR(\"NOTE\"), 'AL32UTF8')), 0) || ':' || TO_CHAR(\"NOTE\") END || ',' || "
            + "CASE WHEN \"AT\" IS NULL THEN 'N' ELSE " + AT + " END";
    private static final String SUM = "SELECT '-', COUNT(*), SUM(TO_NUMBER(SUBSTR(LOWER(RAWTOHEX(STANDARD_HASH(CONVERT(" + TEXT
            + ", 'AL32UTF8'), 'MD5'))), 1, 15), 'xxxxxxxxxxxxxxx')) FROM " + TABLE;
    /** The rows' texts, by the rule of docs/verify.md. */
    private static final List<String> TEXTS = Arrays.asList("1,2:ab,1.50,7:näme 1,2024-01-31 01:02:03.125", "2,0:,-0.25,N,0001-01-01 00:00:00.000", "3,N,N,N,N");

    @TempDir
    Path directory;

    private PlayedOracle oracle;
    private Standin doris;
    private Path file;

    @BeforeEach
    void play() throws Exception {
        doris = new Standin();
        oracle = new PlayedOracle();
        oracle.answer("SELECT PRODUCT || ' ' || VERSION FROM PRODUCT_COMPONENT_VERSION WHERE PRODUCT LIKE 'Oracle%' AND ROWNUM = 1", texts(1), row("Oracle Database 19c 19.0.0.0.0"));
        oracle.answerLike("SELECT t.OWNER, t.TABLE_NAME", texts(4), row("SHOP", "ORDERS", "3", null));
        oracle.answerLike("SELECT c.COLUMN_NAME, c.DATA_TYPE", texts(10), column("ID", "NUMBER", "18", "0", "0", "22", "N"), column("CODE", "CHAR", null, null, "8", "8", "Y"),
                column("AMOUNT", "NUMBER", "10", "2", "0", "22", "Y"), column("NOTE", "VARCHAR2", null, null, "20", "20", "Y"), column("AT", "TIMESTAMP(3)", null, "3", "0", "11", "Y"));
        oracle.answerLike("SELECT k.COLUMN_NAME FROM ALL_CONSTRAINTS", texts(1), row("ID"));
        oracle.answer("SELECT 1 FROM " + TABLE + " WHERE 1 = 0", new int[] {Types.NUMERIC});
        oracle.answer("SELECT MIN(\"ID\"), MAX(\"ID\") FROM " + TABLE, new int[] {Types.NUMERIC, Types.NUMERIC}, row(new BigDecimal(1), new BigDecimal(3)));
        oracle.answer(SELECT, TYPES, FIRST, SECOND, THIRD);
        file = directory.resolve("shop.yaml");
        String job = "name: shop\n"
                + "source: {oracle: {host: 127.0.0.1, service: " + PlayedOracle.SERVICE + ", username: reader, password: s3cret}}\n"
                + "target: {doris: {fenodes: \"" + doris.frontEnds() + "\", username: " + Standin.USER + ", password: \"" + Standin.PASSWORD + "\"}}\n"
                + "tables: {properties: {replication: 1, buckets: 1}}\n"
                + "stages: [schema-migration, full-data]\n"
                + "flink: {parallelism: 2, properties: {restart-strategy.type: none}}\n";
        Files.write(file, job.getBytes(StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() throws Exception {
        oracle.close();
        doris.close();
    }

    @Test
    void itsTablesAreMovedAndVerified() throws Exception {
        CanalToDoris.main(new String[] {file.toString()});
        assertEquals(Arrays.asList(Arrays.asList("1", "ab", "1.50", "näme 1", "2024-01-31 01:02:03.125"), Arrays.asList("2", "", "-0.25", null, "0001-01-01 00:00:00.000"), Arrays.asList("3", null, null, null, null)),
                doris.sql("SHOP", "SELECT ID, CODE, AMOUNT, NOTE, AT FROM ORDERS ORDER BY ID"));

        // It sums its rows up as Doris does: none is read.
        oracle.answer(SUM, new int[] {Types.CHAR, Types.NUMERIC, Types.NUMERIC}, row("-", new BigDecimal(3), new BigDecimal(sum())));
        oracle.asked.clear();
        JsonNode table = verified(0);
        assertEquals(3, table.get("equal").asInt(), table.toString());
        assertFalse(oracle.asked.stream().anyMatch(statement -> statement.startsWith("SELECT \"ID\", \"CODE\"")), String.join("\n", oracle.asked));

        // Otherwise than this program thinks: rows are read, and are equal.
        oracle.answer(SUM, new int[] {Types.CHAR, Types.NUMERIC, Types.NUMERIC}, row("-", new BigDecimal(3), BigDecimal.ONE));
        oracle.asked.clear();
        assertEquals(3, verified(0).get("equal").asInt());
        assertTrue(oracle.asked.stream().anyMatch(statement -> statement.startsWith("SELECT \"ID\", \"CODE\"")), String.join("\n", oracle.asked));

        // The result of string concatenation is too long: rows are read, and the report says why.
        oracle.fail(SUM, 1489);
        table = verified(0);
        assertEquals(3, table.get("equal").asInt());
        assertTrue(table.get("byRows").asText().contains("ORA-01489"), table.toString());

        // A difference is one, however it is looked for.
        Object[] other = row(new BigDecimal(2), "ab", new BigDecimal("-0.25"), null, "0001-01-01 00:00:00.000");
        Object[] more = row(new BigDecimal(4), "x", null, null, null);
        oracle.answer(SELECT, TYPES, FIRST, other, THIRD, more);
        oracle.answerLike(SELECT + " WHERE", TYPES, other, more);
        table = verified(1);
        assertEquals("2 1 1", table.get("equal").asInt() + " " + table.get("different").asInt() + " " + table.get("missing").asInt(), table.toString());
    }

    @Test
    void aVerificationWhoseReportGoesNowhereHasFailed() throws Exception {
        CanalToDoris.main(new String[] {file.toString()});
        oracle.answer(SUM, new int[] {Types.CHAR, Types.NUMERIC, Types.NUMERIC}, row("-", new BigDecimal(3), new BigDecimal(sum())));
        Path kept = directory.resolve("shop.verify/report.json");

        Said full = Said.by(() -> Verification.run("the log", new String[] {file.toString(), "--report", "/dev/full"}));
        assertEquals(1, full.code);
        assertTrue(full.out.contains("equal: 3 rows of 1 table"), "the table is shown nevertheless: " + full.out);
        assertTrue(full.err.contains("--report could not be written to /dev/full (IO: No space left on device)") && full.err.contains("It is in " + kept), full.err);

        byte[] last = Files.readAllBytes(kept);
        oracle.refuse(1017);
        Said failed = Said.by(() -> Verification.run("the log", new String[] {file.toString()}));
        assertTrue(failed.code == 1 && failed.err.contains("ORA-01017"), failed.err);
        assertArrayEquals(last, Files.readAllBytes(kept), "one that fails leaves the report of the one before");
        oracle.refuse(0);

        for (String[] arguments : new String[][] {{file.toString()}, {file.toString(), "--json"}}) {
            Said nowhere = Said.toNobody(() -> Verification.run("the log", arguments));
            assertTrue(nowhere.code == 1 && nowhere.err.contains("could not be written to the standard output"), nowhere.err);
        }
    }

    @Test
    void aCorrectionThatFailsSaysWhatItMayHaveChanged() throws Exception {
        CanalToDoris.main(new String[] {file.toString()});
        Object[] other = row(new BigDecimal(2), "ab", new BigDecimal("-0.25"), null, "0001-01-01 00:00:00.000");
        oracle.answer(SUM, new int[] {Types.CHAR, Types.NUMERIC, Types.NUMERIC}, row("-", new BigDecimal(3), BigDecimal.ONE));
        oracle.answer(SELECT, TYPES, FIRST, other, THIRD);
        oracle.answerLike(SELECT + " WHERE", TYPES, other);
        verified(1);
        Path hasty = directory.resolve("hasty.yaml");
        Files.write(hasty, (new String(Files.readAllBytes(file), StandardCharsets.UTF_8) + "load: {patience: 1s}\n").getBytes(StandardCharsets.UTF_8));
        String[] only = {hasty.toString(), "--report", directory.resolve("report.json").toString()};
        String[] apply = {only[0], only[1], only[2], "--apply"};
        Path audit = directory.resolve("hasty.audit.jsonl");

        Said would = Said.by(() -> Correction.run(only));
        assertTrue(would.code == 1 && would.out.contains("1 rows written"), would.out + would.err);
        Said nowhere = Said.toNobody(() -> Correction.run(only));
        assertTrue(nowhere.code == 1 && nowhere.err.contains("could not be written to the standard output"), nowhere.err);

        oracle.refuse(1017);
        Said refused = Said.by(() -> Correction.run(apply));
        assertTrue(refused.code == 1 && refused.err.contains("The correction has failed: ") && refused.err.contains("ORA-01017"), refused.code + refused.err);
        assertFalse(refused.err.contains("may have been made") || Files.exists(audit), refused.err);
        oracle.refuse(0);

        Said unaudited = Said.by(() -> Correction.run(new String[] {only[0], only[1], only[2], "--apply", "--audit", directory.resolve("none/audit").toString()}));
        assertTrue(unaudited.code == 1 && unaudited.err.contains("the audit file cannot be written") && !unaudited.err.contains("may have been made"), unaudited.code + unaudited.err);

        doris.fault("{\"name\":\"read_only\"}");
        Said begun = Said.by(() -> Correction.run(apply));
        assertTrue(begun.code == 1 && begun.err.contains("Part of the changes may have been made: those that have a line in " + audit), begun.code + begun.err);
        assertEquals(1, Files.readAllLines(audit).size());
        doris.admin("DELETE", "/faults", null);

        Said done = Said.by(() -> Correction.run(apply));
        assertEquals(0, done.code, done.out + done.err);
    }

    /** Of the report: its only table. */
    private JsonNode verified(int exitCode) throws Exception {
        Path report = directory.resolve("report.json");
        assertEquals(exitCode, Verification.run("the log", new String[] {file.toString(), "--report", report.toString()}));
        JsonNode tables = new ObjectMapper().readTree(Files.readAllBytes(report)).get("tables");
        assertEquals(1, tables.size(), tables.toString());
        return tables.get(0);
    }

    private static BigInteger sum() throws Exception {
        BigInteger sum = BigInteger.ZERO;
        for (String text : TEXTS) {
            byte[] md5 = MessageDigest.getInstance("MD5").digest(text.getBytes(StandardCharsets.UTF_8));
            sum = sum.add(new BigInteger(1, md5).shiftRight(128 - 60));
        }
        return sum;
    }

    private static Object[] column(String name, String type, String precision, String scale, String chars, String bytes, String nullable) {
        return row(name, type, null, precision, scale, chars, bytes, nullable, null, null);
    }

    private static Object[] row(Object... cells) {
        return cells;
    }

    private static int[] texts(int columns) {
        int[] types = new int[columns];
        Arrays.fill(types, Types.VARCHAR);
        return types;
    }
}

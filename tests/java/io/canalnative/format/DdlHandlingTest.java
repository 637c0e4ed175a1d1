package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** The option {@code ddl}, for messages decoded natively and delegated; needs the native library. */
class DdlHandlingTest {

    private static final DataType TYPE =
            DataTypes.ROW(DataTypes.FIELD("id", DataTypes.BIGINT()), DataTypes.FIELD("at", DataTypes.TIMESTAMP(6)));
    private static final List<String> METADATA = Arrays.asList("sql", "table", "type");
    private static final String ALTER =
            "{\"data\":null,\"database\":\"shop\",\"es\":1,\"isDdl\":true,\"sql\":\"ALTER TABLE t ADD c INT\",\"table\":\"t\",\"type\":\"ALTER\"}";
    private static final String CREATE_DATABASE = ALTER.replace("\"ALTER\"", "\"QUERY\"");
    private static final String STATEMENT_TEXT = CREATE_DATABASE.replace("true", "false");

    /** The same to a reader, but nothing that the native decoder reads itself. */
    private static String delegated(String message) {
        return message.replace("\"es\":1", "\"es\":2,\"es\":1");
    }

    @Test
    void emitGivesARowOfNullsWithItsMetadata() throws Exception {
        DecodedTable table = new DecodedTable(TYPE, METADATA, "ddl", "emit");
        for (String message : new String[] {ALTER, CREATE_DATABASE, delegated(ALTER), delegated(CREATE_DATABASE)}) {
            for (List<RowData> rows : Arrays.asList(table.binary(message), table.generic(message))) {
                assertEquals(1, rows.size(), message);
                RowData row = rows.get(0);
                assertEquals(RowKind.INSERT, row.getRowKind());
                assertTrue(row.isNullAt(0) && row.isNullAt(1));
                String type = message.contains("QUERY") ? "QUERY" : "ALTER";
                assertEquals("ALTER TABLE t ADD c INT, t, " + type, row.getString(2) + ", " + row.getString(3) + ", " + row.getString(4));
            }
        }
        assertEquals(0, table.binary(STATEMENT_TEXT).size());
        assertEquals(0, table.binary(delegated(STATEMENT_TEXT)).size());
        assertEquals(Arrays.asList(8L, 8L, 0L, 2L, 5L), counts(table, "ddl", "rows", "skippedDdl", "skippedQuery", "delegated"));
    }

    private static List<Long> counts(DecodedTable table, String... names) {
        Long[] counts = new Long[names.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = table.count(names[i]);
        }
        return Arrays.asList(counts);
    }

    @Test
    void withoutMetadataTheRowIsBinary() throws Exception {
        DecodedTable table = new DecodedTable(TYPE, Collections.emptyList(), "ddl", "emit");
        assertSame(BinaryRowData.class, table.binary(ALTER).get(0).getClass());
        assertEquals("[+I(null,null)]", table.generic(ALTER).toString());
    }

    @Test
    void skipCountsAsEver() throws Exception {
        DecodedTable table = new DecodedTable(TYPE, METADATA, "ddl", "skip");
        for (String message : new String[] {ALTER, CREATE_DATABASE, delegated(ALTER), delegated(CREATE_DATABASE)}) {
            assertEquals(0, table.binary(message).size());
        }
        assertEquals(Arrays.asList(0L, 0L, 2L, 2L), counts(table, "ddl", "rows", "skippedDdl", "skippedQuery"));
    }

    @Test
    void failFailsWhateverElseIsSet() throws Exception {
        DecodedTable table = new DecodedTable(TYPE, METADATA, "ddl", "fail", "ignore-parse-errors", "true");
        for (String message : new String[] {ALTER, CREATE_DATABASE, delegated(ALTER), delegated(CREATE_DATABASE)}) {
            IOException e = assertThrows(IOException.class, () -> table.binary(message));
            assertTrue(
                    e.getMessage().startsWith("Schema change in database 'shop', table 't': ALTER TABLE t ADD c INT. The table's option 'ddl' is 'fail'."),
                    e.getMessage());
            assertTrue(e.getMessage().contains("'canal-json.ddl' = 'skip'"), e.getMessage());
        }
        assertEquals(0, table.binary(STATEMENT_TEXT).size());
        assertEquals(1, table.binary("{\"data\":[{\"id\":1}],\"type\":\"INSERT\"}").size());
        assertEquals(0, table.count("parseErrors"));
    }

    @Test
    void filtersComeFirst() throws Exception {
        for (String ddl : new String[] {"emit", "fail"}) {
            DecodedTable table = new DecodedTable(TYPE, METADATA, "ddl", ddl, "table.include", "u");
            assertEquals(0, table.binary(ALTER).size());
            assertEquals(0, table.binary(delegated(ALTER)).size());
            assertEquals(2, table.count("filtered"));
        }
    }

    @Test
    void emitNeedsNullableColumns() {
        DataType keyed = DataTypes.ROW(DataTypes.FIELD("v", DataTypes.STRING()), DataTypes.FIELD("id", DataTypes.BIGINT().notNull()));
        ValidationException e =
                assertThrows(
                        ValidationException.class,
                        () -> DecodedTable.decoder(new CanalJsonNativeFormatFactory(), keyed, METADATA, "ddl", "emit"));
        assertEquals(
                "Column 'id' is BIGINT NOT NULL, but with 'canal-json-native.ddl' = 'emit' each schema change gives a row in which every column is "
                        + "NULL. Declare 'id' without NOT NULL and outside the PRIMARY KEY, whose columns are NOT NULL, or set "
                        + "'canal-json-native.ddl' to 'skip' or 'fail'.",
                e.getMessage());
        DecodedTable.decoder(new CanalJsonNativeFormatFactory(), keyed, METADATA, "ddl", "fail");
    }
}

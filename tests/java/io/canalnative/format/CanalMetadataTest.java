package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.junit.jupiter.api.Test;

/** The metadata columns beside flink-json's six; needs the native library. */
class CanalMetadataTest {

    private static final List<String> ALL =
            Arrays.asList("old", "raw", "table", "type", "sql", "event-timestamp", "is-ddl", "gtid", "id");
    private static final DataType SAME_NAMES =
            DataTypes.ROW(
                    DataTypes.FIELD("id", DataTypes.BIGINT()),
                    DataTypes.FIELD("type", DataTypes.STRING()),
                    DataTypes.FIELD("sql", DataTypes.STRING()),
                    DataTypes.FIELD("old", DataTypes.STRING()),
                    DataTypes.FIELD("raw", DataTypes.STRING()),
                    DataTypes.FIELD("metadata.id", DataTypes.STRING()));
    private static final String UPDATE =
            "{\"data\":[{\"id\":\"1\",\"type\":\"t\",\"sql\":\"s\",\"old\":\"o\",\"raw\":\"r\"},{\"id\":\"2\"}],\"database\":\"d\",\"es\":5,"
                    + "\"gtid\":\"g-1\",\"id\":77,\"isDdl\":false,\"mysqlType\":{},\"old\":[{\"type\":\"before\\u00e4\",\"sql\":null},{}],"
                    + "\"pkNames\":null,\"sql\":\"\",\"sqlType\":{},\"table\":\"p\",\"ts\":6,\"type\":\"UPDATE\"}";
    /** The same to a reader, but nothing that the native decoder reads itself. */
    private static final String DELEGATED = UPDATE.replace("\"p\"", "\"q\",\"table\":\"p\"");

    private static DecodedTable table(String... options) throws Exception {
        return new DecodedTable(SAME_NAMES, ALL, options);
    }

    /** The metadata of a row in the order of {@link #ALL}, without {@code raw}. */
    private static String metadata(RowData row) {
        List<Object> values = new ArrayList<>();
        values.add(row.isNullAt(6) ? null : map(row.getMap(6)));
        for (int i : new int[] {8, 9, 10, 13}) {
            values.add(row.isNullAt(i) ? null : row.getString(i).toString());
        }
        values.add(row.isNullAt(11) ? null : row.getTimestamp(11, 3).getMillisecond());
        values.add(row.isNullAt(12) ? null : row.getBoolean(12));
        values.add(row.isNullAt(14) ? null : row.getLong(14));
        return values.toString();
    }

    private static String map(MapData map) {
        TreeMap<String, String> entries = new TreeMap<>();
        ArrayData values = map.valueArray();
        for (int i = 0; i < map.size(); i++) {
            entries.put(map.keyArray().getString(i).toString(), values.isNullAt(i) ? null : values.getString(i).toString());
        }
        return entries.toString();
    }

    @Test
    void columnsOfTheSameNamesNativelyAndDelegated() throws Exception {
        for (String semantics : new String[] {"canal", "flink"}) {
            DecodedTable table = table("semantics", semantics);
            for (String message : new String[] {UPDATE, DELEGATED}) {
                for (List<RowData> rows : Arrays.asList(table.binary(message), table.generic(message))) {
                    assertEquals(4, rows.size());
                    for (int i = 0; i < 4; i++) {
                        String old = i < 2 ? "{sql=null, type=beforeä}" : "{}";
                        assertEquals("[" + old + ", p, UPDATE, , g-1, 5, false, 77]", metadata(rows.get(i)), message);
                        assertArrayEquals(message.getBytes(StandardCharsets.UTF_8), rows.get(i).getBinary(7));
                    }
                    assertEquals(1, rows.get(0).getLong(0));
                    assertEquals("t", rows.get(1).getString(1).toString());
                    assertEquals("r", rows.get(1).getString(4).toString());
                }
            }
            assertEquals(2, table.count("delegated"));
            assertSame(JoinedRowData.class, table.binary(UPDATE).get(0).getClass());
        }
    }

    @Test
    void missingAndNullMembersAreNull() throws Exception {
        for (String semantics : new String[] {"canal", "flink"}) {
            DecodedTable table = table("semantics", semantics);
            String nulls = "\"sql\":null,\"gtid\":null,\"id\":null,\"isDdl\":null,\"es\":null,\"table\":null,";
            for (String members : new String[] {"", nulls, nulls + nulls, "\"old\":[{\"id\":1}],\"x\":1,\"x\":1,"}) {
                RowData row = table.binary("{\"data\":[{\"id\":1}]," + members + "\"type\":\"INSERT\"}").get(0);
                assertEquals("[null, null, INSERT, null, null, null, null, null]", metadata(row), members);
            }
            assertEquals(1, table.count("delegated"));
        }
    }

    @Test
    void otherJsonThanCanalWrites() throws Exception {
        DecodedTable table = table();
        String odd =
                UPDATE.replace("\"id\":77", "\"id\":\" 78 \"").replace("\"g-1\"", "[1,\"ä\"]").replace("\"isDdl\":false", "\"isDdl\":\"TRUE\"")
                        .replace("\"sql\":null", "\"a\":-0,\"b\":1.50,\"c\":true,\"d\":{\"e\":[null]}");
        String old = "{a=0, b=1.50, c=true, d={\"e\":[null]}, type=beforeä}";
        assertEquals("[" + old + ", p, UPDATE, , [1,\"ä\"], 5, true, 78]", metadata(table.binary(odd).get(0)));
        String natively = UPDATE.replace("\"sql\":null", "\"a\":-0,\"b\":1.50,\"c\":true");
        assertEquals("[{a=0, b=1.50, c=true, type=beforeä}, p, UPDATE, , g-1, 5, false, 77]", metadata(table.binary(natively).get(0)));
        assertEquals(1, table.count("delegated"));
    }

    @Test
    void anIdThatIsNoBigintIsTheMessagesError() throws Exception {
        for (String id : new String[] {"\"x\"", "1e30", "9223372036854775808", "{}"}) {
            String bad = UPDATE.replace("\"id\":77", "\"id\":" + id);
            for (String semantics : new String[] {"canal", "flink"}) {
                IOException e = assertThrows(IOException.class, () -> table("semantics", semantics).binary(bad), id);
                assertTrue(e.getMessage().startsWith("Corrupt Canal JSON message '"), e.getMessage());
                assertTrue(e.getCause().getMessage().contains("metadata column 'id'"), e.getCause().getMessage());
            }
            DecodedTable lenient = table("ignore-parse-errors", "true");
            assertEquals(0, lenient.binary(bad).size());
            assertEquals(1, lenient.count("parseErrors"));
            RowData row = table("semantics", "flink", "ignore-parse-errors", "true").binary(bad).get(0);
            assertTrue(row.isNullAt(14));
        }
        RowData row = table().binary(UPDATE.replace("\"id\":77", "\"id\":-9223372036854775808")).get(0);
        assertEquals(Long.MIN_VALUE, row.getLong(14));
        assertEquals(-1, table().binary(UPDATE.replace("\"id\":77", "\"id\":-1.9")).get(0).getLong(14));
    }

    @Test
    void rawIsACopyAndOthersOutliveTheNextMessage() throws Exception {
        DecodedTable table = new DecodedTable(SAME_NAMES, Arrays.asList("raw", "sql", "old"));
        byte[] message = UPDATE.replace("\"sql\":\"\"", "\"sql\":\"a longer statement\"").getBytes(StandardCharsets.UTF_8);
        DecodedTable.AnyRows out = new DecodedTable.AnyRows();
        table.decoder.deserialize(message, out);
        byte[] raw = out.rows.get(0).getBinary(6);
        assertNotSame(message, raw);
        Arrays.fill(message, (byte) 0);
        table.binary(UPDATE.replace("before", "after"));
        assertTrue(new String(raw, StandardCharsets.UTF_8).startsWith("{\"data\""));
        assertEquals("a longer statement", out.rows.get(0).getString(7).toString());
        assertEquals("{sql=null, type=beforeä}", map(out.rows.get(1).getMap(8)));
    }

    @Test
    void noColumnAtAllButMetadata() throws Exception {
        DecodedTable table = new DecodedTable(DataTypes.ROW(), Arrays.asList("raw", "type"));
        List<RowData> rows = table.binary(UPDATE);
        assertEquals(4, rows.size());
        assertEquals("UPDATE", rows.get(3).getString(1).toString());
    }

    @Test
    void producedTypeHasUniqueNamesAndTheDeclaredTypes() throws Exception {
        RowType produced = ((InternalTypeInfo<?>) table().decoder.getProducedType()).toRowType();
        assertEquals(15, produced.getFieldCount());
        assertEquals(15, produced.getFieldNames().stream().distinct().count());
        assertEquals("MAP<STRING, STRING>", produced.getTypeAt(6).asSerializableString().replace("VARCHAR(2147483647)", "STRING"));
        assertTrue(produced.getFields().subList(6, 15).stream().allMatch(field -> field.getType().isNullable()));
    }

    @Test
    void flinksSixKeepFlinksErrors() {
        DataType table = DataTypes.ROW(DataTypes.FIELD("table", DataTypes.STRING()));
        for (List<String> keys : Arrays.asList(Collections.singletonList("table"), Arrays.asList("type", "table"))) {
            ValidationException e =
                    assertThrows(ValidationException.class, () -> DecodedTable.decoder(new CanalJsonNativeFormatFactory(), table, keys));
            assertTrue(e.getMessage().startsWith("Field names must be unique."), e.getMessage());
        }
        assertThrows(
                IllegalStateException.class,
                () -> DecodedTable.decoder(new CanalJsonNativeFormatFactory(), table, Arrays.asList("raw", "nonsense")));
    }

    @Test
    void decodersWithDifferentMetadataDiffer() {
        CanalJsonNativeFormatFactory factory = new CanalJsonNativeFormatFactory();
        assertEquals(DecodedTable.decoder(factory, SAME_NAMES, ALL), DecodedTable.decoder(factory, SAME_NAMES, ALL));
        assertNotEquals(
                DecodedTable.decoder(factory, SAME_NAMES, Arrays.asList("sql")), DecodedTable.decoder(factory, SAME_NAMES, Arrays.asList("gtid")));
    }

    @Test
    void binaryRowsWithoutMetadataStayBinary() throws Exception {
        DecodedTable table = new DecodedTable(SAME_NAMES, Collections.emptyList());
        assertSame(BinaryRowData.class, table.binary(UPDATE).get(0).getClass());
        assertFalse(table.binary(UPDATE).get(0).isNullAt(0));
    }
}

package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;

/** The decoder from message to rows; needs the native library. */
class CanalDeserializationSchemaTest {

    private static final List<String> NO_METADATA = Collections.emptyList();
    private static final List<String> ALL_METADATA =
            Arrays.asList("event-timestamp", "sql-type", "pk-names", "table", "database", "ingestion-timestamp");
    private static final DataType PRODUCT =
            DataTypes.ROW(DataTypes.FIELD("id", DataTypes.BIGINT()), DataTypes.FIELD("name", DataTypes.STRING()));
    private static final String UPDATE =
            "{\"data\":[{\"id\":\"1\",\"name\":\"a product with a long name\"}],\"database\":\"inventory\",\"es\":1589373515000,"
                    + "\"old\":[{\"id\":\"0\"}],\"pkNames\":[\"id\",null],\"sqlType\":{\"id\":-5,\"name\":12},\"table\":\"products\","
                    + "\"ts\":1589373515477,\"type\":\"UPDATE\"}";

    private static String insert(String columns) {
        return "{\"data\":[{" + columns + "}],\"type\":\"INSERT\"}";
    }

    @Test
    void collectorsThatTakeThemGetBinaryRowsThatOwnTheirBytes() throws Exception {
        DecodedTable table = new DecodedTable(PRODUCT, NO_METADATA);
        List<RowData> rows = table.binary(UPDATE);
        table.binary(insert("\"id\":99,\"name\":\"another product with a long name\""));
        assertSame(BinaryRowData.class, rows.get(0).getClass());
        assertEquals(Arrays.asList(RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER), Arrays.asList(rows.get(0).getRowKind(), rows.get(1).getRowKind()));
        assertEquals(Arrays.asList(0L, 1L), Arrays.asList(rows.get(0).getLong(0), rows.get(1).getLong(0)));
        assertEquals("a product with a long name", rows.get(0).getString(1).toString());
        assertSame(((BinaryRowData) rows.get(0)).getSegments(), ((BinaryRowData) rows.get(1)).getSegments());
    }

    @Test
    void otherCollectorsGetGenericRows() throws Exception {
        List<RowData> rows = new DecodedTable(PRODUCT, NO_METADATA).generic(UPDATE);
        assertEquals("[-U(0,a product with a long name), +U(1,a product with a long name)]", rows.toString());
        assertSame(GenericRowData.class, rows.get(0).getClass());
    }

    @Test
    void kafkasCollectors() throws Exception {
        RowForm form = new RowForm();
        String kafka = "org.apache.flink.connector.kafka.source.reader.KafkaRecordEmitter$SourceOutputWrapper";
        Constructor<?> valueOnly = Class.forName(kafka).getDeclaredConstructors()[0];
        valueOnly.setAccessible(true);
        Object[] none = new Object[valueOnly.getParameterCount()];
        assertTrue(form.isBinary((Collector<?>) valueOnly.newInstance(none)));
        Class<?> schema = Class.forName("org.apache.flink.streaming.connectors.kafka.table.DynamicKafkaDeserializationSchema");
        // Its constructor has one more argument in the connector for Flink 2.
        Constructor<?> projecting = Class.forName(schema.getName() + "$OutputProjectionCollector").getDeclaredConstructors()[0];
        projecting.setAccessible(true);
        Object[] arguments = new Object[projecting.getParameterCount()];
        for (int i = 0; i < arguments.length; i++) {
            Class<?> type = projecting.getParameterTypes()[i];
            arguments[i] = type.isArray() ? Array.newInstance(type.getComponentType(), 0) : type == int.class ? (Object) 2 : (Object) false;
        }
        Object casting = projecting.newInstance(arguments);
        assertFalse(form.isBinary((Collector<?>) casting));
        assertTrue(form.isBinary(new DecodedTable.AnyRows()));
    }

    @Test
    void nullInANotNullColumnIsHandedOverAsGenericRows() throws Exception {
        DecodedTable table =
                new DecodedTable(
                        DataTypes.ROW(
                                DataTypes.FIELD("id", DataTypes.BIGINT().notNull()), DataTypes.FIELD("name", DataTypes.STRING().notNull())),
                        NO_METADATA);
        assertEquals("[+I(null,null)]", table.binary(insert("\"id\":null")).toString());
        assertSame(BinaryRowData.class, table.binary(insert("\"id\":1,\"name\":\"x\"")).get(0).getClass());
    }

    @Test
    void digitsBeyondTheColumnsPrecisionSurviveAsInFlink() throws Exception {
        DecodedTable table =
                new DecodedTable(DataTypes.ROW(DataTypes.FIELD("t", DataTypes.TIMESTAMP(3))), NO_METADATA);
        RowData wide = table.binary(insert("\"t\":\"2020-05-13 12:38:35.123456789\"")).get(0);
        assertSame(GenericRowData.class, wide.getClass());
        assertEquals(TimestampData.fromEpochMillis(1589373515123L, 456789), wide.getTimestamp(0, 3));
        RowData compact = table.binary(insert("\"t\":\"2020-05-13 12:38:35.123\"")).get(0);
        assertSame(BinaryRowData.class, compact.getClass());
        assertEquals(TimestampData.fromEpochMillis(1589373515123L), compact.getTimestamp(0, 3));
        assertEquals("[+I(2020-05-13T12:38:35.123)]", table.generic(insert("\"t\":\"2020-05-13 12:38:35.123\"")).toString());
    }

    @Test
    void metadataFollowsTheColumnsInRequestedOrder() throws Exception {
        DecodedTable table = new DecodedTable(PRODUCT, ALL_METADATA);
        for (List<RowData> rows : Arrays.asList(table.binary(UPDATE), table.generic(UPDATE))) {
            RowData row = rows.get(1);
            assertEquals(8, row.getArity());
            assertEquals(RowKind.UPDATE_AFTER, row.getRowKind());
            assertEquals(1L, row.getLong(0));
            assertEquals(TimestampData.fromEpochMillis(1589373515000L), row.getTimestamp(2, 3));
            assertEquals(2, row.getMap(3).size());
            assertEquals("id", row.getArray(4).getString(0).toString());
            assertTrue(row.getArray(4).isNullAt(1));
            assertEquals(StringData.fromString("products"), row.getString(5));
            assertEquals(StringData.fromString("inventory"), row.getString(6));
            assertEquals(TimestampData.fromEpochMillis(1589373515477L), row.getTimestamp(7, 3));
        }
        assertSame(JoinedRowData.class, table.binary(UPDATE).get(0).getClass());
        assertSame(GenericRowData.class, table.generic(UPDATE).get(0).getClass());
        assertSame(table.binary(UPDATE).get(0).getMap(3), table.binary(UPDATE).get(0).getMap(3));
        GenericRowData without = (GenericRowData) table.generic(insert("\"id\":1")).get(0);
        for (int i = 2; i < 8; i++) {
            assertNull(without.getField(i));
        }
    }

    @Test
    void moreDistinctNamesThanTheDictionaryHolds() throws Exception {
        DecodedTable table = new DecodedTable(PRODUCT, Arrays.asList("database", "table"));
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 10_000; i++) {
                String message =
                        "{\"data\":[{\"id\":1}],\"database\":\"d" + i % 7 + "\",\"table\":\"t" + i + "\",\"type\":\"INSERT\"}";
                RowData row = table.binary(message).get(0);
                assertEquals("d" + i % 7 + ".t" + i, row.getString(2) + "." + row.getString(3));
                if (i % 500 == 0) {
                    // Names that go to Flink's codec do not disturb the dictionaries.
                    String odd = "{\"data\":[{\"id\":1}],\"database\":7,\"table\":\"u" + i + "\",\"type\":\"INSERT\"}";
                    assertEquals("u" + i, table.binary(odd).get(0).getString(3).toString());
                }
            }
        }
        assertEquals(40, table.count("delegated"));
    }

    @Test
    void everyMessageIsCounted() throws Exception {
        DecodedTable table = new DecodedTable(PRODUCT, NO_METADATA, "database.include", "inv.*", "table.include", "p.*", "ignore-parse-errors", "true");
        String[] messages = {
            UPDATE,
            UPDATE.replace("\"inventory\"", "\"other\""),
            UPDATE.replace("\"products\"", "\"orders\""),
            UPDATE.replace("\"UPDATE\"", "\"ALTER\""),
            UPDATE.replace("\"UPDATE\"", "\"QUERY\""),
            UPDATE.replace("\"UPDATE\"", "\"XACOMMIT\""),
            UPDATE.replace("\"UPDATE\"", "\"MHEARTBEAT\""),
            UPDATE.replace("\"UPDATE\"", "\"REPLACE\""),
            UPDATE.replace("\"1\"", "\"one\""),
            UPDATE.substring(0, 100),
            "",
        };
        int emitted = 0;
        long bytes = 0;
        for (String message : messages) {
            emitted += table.binary(message).size();
            bytes += message.length();
        }
        table.decoder.deserialize(null, new DecodedTable.AnyRows());
        assertEquals(2, emitted);
        String[] counters = {"messages", "bytes", "rows", "filtered", "skippedDdl", "skippedQuery", "skippedTransaction", "skippedOther", "parseErrors"};
        long[] expected = {10, bytes, 2, 2, 1, 1, 1, 1, 3};
        for (int i = 0; i < counters.length; i++) {
            assertEquals(expected[i], table.count(counters[i]), counters[i]);
        }
    }

    @Test
    void badMessagesFailAndTheNextOneDecodes() throws Exception {
        for (String semantics : new String[] {"canal", "flink"}) {
            DecodedTable table = new DecodedTable(PRODUCT, NO_METADATA, "semantics", semantics);
            String bad = UPDATE.replace("\"1\"", "\"one\"");
            IOException e = assertThrows(IOException.class, () -> table.binary(bad));
            assertEquals("Corrupt Canal JSON message '" + bad + "'.", e.getMessage());
            assertEquals("Fail to deserialize at field: data.", e.getCause().getMessage());
            assertEquals(2, table.binary(UPDATE).size());
            assertEquals(1, table.count("delegated"));
        }
    }

    @Test
    void collectorsExceptionsPassUnchanged() throws Exception {
        DecodedTable table = new DecodedTable(PRODUCT, NO_METADATA, "ignore-parse-errors", "true");
        IllegalStateException full = new IllegalStateException("full");
        Collector<RowData> out =
                new Collector<RowData>() {
                    @Override
                    public void collect(RowData row) {
                        throw full;
                    }

                    @Override
                    public void close() {}
                };
        for (String message : new String[] {UPDATE, UPDATE.replace("\"old\"", "\"x\":\"\\ud800\",\"old\"").replace("\"UPDATE\"", "\"\\u0055PDATE\"")}) {
            byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
            assertSame(full, assertThrows(IllegalStateException.class, () -> table.decoder.deserialize(bytes, out)));
        }
        assertEquals(1, table.count("delegated"));
    }

    @Test
    void aPatternTooDeepForANameIsTheMessagesError() throws Exception {
        char[] name = new char[1_000_000];
        Arrays.fill(name, 'a');
        String message = "{\"data\":[{\"id\":1}],\"database\":\"" + new String(name) + "\",\"type\":\"INSERT\"}";
        for (String semantics : new String[] {"canal", "flink"}) {
            DecodedTable table = new DecodedTable(PRODUCT, NO_METADATA, "semantics", semantics, "database.include", "(a|b)*");
            IOException e = assertThrows(IOException.class, () -> table.binary(message));
            assertSame(StackOverflowError.class, e.getCause().getClass());
            assertEquals(1, table.binary("{\"data\":[{\"id\":1}],\"database\":\"ab\",\"type\":\"INSERT\"}").size());
        }
    }

    @Test
    void openedAgainItDecodesAgain() throws Exception {
        DecodedTable table = new DecodedTable(PRODUCT, ALL_METADATA);
        table.binary(UPDATE);
        table.decoder.open(null);
        assertEquals("inventory", table.binary(UPDATE).get(0).getString(6).toString());
    }
}

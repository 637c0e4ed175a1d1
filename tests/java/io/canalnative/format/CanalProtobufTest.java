package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import com.alibaba.otter.canal.protocol.CanalEntry;
import com.alibaba.otter.canal.protocol.CanalPacket;
import com.google.protobuf.ByteString;
import io.canalnative.NativeLibrary;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

/** {@code 'format' = 'canal-protobuf'}: options, planning, metadata, errors, counters. Packets are written by Canal's own classes. */
class CanalProtobufTest {

    private static final DataType TYPE =
            DataTypes.ROW(DataTypes.FIELD("id", DataTypes.BIGINT()), DataTypes.FIELD("name", DataTypes.STRING()));
    private static final List<String> METADATA =
            Arrays.asList("raw", "old", "binlog-offset", "table", "binlog-file", "ingestion-timestamp", "event-timestamp", "pk-names", "type", "id");

    static DeserializationFormatFactory factory() {
        return FactoryUtil.discoverFactory(
                Thread.currentThread().getContextClassLoader(), DeserializationFormatFactory.class, "canal-protobuf");
    }

    private static DecodedTable table(List<String> metadata, String... options) throws Exception {
        return new DecodedTable(factory(), "canal_protobuf", TYPE, metadata, options);
    }

    private static CanalEntry.Column column(String name, String value, boolean key, boolean updated) {
        CanalEntry.Column.Builder column =
                CanalEntry.Column.newBuilder().setIndex(0).setSqlType(12).setName(name).setIsKey(key).setUpdated(updated).setMysqlType("text");
        return (value == null ? column.setIsNull(true) : column.setIsNull(false).setValue(value)).build();
    }

    private static CanalEntry.RowData after(String id, String name) {
        return CanalEntry.RowData.newBuilder().addAfterColumns(column("id", id, true, true)).addAfterColumns(column("name", name, false, true)).build();
    }

    private static CanalEntry.Entry entry(CanalEntry.EventType type, CanalEntry.RowData... rows) {
        CanalEntry.Header header =
                CanalEntry.Header.newBuilder().setLogfileName("mysql-bin.000003").setLogfileOffset(815).setExecuteTime(5_000)
                        .setSchemaName("shop").setTableName("products").setEventType(type).build();
        CanalEntry.RowChange change =
                CanalEntry.RowChange.newBuilder().setEventType(type).setIsDdl(rows.length == 0).setSql(rows.length == 0 ? "drop table t" : "")
                        .addAllRowDatas(Arrays.asList(rows)).build();
        return CanalEntry.Entry.newBuilder().setHeader(header).setEntryType(CanalEntry.EntryType.ROWDATA).setStoreValue(change.toByteString()).build();
    }

    private static CanalEntry.Entry begin() {
        return CanalEntry.Entry.newBuilder().setEntryType(CanalEntry.EntryType.TRANSACTIONBEGIN).setStoreValue(ByteString.EMPTY).build();
    }

    private static byte[] packet(CanalEntry.Entry... entries) {
        CanalPacket.Messages.Builder messages = CanalPacket.Messages.newBuilder().setBatchId(42);
        Arrays.stream(entries).forEach(entry -> messages.addMessages(entry.toByteString()));
        return CanalPacket.Packet.newBuilder().setType(CanalPacket.PacketType.MESSAGES).setBody(messages.build().toByteString()).build().toByteArray();
    }

    private static CanalEntry.Entry update() {
        CanalEntry.RowData row =
                CanalEntry.RowData.newBuilder().addBeforeColumns(column("id", "1", true, false)).addBeforeColumns(column("name", "a", false, false))
                        .addAfterColumns(column("id", "1", true, false)).addAfterColumns(column("name", null, false, true)).build();
        return entry(CanalEntry.EventType.UPDATE, row);
    }

    private static List<RowData> decode(DecodedTable table, byte[] packet) throws IOException {
        DecodedTable.AnyRows out = new DecodedTable.AnyRows();
        table.decoder.deserialize(packet, out);
        return out.rows;
    }

    private static List<String> texts(List<RowData> rows) {
        List<String> texts = new ArrayList<>();
        for (RowData row : rows) {
            texts.add(row.getRowKind().shortString() + "(" + row.getLong(0) + "," + (row.isNullAt(1) ? null : row.getString(1)) + ")");
        }
        return texts;
    }

    @Test
    void rowsAndCounters() throws Exception {
        DecodedTable table = table(Collections.emptyList());
        byte[] packet =
                packet(begin(), entry(CanalEntry.EventType.INSERT, after("1", "a"), after("2", "ä")), update(), entry(CanalEntry.EventType.ERASE), begin());
        List<RowData> rows = decode(table, packet);
        assertEquals(Arrays.asList("+I(1,a)", "+I(2,ä)", "-U(1,a)", "+U(1,null)"), texts(rows));
        assertSame(BinaryRowData.class, rows.get(0).getClass());
        DecodedTable.UnknownCollector unknown = new DecodedTable.UnknownCollector();
        table.decoder.deserialize(packet, unknown);
        assertSame(GenericRowData.class, unknown.rows.get(0).getClass());
        assertEquals(Arrays.asList("+I(1,a)", "+I(2,ä)", "-U(1,a)", "+U(1,null)"), texts(unknown.rows));
        table.decoder.deserialize(null, unknown);
        table.decoder.deserialize(new byte[0], unknown);
        assertEquals(4, unknown.rows.size());
        assertEquals(2, table.count("messages"));
        assertEquals(2L * packet.length, table.count("bytes"));
        assertEquals(10, table.count("entries"));
        assertEquals(8, table.count("rows"));
        assertEquals(4, table.count("skippedTransaction"));
        assertEquals(2, table.count("skippedDdl"));
        assertEquals(0, table.count("delegated"));
    }

    @Test
    void filtersAskOnceForEachName() throws Exception {
        DecodedTable table = table(Collections.emptyList(), "database.include", "sh.*", "table.include", "prod(ucts)?");
        CanalEntry.Entry insert = entry(CanalEntry.EventType.INSERT, after("1", "a"));
        CanalEntry.Entry other = insert.toBuilder().setHeader(insert.getHeader().toBuilder().setTableName("orders")).build();
        for (int i = 0; i < 3; i++) {
            assertEquals(Arrays.asList("+I(1,a)", "+I(1,a)"), texts(decode(table, packet(begin(), other, insert, other, insert))));
        }
        assertEquals(6, table.count("filtered"));
        assertEquals(15, table.count("entries"));
    }

    @Test
    void metadataOfEachEntry() throws Exception {
        DecodedTable table = table(METADATA);
        byte[] packet = packet(begin(), update(), entry(CanalEntry.EventType.ERASE), entry(CanalEntry.EventType.INSERT, after("7", "z")), begin());
        List<RowData> rows = decode(table, packet);
        assertEquals(3, rows.size());
        assertSame(JoinedRowData.class, rows.get(0).getClass());
        for (RowData row : rows) {
            boolean update = row.getRowKind() != org.apache.flink.types.RowKind.INSERT;
            assertArrayEquals(packet, row.getBinary(2));
            assertSame(rows.get(0).getBinary(2), row.getBinary(2), "one copy for all rows");
            assertEquals(update, !row.isNullAt(3));
            assertEquals(815, row.getLong(4));
            assertEquals("products", row.getString(5).toString());
            assertEquals("mysql-bin.000003", row.getString(6).toString());
            assertTrue(row.isNullAt(7));
            assertEquals(5_000, row.getTimestamp(8, 3).getMillisecond());
            assertEquals("id", row.getArray(9).getString(0).toString());
            assertEquals(update ? "UPDATE" : "INSERT", row.getString(10).toString());
            assertEquals(42, row.getLong(11));
        }
        MapData old = rows.get(0).getMap(3);
        assertEquals(1, old.size());
        assertEquals("name", old.keyArray().getString(0).toString());
        assertEquals("a", old.valueArray().getString(0).toString());
    }

    /** A value in digits of another script: flink-json reads it, and every column of the row is as if it were native. */
    @Test
    void whatOnlyFlinksCodecReadsGoesThere() throws Exception {
        CanalEntry.RowData row =
                CanalEntry.RowData.newBuilder().addBeforeColumns(column("id", "１", true, false)).addBeforeColumns(column("name", "a", false, false))
                        .addAfterColumns(column("id", "１", true, false)).addAfterColumns(column("name", "\"ä\"\n", false, true)).build();
        byte[] packet = packet(entry(CanalEntry.EventType.INSERT, after("5", "x")), entry(CanalEntry.EventType.UPDATE, row), update());
        List<String> expected = Arrays.asList("+I(5,x)", "-U(1,a)", "+U(1,\"ä\"\n)", "-U(1,a)", "+U(1,null)");
        DecodedTable table = table(Collections.emptyList());
        assertEquals(expected, texts(decode(table, packet)));
        assertEquals(1, table.count("delegated"));
        assertEquals(5, table.count("rows"));
        DecodedTable with = table(METADATA);
        List<RowData> rows = decode(with, packet);
        assertEquals(expected, texts(rows));
        for (RowData each : rows.subList(1, 3)) {
            assertArrayEquals(packet, each.getBinary(2));
            assertEquals("a", each.getMap(3).valueArray().getString(0).toString());
            assertEquals(815, each.getLong(4));
            assertEquals("mysql-bin.000003", each.getString(6).toString());
            assertTrue(each.isNullAt(7));
            assertEquals(42, each.getLong(11));
        }
    }

    @Test
    void aBadValueFailsThePacketOrIsCounted() throws Exception {
        byte[] packet = packet(entry(CanalEntry.EventType.INSERT, after("5", "x")), entry(CanalEntry.EventType.INSERT, after("five", "x")));
        for (List<String> metadata : Arrays.asList(Collections.<String>emptyList(), METADATA)) {
            DecodedTable strict = table(metadata);
            DecodedTable.AnyRows out = new DecodedTable.AnyRows();
            IOException e = assertThrows(IOException.class, () -> strict.decoder.deserialize(packet, out));
            assertTrue(e.getMessage().startsWith("Corrupt Canal JSON message '{\"data\":[{\"id\":\"five\""), e.getMessage());
            assertTrue(out.rows.isEmpty(), "rows of a packet that failed");
            DecodedTable lenient = table(metadata, "ignore-parse-errors", "true");
            assertEquals(Collections.singletonList("+I(5,x)"), texts(decode(lenient, packet)));
            assertEquals(1, lenient.count("parseErrors"));
        }
    }

    @Test
    void whatIsNoPacket() throws Exception {
        byte[] whole = packet(update());
        byte[] cut = Arrays.copyOf(whole, whole.length - 1);
        byte[] json = "{\"data\":null}".getBytes(StandardCharsets.UTF_8);
        DecodedTable strict = table(Collections.emptyList());
        String message = assertThrows(IOException.class, () -> decode(strict, cut)).getMessage();
        assertTrue(message.startsWith("Corrupt Canal packet of " + cut.length + " bytes: ") && message.contains(" at byte "), message);
        message = assertThrows(IOException.class, () -> decode(strict, json)).getMessage();
        assertTrue(message.contains("flatMessage = true") && message.contains("'canal-json'"), message);
        assertEquals(Arrays.asList("-U(1,a)", "+U(1,null)"), texts(decode(strict, whole)), "usable after a failure");
        DecodedTable lenient = table(METADATA, "ignore-parse-errors", "true");
        assertEquals(0, decode(lenient, cut).size());
        assertEquals(0, decode(lenient, json).size());
        assertEquals(2, lenient.count("parseErrors"));
    }

    @Test
    void schemaChanges() throws Exception {
        byte[] packet = packet(entry(CanalEntry.EventType.INSERT, after("5", "x")), entry(CanalEntry.EventType.ERASE));
        DecodedTable emit = table(Arrays.asList("sql", "is-ddl"), "ddl", "emit");
        List<RowData> rows = decode(emit, packet);
        assertEquals(2, rows.size());
        assertTrue(rows.get(1).isNullAt(0) && rows.get(1).getBoolean(3));
        assertEquals("drop table t", rows.get(1).getString(2).toString());
        assertEquals(1, emit.count("ddl"));
        DecodedTable fail = table(Collections.emptyList(), "ddl", "fail");
        IOException e = assertThrows(IOException.class, () -> decode(fail, packet));
        assertTrue(e.getMessage().contains("drop table t"), e.getMessage());
    }

    @Test
    void optionsAndMetadataKeys() {
        List<String> options = new ArrayList<>();
        factory().optionalOptions().forEach(option -> options.add(option.key()));
        Collections.sort(options);
        assertEquals(Arrays.asList("database.include", "ddl", "ignore-parse-errors", "table.include", "timestamp-format.standard", "zero-date"), options);
        List<String> keys = new ArrayList<>(factory().createDecodingFormat(null, new Configuration()).listReadableMetadata().keySet());
        assertEquals(Arrays.asList("raw", "binlog-file", "binlog-offset"), keys.subList(keys.size() - 3, keys.size()));
        assertFalse(new CanalJsonNativeFormatFactory().createDecodingFormat(null, new Configuration()).listReadableMetadata().containsKey("binlog-file"));
    }

    @Test
    void sinksAreRefused() {
        SerializationFormatFactory sink =
                FactoryUtil.discoverFactory(Thread.currentThread().getContextClassLoader(), SerializationFormatFactory.class, "canal-protobuf");
        String message = assertThrows(ValidationException.class, () -> sink.createEncodingFormat(null, new Configuration())).getMessage();
        assertTrue(message.contains("reads only") && message.contains("canal-json.encode.envelope"), message);
    }

    @Test
    void kafkaTablesPlan() {
        StreamTableEnvironment tables = StreamTableEnvironment.create(StreamExecutionEnvironment.getExecutionEnvironment());
        String kafka = "'connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'localhost:1', 'properties.group.id' = 'g'";
        tables.executeSql(
                "CREATE TABLE a (id BIGINT, name STRING, file STRING METADATA FROM 'value.binlog-file' VIRTUAL) WITH (" + kafka
                        + ", 'format' = 'canal-protobuf', 'canal-protobuf.ddl' = 'skip')");
        tables.executeSql(
                "CREATE TABLE b (k STRING, id BIGINT, pos BIGINT METADATA FROM 'value.binlog-offset' VIRTUAL) WITH (" + kafka
                        + ", 'key.format' = 'raw', 'key.fields' = 'k', 'value.fields-include' = 'EXCEPT_KEY', 'value.format' = 'canal-protobuf',"
                        + " 'value.canal-protobuf.table.include' = 'x')");
        assertTrue(tables.explainSql("SELECT name, file FROM a").contains("file"));
        assertTrue(tables.explainSql("SELECT k, pos FROM b").contains("pos"));
        tables.executeSql("CREATE TABLE c (id BIGINT) WITH (" + kafka + ", 'format' = 'canal-protobuf', 'canal-protobuf.semantics' = 'flink')");
        Throwable refused = assertThrows(ValidationException.class, () -> tables.explainSql("SELECT * FROM c"));
        StringBuilder chain = new StringBuilder();
        for (; refused != null; refused = refused.getCause()) {
            chain.append(refused.getMessage()).append('\n');
        }
        assertTrue(chain.toString().contains("semantics"), chain.toString());
    }

    @Test
    void withoutTheLibraryOpenSaysSo() throws Exception {
        String before = System.getProperty(NativeLibrary.PATH_PROPERTY);
        System.setProperty(NativeLibrary.PATH_PROPERTY, "/nowhere/libcanal_native.so");
        try {
            DeserializationFormatFactory isolated =
                    new IsolatedClasses("io.canalnative.", null, CanalNativeFormatFactory.class)
                            .instance(CanalProtobufFormatFactory.class.getName(), DeserializationFormatFactory.class);
            DeserializationSchema<RowData> decoder = DecodedTable.decoder(isolated, TYPE, Collections.emptyList());
            String message = assertThrows(IllegalStateException.class, () -> decoder.open(null)).getMessage();
            assertTrue(message.contains("'canal-protobuf' needs canal-native's library") && message.contains("/nowhere/libcanal_native.so"), message);
            assertTrue(message.contains("flatMessage = true"), message);
        } finally {
            if (before == null) {
                System.clearProperty(NativeLibrary.PATH_PROPERTY);
            } else {
                System.setProperty(NativeLibrary.PATH_PROPERTY, before);
            }
        }
    }

    @Test
    void decodersAreSerializableAndUsedOnlyWhenOpen() throws Exception {
        DeserializationSchema<RowData> decoder = DecodedTable.decoder(factory(), TYPE, Collections.emptyList());
        assertEquals(decoder, InstantiationUtil.clone(decoder));
        assertFalse(decoder.equals(DecodedTable.decoder(new CanalJsonNativeFormatFactory(), TYPE, Collections.emptyList())));
        DecodedTable.AnyRows out = new DecodedTable.AnyRows();
        assertThrows(IllegalStateException.class, () -> decoder.deserialize(packet(update()), out));
    }
}

package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

import com.alibaba.otter.canal.protocol.CanalEntry;
import com.alibaba.otter.canal.protocol.CanalPacket;
import com.google.protobuf.ByteString;
import io.canalnative.differential.TestData;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** Every value of every packet that real servers wrote is the one that Canal's own classes give. */
class CanalClassesTest {

    private static List<byte[]> packets(String set) throws IOException {
        List<byte[]> packets = new ArrayList<>();
        try (DataInputStream in =
                new DataInputStream(new GZIPInputStream(Files.newInputStream(TestData.path("canal/captured/" + set + ".packets.gz"))))) {
            while (true) {
                byte[] packet = new byte[Integer.reverseBytes(in.readInt())];
                in.readFully(packet);
                packets.add(packet);
            }
        } catch (EOFException e) {
            return packets;
        }
    }

    /** A row as text: its kind, and each column's value as the server sent it. */
    private static String row(RowKind kind, Map<String, String> values, List<String> columns) {
        StringBuilder text = new StringBuilder(kind.shortString());
        columns.forEach(column -> text.append('|').append(values.get(column)));
        return text.toString();
    }

    private static Map<String, String> values(List<CanalEntry.Column> columns) {
        Map<String, String> values = new LinkedHashMap<>();
        columns.forEach(column -> values.put(column.getName(), column.getIsNull() ? null : column.getValue()));
        return values;
    }

    /** The rows of one table by Canal's classes. */
    private static List<String> expected(List<byte[]> packets, String database, String table, List<String> columns) throws IOException {
        List<String> rows = new ArrayList<>();
        for (byte[] packet : packets) {
            CanalPacket.Messages messages = CanalPacket.Messages.parseFrom(CanalPacket.Packet.parseFrom(packet).getBody());
            for (ByteString bytes : messages.getMessagesList()) {
                CanalEntry.Entry entry = CanalEntry.Entry.parseFrom(bytes);
                boolean ours = entry.getHeader().getSchemaName().equals(database) && entry.getHeader().getTableName().equals(table);
                if (!ours || entry.getEntryType() != CanalEntry.EntryType.ROWDATA) {
                    continue;
                }
                CanalEntry.RowChange change = CanalEntry.RowChange.parseFrom(entry.getStoreValue());
                for (CanalEntry.RowData row : change.getRowDatasList()) {
                    add(change.getEventType(), values(row.getBeforeColumnsList()), values(row.getAfterColumnsList()), columns, rows);
                }
            }
        }
        return rows;
    }

    private static void add(
            CanalEntry.EventType type, Map<String, String> before, Map<String, String> after, List<String> columns, List<String> rows) {
        switch (type) {
            case INSERT:
                rows.add(row(RowKind.INSERT, after, columns));
                break;
            case DELETE:
                rows.add(row(RowKind.DELETE, before, columns));
                break;
            case UPDATE:
                // What one image lacks, the other has: partial row images.
                Map<String, String> wholeAfter = new LinkedHashMap<>(before);
                wholeAfter.putAll(after);
                Map<String, String> wholeBefore = new LinkedHashMap<>(after);
                wholeBefore.putAll(before);
                rows.add(row(RowKind.UPDATE_BEFORE, wholeBefore, columns));
                rows.add(row(RowKind.UPDATE_AFTER, wholeAfter, columns));
                break;
            default:
                break;
        }
    }

    private static List<String> decoded(List<byte[]> packets, String database, String table, List<String> columns) throws Exception {
        DataTypes.Field[] fields = columns.stream().map(name -> DataTypes.FIELD(name, DataTypes.STRING())).toArray(DataTypes.Field[]::new);
        DecodedTable decoder =
                new DecodedTable(
                        CanalProtobufTest.factory(), "canal_protobuf", DataTypes.ROW(fields), Collections.emptyList(),
                        "database.include", Pattern.quote(database), "table.include", Pattern.quote(table));
        List<String> rows = new ArrayList<>();
        DecodedTable.AnyRows out = new DecodedTable.AnyRows();
        for (byte[] packet : packets) {
            decoder.decoder.deserialize(packet, out);
        }
        for (RowData row : out.rows) {
            Map<String, String> values = new LinkedHashMap<>();
            for (int i = 0; i < columns.size(); i++) {
                values.put(columns.get(i), row.isNullAt(i) ? null : row.getString(i).toString());
            }
            rows.add(row(row.getRowKind(), values, columns));
        }
        assertEquals(0, decoder.count("delegated"));
        return rows;
    }

    @Test
    void everyTableOfEverySet() throws Exception {
        Map<String, Map<String, Map<String, String>>> sets = TestData.capturedSchemas();
        int all = 0;
        for (String set : new String[] {"mysql80", "mysql97", "mariadb", "canal114"}) {
            List<byte[]> packets = packets(set);
            for (Map.Entry<String, Map<String, String>> schema : sets.get(set).entrySet()) {
                String[] name = schema.getKey().split("\\.", 2);
                List<String> columns = new ArrayList<>(schema.getValue().keySet());
                List<String> expected = expected(packets, name[0], name[1], columns);
                assertEquals(expected, decoded(packets, name[0], name[1], columns), set + " " + schema.getKey());
                all += expected.size();
            }
        }
        assertTrue(all > 10_000, all + " rows");
    }
}

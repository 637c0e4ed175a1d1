package io.canalnative.bench;

import java.io.IOException;
import java.math.BigDecimal;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.alibaba.otter.canal.protocol.CanalEntry;
import com.alibaba.otter.canal.protocol.CanalPacket;
import com.google.protobuf.ByteString;

import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;

/**
 * Packets read by Canal's own classes, as its client reads them ({@code CanalMessageDeserializer}), and their columns turned into
 * Flink's rows: what a job has to do without this project. Only the types of tests/data/bench.
 */
final class CanalRows {

    /** A text as a value. */
    private interface Conversion {
        Object of(String text);
    }

    private final Map<String, Integer> columns = new HashMap<>();
    private final List<Conversion> conversions = new ArrayList<>();

    CanalRows(RowType type) {
        for (int i = 0; i < type.getFieldCount(); i++) {
            columns.put(type.getFieldNames().get(i), i);
            conversions.add(conversion(type.getTypeAt(i)));
        }
    }

    private static Conversion conversion(LogicalType type) {
        switch (type.getTypeRoot()) {
            case INTEGER:
                return Integer::valueOf;
            case BIGINT:
                return Long::valueOf;
            case DOUBLE:
                return Double::valueOf;
            case FLOAT:
                return Float::valueOf;
            case VARCHAR:
                return StringData::fromString;
            case DATE:
                return text -> (int) LocalDate.parse(text).toEpochDay();
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return text -> TimestampData.fromLocalDateTime(Timestamp.valueOf(text).toLocalDateTime());
            case DECIMAL:
                DecimalType decimal = (DecimalType) type;
                return text -> DecimalData.fromBigDecimal(new BigDecimal(text), decimal.getPrecision(), decimal.getScale());
            default:
                throw new IllegalArgumentException("No workload has a column of the type " + type);
        }
    }

    void decode(byte[] bytes, Collector<RowData> out) throws IOException {
        CanalPacket.Packet packet = CanalPacket.Packet.parseFrom(bytes);
        if (packet.getType() != CanalPacket.PacketType.MESSAGES) {
            throw new IOException("unexpected packet type: " + packet.getType());
        }
        CanalPacket.Messages messages = CanalPacket.Messages.parseFrom(packet.getBody());
        for (ByteString message : messages.getMessagesList()) {
            CanalEntry.Entry entry = CanalEntry.Entry.parseFrom(message);
            if (entry.getEntryType() != CanalEntry.EntryType.ROWDATA) {
                continue;
            }
            CanalEntry.RowChange change = CanalEntry.RowChange.parseFrom(entry.getStoreValue());
            for (CanalEntry.RowData row : change.getRowDatasList()) {
                switch (change.getEventType()) {
                    case INSERT:
                        out.collect(row(RowKind.INSERT, row.getAfterColumnsList()));
                        break;
                    case DELETE:
                        out.collect(row(RowKind.DELETE, row.getBeforeColumnsList()));
                        break;
                    case UPDATE:
                        out.collect(row(RowKind.UPDATE_BEFORE, row.getBeforeColumnsList()));
                        out.collect(row(RowKind.UPDATE_AFTER, row.getAfterColumnsList()));
                        break;
                    default:
                        break;
                }
            }
        }
    }

    private GenericRowData row(RowKind kind, List<CanalEntry.Column> image) {
        GenericRowData row = new GenericRowData(kind, conversions.size());
        for (CanalEntry.Column column : image) {
            Integer i = columns.get(column.getName());
            if (i != null && !column.getIsNull()) {
                row.setField(i, conversions.get(i).of(column.getValue()));
            }
        }
        return row;
    }
}

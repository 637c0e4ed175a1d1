package io.canalnative.format;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.canalnative.format.JsonText.NumberText;

import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;

/**
 * The metadata columns of messages that flink-json's decoder reads: its own six come out of that decoder, the others are
 * taken from the message and put between them, in the order requested.
 */
final class DelegatedMetadata {

    private final int physical;
    /** For each key ours, or null for one of flink-json's. */
    private final List<CanalMetadata> keys = new ArrayList<>();
    /** What {@code raw} shows if that is not the message itself but the packet that it came in. */
    private byte[] packet;

    private DelegatedMetadata(int physical, List<String> keys) {
        this.physical = physical;
        keys.forEach(key -> this.keys.add(CanalMetadata.of(key)));
    }

    /** For a table of so many physical columns, or null if flink-json's rows are complete. */
    static DelegatedMetadata of(int physical, List<String> keys) {
        boolean complete = keys.stream().allMatch(key -> CanalMetadata.of(key) == null);
        return complete ? null : new DelegatedMetadata(physical, keys);
    }

    /**
     * The values of one message.
     *
     * @param root the message as {@link JsonText} read it
     * @param nulls an {@code id} that is no BIGINT gives NULL, as flink-json does it in lenient mode
     * @throws IOException if {@code id} is requested and no BIGINT
     */
    Values read(byte[] message, Object root, boolean nulls) throws IOException {
        Map<?, ?> envelope = root instanceof Map ? (Map<?, ?>) root : new LinkedHashMap<>();
        Object[] values = new Object[keys.size()];
        List<MapData> old = null;
        for (int i = 0; i < values.length; i++) {
            if (keys.get(i) == CanalMetadata.OLD) {
                old = images(envelope);
            } else if (keys.get(i) != null) {
                values[i] = value(keys.get(i), message, envelope, nulls);
            }
        }
        return new Values(values, old);
    }

    /** The packet that the next message comes in. */
    void in(byte[] packet) {
        this.packet = packet;
    }

    private Object value(CanalMetadata key, byte[] message, Map<?, ?> envelope, boolean nulls) throws IOException {
        switch (key) {
            case RAW:
                return (packet == null ? message : packet).clone();
            case IS_DDL:
                Object flag = envelope.get("isDdl");
                return flag == null ? null : "true".equalsIgnoreCase(text(flag).trim());
            case ID:
                return number(envelope.get("id"), nulls);
            case BINLOG_FILE:
                return string(envelope.get("binlogFile"));
            case BINLOG_OFFSET:
                return number(envelope.get("binlogOffset"), nulls);
            default:
                return string(envelope.get(key.key));
        }
    }

    private static StringData string(Object value) throws IOException {
        return value == null ? null : StringData.fromString(text(value));
    }

    /** A string's text, or the JSON of anything else. */
    private static String text(Object value) throws IOException {
        if (value instanceof String) {
            return (String) value;
        }
        boolean minusZero = value instanceof NumberText && ((NumberText) value).text.equals("-0");
        return minusZero ? "0" : JsonText.text(value);
    }

    private static Long number(Object value, boolean nulls) throws IOException {
        if (value == null) {
            return null;
        }
        try {
            if (value instanceof NumberText && !((NumberText) value).integer) {
                // As flink-json reads a BIGINT.
                double wide = Double.parseDouble(((NumberText) value).text);
                if (Math.abs(wide) < 0x1p63) {
                    return (long) wide;
                }
            }
            return Long.valueOf(text(value).trim());
        } catch (NumberFormatException e) {
            if (nulls) {
                return null;
            }
            throw new IOException("The message's \"id\" is " + text(value) + ", which is no BIGINT, as the metadata column 'id' needs it", e);
        }
    }

    /** The before images of an UPDATE, by row; null for other events, whatever their {@code old} is. */
    private static List<MapData> images(Map<?, ?> envelope) throws IOException {
        Object old = envelope.get("old");
        if (!"UPDATE".equals(envelope.get("type")) || !(old instanceof List)) {
            return null;
        }
        List<MapData> images = new ArrayList<>();
        for (Object image : (List<?>) old) {
            Map<StringData, StringData> values = new LinkedHashMap<>();
            if (image instanceof Map) {
                for (Map.Entry<?, ?> member : ((Map<?, ?>) image).entrySet()) {
                    values.put(StringData.fromString((String) member.getKey()), string(member.getValue()));
                }
            }
            images.add(new GenericMapData(values));
        }
        return images;
    }

    /** The values of one message, for all its rows. */
    final class Values {
        private final Object[] values;
        /** One for each row of an UPDATE, or null. */
        private final List<MapData> old;

        private Values(Object[] values, List<MapData> old) {
            this.values = values;
            this.old = old;
        }

        /** Row {@code index} of the message with all its metadata, from the row that flink-json's decoder gave. */
        RowData complete(RowData row, int index) {
            // flink-json emits no other class.
            GenericRowData stock = (GenericRowData) row;
            GenericRowData complete = new GenericRowData(row.getRowKind(), physical + values.length);
            for (int i = 0; i < physical; i++) {
                complete.setField(i, stock.getField(i));
            }
            int next = physical;
            for (int i = 0; i < values.length; i++) {
                Object value = keys.get(i) == null ? stock.getField(next++) : values[i];
                // An UPDATE has two rows for each image.
                boolean isOld = keys.get(i) == CanalMetadata.OLD && old != null;
                complete.setField(physical + i, isOld ? old.get(index / 2) : value);
            }
            return complete;
        }
    }
}

package io.canalnative.format;

import java.util.ArrayList;
import java.util.List;

import io.canalnative.NativeDecoder;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryMapData;

/**
 * The metadata of one message, in the order it was requested. Repeating values come from the native side's dictionaries:
 * each is read once, as part of an Arrow array, and afterwards named by its index. Messages share these objects. Other
 * values stand in their slot, or the slot says where behind the rows they are.
 */
final class MetadataReader {

    private enum Form {
        INDEX,
        TIMESTAMP,
        NUMBER,
        BOOLEAN,
        TEXT,
        OLD,
        RAW
    }

    private final NativeDecoder decoder;
    private final Form[] forms;
    /** The slot of each column; {@code raw} has none. */
    private final int[] slots;
    /** For each column the values seen so far, or null for one without a dictionary. */
    private final List<List<Object>> seen = new ArrayList<>();

    private GenericRowData shared;
    /** The message whose entries are read, and its copy for {@code raw}, which all its rows share. */
    private byte[] rawOf;
    private byte[] raw;
    private int oldColumn;
    /** The before images of an UPDATE, by row, or null. */
    private MapData[] old;

    MetadataReader(NativeDecoder decoder, List<String> keys) {
        this.decoder = decoder;
        this.forms = new Form[keys.size()];
        this.slots = new int[forms.length];
        int slot = 0;
        for (int i = 0; i < forms.length; i++) {
            forms[i] = form(keys.get(i));
            slots[i] = forms[i] == Form.RAW ? -1 : slot++;
            seen.add(forms[i] == Form.INDEX ? new ArrayList<>() : null);
        }
    }

    private static Form form(String key) {
        CanalMetadata ours = CanalMetadata.of(key);
        if (ours == null) {
            return key.equals("ingestion-timestamp") || key.equals("event-timestamp") ? Form.TIMESTAMP : Form.INDEX;
        }
        switch (ours) {
            case TYPE:
                return Form.INDEX;
            case IS_DDL:
                return Form.BOOLEAN;
            case BINLOG_FILE:
                return Form.INDEX;
            case ID:
            case BINLOG_OFFSET:
                return Form.NUMBER;
            case OLD:
                return Form.OLD;
            case RAW:
                return Form.RAW;
            default:
                return Form.TEXT;
        }
    }

    /** The dictionaries were emptied: forget their values. */
    void reset() {
        for (List<Object> values : seen) {
            if (values != null) {
                values.clear();
            }
        }
    }

    /** The number of metadata columns. */
    int arity() {
        return forms.length;
    }

    /** Reads the metadata of the message decoded last; see {@link #row}. */
    void read(byte[] message) {
        shared = new GenericRowData(forms.length);
        old = null;
        for (int i = 0; i < forms.length; i++) {
            shared.setField(i, forms[i] == Form.RAW ? raw(message) : value(i, decoder.metadata(slots[i])));
        }
    }

    private byte[] raw(byte[] message) {
        if (message != rawOf) {
            rawOf = message;
            raw = message.clone();
        }
        return raw;
    }

    /** The message was read to its end; its array may be filled anew. */
    void done() {
        rawOf = null;
        raw = null;
    }

    /** The metadata of row {@code index} of that message. Rows share it, unless each has a before image. */
    GenericRowData row(int index) {
        if (old == null) {
            return shared;
        }
        GenericRowData own = new GenericRowData(forms.length);
        for (int i = 0; i < forms.length; i++) {
            own.setField(i, shared.getField(i));
        }
        // An UPDATE has two rows for each image.
        own.setField(oldColumn, old[index / 2]);
        return own;
    }

    private Object value(int column, long entry) {
        if (forms[column] == Form.INDEX) {
            return value(slots[column], seen.get(column), entry);
        }
        if (entry == Long.MIN_VALUE) {
            return null;
        }
        switch (forms[column]) {
            case TIMESTAMP:
                return TimestampData.fromEpochMillis(entry);
            case BOOLEAN:
                return entry == 1;
            case TEXT:
                return StringData.fromBytes(decoder.tail(entry));
            case OLD:
                oldColumn = column;
                old = images(decoder.tail(entry));
                return null;
            default:
                return entry;
        }
    }

    /** A table of {@code [i32 offset][i32 length]}, which ends where the first map begins. */
    private static MapData[] images(byte[] tail) {
        MemorySegment segment = MemorySegmentFactory.wrap(tail);
        MapData[] images = new MapData[tail.length == 0 ? 0 : segment.getIntLittleEndian(0) / 8];
        for (int i = 0; i < images.length; i++) {
            BinaryMapData map = new BinaryMapData();
            map.pointTo(segment, segment.getIntLittleEndian(8 * i), segment.getIntLittleEndian(8 * i + 4));
            images[i] = map;
        }
        return images;
    }

    private Object value(int slot, List<Object> values, long index) {
        if (index < 0) {
            return null;
        }
        if (index >= values.size()) {
            for (Object value : decoder.dictionary(slot, values.size())) {
                values.add(value);
            }
            if (index >= values.size()) {
                throw new IllegalStateException(
                        "Metadata slot " + slot + " names value " + index + ", but its dictionary has " + values.size());
            }
        }
        return values.get((int) index);
    }
}

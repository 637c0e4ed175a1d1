package io.canalnative.format;

import java.util.ArrayList;
import java.util.List;

import io.canalnative.NativeDecoder;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.TimestampData;

/**
 * The metadata of one message, in the order it was requested. Repeating values come from the native side's dictionaries:
 * each is read once, as part of an Arrow array, and afterwards named by its index. Messages share these objects.
 */
final class MetadataReader {

    private final NativeDecoder decoder;
    /** For each key the values seen so far, or null for the two timestamps. */
    private final List<List<Object>> seen = new ArrayList<>();

    MetadataReader(NativeDecoder decoder, List<String> keys) {
        this.decoder = decoder;
        for (String key : keys) {
            boolean timestamp = key.equals("ingestion-timestamp") || key.equals("event-timestamp");
            seen.add(timestamp ? null : new ArrayList<>());
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

    /** The metadata of the message decoded last. */
    GenericRowData read() {
        GenericRowData row = new GenericRowData(seen.size());
        for (int slot = 0; slot < seen.size(); slot++) {
            long entry = decoder.metadata(slot);
            List<Object> values = seen.get(slot);
            row.setField(slot, values == null ? timestamp(entry) : value(slot, values, entry));
        }
        return row;
    }

    private static TimestampData timestamp(long millis) {
        return millis == Long.MIN_VALUE ? null : TimestampData.fromEpochMillis(millis);
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

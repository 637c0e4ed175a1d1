package io.canalnative.bench;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.apache.flink.table.types.DataType;

/** Messages, and the table that reads them. */
final class Workload {

    /** What a report calls it. */
    final String name;
    /** The columns that the format reads, a ROW. */
    final DataType columns;
    /** Metadata keys that the table reads. */
    final List<String> metadata;
    /** Format options without their prefix. */
    final Map<String, String> options;

    private final Supplier<List<byte[]>> source;
    private List<byte[]> messages;

    /** @param source gives the messages, once */
    Workload(String name, DataType columns, List<String> metadata, Map<String, String> options, Supplier<List<byte[]>> source) {
        this.name = name;
        this.columns = columns;
        this.metadata = metadata;
        this.options = options;
        this.source = source;
    }

    /** The messages, at least one. */
    List<byte[]> messages() {
        if (messages == null) {
            messages = source.get();
        }
        return messages;
    }

    /** Average length of the messages. */
    double averageBytes() {
        return messages().stream().mapToInt(message -> message.length).average().orElse(0);
    }

    @Override
    public String toString() {
        return name;
    }
}

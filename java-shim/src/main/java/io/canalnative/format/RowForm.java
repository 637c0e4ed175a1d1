package io.canalnative.format;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

import org.apache.flink.util.Collector;

/**
 * Decides which class of rows a collector gets. Flink's Kafka source casts to GenericRowData when a table has {@code
 * key.format} or connector metadata columns (DynamicKafkaDeserializationSchema.OutputProjectionCollector), and other
 * connectors copied that, so only collectors whose source was read are trusted with binary rows.
 */
final class RowForm {

    private static final Set<String> TAKE_BINARY =
            new HashSet<>(
                    Arrays.asList(
                            // Value-only path of the Kafka source, and DataStream jobs: passes the record on as it is.
                            "org.apache.flink.connector.kafka.source.reader.KafkaRecordEmitter$SourceOutputWrapper",
                            // Filesystem source: a queue, read by EnrichedRowData and ProjectedRowData only.
                            "org.apache.flink.connector.file.table.DeserializationSchemaAdapter$LineBytesInputFormat$RecordCollector"));

    private Class<?> known;
    private boolean binary;

    /** Whether this collector takes binary rows; remembered for its class. */
    boolean isBinary(Collector<?> collector) {
        Class<?> type = collector.getClass();
        if (type != known) {
            binary = collector instanceof BinaryRowCollector || TAKE_BINARY.contains(type.getName());
            known = type;
        }
        return binary;
    }
}

package io.canalnative.job;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetResetStrategy;

/** {@link KafkaMessages} for flink-sql-connector-kafka, which has Kafka's classes under these names. */
final class KafkaMessagesOfSqlConnector implements KafkaRecordDeserializationSchema<CanalRecord>, KafkaTopics.CommittedOffsets {
    private static final long serialVersionUID = 1L;

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> message, Collector<CanalRecord> out) {
        // A tombstone is none of Canal's.
        if (message.value() != null) {
            out.collect(new CanalRecord(message.value(), message.partition(), message.offset() << MessageFiles.ROW_BITS));
        }
    }

    @Override
    public TypeInformation<CanalRecord> getProducedType() {
        return CanalRecord.TYPE;
    }

    @Override
    public OffsetsInitializer orEarliest() {
        return OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST);
    }
}

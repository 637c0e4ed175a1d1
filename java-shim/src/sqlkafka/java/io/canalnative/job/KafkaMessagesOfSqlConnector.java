package io.canalnative.job;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.util.Collector;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.flink.kafka.shaded.org.apache.kafka.common.TopicPartition;

/** {@link KafkaMessages} for flink-sql-connector-kafka, which has Kafka's classes under these names. */
final class KafkaMessagesOfSqlConnector implements KafkaRecordDeserializationSchema<CanalRecord>, KafkaTopics.Beginnings {
    private static final long serialVersionUID = 1L;

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> message, Collector<CanalRecord> out) {
        // A tombstone is none of Canal's.
        if (message.value() != null) {
            out.collect(new CanalRecord(message.value(), message.partition(), message.offset() << CanalRecord.ROW_BITS));
        }
    }

    @Override
    public TypeInformation<CanalRecord> getProducedType() {
        return CanalRecord.TYPE;
    }

    @Override
    public OffsetsInitializer withoutReset(OffsetsInitializer start) {
        return new WithoutReset(start);
    }

    /** Offsets to begin at; where the topic no longer has the one to go on from, the source fails. */
    private static final class WithoutReset implements OffsetsInitializer {
        private static final long serialVersionUID = 1L;

        /** Null for what the group has committed. */
        private final OffsetsInitializer start;

        WithoutReset(OffsetsInitializer start) {
            this.start = start;
        }

        @Override
        public Map<TopicPartition, Long> getPartitionOffsets(Collection<TopicPartition> partitions, PartitionOffsetsRetriever offsets) {
            if (start != null) {
                return start.getPartitionOffsets(partitions, offsets);
            }
            Map<TopicPartition, Long> committed = new HashMap<>(offsets.committedOffsets(partitions));
            partitions.forEach(partition -> committed.putIfAbsent(partition, KafkaPartitionSplit.EARLIEST_OFFSET));
            return committed;
        }

        @Override
        public OffsetResetStrategy getAutoOffsetResetStrategy() {
            return OffsetResetStrategy.NONE;
        }
    }
}

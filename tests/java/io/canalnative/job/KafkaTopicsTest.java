package io.canalnative.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.util.InstantiationUtil;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** With flink-connector-kafka; with flink-sql-connector-kafka it is what `./dev quickstart-database` reads by. */
class KafkaTopicsTest {

    @Test
    void aMessageHasItsPlace() {
        List<CanalRecord> found = new ArrayList<>();
        KafkaMessages messages = new KafkaMessages();
        byte[] value = "{}".getBytes(StandardCharsets.UTF_8);
        messages.deserialize(new ConsumerRecord<>("t", 3, 5_000_000_000L, null, value), new ListCollector<>(found));
        messages.deserialize(new ConsumerRecord<>("t", 3, 5_000_000_001L, null, null), new ListCollector<>(found));
        assertEquals(List.of(new CanalRecord(value, 3, 5_000_000_000L << 20)), found);
        assertEquals(CanalRecord.TYPE, messages.getProducedType());
    }

    @Test
    void eachStartAndChoiceOfTopicsGivesASource() throws Exception {
        for (String start : new String[] {"\"earliest\"", "\"latest\"", "\"committed\"", "{\"timestamp\": 1735689600000}"}) {
            for (String topics : new String[] {"\"topics\": [\"a\", \"b\"]", "\"topicPattern\": \"shop_.*\""}) {
                Source<CanalRecord, ?, ?> source = source(topics, start, false);
                assertEquals(Boundedness.CONTINUOUS_UNBOUNDED, source.getBoundedness());
                InstantiationUtil.clone(source);
            }
        }
        assertEquals(Boundedness.BOUNDED, source("\"topics\": [\"a\"]", "\"earliest\"", true).getBoundedness());
    }

    @Test
    void aPatternThatIsNone() {
        String said = assertThrows(IllegalArgumentException.class, () -> source("\"topicPattern\": \"shop_(\"", "\"earliest\"", false)).getMessage();
        assertTrue(said.contains("topic-pattern: 'shop_('") && said.contains("Unclosed group"), said);
    }

    @Test
    void theInnermostCauseSaysWhy() {
        String trace = "java.io.IOException: outer\n\tat a.B.c(B.java:1)\nCaused by: io.canalnative.NativeException: no such host: fe (at x): y\nand more\n\tat a.B.d(B.java:2)\n\t... 3 more\n";
        assertEquals("no such host: fe (at x): y\nand more", FailureReport.innermost(trace));
        assertEquals("only: this", FailureReport.innermost("java.lang.Exception: only: this"));
        assertEquals("java.lang.NullPointerException", FailureReport.innermost("java.lang.NullPointerException\n\tat a.B.c(B.java:1)"));
        assertEquals("", FailureReport.innermost(""));
    }

    @Test
    void whatToDoAboutKafkasOwnExceptions() {
        for (String names : new String[] {"org.apache.kafka", "org.apache.flink.kafka.shaded.org.apache.kafka"}) {
            String gone = FailureReport.innermost("java.io.IOException: x\n\tat a.B.c(B.java:1)\nCaused by: " + names + ".clients.consumer.OffsetOutOfRangeException: offset=235\n\tat a.B.d(B.java:2)\n");
            assertTrue(gone.startsWith("offset=235. The topic no longer has the message"), gone);
            String none = FailureReport.innermost(names + ".common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.\n\tat a.B.d(B.java:2)\n");
            assertTrue(none.contains("create it, or correct its name"), none);
        }
    }

    @Test
    void aMessageThatIsGoneIsNotSkipped() {
        TopicPartition first = new TopicPartition("t", 0);
        TopicPartition second = new TopicPartition("t", 1);
        for (OffsetsInitializer start : new OffsetsInitializer[] {OffsetsInitializer.earliest(), OffsetsInitializer.latest(), OffsetsInitializer.timestamp(1), null}) {
            assertEquals(OffsetResetStrategy.NONE, new KafkaMessages().withoutReset(start).getAutoOffsetResetStrategy());
        }
        assertEquals(
                Map.of(first, 7L, second, KafkaPartitionSplit.EARLIEST_OFFSET),
                new KafkaMessages().withoutReset(null).getPartitionOffsets(List.of(first, second), new Committed(Map.of(first, 7L))));
    }

    /** A group's offsets. */
    private static final class Committed implements OffsetsInitializer.PartitionOffsetsRetriever {
        private final Map<TopicPartition, Long> offsets;

        Committed(Map<TopicPartition, Long> offsets) {
            this.offsets = offsets;
        }

        @Override
        public Map<TopicPartition, Long> committedOffsets(Collection<TopicPartition> partitions) {
            return offsets;
        }

        @Override
        public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> times) {
            throw new UnsupportedOperationException();
        }
    }

    private static Source<CanalRecord, ?, ?> source(String topics, String start, boolean ends) throws Exception {
        String kafka = "{\"bootstrapServers\": \"localhost:9092\", \"group\": \"g\", \"start\": " + start + ", \"properties\": {\"check.crcs\": \"false\"}, " + topics + "}";
        return KafkaTopics.source(new ObjectMapper().readTree(kafka), ends);
    }
}

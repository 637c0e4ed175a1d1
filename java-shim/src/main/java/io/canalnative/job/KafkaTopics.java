package io.canalnative.job;

import java.lang.reflect.Method;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/**
 * Topics of Kafka, by the connector that is on the class path. flink-sql-connector-kafka has Kafka's classes under other names than
 * flink-connector-kafka, so whatever mentions them is there twice: see {@link KafkaMessages}.
 */
final class KafkaTopics {

    private static final String CONNECTOR = "org.apache.flink.connector.kafka.source.KafkaSource";
    /** Of the source set sqlkafka, compiled against flink-sql-connector-kafka. */
    private static final String OF_SQL_CONNECTOR = "io.canalnative.job.KafkaMessagesOfSqlConnector";

    private KafkaTopics() {}

    /**
     * @param kafka the plan's part {@code source.kafka}
     * @param ends whether it ends where the topics end now
     * @throws IllegalStateException there is no connector
     */
    static Source<CanalRecord, ?, ?> source(JsonNode kafka, boolean ends) {
        try {
            Class.forName(CONNECTOR, false, KafkaTopics.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "The job reads from Kafka, and there is no Kafka connector for Flink. Put flink-sql-connector-kafka-….jar into $FLINK_HOME/lib "
                            + "(Maven Central, org.apache.flink; 3.2.0-1.19 for Flink 1.20, 5.0.0-2.2 for 2.x), or name it in CANAL_NATIVE_CLASSPATH");
        }
        return Connected.source(kafka, ends);
    }

    /** Apart, so that nothing of the connector is needed to say that it is missing. */
    private static final class Connected {

        static Source<CanalRecord, ?, ?> source(JsonNode kafka, boolean ends) {
            KafkaRecordDeserializationSchema<CanalRecord> messages = messages();
            KafkaSourceBuilder<CanalRecord> source =
                    KafkaSource.<CanalRecord>builder()
                            .setBootstrapServers(kafka.get("bootstrapServers").asText())
                            .setGroupId(kafka.get("group").asText())
                            .setStartingOffsets(((Beginnings) messages).withoutReset(start(kafka.get("start"))))
                            .setDeserializer(messages);
            if (kafka.has("topics")) {
                source.setTopics(JobPlan.items(kafka.get("topics")));
            } else {
                source.setTopicPattern(pattern(kafka.get("topicPattern").asText()));
            }
            if (ends) {
                source.setBounded(OffsetsInitializer.latest());
            }
            Properties properties = new Properties();
            for (Map.Entry<String, String> property : JobPlan.texts(kafka.get("properties")).entrySet()) {
                properties.setProperty(property.getKey(), property.getValue());
            }
            return source.setProperties(properties).build();
        }

        /** Null for what the group has committed. */
        private static OffsetsInitializer start(JsonNode start) {
            if (start.isObject()) {
                return OffsetsInitializer.timestamp(start.get("timestamp").asLong());
            }
            switch (start.asText()) {
                case "latest":
                    return OffsetsInitializer.latest();
                case "committed":
                    return null;
                default:
                    return OffsetsInitializer.earliest();
            }
        }

        /** Messages as the connector that is there hands them over. */
        @SuppressWarnings("unchecked")
        private static KafkaRecordDeserializationSchema<CanalRecord> messages() {
            for (Method method : KafkaRecordDeserializationSchema.class.getMethods()) {
                if (method.getName().equals("deserialize") && method.getParameterTypes()[0].getName().startsWith("org.apache.kafka.")) {
                    return new KafkaMessages();
                }
            }
            try {
                return (KafkaRecordDeserializationSchema<CanalRecord>) Class.forName(OF_SQL_CONNECTOR).getDeclaredConstructor().newInstance();
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("The jar has no usable " + OF_SQL_CONNECTOR + "; use a jar built by './dev jar'", e);
            }
        }
    }

    private static Pattern pattern(String text) {
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("source.canal.kafka.topic-pattern: '" + text + "' is no regular expression of Java: " + e.getDescription(), e);
        }
    }

    /** Where a source begins, in terms of Kafka's classes. */
    interface Beginnings {
        /**
         * Kafka's consumer goes to the earliest message, silently, when the one that a checkpoint names is gone; this does not.
         *
         * @param start null for what the group has committed, and the earliest message where it has nothing
         */
        OffsetsInitializer withoutReset(OffsetsInitializer start);
    }
}

package io.canalnative.cluster;

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Collections;
import java.util.Properties;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints what is in a topic of one partition now: {@code key TAB value}, one message a line, in order.
 *
 * <p>Usage: {@code ReadTopic <bootstrap> <topic>}. A missing key or value is printed as nothing.
 */
public final class ReadTopic {
    private ReadTopic() {}

    /** Runs the program; any failure ends it with a stack trace and exit code 1. */
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("enable.auto.commit", "false");
        properties.put("isolation.level", "read_committed");
        TopicPartition partition = new TopicPartition(args[1], 0);
        try (PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "UTF-8");
                KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(Collections.singleton(partition));
            consumer.seekToBeginning(Collections.singleton(partition));
            long end = consumer.endOffsets(Collections.singleton(partition)).get(partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, String> message : consumer.poll(Duration.ofSeconds(1))) {
                    out.println(text(message.key()) + "\t" + text(message.value()));
                }
            }
        }
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }
}

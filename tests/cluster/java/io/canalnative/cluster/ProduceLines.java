package io.canalnative.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Creates topics and sends each line of a file as one message value, in order.
 *
 * <p>Usage: {@code ProduceLines <bootstrap> <topic>=<file>[,keys=<file>][,each=<n>][,times=<n>][,partitions=<n>][,append] ...}. A file that ends in .gz
 * is unpacked, /dev/stdin is sent as it comes; {@code keys} has one message key a line; {@code each} sends every message
 * that many times in a row, as a source that delivers at least once may; {@code times} sends the whole file so often; {@code partitions}, by default 1, get the lines by turns; {@code append}:
 * the topic is there already. A topic alone, without a file, is created empty. Prints {@code <topic>: <n> messages} for each.
 */
public final class ProduceLines {
    private ProduceLines() {}

    /** Runs the program; any failure ends it with a stack trace and exit code 1. */
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("acks", "all");
        properties.put("linger.ms", "5");
        // One at a time: a broker that has just made the topic may refuse the first request and then, for its number, the second.
        properties.put("max.in.flight.requests.per.connection", "1");
        properties.put("batch.size", String.valueOf(256 << 10));
        properties.put("max.request.size", String.valueOf(32 << 20));
        try (Admin admin = Admin.create(properties);
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String argument : Arrays.copyOfRange(args, 1, args.length)) {
                produce(argument, admin, producer);
            }
        }
    }

    private static void produce(String argument, Admin admin, KafkaProducer<byte[], byte[]> producer)
            throws IOException, InterruptedException, ExecutionException {
        if (argument.indexOf('=') < 0) {
            admin.createTopics(Collections.singleton(new NewTopic(argument, 1, (short) 1))).all().get();
            return;
        }
        String topic = argument.substring(0, argument.indexOf('='));
        String[] parts = argument.substring(topic.length() + 1).split(",");
        Path keyFile = null;
        int each = 1;
        int times = 1;
        boolean append = false;
        int partitions = 1;
        for (int i = 1; i < parts.length; i++) {
            if (parts[i].startsWith("keys=")) {
                keyFile = Paths.get(parts[i].substring("keys=".length()));
            } else if (parts[i].startsWith("each=")) {
                each = Integer.parseInt(parts[i].substring("each=".length()));
            } else if (parts[i].startsWith("times=")) {
                times = Integer.parseInt(parts[i].substring("times=".length()));
            } else if (parts[i].startsWith("partitions=")) {
                partitions = Integer.parseInt(parts[i].substring("partitions=".length()));
            } else if (parts[i].equals("append")) {
                append = true;
            } else {
                throw new IllegalArgumentException("'" + parts[i] + "' in '" + argument + "': expected keys=<file>, each=<n>, times=<n>, partitions=<n> or append");
            }
        }
        if (!append) {
            admin.createTopics(Collections.singleton(new NewTopic(topic, partitions, (short) 1))).all().get();
        }
        int sent = 0;
        AtomicReference<Exception> failure = new AtomicReference<>();
        Future<RecordMetadata> first = null;
        Future<RecordMetadata> last = null;
        for (int pass = 0; pass < times; pass++) {
            try (BufferedReader values = lines(Paths.get(parts[0]));
                    BufferedReader keys = keyFile == null ? null : lines(keyFile)) {
                for (String value = values.readLine(); value != null; value = values.readLine()) {
                    byte[] key = keys == null ? null : keys.readLine().getBytes(StandardCharsets.UTF_8);
                    for (int i = 0; i < each; i++, sent++) {
                        ProducerRecord<byte[], byte[]> message =
                                new ProducerRecord<>(topic, sent % partitions, key, value.getBytes(StandardCharsets.UTF_8));
                        last = producer.send(message, (metadata, error) -> failure.compareAndSet(null, error));
                        first = first == null ? last : first;
                    }
                }
            }
        }
        producer.flush();
        if (failure.get() != null) {
            throw new IllegalStateException(argument + ": a message was not sent", failure.get());
        }
        // With more partitions than one, offsets do not say how many are there.
        if (last == null || partitions == 1 && last.get().offset() - first.get().offset() != sent - 1) {
            throw new IllegalStateException(argument + ": sent " + sent + " messages, the topic says " + last);
        }
        System.out.println(topic + ": " + sent + " messages");
    }

    private static BufferedReader lines(Path file) throws IOException {
        InputStream in = Files.newInputStream(file);
        return new BufferedReader(
                new InputStreamReader(file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in, StandardCharsets.UTF_8));
    }
}

package io.canalnative.cluster;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Creates a topic of one partition and sends the packets of a file, in order.
 *
 * <p>Usage: {@code ProducePackets <bootstrap> <topic> <file>}. The file is gzip, and {@code [u32 length, little endian][packet]} again and again.
 * Prints {@code <topic>: <n> messages}.
 */
public final class ProducePackets {
    private ProducePackets() {}

    /** Runs the program; any failure ends it with a stack trace and exit code 1. */
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", args[0]);
        properties.put("acks", "all");
        properties.put("max.in.flight.requests.per.connection", "1");
        try (Admin admin = Admin.create(properties);
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            admin.createTopics(Collections.singleton(new NewTopic(args[1], 1, (short) 1))).all().get();
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (byte[] packet : packets(args[2])) {
                sent.add(producer.send(new ProducerRecord<>(args[1], packet)));
            }
            for (int at = 0; at < sent.size(); at++) {
                if (sent.get(at).get().offset() != at) {
                    throw new IllegalStateException("packet " + at + " has another offset: " + sent.get(at).get());
                }
            }
            System.out.println(args[1] + ": " + sent.size() + " messages");
        }
    }

    private static List<byte[]> packets(String file) throws IOException {
        List<byte[]> packets = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new GZIPInputStream(Files.newInputStream(Paths.get(file))))) {
            for (int first = in.read(); first >= 0; first = in.read()) {
                byte[] packet = new byte[first | in.read() << 8 | in.read() << 16 | in.read() << 24];
                in.readFully(packet);
                packets.add(packet);
            }
        }
        return packets;
    }
}

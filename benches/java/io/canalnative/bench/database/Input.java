package io.canalnative.bench.database;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where the messages come from, and how many seconds of CPU they are read for. */
final class Input implements Serializable {
    private static final long serialVersionUID = 1L;

    /** A message in each line. */
    private final String file;
    /** Null where the file itself is read, again and again, from memory. */
    private final String bootstrap;
    /** Has the file's messages, again and again. */
    private final String topic;
    private final long warmUpMillis;
    private final long measuredMillis;

    Input(String file, String bootstrap, String topic, long warmUpMillis, long measuredMillis) {
        this.file = file;
        this.bootstrap = bootstrap;
        this.topic = topic;
        this.warmUpMillis = warmUpMillis;
        this.measuredMillis = measuredMillis;
    }

    /** The source, metered. */
    <T> Source<T, ?, ?> source(Decode<T> decode) {
        if (bootstrap == null) {
            return metered(new RepeatedMessages<>(this, decode));
        }
        return metered(
                KafkaSource.<T>builder().setBootstrapServers(bootstrap).setTopics(topic).setStartingOffsets(OffsetsInitializer.earliest())
                        .setBounded(OffsetsInitializer.latest()).setDeserializer(new OfKafka<>(decode)).build());
    }

    private <T, S extends SourceSplit, E> Source<T, S, E> metered(Source<T, S, E> source) {
        return new Metered<>(source, this);
    }

    long warmUpNanos() {
        return warmUpMillis * 1_000_000;
    }

    long measuredNanos() {
        return measuredMillis * 1_000_000;
    }

    /** The file's messages. */
    byte[][] messages() {
        List<byte[]> messages = new ArrayList<>();
        try {
            byte[] bytes = Files.readAllBytes(Paths.get(file));
            int begin = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] == '\n') {
                    messages.add(Arrays.copyOfRange(bytes, begin, i));
                    begin = i + 1;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return messages.toArray(new byte[0][]);
    }


    private static final class OfKafka<T> implements KafkaRecordDeserializationSchema<T> {
        private static final long serialVersionUID = 1L;

        private final Decode<T> decode;

        OfKafka(Decode<T> decode) {
            this.decode = decode;
        }

        @Override
        public void open(DeserializationSchema.InitializationContext context) throws Exception {
            decode.open(context);
        }

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> message, Collector<T> out) throws IOException {
            Metered.emitted++;
            decode.decode(message.value(), message.offset(), out);
        }

        @Override
        public TypeInformation<T> getProducedType() {
            return decode.type();
        }
    }
}

package io.canalnative.database;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

import io.canalnative.differential.TestData;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;

/** The quickstart's captured messages, as a topic of one partition. */
final class Messages {

    static final List<byte[]> ORDERS = read("quickstart/orders.jsonl.gz");

    /** A statement that is none of a table's. */
    private static final byte[] NOTHING =
            "{\"data\":null,\"database\":\"shop_dev\",\"isDdl\":false,\"mysqlType\":null,\"old\":null,\"pkNames\":null,\"sql\":\"flush status\",\"table\":\"\",\"type\":\"QUERY\"}"
                    .getBytes(StandardCharsets.UTF_8);

    /** The next message of the endless topic, and where it ends for now: of all jobs in this JVM. */
    static final AtomicInteger NEXT = new AtomicInteger();

    static final AtomicInteger END = new AtomicInteger();

    private Messages() {}

    private static List<byte[]> read(String file) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(Files.newInputStream(TestData.path(file))), StandardCharsets.UTF_8))) {
            return lines.lines().map(line -> line.getBytes(StandardCharsets.UTF_8)).collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static CanalRecord at(List<byte[]> messages, int offset) {
        return new CanalRecord(messages.get(offset), 0, (long) offset << 20);
    }

    /** Messages as a partition has them. */
    static List<CanalRecord> records(List<byte[]> messages) {
        return IntStream.range(0, messages.size()).mapToObj(offset -> at(messages, offset)).collect(Collectors.toList());
    }

    /** Messages from {@link #NEXT} to {@link #END}, then ones that say nothing: a job that runs on, as one on a topic does. */
    static Source<CanalRecord, ?, ?> endless(ArrayList<byte[]> messages) {
        return new DataGeneratorSource<>(
                index -> {
                    int offset = NEXT.getAndUpdate(next -> Math.min(next + 1, END.get()));
                    return offset < END.get() ? at(messages, offset) : new CanalRecord(NOTHING, 0, (long) END.get() << 20);
                },
                Long.MAX_VALUE, RateLimiterStrategy.perSecond(2000), CanalRecord.TYPE);
    }

    /** All messages once, so many a second; its place is in the job's checkpoints. */
    static Source<CanalRecord, ?, ?> paced(List<byte[]> messages, double perSecond) {
        ArrayList<byte[]> all = new ArrayList<>(messages);
        return new DataGeneratorSource<>(index -> at(all, index.intValue()), all.size(), RateLimiterStrategy.perSecond(perSecond), CanalRecord.TYPE);
    }
}

package io.canalnative.bench;

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;

import io.canalnative.NativeLibrary;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/**
 * What decoders of a topic of {@value #TABLES} tables hold in a JVM of its own, each after reading all its messages several times.
 *
 * <p>Usage: {@code Residence stock|native one|each|alone|none}. {@code one}: {@value #SUBTASKS} subtasks of one source that reads all
 * tables. {@code each}: as many of each of {@value #TABLES} sources that read one table. {@code alone}: the same, and the topic has no other
 * tables. {@code none}: no decoder, and the library is loaded. Prints the heap that is live and what
 * is resident outside of the heap, in MiB; for that the heap must be of one size and touched from the start.
 */
final class Residence {

    static final int TABLES = 64;
    static final int SUBTASKS = 8;
    private static final int MESSAGES_A_DECODER = 4_000;

    private Residence() {}

    /** Runs once; a JVM of its own. */
    public static void main(String[] args) throws Exception {
        boolean stock = args[0].equals("stock");
        boolean alone = args[1].equals("alone");
        boolean each = args[1].equals("each") || alone;
        int decoders = args[1].equals("none") ? 0 : SUBTASKS * (each ? TABLES : 1);
        NativeLibrary.load();
        Workload messages = new GrownMessages().tables(alone ? 1 : TABLES).workload("64 tables");
        List<Workload> workloads = new ArrayList<>();
        for (int decoder = 0; decoder < decoders; decoder++) {
            GrownMessages table = new GrownMessages().tables(TABLES);
            workloads.add((each ? table.included("orders_" + (alone ? 0 : decoder / SUBTASKS)) : table).workload("64 tables"));
        }
        List<Codec> codecs = Codec.decoders(workloads, stock);
        long rows = 0;
        for (int i = 0; i < MESSAGES_A_DECODER; i++) {
            byte[] message = messages.messages().get(i % messages.messages().size());
            for (Codec codec : codecs) {
                rows += count(codec, message);
            }
        }
        if (rows != (long) MESSAGES_A_DECODER * (alone ? decoders : Math.min(decoders, SUBTASKS))) {
            throw new IllegalStateException(rows + " rows");
        }
        System.gc();
        System.gc();
        double heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        double outside = resident() - ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
        System.out.println(heap / (1 << 20) + " " + outside / (1 << 20));
        for (Codec codec : codecs) {
            codec.close();
        }
    }

    private static int count(Codec codec, byte[] message) throws Exception {
        int[] rows = {0};
        codec.decode(message, new Collector<RowData>() {
            @Override
            public void collect(RowData row) {
                rows[0]++;
            }

            @Override
            public void close() {}
        });
        return rows[0];
    }

    private static double resident() throws Exception {
        for (String line : Files.readAllLines(Paths.get("/proc/self/status"), StandardCharsets.UTF_8)) {
            if (line.startsWith("VmRSS:")) {
                return Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024;
            }
        }
        throw new IllegalStateException("/proc/self/status has no VmRSS; this runs on Linux only");
    }
}

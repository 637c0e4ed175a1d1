package io.canalnative.bench.doris;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;

/**
 * One encoder on one thread, in a JVM of its own. Arguments: {@code official} or {@code native}, the format, front ends, user,
 * password and table, milliseconds to warm up, milliseconds to measure. Prints rows per second of this thread's CPU time and
 * of garbage collection, which is one thread here; what the sending threads take is not in it.
 */
final class EncoderRun {

    private static final int DISTINCT = 4096;
    private static final int BLOCKS = 9;

    /** Takes a row; what it gives is kept, so that nothing can be optimised away. */
    interface Encoder {
        long encode(RowData row) throws Exception;
    }

    private EncoderRun() {}

    /** Measures. */
    public static void main(String[] args) throws Exception {
        List<RowData> rows = new ArrayList<>();
        for (int i = 0; i < DISTINCT; i++) {
            rows.add(((BinaryRowData) new CounterRows().row(i)).copy());
        }
        Encoder encoder = args[0].equals("official") ? OfficialEncoder.open(args[1]) : NativeEncoder.open(args);
        ThreadMXBean thread = ManagementFactory.getThreadMXBean();
        long[] kept = {0};
        rate(encoder, rows, thread, Long.parseLong(args[6]), kept);
        double[] rates = new double[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            rates[i] = rate(encoder, rows, thread, Long.parseLong(args[7]) / BLOCKS, kept);
        }
        Arrays.sort(rates);
        System.out.println("rate " + Math.round(rates[BLOCKS / 2]) + " " + kept[0]);
        System.exit(0);
    }

    private static double rate(Encoder encoder, List<RowData> rows, ThreadMXBean thread, long millis, long[] kept) throws Exception {
        long collecting = collectionNanos();
        long began = thread.getCurrentThreadCpuTime();
        long until = began + millis * 1_000_000;
        long count = 0;
        long now;
        do {
            for (RowData row : rows) {
                kept[0] += encoder.encode(row);
            }
            count += rows.size();
            now = thread.getCurrentThreadCpuTime();
        } while (now < until);
        return count * 1e9 / (now - began + collectionNanos() - collecting);
    }

    private static long collectionNanos() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(collector -> collector.getCollectionTime() * 1_000_000).sum();
    }
}

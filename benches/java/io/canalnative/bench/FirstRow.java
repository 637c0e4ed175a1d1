package io.canalnative.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

import com.sun.management.OperatingSystemMXBean;

import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/**
 * From the arrival of a decoder in a JVM that has never had one to its first row, as a task starts.
 *
 * <p>Usage: {@code FirstRow stock|native <decoder> <message>}, two files. Prints milliseconds of wall-clock time and of CPU
 * time of the process.
 */
final class FirstRow {

    private FirstRow() {}

    /** Runs once; a JVM of its own. */
    public static void main(String[] args) throws Exception {
        byte[] sent = Files.readAllBytes(Paths.get(args[1]));
        byte[] message = Files.readAllBytes(Paths.get(args[2]));
        long[] rows = {0};
        Collector<RowData> collector = new Collector<RowData>() {
            @Override
            public void collect(RowData row) {
                rows[0]++;
            }

            @Override
            public void close() {}
        };
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = process.getProcessCpuTime();
        long began = System.nanoTime();
        try (Codec codec = Codec.received(sent, args[0].equals("stock"))) {
            codec.decode(message, collector);
            double wall = (System.nanoTime() - began) / 1e6;
            double used = (process.getProcessCpuTime() - cpu) / 1e6;
            if (rows[0] == 0) {
                throw new IllegalStateException("The message gave no row");
            }
            System.out.println(wall + " " + used);
        }
    }

    /** What {@link #main} is given. */
    static String[] arguments(Path directory, Workload workload, boolean stock) throws Exception {
        Path decoder = Files.write(directory.resolve(stock ? "stock.decoder" : "native.decoder"), Codec.sent(workload, stock));
        Path message = Files.write(directory.resolve("message.json"), workload.messages().get(0));
        return new String[] {stock ? "stock" : "native", decoder.toString(), message.toString()};
    }
}

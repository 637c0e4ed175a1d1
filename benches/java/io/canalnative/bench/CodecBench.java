package io.canalnative.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.util.Collector;

/**
 * Decodes the same messages and encodes the same rows with flink-json and with the native codec, in one process, and
 * prints what each costs.
 *
 * <p>Usage: {@code CodecBench [--quick] [PART]}. PART is a part of a workload's name, such as {@code products}; default
 * all. {@code --quick} measures fewer and shorter blocks, for a look; do not quote its numbers. The table is also written
 * to build/bench/decode.md. System property {@code canal.native.root}: the project's directory, default the working
 * directory; {@code canal.native.stock}: flink-json's jar, default the one on the class path.
 *
 * <p>How noise is kept out:
 *
 * <ul>
 *   <li>CPU time of this thread ({@code ThreadMXBean.getCurrentThreadCpuTime}), not wall-clock time: another process on
 *       the machine, or a thread of this JVM such as the JIT compilers, does not count while it runs.
 *   <li>Both codecs take turns in blocks of about {@value Measurement#BLOCK_MILLIS} ms, so a change of the machine (clock
 *       rate, caches that others use) hits both; the median over the blocks is shown, so a spoilt block does not count.
 *   <li>Warm-up goes on until the last blocks of each codec agree within {@value Measurement#STABLE_PERCENT} %, for each
 *       workload and use anew. Both codecs meet the same collectors in the same order, so the JIT compilers know as much
 *       about the one as about the other.
 *   <li>{@value Workload#MESSAGES} distinct messages each, so that no branch predictor or cache learns one message.
 *   <li>Allocated bytes are exact: {@code com.sun.management.ThreadMXBean.getThreadAllocatedBytes} of this thread.
 *       Garbage collection itself is in neither number; with the serial collector it would run in the VM's thread.
 * </ul>
 *
 * <p>Before a workload is timed, both codecs decode every message and their rows must be equal, and so must the messages
 * that they make of those rows. Both codecs come from
 * the public factory path, {@code FactoryUtil} and the format identifier {@code canal-json}: the native one from the
 * class path of the process, the other from a class loader that has flink-json alone.
 */
public final class CodecBench {

    /** Kept, so that no encoding can be optimised away. */
    private static long written;

    private CodecBench() {}

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        List<String> rest = new ArrayList<>(Arrays.asList(args));
        boolean quick = rest.remove("--quick");
        String part = rest.isEmpty() ? "" : rest.remove(0);
        List<Workload> workloads = new ArrayList<>();
        for (Workload workload : Workload.all()) {
            if (workload.name.contains(part)) {
                workloads.add(workload);
            }
        }
        if (!rest.isEmpty() || part.startsWith("-") || workloads.isEmpty()) {
            System.err.println("Usage: CodecBench [--quick] [PART]; PART is a part of " + Workload.all());
            System.exit(2);
        }
        Report report = new Report(quick, part);
        for (Workload workload : workloads) {
            measure(workload, quick, report);
        }
        write(report.text());
    }

    private static void measure(Workload workload, boolean quick, Report report) throws Exception {
        System.err.println("CodecBench: " + workload.name + " …");
        try (Codec stock = Codec.stock(workload);
                Codec nativeCodec = Codec.nativeCodec(workload)) {
            Equality.check(workload, stock, nativeCodec);
            for (Use use : Use.values()) {
                if (use == Use.GENERIC || !workload.isFiltered() || use == Use.DISCARDED) {
                    Measurement measured = Measurement.of(decoding(workload, use, stock), decoding(workload, use, nativeCodec), quick);
                    report.add(workload.name, use.title, workload.averageBytes(), measured);
                }
            }
            if (!workload.isFiltered() && workload.metadata.isEmpty()) {
                encode(workload, stock, nativeCodec, quick, report);
            }
            nativeCodec.requireNothingDelegated();
        }
    }

    private static Measurement.Work decoding(Workload workload, Use use, Codec codec) throws Exception {
        List<byte[]> messages = workload.messages();
        Collector<RowData> collector = use.collector(codec.rowType());
        return new Measurement.Work() {
            @Override
            public int size() {
                return messages.size();
            }

            @Override
            public void run(int index) throws Exception {
                codec.decode(messages.get(index), collector);
            }
        };
    }

    /** Encodes the rows of the workload's messages, as generic and as binary rows. */
    private static void encode(Workload workload, Codec stock, Codec nativeCodec, boolean quick, Report report) throws Exception {
        List<RowData> generic = Equality.encodableRows(workload, stock, nativeCodec);
        RowDataSerializer serializer = new RowDataSerializer(stock.rowType());
        List<RowData> binary = new ArrayList<>();
        long bytes = 0;
        for (RowData row : generic) {
            binary.add(serializer.toBinaryRow(row).copy());
            bytes += stock.encode(row).length;
        }
        double average = (double) bytes / generic.size();
        report.add(workload.name, "encoded, GenericRowData in", average, Measurement.of(encoding(generic, stock), encoding(generic, nativeCodec), quick));
        report.add(workload.name, "encoded, BinaryRowData in", average, Measurement.of(encoding(binary, stock), encoding(binary, nativeCodec), quick));
    }

    private static Measurement.Work encoding(List<RowData> rows, Codec codec) {
        return new Measurement.Work() {
            @Override
            public int size() {
                return rows.size();
            }

            @Override
            public void run(int index) {
                written += codec.encode(rows.get(index)).length;
            }
        };
    }

    private static void write(String text) throws IOException {
        System.out.println(text);
        Path file = Paths.get(System.getProperty(Workload.ROOT, ""), "build", "bench", "decode.md").toAbsolutePath();
        Files.createDirectories(file.getParent());
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
        System.err.println("CodecBench: written to " + file);
    }
}

package io.canalnative.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decodes the same messages with flink-json and with the native codec, in one process, and prints what each costs.
 *
 * <p>Usage: {@code DecodeBench [--quick] [PART]}. PART is a part of a workload's name, such as {@code products}; default
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
 * <p>Before a workload is timed, both codecs decode every message and their rows must be equal. Both decoders come from
 * the public factory path, {@code FactoryUtil} and the format identifier {@code canal-json}: the native one from the
 * class path of the process, the other from a class loader that has flink-json alone.
 */
public final class DecodeBench {

    private DecodeBench() {}

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
            System.err.println("Usage: DecodeBench [--quick] [PART]; PART is a part of " + Workload.all());
            System.exit(2);
        }
        Report report = new Report(quick, part);
        for (Workload workload : workloads) {
            measure(workload, quick, report);
        }
        write(report.text());
    }

    private static void measure(Workload workload, boolean quick, Report report) throws Exception {
        System.err.println("DecodeBench: " + workload.name + " …");
        try (Codec stock = Codec.stock(workload);
                Codec nativeCodec = Codec.nativeCodec(workload)) {
            Equality.check(workload, stock, nativeCodec);
            for (Use use : Use.values()) {
                if (use == Use.GENERIC || !workload.isFiltered() || use == Use.DISCARDED) {
                    report.add(workload, use, Measurement.of(workload, use, stock, nativeCodec, quick));
                }
            }
            nativeCodec.requireNothingDelegated();
        }
    }

    private static void write(String text) throws IOException {
        System.out.println(text);
        Path file = Paths.get(System.getProperty(Workload.ROOT, ""), "build", "bench", "decode.md").toAbsolutePath();
        Files.createDirectories(file.getParent());
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
        System.err.println("DecodeBench: written to " + file);
    }
}

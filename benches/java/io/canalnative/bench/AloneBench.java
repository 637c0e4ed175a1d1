package io.canalnative.bench;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

import io.canalnative.NativeLibrary;
import io.canalnative.format.BinaryRowCollector;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * What the JVM and the machine take by themselves, without any codec, where a goal is missed: the same bytes only copied, the same rows only made, the same threads only adding
 * numbers, the library only loaded, decoders of a topic with their own table only.
 *
 * <p>Usage: {@code AloneBench [--quick]}; {@code --quick} runs each less often. Writes build/bench/alone.md, see {@link Section}.
 */
public final class AloneBench {

    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Bytes that are copied in one measurement, and additions that a thread makes. */
    private static final long BYTES = 400_000_000;
    private static final int ADDITIONS = 300_000_000;

    private final int runs;
    private final Section section;

    private AloneBench(boolean quick) throws Exception {
        this.runs = quick ? 3 : 9;
        this.section = new Section("alone");
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && !(args.length == 1 && args[0].equals("--quick"))) {
            System.err.println("Usage: AloneBench [--quick]");
            System.exit(2);
        }
        AloneBench bench = new AloneBench(args.length == 1);
        bench.copies();
        bench.rows();
        bench.threads();
        bench.start();
        bench.memory();
        Path file = bench.section.write();
        System.out.println(bench.section);
        System.err.println("AloneBench: written to " + file);
    }

    /** Of a message that is one long text: into the decoder's buffer, and as a row into a fresh array. */
    private void copies() {
        int[] sizes = {2_000, 20_000, 200_000, 2_000_000, 20_000_000};
        StringBuilder head = new StringBuilder("| |");
        StringBuilder found = new StringBuilder("| copied in and out |");
        for (int size : sizes) {
            byte[] message = new byte[size];
            Arrays.fill(message, (byte) 'a');
            ByteBuffer buffer = ByteBuffer.allocateDirect(size);
            double[] nanos = new double[runs];
            long[] sum = {0};
            for (int run = -2; run < runs; run++) {
                long times = Math.max(1, BYTES / size);
                long began = THREAD.getCurrentThreadCpuTime();
                for (long i = 0; i < times; i++) {
                    buffer.clear();
                    buffer.put(message);
                    buffer.flip();
                    byte[] row = new byte[size];
                    buffer.get(row);
                    sum[0] += row[(int) (i % size)];
                }
                if (run >= 0) {
                    nanos[run] = (double) (THREAD.getCurrentThreadCpuTime() - began) / (times * size);
                }
            }
            if (sum[0] == 0) {
                throw new IllegalStateException("nothing was copied");
            }
            head.append(String.format(Locale.ROOT, " %,d |", size));
            found.append(String.format(Locale.ROOT, " %.3f |", median(nanos)));
        }
        section.text("**One long text.** Bytes of a message of so many only copied, into a buffer outside of the heap and from there into a fresh array, as a message and its row are; ns of CPU a byte. "
                + "A fresh array of megabytes is memory that no cache has.\n\n" + head + "\n|---|" + String.join("", Collections.nCopies(sizes.length, "---|")) + "\n" + found + "\n\n");
    }

    /** Of messages of products: their rows' bytes in Flink's layout, and what an array of them and the objects on it allocate. */
    private void rows() throws Exception {
        Workload workload = Corpus.PRODUCTS.workload();
        List<byte[]> messages = workload.messages();
        int arity = ((RowType) workload.columns.getLogicalType()).getFieldCount();
        int[][] sizes = new int[messages.size()][];
        try (Codec codec = Codec.nativeCodec(workload)) {
            for (int i = 0; i < sizes.length; i++) {
                Sizes found = new Sizes();
                codec.decode(messages.get(i), found);
                sizes[i] = found.all.stream().mapToInt(Integer::intValue).toArray();
            }
        }
        long bytes = 0;
        Object[] kept = new Object[2];
        long before = THREAD.getThreadAllocatedBytes(Thread.currentThread().getId());
        for (int[] of : sizes) {
            int all = 0;
            for (int size : of) {
                all += size;
            }
            bytes += all;
            MemorySegment[] segments = {MemorySegmentFactory.wrap(new byte[all])};
            int at = 0;
            for (int i = 0; i < of.length; i++) {
                BinaryRowData row = new BinaryRowData(arity);
                row.pointTo(segments, at, of[i]);
                at += of[i];
                kept[i % 2] = row;
            }
        }
        double allocated = (double) (THREAD.getThreadAllocatedBytes(Thread.currentThread().getId()) - before) / sizes.length;
        if (kept[1] == null) {
            throw new IllegalStateException("no message has two rows");
        }
        section.text(String.format(Locale.ROOT, "**Rows.** Those of a message of products UPDATE are %.0f bytes in Flink's layout; an array of them, and the objects that point into it, are %.0f, whoever makes them. The native codec has "
                + "4 more for each row, which say where it ends.\n\n", (double) bytes / sizes.length, allocated));
    }

    /** Sizes of the rows of a message. */
    private static final class Sizes implements BinaryRowCollector {
        final List<Integer> all = new ArrayList<>();

        @Override
        public void collect(RowData row) {
            all.add(((BinaryRowData) row).getSizeInBytes());
        }

        @Override
        public void close() {}
    }

    /** Threads that add numbers, and touch no memory. */
    private void threads() throws Exception {
        int[] counts = {1, 2, 4, 8};
        StringBuilder head = new StringBuilder("| |");
        StringBuilder found = new StringBuilder("| additions alone |");
        double one = 0;
        for (int count : counts) {
            double[] nanos = new double[runs];
            for (int run = 0; run < runs; run++) {
                nanos[run] = additions(count);
            }
            double all = median(nanos);
            one = count == 1 ? all : one;
            head.append(" ").append(count).append(" |");
            found.append(String.format(Locale.ROOT, " %.2f× |", all / one));
        }
        section.text("**Subtasks.** Threads at once that only add numbers, CPU time of each against one alone: what " + Runtime.getRuntime().availableProcessors()
                + " processors of this machine have less when all are busy.\n\n" + head + "\n|---|" + String.join("", Collections.nCopies(counts.length, "---|")) + "\n" + found + "\n\n");
    }

    private static double additions(int count) throws Exception {
        CyclicBarrier together = new CyclicBarrier(count);
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Callable<Double>> work = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long seed = i + 1;
                work.add(() -> {
                    together.await();
                    long began = THREAD.getCurrentThreadCpuTime();
                    long sum = seed;
                    for (int k = 0; k < ADDITIONS; k++) {
                        sum += sum >>> 7 ^ k;
                    }
                    return (double) (THREAD.getCurrentThreadCpuTime() - began) + (sum == 0 ? 1 : 0);
                });
            }
            double all = 0;
            for (Future<Double> of : threads.invokeAll(work)) {
                all += of.get();
            }
            return all / count;
        } finally {
            threads.shutdownNow();
        }
    }

    private void start() throws Exception {
        double[][] found = SmallMachineBench.byTurns(runs, Loading.class, Collections.singletonList("-Xmx256m"), Collections.singletonList(new String[0]));
        section.text(String.format(Locale.ROOT, "**First row.** Of it, in a fresh JVM: unpacking the library from the jar and loading it takes %.1f ms, and %.1f ms of CPU.\n\n", found[0][0], found[0][1]));
    }

    private void memory() throws Exception {
        List<String> options = Arrays.asList("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");
        double[][] found = SmallMachineBench.byTurns(runs / 3, Residence.class, options, Arrays.asList(new String[] {"native", "none"}, new String[] {"native", "alone"}, new String[] {"native", "each"}));
        section.text(String.format(Locale.ROOT, "**Memory.** Outside of the heap, MiB: with the library loaded and no decoder %.1f; with %d decoders, each of a topic with its own table only, %.1f; each of a topic of %d tables, of which it "
                + "keeps how their messages look to reject them fast, %.1f. ", found[0][1], Residence.TABLES * Residence.SUBTASKS, found[1][1], Residence.TABLES, found[2][1]));
        List<String> oneCompiler = new ArrayList<>(options);
        oneCompiler.add("-XX:TieredStopAtLevel=1");
        double[][] decoders = SmallMachineBench.byTurns(runs / 3, Residence.class, oneCompiler, Arrays.asList(new String[] {"stock", "each"}, new String[] {"native", "each"}));
        section.text(String.format(Locale.ROOT, "The JVM's second compiler keeps tens of MiB of what it has worked with, more or less by chance; without it the last ones take %.1f, and Flink's codec %.1f: %.0f KiB a decoder more.\n\n",
                decoders[1][1], decoders[0][1], (decoders[1][1] - decoders[0][1]) * 1024 / (Residence.TABLES * Residence.SUBTASKS)));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Loads the library, and prints milliseconds of wall-clock time and of CPU time of the process. */
    static final class Loading {

        private Loading() {}

        /** Runs once; a JVM of its own. */
        public static void main(String[] args) throws Exception {
            OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            long cpu = process.getProcessCpuTime();
            long began = System.nanoTime();
            NativeLibrary.load();
            System.out.println((System.nanoTime() - began) / 1e6 + " " + (process.getProcessCpuTime() - cpu) / 1e6);
        }
    }
}

package io.canalnative.bench;

import java.lang.management.ManagementFactory;
import java.util.Arrays;

import com.sun.management.ThreadMXBean;

/** CPU time and allocated bytes per message of both codecs, and of what no codec can save: medians over blocks that take turns. */
final class Measurement {

    /** Length of a block, CPU time. */
    static final long BLOCK_MILLIS = 60;
    /** Warm-up ends when the last blocks differ by no more. */
    static final int STABLE_PERCENT = 3;

    private static final int BLOCKS = 25;
    private static final int QUICK_BLOCKS = 7;
    private static final int STABLE_BLOCKS = 4;
    private static final int MOST_WARM_UP_BLOCKS = 80;
    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Nanoseconds of CPU time per message. */
    final double stockNanos;
    final double nativeNanos;
    /** What remains of both without a codec; NaN where that was not measured. */
    final double leastNanos;
    /** Half the distance between the quartiles of the blocks' ratios, in percent of the median. */
    final double spreadPercent;
    /** Bytes per message. */
    final double stockBytes;
    final double nativeBytes;

    private Measurement(double[][] nanos, double[][] bytes) {
        stockNanos = median(nanos[0]);
        nativeNanos = median(nanos[1]);
        leastNanos = nanos.length > 2 ? median(nanos[2]) : Double.NaN;
        stockBytes = median(bytes[0]);
        nativeBytes = median(bytes[1]);
        double[] ratios = new double[nanos[0].length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = nanos[0][i] / nanos[1][i];
        }
        Arrays.sort(ratios);
        spreadPercent = 50 * (ratios[ratios.length * 3 / 4] - ratios[ratios.length / 4]) / median(ratios);
    }

    /** How often native is done in the time that stock takes. */
    double ratio() {
        return stockNanos / nativeNanos;
    }

    /** Bytes that native allocates, in percent of stock's. */
    double allocatedPercent() {
        return 100 * nativeBytes / stockBytes;
    }

    /** What is measured: a number of things to decode or encode, one after the other and again. */
    interface Work {
        int size();

        void run(int index) throws Exception;
    }

    /** Measures the same work done by both codecs. */
    static Measurement of(Work stock, Work nativeCodec, boolean quick) throws Exception {
        return of(quick, stock, nativeCodec);
    }

    /** The same, and what remains of it without a codec. */
    static Measurement of(Work stock, Work nativeCodec, Work least, boolean quick) throws Exception {
        return of(quick, stock, nativeCodec, least);
    }

    private static Measurement of(boolean quick, Work... works) throws Exception {
        Runner[] runners = new Runner[works.length];
        for (int i = 0; i < works.length; i++) {
            runners[i] = new Runner(works[i]);
            runners[i].warmUp(quick);
        }
        int blocks = quick ? QUICK_BLOCKS : BLOCKS;
        double[][] nanos = new double[works.length][blocks];
        double[][] bytes = new double[works.length][blocks];
        for (int block = 0; block < blocks; block++) {
            for (int i = 0; i < works.length; i++) {
                // The order changes, so that none always runs in the same one's wake.
                int one = block % 2 == 0 ? i : works.length - 1 - i;
                runners[one].block();
                nanos[one][block] = runners[one].nanos;
                bytes[one][block] = runners[one].bytes;
            }
        }
        return new Measurement(nanos, bytes);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** One work and its last block. */
    private static final class Runner {
        private final Work work;
        private int next;
        private int messagesABlock;
        double nanos;
        double bytes;

        Runner(Work work) {
            this.work = work;
            this.messagesABlock = 1;
        }

        /** Blocks of growing size until one is long enough, then until the last ones are alike. */
        void warmUp(boolean quick) throws Exception {
            double[] last = new double[STABLE_BLOCKS];
            int alike = 0;
            for (int block = 0; alike < 1 && block < (quick ? MOST_WARM_UP_BLOCKS / 3 : MOST_WARM_UP_BLOCKS); block++) {
                block();
                messagesABlock = (int) Math.min(100.0 * messagesABlock, Math.max(1, BLOCK_MILLIS * 1e6 / Math.max(1, nanos)));
                last[block % STABLE_BLOCKS] = nanos;
                double[] sorted = last.clone();
                Arrays.sort(sorted);
                boolean stable = sorted[STABLE_BLOCKS - 1] <= sorted[0] * (1 + STABLE_PERCENT / 100.0);
                alike = block >= 3 * STABLE_BLOCKS && stable ? alike + 1 : 0;
            }
        }

        void block() throws Exception {
            long thread = Thread.currentThread().getId();
            long allocated = THREAD.getThreadAllocatedBytes(thread);
            long started = THREAD.getCurrentThreadCpuTime();
            for (int i = 0; i < messagesABlock; i++) {
                work.run(next);
                next = next + 1 == work.size() ? 0 : next + 1;
            }
            nanos = (double) (THREAD.getCurrentThreadCpuTime() - started) / messagesABlock;
            bytes = (double) (THREAD.getThreadAllocatedBytes(thread) - allocated) / messagesABlock;
        }
    }
}

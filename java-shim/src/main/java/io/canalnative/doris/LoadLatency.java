package io.canalnative.doris;

import java.util.Arrays;
import java.util.function.Consumer;

import io.canalnative.DorisLoads;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;

/** Durations of the last loads, or commits, in milliseconds. */
public final class LoadLatency implements Histogram {

    private static final int WINDOW = 1024;

    private final long[] last = new long[WINDOW];
    private final long[] counts = new long[DorisLoads.LATENCY_BUCKETS];
    private final long[] counted = new long[DorisLoads.LATENCY_BUCKETS];
    private long count;

    @Override
    public synchronized void update(long millis) {
        last[(int) (count++ % WINDOW)] = millis;
    }

    /** Takes every load that ended since the last call, each as long as the middle of its bucket. @param fill {@link DorisLoads#latency} */
    public synchronized void take(Consumer<long[]> fill) {
        fill.accept(counts);
        for (int bucket = 0; bucket < counts.length; bucket++) {
            for (; counted[bucket] < counts[bucket]; counted[bucket]++) {
                update(middle(bucket));
            }
        }
    }

    private static long middle(int bucket) {
        if (bucket < 8) {
            return bucket;
        }
        long width = 1L << (bucket / 8 - 1);
        return (8 + bucket % 8) * width + width / 2;
    }

    @Override
    public synchronized long getCount() {
        return count;
    }

    @Override
    public synchronized HistogramStatistics getStatistics() {
        long[] sorted = Arrays.copyOf(last, (int) Math.min(count, WINDOW));
        Arrays.sort(sorted);
        return new Statistics(sorted);
    }

    private static final class Statistics extends HistogramStatistics {
        private final long[] sorted;

        Statistics(long[] sorted) {
            this.sorted = sorted;
        }

        /** The smallest duration that this share of the loads does not exceed; 0 without loads. */
        @Override
        public double getQuantile(double quantile) {
            return sorted.length == 0 ? 0 : sorted[Math.max(0, Math.min(sorted.length, (int) Math.ceil(quantile * sorted.length)) - 1)];
        }

        @Override
        public long[] getValues() {
            return sorted;
        }

        @Override
        public int size() {
            return sorted.length;
        }

        @Override
        public double getMean() {
            return Arrays.stream(sorted).average().orElse(0);
        }

        @Override
        public double getStdDev() {
            double mean = getMean();
            double squares = Arrays.stream(sorted).mapToDouble(v -> (v - mean) * (v - mean)).sum();
            return sorted.length < 2 ? 0 : Math.sqrt(squares / (sorted.length - 1));
        }

        @Override
        public long getMax() {
            return sorted.length == 0 ? 0 : sorted[sorted.length - 1];
        }

        @Override
        public long getMin() {
            return sorted.length == 0 ? 0 : sorted[0];
        }
    }
}

package io.canalnative.doris;

import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Predicate;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/** Numbers that the native side counts, as Flink's metrics. The task's thread takes them over, reporters read them. */
public final class NativeNumbers {

    private final List<String> names;
    private final AtomicLongArray taken;

    /**
     * @param names of the numbers, in their order
     * @param gauges those that do not only grow
     */
    public NativeNumbers(MetricGroup group, List<String> names, Predicate<String> gauges) {
        this.names = names;
        this.taken = new AtomicLongArray(names.size());
        for (int i = 0; i < names.size(); i++) {
            int at = i;
            if (gauges.test(names.get(i))) {
                group.<Long, Gauge<Long>>gauge(names.get(i), () -> taken.get(at));
            } else {
                group.counter(names.get(i), new Taken(at));
            }
        }
    }

    /** As it was taken last. */
    public long get(String name) {
        return taken.get(names.indexOf(name));
    }

    /** How much a number has grown since it was taken. */
    public long growth(String name, long[] values) {
        return values[names.indexOf(name)] - get(name);
    }

    /** Takes over the numbers as they are now. */
    public void take(long[] values) {
        for (int i = 0; i < values.length; i++) {
            taken.set(i, values[i]);
        }
    }

    /** A counter that the native side counts. */
    private final class Taken implements Counter {
        private final int at;

        Taken(int at) {
            this.at = at;
        }

        @Override
        public long getCount() {
            return taken.get(at);
        }

        @Override
        public void inc() {
            throw new UnsupportedOperationException("counted by the native side");
        }

        @Override
        public void inc(long n) {
            inc();
        }

        @Override
        public void dec() {
            inc();
        }

        @Override
        public void dec(long n) {
            inc();
        }
    }
}

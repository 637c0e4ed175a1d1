package io.canalnative.doris;

import java.util.concurrent.atomic.AtomicLongArray;

import io.canalnative.DorisLoads;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/**
 * A writer's metrics, in the group {@code doris_native} of the operator with the table as a variable; and those that Flink has for every
 * sink. The task's thread takes the native side's numbers over, reporters read them.
 */
final class DorisMetrics {

    /** Name of the metric group. */
    static final String GROUP = "doris_native";

    private static final int ROWS = index("rows");
    private static final int BYTES = index("bytes");
    private static final int LOADS = index("loads");
    private static final int FAILED_LOADS = index("failedLoads");
    private static final int LAST_MILLIS = index("lastLoadMillis");

    private final AtomicLongArray taken = new AtomicLongArray(DorisLoads.METRICS.size());
    private final long[] values = new long[DorisLoads.METRICS.size()];
    private final LoadLatency latency = new LoadLatency();
    private final SinkWriterMetricGroup flink;
    private final MetricGroup group;
    private volatile String lastLabel = "";

    DorisMetrics(SinkWriterMetricGroup flink, TableName table) {
        this.flink = flink;
        this.group = flink.addGroup(GROUP).addGroup("table", table.toString());
        for (String name : DorisLoads.METRICS) {
            int at = index(name);
            if (name.equals("inFlight") || name.equals("bufferedBytes") || name.equals("flushIntervalMillis") || name.endsWith("LoadMillis")) {
                group.<Long, Gauge<Long>>gauge(name, () -> taken.get(at));
            } else {
                group.counter(name, new Taken(at));
            }
        }
        group.histogram("loadMillis", latency);
        group.<String, Gauge<String>>gauge("lastLabel", () -> lastLabel);
        flink.setCurrentSendTimeGauge(() -> taken.get(LAST_MILLIS));
    }

    private static int index(String name) {
        return DorisLoads.METRICS.indexOf(name);
    }

    /** @param passedOver bad rows that did not fail the job */
    void register(SimpleCounter passedOver) {
        group.counter("badRowsPassedOver", passedOver);
    }

    /** Takes over the numbers as they are now. */
    void take(DorisLoads loads) {
        loads.metrics(values);
        flink.getNumRecordsSendCounter().inc(values[ROWS] - taken.get(ROWS));
        flink.getNumBytesSendCounter().inc(values[BYTES] - taken.get(BYTES));
        long ended = values[LOADS] + values[FAILED_LOADS] - taken.get(LOADS) - taken.get(FAILED_LOADS);
        if (ended > 0) {
            latency.take(loads);
            lastLabel = loads.lastLabel();
        }
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

package io.canalnative.doris;

import io.canalnative.DorisLoads;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;

/**
 * A writer's metrics, in the group {@code doris_native} of the operator with the table as a variable; and those that Flink has for every
 * sink.
 */
final class DorisMetrics {

    /** Name of the metric group. */
    static final String GROUP = "doris_native";

    private final long[] values = new long[DorisLoads.METRICS.size()];
    private final LoadLatency latency = new LoadLatency();
    private final SinkWriterMetricGroup flink;
    private final MetricGroup group;
    private final NativeNumbers numbers;
    private volatile String lastLabel = "";

    DorisMetrics(SinkWriterMetricGroup flink, TableName table) {
        this.flink = flink;
        this.group = flink.addGroup(GROUP).addGroup("table", table.toString());
        this.numbers = new NativeNumbers(group, DorisLoads.METRICS, DorisMetrics::isGauge);
        group.histogram("loadMillis", latency);
        group.<String, Gauge<String>>gauge("lastLabel", () -> lastLabel);
        flink.setCurrentSendTimeGauge(() -> numbers.get("lastLoadMillis"));
    }

    private static boolean isGauge(String name) {
        return name.equals("inFlight") || name.equals("bufferedBytes") || name.equals("flushIntervalMillis") || name.endsWith("LoadMillis");
    }

    /** @param passedOver bad rows that did not fail the job */
    void register(SimpleCounter passedOver) {
        group.counter("badRowsPassedOver", passedOver);
    }

    /** Takes over the numbers as they are now. */
    void take(DorisLoads loads) {
        loads.metrics(values);
        flink.getNumRecordsSendCounter().inc(numbers.growth("rows", values));
        flink.getNumBytesSendCounter().inc(numbers.growth("bytes", values));
        if (numbers.growth("loads", values) + numbers.growth("failedLoads", values) > 0) {
            latency.take(loads::latency);
            lastLabel = loads.lastLabel();
        }
        numbers.take(values);
    }
}

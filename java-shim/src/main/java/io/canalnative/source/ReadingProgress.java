package io.canalnative.source;

import java.util.function.Supplier;

import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * How far the tables are, as metrics. It outlives enumerators: Flink makes a new one after some failures, and has no way to take the metrics of the
 * one before away.
 */
final class ReadingProgress {

    /** As they were taken last. Reporters read them. */
    private volatile long tables;
    private volatile long tablesDone;
    private volatile long rowsDone;
    private volatile long rowsExpected;
    private boolean registered;

    void register(MetricGroup enumerator) {
        if (registered) {
            return;
        }
        registered = true;
        MetricGroup group = enumerator.addGroup(SourceMetrics.GROUP);
        gauge(group, SourceMetrics.TABLES, () -> tables);
        gauge(group, SourceMetrics.TABLES_DONE, () -> tablesDone);
        gauge(group, SourceMetrics.ROWS_DONE, () -> rowsDone);
        gauge(group, SourceMetrics.ROWS_EXPECTED, () -> rowsExpected);
    }

    private static void gauge(MetricGroup group, String name, Supplier<Long> value) {
        group.<Long, Gauge<Long>>gauge(name, value::get);
    }

    void take(ListedTables listed) {
        tables = listed.tables();
        tablesDone = listed.tablesRead();
        rowsDone = listed.rowsRead();
        rowsExpected = listed.rowsExpected();
    }
}

package io.canalnative.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;

import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;

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
    private volatile boolean incremental;
    private volatile List<ListedTable> each = Collections.emptyList();
    private boolean registered;

    void register(MetricGroup enumerator) {
        each = Collections.emptyList();
        if (registered) {
            return;
        }
        registered = true;
        MetricGroup group = enumerator.addGroup(SourceMetrics.GROUP);
        gauge(group, SourceMetrics.TABLES, () -> tables);
        gauge(group, SourceMetrics.TABLES_DONE, () -> tablesDone);
        gauge(group, SourceMetrics.ROWS_DONE, () -> rowsDone);
        gauge(group, SourceMetrics.ROWS_EXPECTED, () -> rowsExpected);
        group.<String, Gauge<String>>gauge(SourceMetrics.TABLE_PROGRESS, this::tableProgress);
        gauge(group, SourceMetrics.INCREMENTAL, () -> incremental ? 1L : 0L);
    }

    private String tableProgress() {
        ArrayNode all = new ObjectMapper().createArrayNode();
        for (ListedTable table : each) {
            all.addObject().put("table", table.name).put("rows", table.rows()).put("expected", table.expected()).put("done", table.isDone());
        }
        return all.toString();
    }

    private static void gauge(MetricGroup group, String name, Supplier<Long> value) {
        group.<Long, Gauge<Long>>gauge(name, value::get);
    }

    /** @param incremental the tables are in Doris, and changes are being read */
    void take(ListedTables listed, boolean incremental) {
        this.incremental = incremental;
        tables = listed.tables();
        if (each.size() != listed.all().size()) {
            each = new ArrayList<>(listed.all());
        }
        tablesDone = listed.tablesRead();
        rowsDone = listed.rowsRead();
        rowsExpected = listed.rowsExpected();
    }
}

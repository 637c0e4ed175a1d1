package io.canalnative.database;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.canalnative.DatabaseLoads;
import io.canalnative.doris.LoadLatency;
import io.canalnative.doris.NativeNumbers;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/**
 * A writer's metrics, in the group {@code canal_doris} of the operator: of all tables together, and of each of the first {@link #TABLES} with the
 * table as a variable; and those that Flink has for every sink.
 */
final class DatabaseMetrics {

    /** Name of the metric group. */
    static final String GROUP = "canal_doris";
    /** A text: what was done in Doris last for a schema change. */
    static final String LAST_SCHEMA_CHANGE = "lastSchemaChange";
    /** Each table's metrics are kept by every reporter, so there is an end to them. */
    static final int TABLES = 200;

    private static final List<String> GAUGES = Arrays.asList("parked", "openLoads", "openBytes", "lastLoadMillis", "maxLoadMillis");

    private final long[] values = new long[DatabaseLoads.METRICS.size()];
    private final long[] ofTable = new long[DatabaseLoads.TABLE_METRICS.size()];
    private final LoadLatency latency = new LoadLatency();
    private final SinkWriterMetricGroup flink;
    private final MetricGroup group;
    private final NativeNumbers numbers;
    private final Map<String, NativeNumbers> tables = new HashMap<>();
    private volatile String lastSchemaChange = "";

    DatabaseMetrics(SinkWriterMetricGroup flink) {
        this.flink = flink;
        this.group = flink.addGroup(GROUP);
        this.numbers = new NativeNumbers(group, DatabaseLoads.METRICS, GAUGES::contains);
        group.histogram("loadMillis", latency);
        group.<String, Gauge<String>>gauge(LAST_SCHEMA_CHANGE, () -> lastSchemaChange);
        flink.setCurrentSendTimeGauge(() -> numbers.get("lastLoadMillis"));
    }

    /** @param text of a report of the last one */
    void schemaChange(String text) {
        lastSchemaChange = text;
    }

    /** A number of {@link DatabaseLoads#METRICS}, as it was taken last. */
    long get(String name) {
        return numbers.get(name);
    }

    /** Takes over the numbers of all tables together. */
    void take(DatabaseLoads loads) {
        loads.metrics(values);
        flink.getNumRecordsSendCounter().inc(numbers.growth("loadedRows", values));
        flink.getNumBytesSendCounter().inc(numbers.growth("bytes", values));
        if (numbers.growth("loads", values) > 0) {
            latency.take(loads::latency);
        }
        numbers.take(values);
    }

    /** Takes over each table's numbers. */
    void takeTables(DatabaseLoads loads) throws IOException {
        for (JsonNode table : DatabaseSpec.JSON.readTree(loads.tables(TABLES))) {
            for (int i = 0; i < ofTable.length; i++) {
                ofTable[i] = table.path(DatabaseLoads.TABLE_METRICS.get(i)).asLong();
            }
            String name = table.path("table").asText();
            tables.computeIfAbsent(name, of -> new NativeNumbers(group.addGroup("table", of), DatabaseLoads.TABLE_METRICS, GAUGES::contains)).take(ofTable);
        }
    }
}

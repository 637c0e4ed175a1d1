package io.canalnative.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;

import io.canalnative.source.SourceMetrics;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * What the job of this process has done so far, by its own metrics: a reporter that reports to nobody else. Counts are of this process, restarts
 * included.
 */
public final class Progress implements MetricReporter {

    /** What a job sets {@code metrics.reporter.….factory.class} to. */
    public static final class Factory implements MetricReporterFactory {
        @Override
        public MetricReporter createMetricReporter(Properties properties) {
            return ONLY;
        }
    }

    /** The same of a verification, which may run beside the job. */
    public static final class VerificationFactory implements MetricReporterFactory {
        @Override
        public MetricReporter createMetricReporter(Properties properties) {
            return OF_VERIFICATION;
        }
    }

    static final Progress ONLY = new Progress();
    static final Progress OF_VERIFICATION = new Progress();

    /** Group of {@code io.canalnative.database.DatabaseMetrics}; each table's metrics are below it. */
    private static final String SINK = "canal_doris";
    /** Gauges that still count when their operator has ended. */
    private static final Set<String> LASTING =
            new HashSet<>(Arrays.asList(SourceMetrics.TABLES, SourceMetrics.TABLES_DONE, SourceMetrics.ROWS_DONE, SourceMetrics.ROWS_EXPECTED, SourceMetrics.INCREMENTAL));

    private final Map<Metric, String> live = new HashMap<>();
    /** What operators that have ended had counted. */
    private final Map<String, Long> ended = new HashMap<>();

    private Progress() {}

    @Override
    public void open(MetricConfig config) {}

    @Override
    public void close() {}

    @Override
    public synchronized void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        String[] scope = group.getScopeComponents();
        String last = scope.length > 0 ? scope[scope.length - 1] : "";
        if (LASTING.contains(name)) {
            ended.remove(name);
        }
        if (last.equals(SINK) || last.equals(SourceMetrics.GROUP) || name.equals("pendingRecords") || name.equals("numRestarts")) {
            live.put(metric, name);
        }
    }

    @Override
    public synchronized void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        if (live.remove(metric) != null && (metric instanceof Counter || LASTING.contains(name))) {
            ended.merge(name, value(metric), Long::sum);
        }
    }

    /** The sum of that metric over all subtasks; a counter's also over those that have ended. */
    synchronized long sum(String name) {
        long sum = ended.getOrDefault(name, 0L);
        for (Map.Entry<Metric, String> one : live.entrySet()) {
            sum += one.getValue().equals(name) ? value(one.getKey()) : 0;
        }
        return sum;
    }

    /** The text of a gauge of that name; of several one that is not empty; empty if there is none. */
    synchronized String text(String name) {
        String found = "";
        for (Map.Entry<Metric, String> one : live.entrySet()) {
            if (one.getValue().equals(name) && one.getKey() instanceof Gauge) {
                String text = String.valueOf(((Gauge<?>) one.getKey()).getValue());
                found = text.isEmpty() ? found : text;
            }
        }
        return found;
    }

    private synchronized boolean has(String name) {
        return live.containsValue(name) || ended.containsKey(name);
    }

    private static long value(Metric metric) {
        if (metric instanceof Counter) {
            return ((Counter) metric).getCount();
        }
        try {
            Object value = metric instanceof Gauge ? ((Gauge<?>) metric).getValue() : null;
            return value instanceof Number ? ((Number) value).longValue() : 0;
        } catch (RuntimeException e) {
            // A gauge of an operator that is just being opened or closed.
            return 0;
        }
    }

    /**
     * One line: {@code 12,345 messages, 20,000 rows in 42 loads, 3 schema changes, 7 messages behind}; where tables are read it begins with {@code 12 of
     * 40 tables, 3,400,000 of about 10,000,000 rows read}, and where their changes are it ends with {@code 3 seconds behind the source}.
     *
     * @param parallelism of the sink, whose subtasks all count each schema change
     */
    String line(int parallelism) {
        List<String> parts = new ArrayList<>();
        if (sum(SourceMetrics.TABLES) > 0) {
            parts.add(tables());
        }
        parts.add(count(sum("messages"), "message", "messages"));
        parts.add(count(sum("rows"), "row", "rows") + " in " + count(sum("loads"), "load", "loads"));
        add(parts, sum("ddl") / parallelism, "schema change", "schema changes");
        add(parts, sum("unparsed"), "of them not understood", "of them not understood");
        add(parts, sum("filtered"), "message of other tables", "messages of other tables");
        add(parts, sum("replayed"), "message loaded before", "messages loaded before");
        add(parts, sum("parked"), "message waiting for its table", "messages waiting for their tables");
        add(parts, sum("refused"), "message of refused tables", "messages of refused tables");
        add(parts, sum("unapplied"), "message or row not applied", "messages and rows not applied");
        add(parts, sum("retries"), "retry", "retries");
        add(parts, sum("numRestarts"), "restart", "restarts");
        if (has("pendingRecords")) {
            parts.add(count(sum("pendingRecords"), "message", "messages") + " behind");
        }
        if (sum(SourceMetrics.INCREMENTAL) > 0) {
            long seconds = sum(SourceMetrics.LAG) / 1000;
            parts.add(seconds == 0 ? "in step with the source" : count(seconds, "second", "seconds") + " behind the source");
        }
        return String.join(", ", parts);
    }

    private String tables() {
        long tables = sum(SourceMetrics.TABLES);
        long done = sum(SourceMetrics.TABLES_DONE);
        long rows = sum(SourceMetrics.ROWS_DONE) + sum(SourceMetrics.ROWS_UNDER_WAY);
        String about = done < tables ? String.format(Locale.ROOT, " of about %,d", Math.max(rows, sum(SourceMetrics.ROWS_EXPECTED))) : "";
        return String.format(Locale.ROOT, "%,d of %s, %,d%s rows read", done, count(tables, "table", "tables"), rows, about);
    }

    /** What there is none of is not said. */
    private static void add(List<String> parts, long number, String one, String several) {
        if (number > 0) {
            parts.add(count(number, one, several));
        }
    }

    private static String count(long number, String one, String several) {
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? one : several);
    }
}

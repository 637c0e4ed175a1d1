package io.canalnative.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;

/**
 * Writes the last value of every metric of the groups {@code canal_json} and {@code canal_protobuf} to a file when its task ends.
 *
 * <p>A bounded job's metrics are gone with it, so a reporter that looks at intervals would miss the last messages. Flink
 * tells a reporter of each metric it removes ({@link MetricReporter#notifyOfRemovedMetric}), after the task has run.
 *
 * <p>Each line is {@code job name TAB metric TAB value}; the option {@code file} names the file.
 */
public final class FinalCounts implements MetricReporter {
    private static final Pattern METRIC = Pattern.compile("\\.canal_(json|protobuf)\\.(.*)");
    private Path file;

    @Override
    public void open(MetricConfig config) {
        file = Paths.get(config.getProperty("file"));
    }

    @Override
    public void close() {}

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {}

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        String identifier = group.getMetricIdentifier(name);
        Matcher ours = METRIC.matcher(identifier);
        if (!ours.find()) {
            return;
        }
        Object value = metric instanceof Counter
                ? ((Counter) metric).getCount()
                : metric instanceof Gauge ? ((Gauge<?>) metric).getValue() : null;
        if (!(value instanceof Number)) {
            return;
        }
        String job = group.getAllVariables().getOrDefault("<job_name>", "");
        String line = job + "\t" + ours.group(2) + "\t" + ((Number) value).longValue() + "\n";
        try {
            synchronized (FinalCounts.class) {
                Files.write(file, line.getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + file, e);
        }
    }
}

package io.canalnative.cluster;

import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes {@link FinalCounts} for {@code metrics.reporter.<name>.factory.class}. */
public final class FinalCountsFactory implements MetricReporterFactory {
    @Override
    public FinalCounts createMetricReporter(Properties properties) {
        return new FinalCounts();
    }
}

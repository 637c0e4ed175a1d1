package io.canalnative.differential;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.UserCodeClassLoader;

/** What a task gives to a decoder or encoder at open: metrics, and a class loader that says when it ends. */
final class TaskContext implements DeserializationSchema.InitializationContext, SerializationSchema.InitializationContext {

    private final ClassLoader lib;
    private final Map<String, Counter> counters = new HashMap<>();
    private Gauge<?> nativeGauge;
    private final List<Runnable> releaseHooks = new ArrayList<>();

    TaskContext(ClassLoader lib) {
        this.lib = lib;
    }

    /** A counter of the metric group {@code canal_json}; 0 where the codec has none. */
    long counter(String name) {
        Counter counter = counters.get(name);
        return counter == null ? 0 : counter.getCount();
    }

    boolean counts(String name) {
        return counters.containsKey(name);
    }

    /** Whether the native library decodes, by the decoder's own gauge. */
    boolean isNative() {
        return nativeGauge != null && nativeGauge.getValue().equals(1);
    }

    /** Releases the class loader. */
    void end() {
        releaseHooks.forEach(Runnable::run);
        releaseHooks.clear();
    }

    @Override
    public MetricGroup getMetricGroup() {
        return new UnregisteredMetricsGroup() {
            @Override
            public MetricGroup addGroup(String name) {
                return this;
            }

            @Override
            public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
                nativeGauge = name.equals("native") ? gauge : nativeGauge;
                return gauge;
            }

            @Override
            public <C extends Counter> C counter(String name, C counter) {
                counters.put(name, counter);
                return counter;
            }
        };
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
        return new UserCodeClassLoader() {
            @Override
            public ClassLoader asClassLoader() {
                return lib;
            }

            @Override
            public void registerReleaseHookIfAbsent(String name, Runnable hook) {
                releaseHooks.add(hook);
            }
        };
    }
}

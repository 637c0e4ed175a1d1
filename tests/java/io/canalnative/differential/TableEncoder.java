package io.canalnative.differential;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.UserCodeClassLoader;

/** An open encoder of a {@link CanalTable}, with its counters in reach. */
public final class TableEncoder implements AutoCloseable {

    private final SerializationSchema<RowData> schema;
    private final Map<String, Counter> counters = new HashMap<>();
    private final List<Runnable> releaseHooks = new ArrayList<>();

    /** Opens the table's encoder from {@code lib}, serialised and read back first as Flink does on the way to a task. */
    public TableEncoder(CanalTable table, LibDirectory lib) throws Exception {
        schema = InstantiationUtil.clone(table.encoder(lib), lib);
        schema.open(new Context(lib));
    }

    /** The message for a row as the one "row" of the outcome, or the exception. */
    public Outcome encode(RowData row) {
        try {
            byte[] message = schema.serialize(row);
            // One character a byte, so that texts are equal exactly if the bytes are.
            return new Outcome(Collections.singletonList(new String(message, StandardCharsets.ISO_8859_1)), Collections.emptyList());
        } catch (Throwable t) {
            return new Outcome(Collections.emptyList(), Outcome.chain(t));
        }
    }

    /** The message for a row that has one. */
    public String text(RowData row) {
        return new String(schema.serialize(row), StandardCharsets.UTF_8);
    }

    /** A counter of the metric group {@code canal_json}; 0 where the codec has none. */
    public long counter(String name) {
        Counter counter = counters.get(name);
        return counter == null ? 0 : counter.getCount();
    }

    /** Whether this is the native codec, by its counters. */
    public boolean isNative() {
        return counters.containsKey("encodeDelegated");
    }

    @Override
    public void close() {
        releaseHooks.forEach(Runnable::run);
        releaseHooks.clear();
    }

    private final class Context implements SerializationSchema.InitializationContext {
        private final LibDirectory lib;

        Context(LibDirectory lib) {
            this.lib = lib;
        }

        @Override
        public MetricGroup getMetricGroup() {
            return new UnregisteredMetricsGroup() {
                @Override
                public MetricGroup addGroup(String name) {
                    return this;
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
}

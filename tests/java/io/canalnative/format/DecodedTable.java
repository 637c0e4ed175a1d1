package io.canalnative.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.flink.util.InstantiationUtil;
import org.apache.flink.util.UserCodeClassLoader;

/** A table's decoder as the planner makes it, opened as a source opens it, with its counters. */
final class DecodedTable {

    final Map<String, Counter> counters = new HashMap<>();
    final DeserializationSchema<RowData> decoder;

    DecodedTable(DataType type, List<String> metadata, String... options) throws Exception {
        this(new CanalJsonNativeFormatFactory(), "canal_json", type, metadata, options);
    }

    /** @param metrics the name of the format's metric group */
    DecodedTable(DeserializationFormatFactory factory, String metrics, DataType type, List<String> metadata, String... options) throws Exception {
        this.decoder = InstantiationUtil.clone(decoder(factory, type, metadata, options));
        decoder.open(context(metrics));
    }

    static DeserializationSchema<RowData> decoder(
            DeserializationFormatFactory factory, DataType type, List<String> metadata, String... options) {
        Configuration configuration = new Configuration();
        for (int i = 0; i < options.length; i += 2) {
            configuration.setString(options[i], options[i + 1]);
        }
        @SuppressWarnings("unchecked")
        ProjectableDecodingFormat<DeserializationSchema<RowData>> format =
                (ProjectableDecodingFormat<DeserializationSchema<RowData>>) factory.createDecodingFormat(null, configuration);
        format.applyReadableMetadata(metadata);
        int[][] projections = new int[((RowType) type.getLogicalType()).getFieldCount()][];
        for (int i = 0; i < projections.length; i++) {
            projections[i] = new int[] {i};
        }
        return format.createRuntimeDecoder(ScanRuntimeProviderContext.INSTANCE, type, projections);
    }

    /** A context as Flink's filesystem source gives it: its class loader is not there to be had. */
    private DeserializationSchema.InitializationContext context(String metrics) {
        return new DeserializationSchema.InitializationContext() {
            @Override
            public MetricGroup getMetricGroup() {
                return new Counters(counters, metrics);
            }

            @Override
            public UserCodeClassLoader getUserCodeClassLoader() {
                return (UserCodeClassLoader) (Object) Thread.currentThread().getContextClassLoader();
            }
        };
    }

    private static final class Counters extends UnregisteredMetricsGroup {
        private final Map<String, Counter> counters;
        private final String ours;

        Counters(Map<String, Counter> counters, String ours) {
            this.counters = counters;
            this.ours = ours;
        }

        @Override
        public MetricGroup addGroup(String name) {
            return name.equals(ours) ? new Counters(counters, ours) : new UnregisteredMetricsGroup();
        }

        @Override
        public <C extends Counter> C counter(String name, C counter) {
            counters.put(name, counter);
            return counter;
        }
    }

    /** Collects rows of any class. */
    static final class AnyRows implements BinaryRowCollector {
        final List<RowData> rows = new ArrayList<>();

        @Override
        public void collect(RowData row) {
            rows.add(row);
        }

        @Override
        public void close() {}
    }

    /** A collector that the decoder does not know. */
    static final class UnknownCollector implements Collector<RowData> {
        final List<RowData> rows = new ArrayList<>();

        @Override
        public void collect(RowData row) {
            rows.add(row);
        }

        @Override
        public void close() {}
    }

    /** The rows of a message in their cheapest form. */
    List<RowData> binary(String message) throws IOException {
        AnyRows out = new AnyRows();
        decoder.deserialize(message.getBytes(StandardCharsets.UTF_8), out);
        return out.rows;
    }

    /** The rows of a message as connectors unknown to us get them. */
    List<RowData> generic(String message) throws IOException {
        UnknownCollector out = new UnknownCollector();
        decoder.deserialize(message.getBytes(StandardCharsets.UTF_8), out);
        return out.rows;
    }

    long count(String counter) {
        return counters.get(counter).getCount();
    }
}

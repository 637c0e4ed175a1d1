package io.canalnative.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

import io.canalnative.NativeDatabaseWriter;
import io.canalnative.NativeLibraryException;
import io.canalnative.doris.FlinkLine;
import io.canalnative.doris.LabelParts;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;

/**
 * Canal's messages of many tables into the tables of a Doris, which are made and changed as the source's are; at least once, so that the tables
 * are right where rows have keys.
 *
 * <p>Use it by {@link #add}: a table's messages have to reach one subtask.
 */
public abstract class CanalDorisSink implements Sink<CanalRecord>, SupportsWriterState<CanalRecord, WriterState> {
    private static final long serialVersionUID = 1L;

    private final DatabaseSpec spec;
    /** So many subtasks get the schema changes. */
    private final int subtasks;

    CanalDorisSink(DatabaseSpec spec, int subtasks) {
        this.spec = spec;
        this.subtasks = subtasks;
    }

    /**
     * The sink alone, for one subtask; with more of them use {@link #add}.
     *
     * @param specJson what is to be written where: {@code DatabaseSpec} of native/src/sync/open.rs without {@code label}, and {@code flushMillis},
     *     the time between two flushes (10000; 0 for none)
     * @throws IllegalArgumentException if that is not readable
     */
    public static CanalDorisSink of(String specJson) {
        return of(new DatabaseSpec(specJson), 1);
    }

    private static CanalDorisSink of(DatabaseSpec spec, int subtasks) {
        return FlinkLine.choose(() -> new CanalDorisSinkOfFlink1(spec, subtasks), "io.canalnative.database.CanalDorisSinkOfFlink2",
                new Class<?>[] {DatabaseSpec.class, int.class}, spec, subtasks);
    }

    /**
     * Writes a stream: rows to the subtask that has their table, schema changes to each.
     *
     * @param specJson as {@link #of}
     * @param parallelism of the sink. It may be another one after a restart
     * @param name of the sink, and by it of its state in savepoints: a job's sinks have different ones
     * @throws IllegalArgumentException if the specification is not readable, or the job has unaligned checkpoints
     */
    public static DataStreamSink<CanalRecord> add(DataStream<CanalRecord> records, String specJson, int parallelism, String name) {
        if (records.getExecutionEnvironment().getCheckpointConfig().isUnalignedCheckpointsEnabled()) {
            throw new IllegalArgumentException(
                    "The job has unaligned checkpoints. They keep messages on their way to a subtask, which another parallelism would bring to the wrong one, "
                            + "and a schema change to too few; set 'execution.checkpointing.unaligned.enabled' to false");
        }
        DatabaseSpec spec = new DatabaseSpec(specJson);
        DataStream<CanalRecord> routed = parallelism == 1 ? records : Router.route(records, parallelism, spec.protobuf, name + ": by table");
        return routed.sinkTo(of(spec, parallelism)).setParallelism(parallelism).name(name).uid(name);
    }

    @Override
    public StatefulSinkWriter<CanalRecord, WriterState> createWriter(WriterInitContext context) throws IOException {
        return restoreWriter(context, Collections.emptyList());
    }

    @Override
    public StatefulSinkWriter<CanalRecord, WriterState> restoreWriter(WriterInitContext context, Collection<WriterState> recovered) throws IOException {
        return open(context, context.metricGroup(), context.getProcessingTimeService(), recovered);
    }

    /** @param context named in full, as Sink of 1.20 has a class of that name in it */
    final StatefulSinkWriter<CanalRecord, WriterState> open(
            org.apache.flink.api.connector.sink2.InitContext context,
            SinkWriterMetricGroup metrics,
            ProcessingTimeService timers,
            Collection<WriterState> recovered)
            throws IOException {
        int running = context.getTaskInfo().getNumberOfParallelSubtasks();
        if (running > subtasks) {
            throw new IllegalStateException(
                    String.format("The sink has %d subtasks and was made for %d, so some would not see schema changes; use CanalDorisSink.add with "
                            + "its parallelism, and no Flink that chooses another one (scheduler-mode: reactive)", running, subtasks));
        }
        List<byte[]> states = new ArrayList<>();
        for (WriterState state : recovered) {
            states.add(state.forSubtasks(running));
        }
        LabelParts label = LabelParts.of(context, metrics.getAllVariables().get("<operator_id>"));
        NativeDatabaseWriter loads;
        try {
            loads = NativeDatabaseWriter.open(spec.of(label), states);
        } catch (NativeLibraryException e) {
            throw new IOException(
                    "Whole databases need the native library, and have no other way into Doris: " + e.reason() + ". It runs on Linux on x86-64.", e);
        }
        return new CanalDorisWriter(spec, running, loads, new DatabaseMetrics(metrics), timers);
    }

    @Override
    public SimpleVersionedSerializer<WriterState> getWriterStateSerializer() {
        return WriterState.SERIALIZER;
    }

    @Override
    public String toString() {
        return "canal-to-doris";
    }
}

package io.canalnative.doris;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

import io.canalnative.DorisLoads;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreWriteTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.table.data.RowData;

/**
 * The sink, on every line of Flink but for one method of 1.20: see {@link FlinkLine}. It has a committer in flush mode too, idle, so that a
 * job can change its mode over a savepoint.
 */
abstract class DorisSink
        implements Sink<RowData>, SupportsWriterState<RowData, DorisWriterState>, SupportsCommitter<DorisCommittable>, SupportsPreWriteTopology<RowData> {
    private static final long serialVersionUID = 1L;

    private final DorisTarget target;
    private final DorisBackend backend;

    DorisSink(DorisTarget target, DorisBackend backend) {
        this.target = target;
        this.backend = backend;
    }

    @Override
    public DorisWriter createWriter(WriterInitContext context) throws IOException {
        return restoreWriter(context, Collections.emptyList());
    }

    @Override
    public DorisWriter restoreWriter(WriterInitContext context, Collection<DorisWriterState> recovered) throws IOException {
        return open(context, context.metricGroup(), context.getProcessingTimeService(), recovered);
    }

    /** @param context named in full, as Sink of 1.20 has a class of that name in it */
    final DorisWriter open(
            org.apache.flink.api.connector.sink2.InitContext context,
            SinkWriterMetricGroup metrics,
            ProcessingTimeService timers,
            Collection<DorisWriterState> recovered)
            throws IOException {
        LabelParts label = LabelParts.of(context, metrics.getAllVariables().get("<operator_id>"));
        List<byte[]> states = new ArrayList<>();
        List<byte[]> ofBadRows = new ArrayList<>();
        for (DorisWriterState state : recovered) {
            states.add(state.loads());
            if (state.badRows() != null) {
                ofBadRows.add(state.badRows());
            }
        }
        DorisLoads loads = backend.loads(DorisSpec.writer(target, label, states));
        try {
            BadRows badRows = BadRows.open(target, label.ofBadRows(), ofBadRows, backend);
            return new DorisWriter(target, loads, badRows, new DorisMetrics(metrics, target.settings.table), timers, context.getRestoredCheckpointId());
        } catch (IOException | RuntimeException e) {
            loads.close();
            throw e;
        }
    }

    @Override
    public DorisCommitter createCommitter(CommitterInitContext context) throws IOException {
        return new DorisCommitter(backend.transactions(DorisSpec.committer(target.settings)), context.metricGroup());
    }

    @Override
    public SimpleVersionedSerializer<DorisWriterState> getWriterStateSerializer() {
        return DorisWriterState.SERIALIZER;
    }

    @Override
    public SimpleVersionedSerializer<DorisCommittable> getCommittableSerializer() {
        return DorisCommittable.SERIALIZER;
    }

    /** Adds nothing; it is where a sink sees the job that it is part of. */
    @Override
    public DataStream<RowData> addPreWriteTopology(DataStream<RowData> rows) {
        if (target.settings.twoPhase) {
            CommitTime.check(rows, target.settings.table);
        }
        return rows;
    }

    @Override
    public String toString() {
        return DorisNativeFactory.IDENTIFIER + " " + target.settings.table;
    }
}

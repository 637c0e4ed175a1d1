package io.canalnative.doris;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;

import io.canalnative.DorisLoads;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.data.RowData;

/**
 * Writes the rows of one subtask. All its methods, and its timer, run in the task's thread.
 *
 * <p>At a checkpoint Flink calls {@link #flush}, {@link #prepareCommit} and {@link #snapshotState}; after the first, every row so far is in
 * a load whose outcome is known.
 */
final class DorisWriter implements StatefulSinkWriter<RowData, DorisWriterState>, CommittingSinkWriter<RowData, DorisCommittable> {

    /** Rows between two looks at the native side's numbers. */
    private static final int ROWS_PER_LOOK = 1024;

    private final DorisLoads loads;
    private final PackedRows rows;
    private final BadRows badRows;
    private final boolean passesBadRows;
    private final DorisMetrics metrics;
    private final ProcessingTimeService timers;
    private final boolean twoPhase;
    private final long timerMillis;

    private long lastCheckpoint;
    private int sinceLook;
    private boolean closed;

    DorisWriter(DorisTarget target, DorisLoads loads, BadRows badRows, DorisMetrics metrics, ProcessingTimeService timers, OptionalLong restored) {
        this.loads = loads;
        this.rows = new PackedRows(target.columns, loads, new RowOutcome());
        this.badRows = badRows;
        this.passesBadRows = target.settings.badRows != BadRowPolicy.FAIL;
        this.metrics = metrics;
        this.timers = timers;
        this.twoPhase = target.settings.twoPhase;
        this.timerMillis = twoPhase ? target.settings.checkMillis : target.settings.intervalMillis;
        this.lastCheckpoint = restored.orElse(-1);
        metrics.register(badRows.passedOver());
        startTimer();
    }

    @Override
    public void write(RowData row, Context context) throws IOException, InterruptedException {
        if (!rows.add(row)) {
            badRows.add(row, rows.refusal());
        } else if (++sinceLook >= ROWS_PER_LOOK) {
            look();
        }
    }

    /** What becomes of rows as they are handed over. */
    private final class RowOutcome implements PackedRows.Outcome {
        @Override
        public void full() throws IOException, InterruptedException {
            look();
        }

        @Override
        public void bad(RowData row, String reason) throws IOException, InterruptedException {
            badRows.add(row, reason);
        }
    }

    /** Takes the native side's numbers and the rows that Doris has refused. */
    private void look() throws IOException, InterruptedException {
        sinceLook = 0;
        metrics.take(loads);
        if (passesBadRows) {
            badRows.addRefused(loads.refused());
        }
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        rows.handOver();
        loads.flush();
        Waiting.until(loads, DorisLoads.SETTLED);
        look();
        badRows.flush();
        if (badRows.side() != null) {
            Waiting.until(badRows.side().loads(), DorisLoads.SETTLED);
        }
    }

    @Override
    public Collection<DorisCommittable> prepareCommit() throws IOException, InterruptedException {
        if (!twoPhase) {
            return Collections.emptyList();
        }
        List<DorisCommittable> committables = new ArrayList<>();
        take(loads, committables);
        if (badRows.side() != null) {
            take(badRows.side().loads(), committables);
        }
        return committables;
    }

    private void take(DorisLoads from, List<DorisCommittable> into) throws IOException {
        for (JsonNode load : DorisSpec.JSON.readTree(from.committables())) {
            into.add(new DorisCommittable(DorisSpec.JSON.writeValueAsBytes(load), lastCheckpoint));
        }
    }

    @Override
    public List<DorisWriterState> snapshotState(long checkpointId) {
        lastCheckpoint = checkpointId;
        byte[] ofBadRows = badRows.side() == null ? null : badRows.side().loads().state();
        return Collections.singletonList(new DorisWriterState(loads.state(), ofBadRows));
    }

    private void startTimer() {
        if (timerMillis > 0) {
            timers.registerTimer(timers.getCurrentProcessingTime() + timerMillis, time -> onTimer());
        }
    }

    /** Flush mode: sends what there is, unless the native side finds it better to gather more. In both modes a load that has failed is noticed here if no row comes. */
    private void onTimer() throws IOException, InterruptedException {
        if (closed) {
            return;
        }
        rows.handOver();
        if (!twoPhase) {
            loads.tick();
            badRows.flush();
        }
        loads.await(DorisLoads.SETTLED, 0);
        look();
        startTimer();
    }

    @Override
    public void close() {
        closed = true;
        try {
            loads.close();
        } finally {
            badRows.close();
        }
    }
}

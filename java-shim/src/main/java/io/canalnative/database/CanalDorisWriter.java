package io.canalnative.database;

import java.io.IOException;
import java.util.Collections;
import java.util.List;

import io.canalnative.DatabaseLoads;
import io.canalnative.doris.Waiting;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.slf4j.LoggerFactory;

/** Writes the messages of one subtask. All its methods, and its timer, run in the task's thread. */
final class CanalDorisWriter implements StatefulSinkWriter<CanalRecord, WriterState> {

    /** Between two looks at tables that change or are stopped. */
    static final long TICK_MILLIS = 1000;
    /** Rows wait 30 seconds for a change that their columns tell of; a table that was stopped is looked at each 10 seconds. */
    static final long DRAIN_MILLIS = 60_000;

    private static final long DRAIN_STEP_MILLIS = 200;

    private final int subtasks;
    private final DatabaseLoads loads;
    private final DatabaseMetrics metrics;
    private final ReportLog reports;
    private final ProcessingTimeService timers;
    private final long flushMillis;
    private final long inFlight;
    private final boolean onlySays;
    private long ticked;
    private long flushed;
    private boolean closed;

    /** @param subtasks of the sink */
    CanalDorisWriter(DatabaseSpec spec, int subtasks, DatabaseLoads loads, DatabaseMetrics metrics, ProcessingTimeService timers) {
        this.subtasks = subtasks;
        this.loads = loads;
        this.metrics = metrics;
        this.reports = new ReportLog(LoggerFactory.getLogger(CanalDorisSink.class), metrics::schemaChange);
        this.timers = timers;
        this.flushMillis = spec.flushMillis;
        this.inFlight = spec.inFlight;
        this.onlySays = spec.onlySays;
        this.ticked = timers.getCurrentProcessingTime();
        this.flushed = ticked;
        startTimer();
    }

    @Override
    public void write(CanalRecord record, Context context) throws IOException, InterruptedException {
        boolean taken = loads.write(record.value, record.partition, record.sequence, record.everyones);
        while (!taken) {
            await(DatabaseLoads.ROOM);
            taken = loads.resume();
        }
    }

    /** At a checkpoint, before the state is taken: every message so far is in its table, or is known to wait for one that is stopped. */
    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        settle();
        if (endOfInput && !onlySays) {
            drain();
        }
    }

    private void settle() throws IOException, InterruptedException {
        loads.flush();
        await(DatabaseLoads.SETTLED);
        look();
    }

    /** When the input has ended nobody comes back for messages that wait, so a job does not end well with some. */
    private void drain() throws IOException, InterruptedException {
        long until = timers.getCurrentProcessingTime() + DRAIN_MILLIS;
        while (metrics.get("parked") > 0) {
            if (timers.getCurrentProcessingTime() >= until) {
                throw new IOException(
                        String.format("The input has ended, and %d messages wait for tables that are stopped. Do what the log says, and let the job run again from its last "
                                + "checkpoint; to stop a job with such tables take a savepoint without draining it.", metrics.get("parked")));
            }
            Thread.sleep(DRAIN_STEP_MILLIS);
            loads.tick();
            settle();
        }
    }

    @Override
    public List<WriterState> snapshotState(long checkpointId) {
        return Collections.singletonList(new WriterState(subtasks, loads.state()));
    }

    /** Waits, and does meanwhile what the timer would. */
    private void await(int what) throws IOException, InterruptedException {
        Waiting.until(millis -> {
            boolean reached = loads.await(what, millis);
            tickIfDue();
            return reached;
        });
    }

    private void startTimer() {
        long millis = flushMillis > 0 ? Math.min(flushMillis, TICK_MILLIS) : TICK_MILLIS;
        timers.registerTimer(timers.getCurrentProcessingTime() + millis, time -> onTimer());
    }

    /** A load that has failed is noticed here if no message comes. */
    private void onTimer() throws IOException {
        if (closed) {
            return;
        }
        tickIfDue();
        metrics.take(loads);
        long now = timers.getCurrentProcessingTime();
        // Bodies that would have to wait for others had better grow.
        if (flushMillis > 0 && now - flushed >= flushMillis && metrics.get("openLoads") <= inFlight) {
            flushed = now;
            loads.flush();
        }
        startTimer();
    }

    private void tickIfDue() throws IOException {
        long now = timers.getCurrentProcessingTime();
        if (now - ticked >= TICK_MILLIS) {
            ticked = now;
            loads.tick();
            look();
        }
    }

    /** Takes the native side's numbers, and logs what it has to say. */
    private void look() throws IOException {
        metrics.take(loads);
        metrics.takeTables(loads);
        reports.write(loads.reports());
    }

    @Override
    public void close() {
        closed = true;
        loads.close();
    }
}

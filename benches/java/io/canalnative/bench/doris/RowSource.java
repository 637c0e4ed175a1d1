package io.canalnative.bench.doris;

import java.lang.management.ManagementFactory;

import com.sun.management.OperatingSystemMXBean;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.RichSourceFunction;
import org.apache.flink.table.data.RowData;

/**
 * Rows for some seconds of the process' CPU time, to warm up, then for some more to be measured. Before and after these it waits for a checkpoint, with which a sink
 * has sent all that it had, and reads the CPU time of the process: what lies between belongs to these rows and nothing else.
 */
@SuppressWarnings("deprecation") // SourceFunction: the cheapest there is, the same for every job
final class RowSource extends RichSourceFunction<RowData> implements CheckpointedFunction, CheckpointListener {

    /** Of the one job of this JVM. */
    static volatile long cpuNanos;
    static volatile long measured;
    static volatile long emitted;

    private static final int BATCH = 100;
    private static final OperatingSystemMXBean PROCESS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final long warmUpMillis;
    private final long measuredMillis;

    private transient Object lock;
    private volatile boolean cancelled;
    private long next;
    private long inCheckpoint;
    private long complete;

    RowSource(long warmUpMillis, long measuredMillis) {
        this.warmUpMillis = warmUpMillis;
        this.measuredMillis = measuredMillis;
    }

    @Override
    public void run(SourceContext<RowData> context) throws Exception {
        lock = context.getCheckpointLock();
        CounterRows made = new CounterRows();
        // Not of the clock: on a busy machine the compilers would get less of the seconds.
        emitFor(warmUpMillis, context, made);
        awaitCheckpoint();
        long began = next;
        long cpu = PROCESS.getProcessCpuTime();
        emitFor(measuredMillis, context, made);
        awaitCheckpoint();
        cpuNanos = PROCESS.getProcessCpuTime() - cpu;
        measured = next - began;
        emitted = next;
    }

    private void emitFor(long cpuMillis, SourceContext<RowData> context, CounterRows made) {
        long until = PROCESS.getProcessCpuTime() + cpuMillis * 1_000_000;
        while (!cancelled && PROCESS.getProcessCpuTime() < until) {
            emit(context, made, BATCH);
        }
    }

    private void emit(SourceContext<RowData> context, CounterRows made, int count) {
        synchronized (lock) {
            for (int i = 0; i < count; i++) {
                context.collect(made.row(next++));
            }
        }
    }

    private void awaitCheckpoint() throws InterruptedException {
        synchronized (lock) {
            while (!cancelled && complete < next) {
                lock.wait();
            }
        }
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {}

    @Override
    public void snapshotState(FunctionSnapshotContext context) {
        inCheckpoint = next;
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        synchronized (lock) {
            complete = inCheckpoint;
            lock.notifyAll();
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }
}

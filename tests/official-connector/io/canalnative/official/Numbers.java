package io.canalnative.official;

import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.RichSourceFunction;

/**
 * The numbers from 0 on, in groups: the next group comes when a checkpoint that has the last one is complete. So it is known
 * which rows are in which load.
 */
@SuppressWarnings("deprecation") // SourceFunction is the one kind of source that waits in a few lines
final class Numbers extends RichSourceFunction<Integer> implements CheckpointedFunction, CheckpointListener {

    private final int[] groupEnds;
    private final boolean endless;

    private transient Object lock;
    private transient ListState<Integer> state;
    private volatile boolean cancelled;
    private int next;
    /** {@link #next} as of the last checkpoint, and as of the last complete one. */
    private int inCheckpoint;
    private int complete;

    /**
     * @param endless wait after the last group until the job is stopped
     * @param groupEnds the number after the last one of each group
     */
    Numbers(boolean endless, int... groupEnds) {
        this.endless = endless;
        this.groupEnds = groupEnds;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("next", Types.INT));
        for (int restored : state.get()) {
            next = restored;
        }
        complete = next;
    }

    @Override
    public void run(SourceContext<Integer> context) throws Exception {
        synchronized (context.getCheckpointLock()) {
            lock = context.getCheckpointLock();
            for (int i = 0; i < groupEnds.length; i++) {
                while (next < groupEnds[i]) {
                    context.collect(next);
                    next++;
                }
                boolean last = i == groupEnds.length - 1;
                while (!cancelled && (last ? endless : complete < groupEnds[i])) {
                    lock.wait();
                }
            }
        }
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        state.clear();
        state.add(next);
        inCheckpoint = next;
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        complete = inCheckpoint;
        wake();
    }

    @Override
    public void cancel() {
        cancelled = true;
        wake();
    }

    private void wake() {
        if (lock != null) {
            synchronized (lock) {
                lock.notifyAll();
            }
        }
    }
}

package io.canalnative.bench.doris;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import com.sun.management.OperatingSystemMXBean;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource.NumberSequenceSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * Rows for some seconds of the process' CPU time, to warm up, then for some more to be measured. Before and after these it waits
 * for a checkpoint, with which a sink has sent all that it had, and reads the CPU time of the process: what lies between belongs to
 * these rows and nothing else.
 */
final class RowSource implements Source<RowData, NumberSequenceSplit, Collection<NumberSequenceSplit>> {

    /** Of the one job of this JVM. */
    static volatile long cpuNanos;
    static volatile long measured;
    static volatile long emitted;

    private static final int BATCH = 100;
    private static final OperatingSystemMXBean PROCESS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final long warmUpMillis;
    private final long measuredMillis;
    /** Its one split is what starts the one reader; the rest of it saves writing an enumerator. */
    private final NumberSequenceSource one = new NumberSequenceSource(1, 1);

    RowSource(long warmUpMillis, long measuredMillis) {
        this.warmUpMillis = warmUpMillis;
        this.measuredMillis = measuredMillis;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<RowData, NumberSequenceSplit> createReader(SourceReaderContext context) {
        return new Reader(context);
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> createEnumerator(SplitEnumeratorContext<NumberSequenceSplit> context) {
        return one.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<NumberSequenceSplit, Collection<NumberSequenceSplit>> restoreEnumerator(
            SplitEnumeratorContext<NumberSequenceSplit> context, Collection<NumberSequenceSplit> state) {
        return one.restoreEnumerator(context, state);
    }

    @Override
    public SimpleVersionedSerializer<NumberSequenceSplit> getSplitSerializer() {
        return one.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<Collection<NumberSequenceSplit>> getEnumeratorCheckpointSerializer() {
        return one.getEnumeratorCheckpointSerializer();
    }

    /** All calls come from the task's thread. */
    private final class Reader implements SourceReader<RowData, NumberSequenceSplit> {
        private final SourceReaderContext context;
        private final CounterRows rows = new CounterRows();
        private final List<NumberSequenceSplit> splits = new ArrayList<>();
        private CompletableFuture<Void> available = new CompletableFuture<>();
        private boolean waits = true;
        private boolean measures;
        private boolean ended;
        private long until;
        private long began;
        private long cpu;
        private long next;
        private long inCheckpoint;

        Reader(SourceReaderContext context) {
            this.context = context;
        }

        @Override
        public void start() {
            context.sendSplitRequest();
        }

        @Override
        public void addSplits(List<NumberSequenceSplit> added) {
            splits.addAll(added);
            until = PROCESS.getProcessCpuTime() + warmUpMillis * 1_000_000;
            goOn();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<RowData> output) {
            if (ended) {
                return InputStatus.END_OF_INPUT;
            }
            if (!waits) {
                for (int i = 0; i < BATCH; i++) {
                    output.collect(rows.row(next++));
                }
                waits = PROCESS.getProcessCpuTime() >= until;
            }
            return waits ? InputStatus.NOTHING_AVAILABLE : InputStatus.MORE_AVAILABLE;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            if (waits && available.isDone()) {
                available = new CompletableFuture<>();
            }
            return available;
        }

        private void goOn() {
            waits = false;
            available.complete(null);
        }

        @Override
        public List<NumberSequenceSplit> snapshotState(long checkpointId) {
            inCheckpoint = next;
            return splits;
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            if (!waits || ended || next == 0 || inCheckpoint < next) {
                return;
            }
            if (measures) {
                cpuNanos = PROCESS.getProcessCpuTime() - cpu;
                measured = next - began;
                emitted = next;
                ended = true;
            } else {
                measures = true;
                began = next;
                cpu = PROCESS.getProcessCpuTime();
                until = cpu + measuredMillis * 1_000_000;
            }
            goOn();
        }

        @Override
        public void notifyNoMoreSplits() {}

        @Override
        public void close() {}
    }
}

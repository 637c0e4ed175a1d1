package io.canalnative.bench.database;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import com.sun.management.OperatingSystemMXBean;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Another source, read for some seconds of the process' CPU time to warm up, then for some more to be measured. Before and after these it
 * waits for a checkpoint, with which a sink has sent all that it had, and reads the CPU time of the process: what lies between belongs to these messages
 * and nothing else. Both begin and end with the first message of {@link Input}'s file.
 */
final class Metered<T, S extends SourceSplit, E> implements Source<T, S, E> {
    private static final long serialVersionUID = 1L;

    /** Messages so far, of the one job of this JVM; counted by what decodes them, in the task's thread, and read elsewhere once the job has ended. */
    static long emitted;
    static volatile long cpuNanos;
    static volatile long measured;

    private static final OperatingSystemMXBean PROCESS = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Source<T, S, E> source;
    private final Input input;

    Metered(Source<T, S, E> source, Input input) {
        this.source = source;
        this.input = input;
    }

    @Override
    public Boundedness getBoundedness() {
        return source.getBoundedness();
    }

    @Override
    public SourceReader<T, S> createReader(SourceReaderContext context) throws Exception {
        return new Reader(source.createReader(context), input.messages().length);
    }

    @Override
    public SplitEnumerator<S, E> createEnumerator(SplitEnumeratorContext<S> context) throws Exception {
        return source.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<S, E> restoreEnumerator(SplitEnumeratorContext<S> context, E state) throws Exception {
        return source.restoreEnumerator(context, state);
    }

    @Override
    public SimpleVersionedSerializer<S> getSplitSerializer() {
        return source.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<E> getEnumeratorCheckpointSerializer() {
        return source.getEnumeratorCheckpointSerializer();
    }

    /** All calls come from the task's thread. */
    private final class Reader implements SourceReader<T, S> {
        private final SourceReader<T, S> reader;
        /** Messages of the file. */
        private final int cycle;
        private CompletableFuture<Void> available = CompletableFuture.completedFuture(null);
        private boolean waits;
        private boolean measures;
        private boolean ended;
        /** 0 until the first message. */
        private long until;
        private long begun;
        private long cpu;
        private long inCheckpoint;

        Reader(SourceReader<T, S> reader, int cycle) {
            this.reader = reader;
            this.cycle = cycle;
        }

        @Override
        public void start() {
            reader.start();
        }

        @Override
        public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
            if (ended) {
                return InputStatus.END_OF_INPUT;
            }
            if (waits) {
                return InputStatus.NOTHING_AVAILABLE;
            }
            long before = emitted;
            InputStatus status = reader.pollNext(output);
            if (emitted > before && emitted % cycle == 0) {
                if (until == 0) {
                    until = PROCESS.getProcessCpuTime() + input.warmUpNanos();
                }
                waits = PROCESS.getProcessCpuTime() >= until;
            }
            if (status == InputStatus.END_OF_INPUT) {
                throw new IllegalStateException("the input ended after " + emitted + " messages, before enough was measured");
            }
            if (waits) {
                available = new CompletableFuture<>();
                return InputStatus.NOTHING_AVAILABLE;
            }
            return status;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return waits ? available : reader.isAvailable();
        }

        @Override
        public List<S> snapshotState(long checkpointId) {
            inCheckpoint = emitted;
            return reader.snapshotState(checkpointId);
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) throws Exception {
            reader.notifyCheckpointComplete(checkpointId);
            if (!waits || ended || inCheckpoint < emitted) {
                return;
            }
            if (measures) {
                cpuNanos = PROCESS.getProcessCpuTime() - cpu;
                measured = emitted - begun;
                ended = true;
            } else {
                measures = true;
                begun = emitted;
                cpu = PROCESS.getProcessCpuTime();
                until = cpu + input.measuredNanos();
            }
            waits = false;
            available.complete(null);
        }

        @Override
        public void addSplits(List<S> splits) {
            reader.addSplits(splits);
        }

        @Override
        public void notifyNoMoreSplits() {
            reader.notifyNoMoreSplits();
        }

        @Override
        public void handleSourceEvents(SourceEvent event) {
            reader.handleSourceEvents(event);
        }

        @Override
        public void close() throws Exception {
            reader.close();
        }
    }
}

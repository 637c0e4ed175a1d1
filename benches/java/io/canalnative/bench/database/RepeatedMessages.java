package io.canalnative.bench.database;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import org.apache.flink.api.common.serialization.DeserializationSchema;
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
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.Collector;
import org.apache.flink.util.SimpleUserCodeClassLoader;
import org.apache.flink.util.UserCodeClassLoader;

/** The messages of a file, held in memory, without end: a source that costs next to nothing. */
final class RepeatedMessages<T> implements Source<T, NumberSequenceSplit, Collection<NumberSequenceSplit>> {
    private static final long serialVersionUID = 1L;

    private final Input input;
    private final Decode<T> decode;
    /** Its one split is what starts the one reader; the rest of it saves writing an enumerator. */
    private final NumberSequenceSource one = new NumberSequenceSource(1, 1);

    RepeatedMessages(Input input, Decode<T> decode) {
        this.input = input;
        this.decode = decode;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<T, NumberSequenceSplit> createReader(SourceReaderContext context) {
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

    private final class Reader implements SourceReader<T, NumberSequenceSplit>, DeserializationSchema.InitializationContext {
        private final SourceReaderContext context;
        private final byte[][] messages = input.messages();
        private final List<NumberSequenceSplit> splits = new ArrayList<>();
        private final CompletableFuture<Void> available = new CompletableFuture<>();
        private final Rows rows = new Rows();

        Reader(SourceReaderContext context) {
            this.context = context;
        }

        @Override
        public void start() {
            try {
                decode.open(this);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            context.sendSplitRequest();
        }

        @Override
        public void addSplits(List<NumberSequenceSplit> added) {
            splits.addAll(added);
            available.complete(null);
        }

        /** All messages once. */
        @Override
        public InputStatus pollNext(ReaderOutput<T> output) throws Exception {
            if (!available.isDone()) {
                return InputStatus.NOTHING_AVAILABLE;
            }
            rows.output = output;
            for (byte[] message : messages) {
                decode.decode(message, Metered.emitted++, rows);
            }
            return InputStatus.MORE_AVAILABLE;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return available;
        }

        @Override
        public List<NumberSequenceSplit> snapshotState(long checkpointId) {
            return splits;
        }

        @Override
        public void notifyNoMoreSplits() {}

        @Override
        public MetricGroup getMetricGroup() {
            return context.metricGroup();
        }

        @Override
        public UserCodeClassLoader getUserCodeClassLoader() {
            return SimpleUserCodeClassLoader.create(RepeatedMessages.class.getClassLoader());
        }

        @Override
        public void close() {}
    }

    private final class Rows implements Collector<T> {
        private ReaderOutput<T> output;

        @Override
        public void collect(T row) {
            output.collect(row);
        }

        @Override
        public void close() {}
    }
}

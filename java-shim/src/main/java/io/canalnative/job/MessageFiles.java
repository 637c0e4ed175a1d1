package io.canalnative.job;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Files with a message in each line, read one after the other by one subtask. Names that end in {@code .gz} are unpacked; empty lines are passed
 * over. A message's sequence is the number of its line, over all files, {@code << 20}.
 */
final class MessageFiles implements Source<CanalRecord, FilePosition, List<FilePosition>> {
    private static final long serialVersionUID = 1L;

    private final ArrayList<String> paths;

    /** @param paths as Flink names files */
    MessageFiles(List<String> paths) {
        this.paths = new ArrayList<>(paths);
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<CanalRecord, FilePosition> createReader(SourceReaderContext context) {
        return new MessageFilesReader(paths);
    }

    @Override
    public SplitEnumerator<FilePosition, List<FilePosition>> createEnumerator(SplitEnumeratorContext<FilePosition> context) {
        return new Enumerator(context, Collections.singletonList(FilePosition.BEGIN));
    }

    @Override
    public SplitEnumerator<FilePosition, List<FilePosition>> restoreEnumerator(SplitEnumeratorContext<FilePosition> context, List<FilePosition> left) {
        return new Enumerator(context, left);
    }

    @Override
    public SimpleVersionedSerializer<FilePosition> getSplitSerializer() {
        return FilePosition.SERIALIZER;
    }

    @Override
    public SimpleVersionedSerializer<List<FilePosition>> getEnumeratorCheckpointSerializer() {
        return FilePosition.NONE_OR_ONE;
    }

    /** Gives all files to the first reader. */
    private static final class Enumerator implements SplitEnumerator<FilePosition, List<FilePosition>> {
        private final SplitEnumeratorContext<FilePosition> context;
        private final List<FilePosition> left;

        Enumerator(SplitEnumeratorContext<FilePosition> context, List<FilePosition> left) {
            this.context = context;
            this.left = new ArrayList<>(left);
        }

        @Override
        public void start() {}

        @Override
        public void addReader(int subtask) {
            if (subtask == 0) {
                left.forEach(split -> context.assignSplit(split, subtask));
                left.clear();
            }
            context.signalNoMoreSplits(subtask);
        }

        @Override
        public void addSplitsBack(List<FilePosition> splits, int subtask) {
            left.addAll(splits);
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {}

        @Override
        public List<FilePosition> snapshotState(long checkpoint) {
            return new ArrayList<>(left);
        }

        @Override
        public void close() throws IOException {}
    }
}

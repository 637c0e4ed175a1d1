package io.canalnative.job;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.InputStatus;

/** Reads {@link MessageFiles}, a line at a time. */
final class MessageFilesReader implements SourceReader<CanalRecord, FilePosition> {

    private static final int BUFFER = 1 << 16;

    private final List<String> paths;
    private final CompletableFuture<Void> told = new CompletableFuture<>();
    /** Null until the split has come. */
    private FilePosition begin;
    private int file;
    private long lines;
    private long total;
    /** Of the file that is being read; null between two. */
    private LineInput input;

    MessageFilesReader(List<String> paths) {
        this.paths = paths;
    }

    @Override
    public void start() {}

    @Override
    public void addSplits(List<FilePosition> splits) {
        begin = splits.get(0);
        file = begin.files;
        lines = begin.lines;
        total = begin.total;
        told.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {
        told.complete(null);
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return told;
    }

    @Override
    public InputStatus pollNext(ReaderOutput<CanalRecord> output) throws IOException {
        if (!told.isDone()) {
            return InputStatus.NOTHING_AVAILABLE;
        }
        if (begin == null || file == paths.size()) {
            return InputStatus.END_OF_INPUT;
        }
        if (input == null) {
            open();
        }
        byte[] line = input.next();
        if (line == null) {
            close();
            file++;
            lines = 0;
            return InputStatus.MORE_AVAILABLE;
        }
        if (line.length > 0) {
            output.collect(new CanalRecord(line, 0, total << CanalRecord.ROW_BITS));
        }
        lines++;
        total++;
        return InputStatus.MORE_AVAILABLE;
    }

    /** Opens the file, and passes over what was read before a restart. */
    private void open() throws IOException {
        String path = paths.get(file);
        if (lines > 0 && !path.equals(begin.path)) {
            throw new IOException(String.format(
                    "The job was reading '%s' when its checkpoint was made, and the file in this place is '%s' now; name the files again as they were, new ones last",
                    begin.path, path));
        }
        Path at = new Path(path);
        InputStream bytes = at.getFileSystem().open(at);
        try {
            input = new LineInput(path.endsWith(".gz") ? new GZIPInputStream(bytes, BUFFER) : bytes);
        } catch (IOException e) {
            bytes.close();
            throw new IOException(path + " is named .gz and cannot be unpacked: " + e.getMessage(), e);
        }
        for (long passed = 0; passed < lines; passed++) {
            if (input.next() == null) {
                throw new EOFException(String.format("%s had more than %d lines when the job's checkpoint was made, and has %d now", path, lines, passed));
            }
        }
    }

    @Override
    public List<FilePosition> snapshotState(long checkpoint) {
        if (begin == null) {
            return Collections.emptyList();
        }
        String path = lines > 0 ? paths.get(file) : "";
        return Collections.singletonList(new FilePosition(file, path, lines, total));
    }

    @Override
    public void close() throws IOException {
        if (input != null) {
            LineInput done = input;
            input = null;
            done.close();
        }
    }
}

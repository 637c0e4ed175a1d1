package io.canalnative.source;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of changes that is being read, which has no end; and beside it the tables that somebody wants to be read anew. When the log has come to
 * where it stood when these were listed, all changes from there on are in a later run, the tables are emptied in Doris, and their ranges are read by
 * turns with the log: what is read is older than each change that comes after, and newer than what was there. All of it goes one way, so the order
 * holds at each sink.
 */
final class LogReading implements Reading {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTables.class);

    private final DatabaseReader reader;
    private final Fetch<LogBatch> log;
    /** Of what was handed on. */
    private LogPosition position;
    /** Up to where a checkpoint has everything; null once the log was told. */
    private final AtomicReference<LogPosition> completed = new AtomicReference<>();
    private boolean inStep;
    /** The first range of what is left to be read anew; null if it is not begun, or there is none. */
    private RangeReading range;

    LogReading(DatabaseReader reader, LogPosition position) {
        this.reader = reader;
        this.position = position;
        LOG.info("reads the log of changes from {} on", position);
        reader.metrics.changes(0, position, false);
        this.log = new Fetch<>("the log of changes after " + position, () -> LogBatch.read(reader.source, position, completed));
    }

    @Override
    public boolean poll(ReaderOutput<CanalRecord> output) {
        LogBatch batch = log.poll();
        if (batch != null) {
            take(batch, output);
        }
        return pollRange(output) || batch != null;
    }

    private void take(LogBatch batch, ReaderOutput<CanalRecord> output) {
        position = position.at(batch.run, batch.position, batch.definitions);
        int messages = batch.messages == null ? 0 : handOn(batch.messages, output);
        reader.metrics.changes(messages, position, batch.messages == null);
        if (batch.messages == null && !inStep) {
            inStep = true;
            LOG.info("in step with the source: all changes up to {} are read", position);
        }
        if (batch.anew != null) {
            begin(batch.anew, output);
        }
    }

    private int handOn(byte[] messages, ReaderOutput<CanalRecord> output) {
        int count = 0;
        for (ByteBuffer left = ByteBuffer.wrap(messages); left.hasRemaining(); count++) {
            byte[] message = new byte[left.getInt()];
            long sequence = left.getLong();
            left.get(message);
            output.collect(position.change(message, sequence));
        }
        return count;
    }

    private void begin(TablesAnew anew, ReaderOutput<CanalRecord> output) {
        if (!anew.ranges.isEmpty()) {
            // What is under way is begun again in its turn.
            position = split();
            endRange();
        }
        position = position.with(anew);
        String table = null;
        for (TableRange first : anew.ranges) {
            if (!first.table.equals(table)) {
                table = first.table;
                reader.defines(table);
                output.collect(first.definition());
                output.collect(first.emptying());
            }
        }
    }

    private boolean pollRange(ReaderOutput<CanalRecord> output) {
        if (range == null && position.left.isEmpty()) {
            return false;
        }
        if (range == null) {
            range = new RangeReading(reader, position.left.get(0));
            return true;
        }
        if (range.poll(output)) {
            return true;
        }
        if (!range.isOver()) {
            return false;
        }
        String table = position.left.get(0).table;
        long rows = position.rows + range.rows();
        position = position.read(range.rows());
        endRange();
        if (position.left.stream().noneMatch(left -> left.table.equals(table))) {
            LOG.info("read anew ({}): all of its {}", table, DatabaseEnumerator.count(rows, "row", "rows"));
        }
        return true;
    }

    private void endRange() {
        if (range != null) {
            range.close();
            range = null;
            reader.metrics.noRange();
        }
    }

    @Override
    public boolean isOver() {
        return false;
    }

    @Override
    public CompletableFuture<Void> available() {
        if (range == null) {
            return position.left.isEmpty() ? log.available() : Fetch.NOW;
        }
        return CompletableFuture.anyOf(log.available(), range.available()).thenApply(done -> null);
    }

    @Override
    public LogPosition split() {
        return range == null ? position : position.begun(range.split());
    }

    @Override
    public void completed(DatabaseSplit split) {
        completed.set((LogPosition) split);
    }

    @Override
    public void close() {
        endRange();
        log.close();
    }
}

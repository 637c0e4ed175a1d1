package io.canalnative.source;

import java.util.concurrent.CompletableFuture;

import io.canalnative.SourceRows;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A range of a table that is being read, with the table's definition before it where it is wanted. */
final class RangeReading implements Reading {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTables.class);

    private final DatabaseReader reader;
    private final TableRange range;
    /** Null if there are no rows. */
    private final Fetch<Message> fetch;
    /** Still to be handed on. */
    private boolean definitionFirst;
    private long rows;

    /** A message, and how many rows the range had up to its end. */
    private static final class Message {
        final byte[] bytes;
        final long rows;

        Message(byte[] bytes, long rows) {
            this.bytes = bytes;
            this.rows = rows;
        }
    }

    /** The messages of a range. */
    private static final class Messages implements Fetch.Input<Message> {
        private final SourceRows rows;
        private final TableRange range;

        Messages(SourceRows rows, TableRange range) {
            this.rows = rows;
            this.range = range;
        }

        @Override
        public Message next() {
            byte[] message = rows.next();
            if (message == null && rows.isGone()) {
                LOG.warn("gone ({}): the table was dropped while it was read; no row of range {} of {} comes", range.table, range.number + 1, range.of);
            }
            return message == null ? null : new Message(message, rows.rows());
        }

        @Override
        public void close() {
            rows.close();
        }
    }

    RangeReading(DatabaseReader reader, TableRange range) {
        this.reader = reader;
        this.range = range.begun(range.begun + 1);
        this.definitionFirst = reader.defines(range.table);
        this.fetch = range.hasRows() ? new Fetch<>(this.range.toString(), () -> new Messages(reader.source.database.open(reader.source.spec(), range.range), range)) : null;
    }

    @Override
    public boolean poll(ReaderOutput<CanalRecord> output) {
        if (definitionFirst) {
            definitionFirst = false;
            output.collect(range.definition());
            return true;
        }
        Message message = fetch == null ? null : fetch.poll();
        if (message == null) {
            return false;
        }
        output.collect(range.rows(message.bytes));
        reader.metrics.rows(message.rows - rows, message.rows);
        rows = message.rows;
        return true;
    }

    @Override
    public boolean isOver() {
        return !definitionFirst && (fetch == null || fetch.isOver());
    }

    @Override
    public CompletableFuture<Void> available() {
        return definitionFirst || fetch == null ? Fetch.NOW : fetch.available();
    }

    /** It is read again from its beginning, and knows that it was begun. */
    @Override
    public TableRange split() {
        return range;
    }

    /** That were handed on. */
    long rows() {
        return rows;
    }

    @Override
    public void close() {
        if (fetch != null) {
            fetch.close();
        }
    }
}

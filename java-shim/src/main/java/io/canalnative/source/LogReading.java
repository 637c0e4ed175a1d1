package io.canalnative.source;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

import io.canalnative.SourceLog;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of changes that is being read; it has no end. */
final class LogReading implements Reading {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTables.class);
    /** So long may pass until it is known that nothing comes. */
    private static final long WAIT_MILLIS = 500;

    private final DatabaseReader reader;
    private final Fetch<Batch> fetch;
    /** Of what was handed on. */
    private LogPosition position;
    private boolean inStep;

    /** What has come at once, and where the log goes on after it. */
    private static final class Batch {
        /** As {@link SourceLog#next} has it; null if nothing came. */
        final byte[] messages;
        final LogPosition after;

        Batch(byte[] messages, LogPosition after) {
            this.messages = messages;
            this.after = after;
        }
    }

    /** Batches, and once that there is nothing more for now. */
    private static final class Batches implements Fetch.Input<Batch> {
        private final SourceLog log;
        private LogPosition last;
        private long version;
        private boolean idle;

        Batches(SourceLog log, LogPosition begin) {
            this.log = log;
            this.last = begin;
            this.version = log.version();
        }

        @Override
        public Batch next() {
            while (true) {
                byte[] messages = log.next(WAIT_MILLIS);
                byte[] position = log.position();
                boolean moved = !Arrays.equals(position, last.position);
                if (moved) {
                    last = last.at(position, definitions());
                }
                if (messages != null || moved || !idle) {
                    idle = messages == null;
                    return new Batch(messages, last);
                }
            }
        }

        /** The same array as long as they are the same: they may be large. */
        private byte[] definitions() {
            long now = log.version();
            if (now == version) {
                return last.definitions;
            }
            version = now;
            return log.definitions();
        }

        @Override
        public void close() {
            log.close();
        }
    }

    LogReading(DatabaseReader reader, LogPosition position) {
        this.reader = reader;
        this.position = position;
        LOG.info("reads the log of changes from {} on", position);
        reader.metrics.changes(0, position, false);
        this.fetch = new Fetch<>("the log of changes after " + position, () -> new Batches(reader.source.log(reader.spec, position.position, position.definitions), position));
    }

    @Override
    public boolean poll(ReaderOutput<CanalRecord> output) {
        Batch batch = fetch.poll();
        if (batch == null) {
            return false;
        }
        int messages = batch.messages == null ? 0 : handOn(batch.messages, output);
        position = batch.after;
        reader.metrics.changes(messages, position, batch.messages == null);
        if (batch.messages == null && !inStep) {
            inStep = true;
            LOG.info("in step with the source: all changes up to {} are read", position);
        }
        return true;
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

    @Override
    public boolean isOver() {
        return false;
    }

    @Override
    public CompletableFuture<Void> available() {
        return fetch.available();
    }

    @Override
    public LogPosition split() {
        return position;
    }

    @Override
    public void close() {
        fetch.close();
    }
}

package io.canalnative.source;

import java.io.Closeable;
import java.util.concurrent.CompletableFuture;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;

/** What a reader is at. Its methods do not wait, but for {@link #close}. */
interface Reading extends Closeable {

    /**
     * Hands on what is there now, as far as goes together.
     *
     * @return false if there is nothing; then {@link #isOver} may be true
     * @throws RuntimeException as the source has it
     */
    boolean poll(ReaderOutput<CanalRecord> output);

    /** All is handed on. */
    boolean isOver();

    /** Completes when {@link #poll} has something to say. */
    CompletableFuture<Void> available();

    /** To go on from what was handed on, for a checkpoint. */
    DatabaseSplit split();

    /** A checkpoint with what {@link #split} was is completed: nothing before that is read again. */
    default void completed(DatabaseSplit split) {}

    @Override
    void close();
}

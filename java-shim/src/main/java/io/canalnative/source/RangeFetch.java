package io.canalnative.source;

import java.io.Closeable;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

import io.canalnative.SourceRows;
import io.canalnative.SourceTables;

/** Reads a range in a thread of its own, a few messages ahead: the task's thread never waits for the server. */
final class RangeFetch implements Closeable {

    /** Messages that are read and not taken yet, at most. */
    static final int AHEAD = 3;

    private static final CompletableFuture<Void> NOW = CompletableFuture.completedFuture(null);

    private final SourceTables source;
    private final byte[] spec;
    private final TableRange range;
    private final Thread thread;

    private final ArrayDeque<Message> ready = new ArrayDeque<>();
    private boolean over;
    private Throwable failure;
    private boolean closed;
    /** What the task waits for; null if it does not. */
    private CompletableFuture<Void> waited;

    /** A message, and how many rows the range had up to its end. */
    static final class Message {
        final byte[] bytes;
        final long rows;

        Message(byte[] bytes, long rows) {
            this.bytes = bytes;
            this.rows = rows;
        }
    }

    RangeFetch(SourceTables source, byte[] spec, TableRange range) {
        this.source = source;
        this.spec = spec;
        this.range = range;
        this.thread = new Thread(this::read, "canal-native: " + range);
        thread.setDaemon(true);
        thread.start();
    }

    private void read() {
        Throwable failed = null;
        try (SourceRows rows = source.open(spec, range.range)) {
            byte[] message;
            do {
                message = rows.next();
            } while (message != null && put(new Message(message, rows.rows())));
        } catch (Throwable e) {
            failed = e;
        }
        CompletableFuture<Void> wakes;
        synchronized (this) {
            over = true;
            failure = failed;
            wakes = wakes();
        }
        wakes.complete(null);
    }

    /** False if nobody wants it any more. */
    private boolean put(Message message) throws InterruptedException {
        CompletableFuture<Void> wakes;
        synchronized (this) {
            while (ready.size() >= AHEAD && !closed) {
                wait();
            }
            if (closed) {
                return false;
            }
            ready.add(message);
            wakes = wakes();
        }
        wakes.complete(null);
        return true;
    }

    private CompletableFuture<Void> wakes() {
        CompletableFuture<Void> wakes = waited == null ? NOW : waited;
        waited = null;
        return wakes;
    }

    /**
     * The next message, if there is one now; then {@link #isOver} may be true.
     *
     * @throws RuntimeException as the source has it, with the range
     */
    synchronized Message poll() {
        Message message = ready.poll();
        if (message != null) {
            notifyAll();
        } else if (failure != null) {
            throw new IllegalStateException(range + " cannot be read", failure);
        }
        return message;
    }

    /** All its messages are taken. */
    synchronized boolean isOver() {
        return over && ready.isEmpty() && failure == null;
    }

    /** Completes when {@link #poll} has something to say. */
    synchronized CompletableFuture<Void> available() {
        if (over || !ready.isEmpty()) {
            return NOW;
        }
        if (waited == null) {
            waited = new CompletableFuture<>();
        }
        return waited;
    }

    /** Ends the thread, and waits for its end: what waits in it sees the interrupt. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            // The task is being cancelled; the thread ends by itself.
            Thread.currentThread().interrupt();
        }
    }
}

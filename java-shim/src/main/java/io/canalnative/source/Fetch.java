package io.canalnative.source;

import java.io.Closeable;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;

/** Reads in a thread of its own, a little ahead: the task's thread never waits for the server. */
final class Fetch<M> implements Closeable {

    /** What is read and not taken yet, at most. */
    static final int AHEAD = 3;

    /** What need not be waited for. */
    static final CompletableFuture<Void> NOW = CompletableFuture.completedFuture(null);

    private final String name;
    private final Thread thread;

    private final ArrayDeque<M> ready = new ArrayDeque<>();
    private boolean over;
    private Throwable failure;
    private boolean closed;
    /** What the task waits for; null if it does not. */
    private CompletableFuture<Void> waited;

    /** What is read; it is opened, used and closed in the thread. */
    interface Input<M> extends AutoCloseable {
        /** Waits for the next one; null at the end. Sees the thread's interrupt. */
        M next() throws Exception;
    }

    /** Opens an input. */
    interface Opening<M> {
        Input<M> open() throws Exception;
    }

    /** @param name of what is read, for errors and the thread */
    Fetch(String name, Opening<M> opening) {
        this.name = name;
        this.thread = new Thread(() -> read(opening), "canal-native: " + name);
        thread.setDaemon(true);
        thread.start();
    }

    private void read(Opening<M> opening) {
        Throwable failed = null;
        try (Input<M> input = opening.open()) {
            M next;
            do {
                next = input.next();
            } while (next != null && put(next));
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
    private boolean put(M next) throws InterruptedException {
        CompletableFuture<Void> wakes;
        synchronized (this) {
            while (ready.size() >= AHEAD && !closed) {
                wait();
            }
            if (closed) {
                return false;
            }
            ready.add(next);
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
     * The next one, if there is one now; then {@link #isOver} may be true.
     *
     * @throws RuntimeException as the source has it, with the name of what is read
     */
    synchronized M poll() {
        M next = ready.poll();
        if (next != null) {
            notifyAll();
        } else if (failure != null) {
            throw new IllegalStateException(name + " cannot be read", failure);
        }
        return next;
    }

    /** All is taken. */
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

package io.canalnative;

/** The rows of one range as Canal's flat messages. Used by one thread. */
public interface SourceRows extends AutoCloseable {

    /**
     * The next message, of many rows; null when all are read. Waits for the server.
     *
     * @throws NativeException the connection is lost, the table was changed, or the thread is interrupted
     */
    byte[] next();

    /** Rows of the messages so far. */
    long rows();

    /** Whether the table is there no more, so that there is nothing to read; known when {@link #next} has returned null. */
    boolean isGone();

    @Override
    void close();
}

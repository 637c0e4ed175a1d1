package io.canalnative;

/** The changes of a database as Canal's flat messages, without an end. Used by one thread. */
public interface SourceLog extends AutoCloseable {

    /**
     * What has come, in the order of the log.
     *
     * @param millis how long to wait for something
     * @return messages, each behind its length (int) and its sequence (long), both big-endian; null when nothing came
     * @throws NativeException the connection is lost, the server no longer has what is asked for, or the thread is interrupted
     */
    byte[] next(long millis);

    /**
     * Where to begin again so that no change is missed after what {@link #next} has given so far; changes of a transaction that is not at its end come
     * again then, with the sequences that they had. It moves on when nothing was given, too.
     *
     * @return {@code {"file", "offset", "gtid", "time", …}} {@code {"lsn", "time", …}} or {@code {"scn", "commit", "time", …}}: {@code time} is when the last change was made, epoch milliseconds
     */
    byte[] position();

    /**
     * Whether everything is read that was in the log up to a place in it.
     *
     * @param position as {@link SourceTables#tables} has it
     */
    boolean reached(byte[] position);

    /** It grows whenever {@link #definitions} changes. */
    long version();

    /** What {@link SourceTables#log} needs to know of the tables to begin at {@link #position}. */
    byte[] definitions();

    /**
     * Says that nothing before a position is needed any more, as a completed checkpoint goes on from it. A server that keeps its log for this reader may
     * throw away what is before.
     *
     * @param position as {@link #position} has given it
     */
    void confirm(byte[] position);

    @Override
    void close();
}

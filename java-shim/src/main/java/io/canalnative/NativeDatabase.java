package io.canalnative;

import java.nio.ByteBuffer;

/**
 * The boundary of the sink of whole databases: its native methods and nothing else; {@link NativeDatabaseWriter} is the safe way to use
 * them.
 *
 * <p>Handles, exceptions and texts as in {@link NativeDoris}; the specification's shape is that of {@code native/src/sync/open.rs}.
 */
final class NativeDatabase {

    /**
     * Opens the writer of one subtask. Connects when there is something to send.
     *
     * @param restored what {@link #state} gave at the checkpoint restored from: of this subtask, of others, or none
     */
    static native long open(byte[] spec, byte[][] restored);

    /** The number of a run that begins now, by the journal in Doris, which has it from now on. */
    static native int nextRun(byte[] spec);

    /** The number of the last run that has begun, by the journal in Doris; 0 if it knows none. */
    static native int lastRun(byte[] spec);

    /** A view of the buffer that a message is put into, at least {@code capacity} bytes; earlier views are invalid. */
    static native ByteBuffer input(long handle, int capacity);

    /**
     * Writes the message in the first {@code length} bytes of the input buffer.
     *
     * @param partition where the message stands in its source
     * @param sequence of its first row, each further row has the next: of two rows of a key the one of the higher sequence stays
     * @param everyones {@link #route} sent it to all subtasks
     * @return 0 done; 1 full: wait for room and {@link #resume}
     */
    static native int write(long handle, int length, int partition, long sequence, boolean everyones);

    /** Goes on with the message that there was no room for; answers as {@link #write}. */
    static native int resume(long handle);

    /**
     * Waits at most {@code millis}.
     *
     * @param what 0 for room for a message, 1 for everything settled
     * @return 0 it is so, 1 not yet
     */
    static native int await(long handle, int what, long millis);

    /** Hands over the bodies of all tables. Does not wait. */
    static native void flush(long handle);

    /** Looks after tables that change or are stopped; to be called once a second. Does not wait. */
    static native void tick(long handle);

    /** What a successor has to know, a JSON object. To be called when all is settled. */
    static native byte[] state(long handle);

    /** What happened since the last call: a JSON array of {@code {"severity", "topic", "table", "text"}}. */
    static native byte[] reports(long handle);

    /** Fills in the numbers of {@link DatabaseLoads#METRICS}. */
    static native void metrics(long handle, long[] values);

    /** Fills in what {@link DorisLoads#latency} describes. */
    static native void latency(long handle, long[] counts);

    /** The first {@code most} tables that had messages: a JSON array of objects, {@code table} and the numbers of {@link DatabaseLoads#TABLE_METRICS}. */
    static native byte[] tables(long handle, int most);

    /** Cancels what is under way, within a second. */
    static native void close(long handle);

    /** Opens a router, before the writers of several subtasks. */
    static native long openRouter(boolean protobuf);

    /** As {@link #input}, of a router. */
    static native ByteBuffer routerInput(long handle, int capacity);

    /**
     * Whose message is in the first {@code length} bytes of the router's input buffer.
     *
     * @return the number of its table, below 2^32: it goes to the subtask of the same remainder; -1 for one that goes to all
     */
    static native long route(long handle, int length);

    static native void closeRouter(long handle);

    private NativeDatabase() {}
}

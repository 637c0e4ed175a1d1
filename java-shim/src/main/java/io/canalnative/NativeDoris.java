package io.canalnative;

import java.nio.ByteBuffer;

/**
 * The boundary of the Doris sink: its native methods and nothing else; {@link NativeDorisWriter} and {@link
 * NativeDorisCommitter} are the safe ways to use them.
 *
 * <p>As in {@link NativeCodec}, all need {@link NativeLibrary#load()} first; a closed or stale handle throws {@link
 * IllegalStateException}, a bad argument {@link IllegalArgumentException}, a load that failed for good and anything
 * else {@link NativeException}. Texts and specifications are UTF-8; the specifications' shape is that of {@code
 * native/src/doris/spec.rs}.
 */
final class NativeDoris {

    /** Opens the writer of one subtask. Connects when there is something to send. */
    static native long openWriter(byte[] spec);

    /** A view of the buffer that rows are packed into, at least {@code capacity} bytes; earlier views are invalid. */
    static native ByteBuffer input(long handle, int capacity);

    /**
     * Takes the rows from {@code from} up to {@code to} of the input buffer: see {@link DorisLoads#write}.
     *
     * @return in the upper half 0 taken; 1 full: wait for room and write on; 2 a bad row: see {@link #badRow}. In the lower half where
     *     it stopped
     */
    static native long write(long handle, int from, int to);

    /** Column, value and reason of the last bad row. */
    static native byte[] badRow(long handle);

    /** The rows that Doris refused and that are passed over, since the last call: a JSON array of {@code {"row", "reason"}}. */
    static native byte[] refusedRows(long handle);

    /** Closes the body that is being filled and hands it to the loader. Does not wait. */
    static native void flush(long handle);

    /** Flush mode: one configured interval is over; the body is handed over if it is time to. Does not wait. */
    static native void tick(long handle);

    /**
     * Waits at most {@code millis}.
     *
     * @param what 0 for room for a row, 1 for every load settled
     * @return 0 it is so, 1 not yet
     */
    static native int await(long handle, int what, long millis);

    /** The transactions to commit since the last call, a JSON array; empty in flush mode. */
    static native byte[] committables(long handle);

    /** What a successor has to know, a JSON object. */
    static native byte[] state(long handle);

    /** Fills in the numbers of {@link DorisLoads#METRICS}. */
    static native void metrics(long handle, long[] values);

    /** Fills in what {@link DorisLoads#latency} describes. */
    static native void latency(long handle, long[] counts);

    /** The label of the load that was sent last; empty before the first. */
    static native byte[] lastLabel(long handle);

    /** Cancels what is under way, within a second. */
    static native void closeWriter(long handle);

    /** Opens the committer of one subtask. */
    static native long openCommitter(byte[] spec);

    /**
     * Commits one element of {@link #committables}; blocks at most {@code millis}.
     *
     * @return 0 committed, now or before; 1 to be tried again; 2 lost: the transaction is gone or aborted
     */
    static native int commit(long handle, byte[] committable, long millis);

    /** Why the last commit was not one. */
    static native byte[] reason(long handle);

    static native void closeCommitter(long handle);

    private NativeDoris() {}
}

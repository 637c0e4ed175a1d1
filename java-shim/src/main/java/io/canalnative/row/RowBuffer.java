package io.canalnative.row;

import java.nio.ByteBuffer;

/** Native memory that rows are written to, little endian. */
public interface RowBuffer {

    /** The buffer as it is now. Valid until {@link #grow} or until rows are handed over. */
    ByteBuffer input();

    /**
     * A larger buffer.
     *
     * @param capacity bytes it has to hold, at least
     * @param used bytes that are written; they are kept
     */
    ByteBuffer grow(int capacity, int used);
}

package io.canalnative.row;

import java.nio.ByteBuffer;

/** Native memory that one row at a time is written to, little endian, from 0 on. */
public interface RowBuffer {

    /** The buffer for the next row. Valid until {@link #grow} or until the row is handed over. */
    ByteBuffer input();

    /**
     * A larger buffer.
     *
     * @param capacity bytes it has to hold, at least
     * @param used bytes of the row so far; they are kept
     */
    ByteBuffer grow(int capacity, int used);
}

package io.canalnative;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntFunction;

/** The view of a native buffer for one row, or message, at a time: it grows with a row and is given back after a large one. */
final class RowInput {

    private static final int INITIAL = 4 * 1024;
    /** Only a buffer beyond this size is worth giving back. */
    private static final int LARGE = 1024 * 1024;
    /** So many rows in a row must fit a quarter of a large buffer before it is given back. */
    private static final int SMALL_ROWS_BEFORE_SHRINK = 1000;

    private final IntFunction<ByteBuffer> resize;
    private ByteBuffer view;
    private int smallRows;
    private int largestSmall;

    /** @param resize the native that gives a view of at least so many bytes and makes earlier views invalid */
    RowInput(IntFunction<ByteBuffer> resize) {
        this.resize = resize;
        resize(INITIAL);
    }

    ByteBuffer view() {
        return view;
    }

    /** A larger view that begins with the first {@code used} bytes of this one. */
    ByteBuffer grow(int capacity, int used) {
        long wanted = Math.max(capacity, Math.min(2L * view.capacity(), Integer.MAX_VALUE - 64));
        byte[] kept = new byte[used];
        ((Buffer) view).clear();
        view.get(kept);
        resize((int) wanted);
        view.put(kept);
        return view;
    }

    /** Puts a whole message into it, and makes it as large as that needs. */
    void put(byte[] message) {
        if (view.capacity() < message.length) {
            grow(message.length, 0);
        }
        ((Buffer) view).clear();
        view.put(message);
    }

    private void resize(int capacity) {
        view = resize.apply(capacity).order(ByteOrder.LITTLE_ENDIAN);
        smallRows = 0;
        largestSmall = 0;
    }

    /** A row of this length was taken from the buffer; true if the buffer was replaced by a smaller one. */
    boolean taken(int length) {
        if (view.capacity() <= LARGE) {
            return false;
        }
        if (length > view.capacity() / 4) {
            smallRows = 0;
            largestSmall = 0;
            return false;
        }
        largestSmall = Math.max(largestSmall, length);
        if (++smallRows < SMALL_ROWS_BEFORE_SHRINK) {
            return false;
        }
        resize(Math.max(INITIAL, largestSmall + largestSmall / 2));
        return true;
    }
}

package io.canalnative.job;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Lines of a stream as bytes, without their ends ({@code \n} or {@code \r\n}). */
final class LineInput implements Closeable {

    private final InputStream input;
    private byte[] buffer = new byte[1 << 16];
    /** What of the buffer is read from the stream and not yet given away. */
    private int from;
    private int to;

    LineInput(InputStream input) {
        this.input = input;
    }

    /** The next line; null at the end. */
    byte[] next() throws IOException {
        int searched = from;
        while (true) {
            for (int i = searched; i < to; i++) {
                if (buffer[i] == '\n') {
                    byte[] line = line(i);
                    from = i + 1;
                    return line;
                }
            }
            searched = to - from;
            if (!fill()) {
                byte[] line = from == to ? null : line(to);
                from = to;
                return line;
            }
        }
    }

    private byte[] line(int end) {
        return Arrays.copyOfRange(buffer, from, end > from && buffer[end - 1] == '\r' ? end - 1 : end);
    }

    /** Reads more behind what is there, which moves to the buffer's beginning; false at the end of the stream. */
    private boolean fill() throws IOException {
        if (to - from == buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.multiplyExact(buffer.length, 2));
        } else {
            System.arraycopy(buffer, from, buffer, 0, to - from);
            to -= from;
            from = 0;
        }
        int count = input.read(buffer, to, buffer.length - to);
        if (count > 0) {
            to += count;
        }
        return count >= 0;
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}

package io.canalnative;

/**
 * The boundary of source databases: its native methods and nothing else; {@link NativeSourceTables} is the safe way to use them.
 *
 * <p>All need {@link NativeLibrary#load()} first. Texts are JSON in UTF-8, of the shapes that {@code native/src/snapshot/} documents. What the server
 * refuses, or that it cannot be reached, throws a {@link NativeException}; a closed handle an {@link IllegalStateException}. Natives that wait see
 * {@code Thread.interrupt}.
 */
final class NativeSource {

    /** Connects, and lists what is to be read, as {@link SourceTables#tables} describes. */
    static native byte[] tables(byte[] spec);

    /** The key ranges of one table, as {@link SourceTables#ranges} describes. */
    static native byte[] ranges(byte[] spec, byte[] table);

    /** Opens a reader of one range; a handle for the natives below. */
    static native long open(byte[] spec, byte[] range);

    /** The next message; null when the range is read. */
    static native byte[] next(long reader);

    /** 1 if the table was gone when it was read, else 0. */
    static native int gone(long reader);

    /** Rows of the messages so far. */
    static native long rows(long reader);

    static native void close(long reader);

    private NativeSource() {}
}

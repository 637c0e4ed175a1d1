package io.canalnative;

/**
 * The boundary of a source's log of changes: its native methods and nothing else; {@link NativeSourceTables#log} is the safe way to use them.
 *
 * <p>All need {@link NativeLibrary#load()} first. Texts are JSON in UTF-8, of the shapes that {@code native/src/binlog/} and {@code native/src/wal/} document. What the server
 * refuses, or that it cannot be reached, throws a {@link NativeException}; a closed handle an {@link IllegalStateException}. Natives that wait see
 * {@code Thread.interrupt}.
 */
final class NativeLog {

    /** Opens a reader, as {@link SourceTables#log} describes; a handle for the natives below. */
    static native long open(byte[] spec, byte[] position, byte[] definitions);

    /** The next batch, as {@link SourceLog#next} describes. */
    static native byte[] next(long log, long millis);

    /** Where to go on after the batches so far, as {@link SourceLog#position} describes. */
    static native byte[] position(long log);

    /** 1 if {@link #position} has reached that place, as {@link SourceLog#reached} describes; else 0. */
    static native int reached(long log, byte[] position);

    /** It grows when {@link #definitions} changes. */
    static native long version(long log);

    /** The tables as of {@link #position}. */
    static native byte[] definitions(long log);

    /** The log is not needed before that position any more, as {@link SourceLog#confirm} describes. */
    static native void confirm(long log, byte[] position);

    static native void close(long log);

    private NativeLog() {}
}

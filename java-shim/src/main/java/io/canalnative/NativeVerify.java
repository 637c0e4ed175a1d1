package io.canalnative;

/**
 * The boundary of verifications: its native methods and nothing else; {@link NativeVerifyTables} and {@link VerifyReport} are the safe way to use them.
 *
 * <p>All need {@link NativeLibrary#load()} first. Texts are JSON in UTF-8, of the shapes that {@code native/src/verify/} documents. A server that cannot be
 * reached throws a {@link NativeException}; a closed handle an {@link IllegalStateException}. Natives that wait see {@code Thread.interrupt}.
 */
final class NativeVerify {

    /** The tables of the job, as {@link SourceTables#tables} has them; those that cannot be compared are in both lists. */
    static native byte[] tables(byte[] spec);

    /** The ranges of one table that are compared at once. */
    static native byte[] ranges(byte[] spec, byte[] table);

    /** Opens the comparison of one range; a handle for the natives below. */
    static native long open(byte[] spec, byte[] range);

    /** Goes on: nothing in it while there is more to do, then the verdict, then null. */
    static native byte[] next(long comparison);

    /** Rows of the source so far. */
    static native long rows(long comparison);

    static native void close(long comparison);

    /** @param state of a report that was under way; empty for a new one of the job of that name */
    static native long openReport(byte[] job, byte[] state);

    static native void absorb(long report, byte[] verdict);

    /** As it is now. */
    static native byte[] report(long report);

    /** Reads what differed again, and ends the report. */
    static native void finish(long report, byte[] spec);

    static native void closeReport(long report);

    /** @param form 0: a text for a terminal, 1: a page of HTML */
    static native byte[] shown(byte[] report, int form);

    /** Corrects what the report found, or says what it would do; JSON. */
    static native byte[] correct(byte[] spec, byte[] report, byte[] wanted);

    private NativeVerify() {}
}

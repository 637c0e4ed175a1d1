package io.canalnative;

import java.nio.charset.StandardCharsets;

/** What a verification has found so far; docs/verify.md has the members of its JSON. Used by one thread. */
public final class VerifyReport implements AutoCloseable {

    private final NativeLease lease;

    private VerifyReport(long handle) {
        this.lease = new NativeLease(this, handle, NativeVerify::closeReport);
    }

    /**
     * @param job its name
     * @param state {@link #json} of one that was under way; empty for a new one
     * @throws NativeLibraryException the library is not available here
     */
    public static VerifyReport open(String job, byte[] state) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new VerifyReport(NativeVerify.openReport(job.getBytes(StandardCharsets.UTF_8), state));
    }

    /** Adds what came of a range: a message of {@link NativeVerifyTables}. */
    public void absorb(byte[] verdict) {
        NativeVerify.absorb(lease.handle(), verdict);
    }

    /** As it is now. */
    public byte[] json() {
        return NativeVerify.report(lease.handle());
    }

    /**
     * Reads the keys that differed again, for as long as the specification says, and ends the report.
     *
     * @throws NativeException a server does not answer, or the thread is interrupted
     */
    public void finish(byte[] spec) {
        NativeVerify.finish(lease.handle(), spec);
    }

    /**
     * Makes right what a report found.
     *
     * @param wanted {@code {"apply", "deleteSurplus", "audit"}}: whether it is done or only said, whether rows that only Doris has are deleted, and the file
     *     that each change is added to before it is made
     * @return {@code {"written", "deleted", "kept", "equal", "lines", "problems", "left"}}: {@code left} is a report of the same keys after it, or null
     * @throws NativeException a server does not answer, a load has failed, or the audit file cannot be written
     */
    public static byte[] correct(byte[] spec, byte[] report, byte[] wanted) throws NativeLibraryException {
        NativeLibrary.load();
        return NativeVerify.correct(spec, report, wanted);
    }

    /** A report as a text for a terminal. */
    public static String text(byte[] report) throws NativeLibraryException {
        NativeLibrary.load();
        return new String(NativeVerify.shown(report, 0), StandardCharsets.UTF_8);
    }

    /** A report as a page of HTML. */
    public static byte[] page(byte[] report) throws NativeLibraryException {
        NativeLibrary.load();
        return NativeVerify.shown(report, 1);
    }

    @Override
    public void close() {
        lease.close();
    }
}

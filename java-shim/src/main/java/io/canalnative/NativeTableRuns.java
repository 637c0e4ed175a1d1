package io.canalnative;

import java.nio.charset.StandardCharsets;

/** Runs by the journal that the sink keeps in Doris. */
public final class NativeTableRuns implements TableRuns {
    private static final long serialVersionUID = 1L;

    private final String sink;

    /** @param sink the sink's specification: JSON, {@code RunSpec} of native/src/sync/run.rs is a part of it */
    public NativeTableRuns(String sink) {
        this.sink = sink;
    }

    @Override
    public int next() throws NativeLibraryException {
        NativeLibrary.load();
        return NativeDatabase.nextRun(sink.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public int last() throws NativeLibraryException {
        NativeLibrary.load();
        return NativeDatabase.lastRun(sink.getBytes(StandardCharsets.UTF_8));
    }

    /** The specification has a password in it. */
    @Override
    public String toString() {
        return "runs by the journal in Doris";
    }
}

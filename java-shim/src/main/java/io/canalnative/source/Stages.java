package io.canalnative.source;

import java.io.Serializable;

/** What is read of a database beside the tables' definitions, which always come first. */
public final class Stages implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Nothing else. */
    public static final Stages DEFINITIONS = new Stages(false, false);
    /** Rows. */
    public static final Stages FULL = new Stages(true, false);
    /** Rows, then changes. */
    public static final Stages ALL = new Stages(true, true);
    /** Changes from when the tables are listed. */
    public static final Stages CHANGES = new Stages(false, true);

    final boolean full;
    /** Whether changes are followed. */
    public final boolean incremental;

    private Stages(boolean full, boolean incremental) {
        this.full = full;
        this.incremental = incremental;
    }

    /** The stages as a job's file names them. */
    public static Stages of(boolean full, boolean incremental) {
        if (full) {
            return incremental ? ALL : FULL;
        }
        return incremental ? CHANGES : DEFINITIONS;
    }
}

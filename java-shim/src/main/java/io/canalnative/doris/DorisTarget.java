package io.canalnative.doris;

import java.io.Serializable;

import org.apache.flink.table.types.logical.RowType;

/** What a sink writes, and where. */
final class DorisTarget implements Serializable {
    private static final long serialVersionUID = 1L;

    final DorisSettings settings;
    final RowType columns;
    /** The PRIMARY KEY's columns by index; empty without one. */
    final int[] keys;
    final SessionZone zone;

    DorisTarget(DorisSettings settings, RowType columns, int[] keys, SessionZone zone) {
        this.settings = settings;
        this.columns = columns;
        this.keys = keys;
        this.zone = zone;
    }
}

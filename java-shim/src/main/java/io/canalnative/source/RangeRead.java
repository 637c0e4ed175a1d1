package io.canalnative.source;

import org.apache.flink.api.connector.source.SourceEvent;

/** A reader has handed on all rows of a range. */
final class RangeRead implements SourceEvent {
    private static final long serialVersionUID = 1L;

    final String table;
    /** Of the range. */
    final int number;
    /** That it had. */
    final long rows;

    RangeRead(String table, int number, long rows) {
        this.table = table;
        this.number = number;
        this.rows = rows;
    }
}

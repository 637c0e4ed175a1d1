package io.canalnative.source;

/** Names of the metrics of a source database. */
public final class SourceMetrics {

    /** Their group. */
    public static final String GROUP = "canal_source";

    /** Of a reader: rows read, those of a range that is read again once more. */
    public static final String ROWS = "sourceRows";
    /** Of a reader: rows of the range that it reads now. */
    public static final String ROWS_UNDER_WAY = "sourceRowsUnderWay";
    /** Of a reader: messages of changes read. */
    public static final String CHANGES = "sourceChanges";
    /** Of a reader: milliseconds since the change that it has read last was made; 0 once nothing more comes. */
    public static final String LAG = "sourceLagMillis";
    /** Of the enumerator: 1 when all tables are read and in Doris, and only changes come. */
    public static final String INCREMENTAL = "sourceIncremental";
    /** Of the enumerator: tables to read. */
    public static final String TABLES = "sourceTables";
    /** Of the enumerator: tables of which all ranges are read. */
    public static final String TABLES_DONE = "sourceTablesDone";
    /** Of the enumerator: rows of the ranges that are read. */
    public static final String ROWS_DONE = "sourceRowsDone";
    /** Of the enumerator: about how many rows all tables have, by the server's statistics. */
    public static final String ROWS_EXPECTED = "sourceRowsExpected";

    /** Of the enumerator: a text, JSON: {@code [{"table", "rows", "expected", "done"}]} of the tables that were to be read since the last start. */
    public static final String TABLE_PROGRESS = "sourceTableProgress";

    private SourceMetrics() {}
}

package io.canalnative.format;

import java.io.Serializable;
import java.util.Objects;

/** The values of the options that a decoder depends on. */
final class DecodingOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    /** {@code database.include}, a regular expression, or null. */
    final String database;
    /** {@code table.include}, a regular expression, or null. */
    final String table;
    /** {@code ignore-parse-errors}. */
    final boolean lenient;
    /** {@code timestamp-format.standard} is ISO-8601, not SQL. */
    final boolean iso8601;
    /** {@code semantics} is flink, not canal. */
    final boolean flinkSemantics;
    /** {@code ddl}. */
    final DdlHandling ddl;
    /** {@code zero-date}. */
    final ZeroDate zeroDate;

    DecodingOptions(
            String database,
            String table,
            boolean lenient,
            boolean iso8601,
            boolean flinkSemantics,
            DdlHandling ddl,
            ZeroDate zeroDate) {
        this.database = database;
        this.table = table;
        this.lenient = lenient;
        this.iso8601 = iso8601;
        this.flinkSemantics = flinkSemantics;
        this.ddl = ddl;
        this.zeroDate = zeroDate;
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof DecodingOptions)) {
            return false;
        }
        DecodingOptions that = (DecodingOptions) o;
        return Objects.equals(database, that.database)
                && Objects.equals(table, that.table)
                && lenient == that.lenient
                && iso8601 == that.iso8601
                && flinkSemantics == that.flinkSemantics
                && ddl == that.ddl
                && zeroDate == that.zeroDate;
    }

    @Override
    public int hashCode() {
        return Objects.hash(database, table, lenient, iso8601, flinkSemantics, ddl, zeroDate);
    }
}

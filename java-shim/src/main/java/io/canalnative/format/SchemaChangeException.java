package io.canalnative.format;

import java.io.IOException;

/** A schema change in a table whose option {@code ddl} is {@code fail}. Never swallowed by {@code ignore-parse-errors}. */
final class SchemaChangeException extends IOException {
    private static final long serialVersionUID = 1L;

    SchemaChangeException(Object database, Object table, Object sql) {
        super(
                String.format(
                        "Schema change in database '%s', table '%s': %s. The table's option 'ddl' is 'fail'. After the table's DDL in Flink has been "
                                + "brought up to date, restart the job behind this message, or with 'canal-json.ddl' = 'skip' (schema changes "
                                + "are counted and passed over) or 'emit' (each gives a row of NULLs with its metadata)",
                        database, table, sql));
    }
}

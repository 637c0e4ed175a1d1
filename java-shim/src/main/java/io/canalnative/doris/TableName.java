package io.canalnative.doris;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.flink.table.api.ValidationException;

/** A table in Doris. */
final class TableName implements Serializable {
    private static final long serialVersionUID = 1L;

    /** No part of a name has a dot: Doris allows none in databases and tables. */
    private static final Pattern NAME = Pattern.compile("([^.`\\s]+)\\.([^.`\\s]+)");

    final String database;
    final String table;

    private TableName(String database, String table) {
        this.database = database;
        this.table = table;
    }

    static TableName parse(String option, String text) {
        Matcher parts = NAME.matcher(text.trim());
        if (!parts.matches()) {
            throw new ValidationException(
                    String.format("'%s' = '%s' is not the name of a table. Write 'database.table', without quotes.", option, text));
        }
        return new TableName(parts.group(1), parts.group(2));
    }

    @Override
    public String toString() {
        return database + "." + table;
    }
}

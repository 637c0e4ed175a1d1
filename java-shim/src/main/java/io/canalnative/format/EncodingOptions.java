package io.canalnative.format;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The values of the options that an encoder depends on. */
final class EncodingOptions implements Serializable {
    private static final long serialVersionUID = 1L;

    /** {@code timestamp-format.standard} is ISO-8601, not SQL. */
    final boolean iso8601;
    /** {@code map-null-key.mode}: FAIL, DROP or LITERAL. */
    final String nullKeyMode;
    /** {@code map-null-key.literal}. */
    final String nullKeyLiteral;
    /** {@code encode.decimal-as-plain-number}. */
    final boolean plainDecimals;
    /** {@code encode.ignore-null-fields}. */
    final boolean ignoreNulls;
    /** {@code encode.update} is update: an UPDATE message for each new row, without the row before. */
    final boolean updates;
    /** What a full envelope says; null for Flink's short one. */
    final Envelope envelope;

    EncodingOptions(
            boolean iso8601,
            String nullKeyMode,
            String nullKeyLiteral,
            boolean plainDecimals,
            boolean ignoreNulls,
            boolean updates,
            Envelope envelope) {
        this.iso8601 = iso8601;
        this.nullKeyMode = nullKeyMode;
        this.nullKeyLiteral = nullKeyLiteral;
        this.plainDecimals = plainDecimals;
        this.ignoreNulls = ignoreNulls;
        this.updates = updates;
        this.envelope = envelope;
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof EncodingOptions)) {
            return false;
        }
        EncodingOptions that = (EncodingOptions) o;
        return iso8601 == that.iso8601
                && nullKeyMode.equals(that.nullKeyMode)
                && nullKeyLiteral.equals(that.nullKeyLiteral)
                && plainDecimals == that.plainDecimals
                && ignoreNulls == that.ignoreNulls
                && updates == that.updates
                && Objects.equals(envelope, that.envelope);
    }

    @Override
    public int hashCode() {
        return Objects.hash(iso8601, nullKeyMode, nullKeyLiteral, plainDecimals, ignoreNulls, updates, envelope);
    }

    /** The constant members of Canal's envelope. */
    static final class Envelope implements Serializable {
        private static final long serialVersionUID = 1L;

        /** {@code encode.database}. */
        final String database;
        /** {@code encode.table}. */
        final String table;
        /** {@code encode.pk-names}; empty for a table without a key. */
        final List<String> pkNames;

        Envelope(String database, String table, List<String> pkNames) {
            this.database = database;
            this.table = table;
            this.pkNames = new ArrayList<>(pkNames);
        }

        @Override
        public boolean equals(Object o) {
            if (!(o instanceof Envelope)) {
                return false;
            }
            Envelope that = (Envelope) o;
            return database.equals(that.database) && table.equals(that.table) && pkNames.equals(that.pkNames);
        }

        @Override
        public int hashCode() {
            return Objects.hash(database, table, pkNames);
        }
    }
}

package io.canalnative.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.canalnative.database.CanalRecord;
import io.canalnative.doris.PayloadSerializer;

/** A part of a table that one reader reads, and the table's definition, which is to come before it. */
final class TableRange implements DatabaseSplit {

    /** {@code database.table}. */
    final String table;
    /** From 0. */
    final int number;
    /** How many the table has. */
    final int of;
    /** How often it was begun, at least: of rows that are read again the later ones stay. */
    final int begun;
    /** The run that it is read in. */
    final int run;
    /** The table as a schema change of Canal's. */
    final byte[] definition;
    /** For {@link io.canalnative.SourceTables#open}; empty if the definition is all that is wanted. */
    final byte[] range;

    TableRange(String table, int number, int of, int begun, int run, byte[] definition, byte[] range) {
        this.table = table;
        this.number = number;
        this.of = of;
        this.begun = begun;
        this.run = run;
        this.definition = definition;
        this.range = range;
    }

    @Override
    public String splitId() {
        return table + " " + number;
    }

    boolean hasRows() {
        return range.length > 0;
    }

    /** The same, known to have been begun so often. */
    TableRange begun(int times) {
        return times <= begun ? this : new TableRange(table, number, of, times, run, definition, range);
    }

    /** The table's definition: the same message at the same place whoever sends it, so that it is done once. */
    CanalRecord definition() {
        return new CanalRecord(definition, 0, (long) run << CanalRecord.RUN_BITS);
    }

    /** What empties the table in Doris after its definition: the same message at the same place, too. */
    CanalRecord emptying() {
        return new CanalRecord(SchemaChanges.truncation(definition), 0, (long) run << CanalRecord.RUN_BITS | 1);
    }

    /** A message of its rows, as they are read this time. */
    CanalRecord rows(byte[] message) {
        return new CanalRecord(message, 0, (long) run << CanalRecord.RUN_BITS | (long) begun << CanalRecord.ROW_BITS);
    }

    @Override
    public void write(DataOutputStream out) throws IOException {
        PayloadSerializer.writeBytes(table.getBytes(StandardCharsets.UTF_8), out);
        out.writeInt(number);
        out.writeInt(of);
        out.writeInt(begun);
        out.writeInt(run);
        PayloadSerializer.writeBytes(definition, out);
        PayloadSerializer.writeBytes(range, out);
    }

    static TableRange read(DataInputStream in) throws IOException {
        String table = new String(PayloadSerializer.readBytes(in), StandardCharsets.UTF_8);
        return new TableRange(table, in.readInt(), in.readInt(), in.readInt(), in.readInt(), PayloadSerializer.readBytes(in), PayloadSerializer.readBytes(in));
    }

    @Override
    public Reading begin(DatabaseReader reader) {
        return new RangeReading(reader, this);
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof TableRange)) {
            return false;
        }
        TableRange other = (TableRange) o;
        return table.equals(other.table) && number == other.number && of == other.of && begun == other.begun && run == other.run
                && Arrays.equals(definition, other.definition) && Arrays.equals(range, other.range);
    }

    @Override
    public int hashCode() {
        return 31 * table.hashCode() + number;
    }

    @Override
    public String toString() {
        return String.format("%s, range %d of %d", table, number + 1, of);
    }
}

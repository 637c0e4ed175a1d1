package io.canalnative.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;

import io.canalnative.doris.PayloadSerializer;

/** A table that is to be read: which of its ranges nobody has been given, and which are read. */
final class ListedTable {

    private static final byte[] NONE = new byte[0];

    /** {@code database.table}. */
    final String name;
    /** Rows, by the server's statistics. */
    private final long expected;
    /** As it was listed; empty once its ranges are known. */
    private byte[] listing;
    /** As a schema change of Canal's. */
    private final byte[] definition;
    /** The run that it is read in. */
    private final int run;
    /** Ranges that it has; 0 as long as they are not known. */
    private int of;
    private final BitSet read;
    /** Of the ranges that are read. Reporters read it, too. */
    private volatile long rows;
    /** All ranges are. Reporters read it. */
    private volatile boolean done;
    private final ArrayDeque<TableRange> left = new ArrayDeque<>();

    ListedTable(String name, long expected, byte[] listing, byte[] definition, int run) {
        this(name, expected, listing, definition, run, 0, new BitSet(), 0);
    }

    private ListedTable(String name, long expected, byte[] listing, byte[] definition, int run, int of, BitSet read, long rows) {
        this.name = name;
        this.expected = expected;
        this.listing = listing;
        this.definition = definition;
        this.run = run;
        this.of = of;
        this.read = read;
        this.rows = rows;
        this.done = isRead();
    }

    /** A table of which only a range is known, which came back. */
    static ListedTable of(TableRange range) {
        ListedTable table = new ListedTable(range.table, 0, NONE, range.definition().value, range.run);
        table.of = range.of;
        table.read.set(0, range.of);
        return table;
    }

    byte[] listing() {
        return listing;
    }

    boolean hasRanges() {
        return of > 0;
    }

    /** @param ranges for {@link io.canalnative.SourceTables#open}; an empty one is of the definition only */
    void ranges(List<byte[]> ranges) {
        of = ranges.size();
        for (int number = 0; number < of; number++) {
            left.add(new TableRange(name, number, of, 0, run, definition, ranges.get(number)));
        }
        listing = NONE;
    }

    int left() {
        return left.size();
    }

    /** The next range that nobody has been given. */
    TableRange give() {
        return left.poll();
    }

    void giveBack(TableRange range) {
        left.addFirst(range);
    }

    /** Notes that a range is read; true if it is the last one. A range that is read again counts once. */
    boolean read(int number, long itsRows) {
        if (read.get(number)) {
            return false;
        }
        read.set(number);
        rows = rows + itsRows;
        done = isRead();
        return done;
    }

    boolean isRead() {
        return of > 0 && read.cardinality() == of;
    }

    long rows() {
        return rows;
    }

    /** Readers have nothing of it any more, whatever they have told. */
    void noteRead() {
        read.set(0, of);
        done = true;
    }

    boolean isDone() {
        return done;
    }

    /** As far as can be known now. */
    long expected() {
        return done ? rows : Math.max(expected, rows);
    }

    /** Ranges are written without what they have in common, as a table may have many. */
    void write(DataOutputStream out) throws IOException {
        PayloadSerializer.writeBytes(name.getBytes(StandardCharsets.UTF_8), out);
        out.writeLong(expected);
        PayloadSerializer.writeBytes(listing, out);
        PayloadSerializer.writeBytes(definition, out);
        out.writeInt(run);
        out.writeInt(of);
        PayloadSerializer.writeBytes(read.toByteArray(), out);
        out.writeLong(rows);
        out.writeInt(left.size());
        for (TableRange range : left) {
            out.writeInt(range.number);
            out.writeInt(range.begun);
            PayloadSerializer.writeBytes(range.range, out);
        }
    }

    static ListedTable read(DataInputStream in) throws IOException {
        String name = new String(PayloadSerializer.readBytes(in), StandardCharsets.UTF_8);
        ListedTable table = new ListedTable(name, in.readLong(), PayloadSerializer.readBytes(in), PayloadSerializer.readBytes(in), in.readInt(), in.readInt(),
                BitSet.valueOf(PayloadSerializer.readBytes(in)), in.readLong());
        for (int ranges = in.readInt(); ranges > 0; ranges--) {
            table.left.add(new TableRange(name, in.readInt(), table.of, in.readInt(), table.run, table.definition, PayloadSerializer.readBytes(in)));
        }
        return table;
    }
}

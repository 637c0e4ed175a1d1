package io.canalnative.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.canalnative.database.CanalRecord;
import io.canalnative.doris.PayloadSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** A place in the log of changes, the tables as they are there, and what of them is to be read anew beside it. Never changes. */
final class LogPosition implements DatabaseSplit {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The run that changes from here on are in. */
    final int run;
    /** As {@link io.canalnative.SourceLog#position} has it. */
    final byte[] position;
    /** As {@link io.canalnative.SourceLog#definitions} has it. */
    final byte[] definitions;
    /** Which tables it is about, as {@link DatabaseTables#selection} has it. */
    final String selection;
    /** The last request for tables to be read anew that was heeded, epoch milliseconds. */
    final long resets;
    /** What is left to be read anew, table by table. */
    final List<TableRange> left;
    /** Rows of the first of these tables that were read. */
    final long rows;

    private LogPosition(int run, byte[] position, byte[] definitions, String selection, long resets, List<TableRange> left, long rows) {
        this.run = run;
        this.position = position;
        this.definitions = definitions;
        this.selection = selection;
        this.resets = resets;
        this.left = left;
        this.rows = rows;
    }

    /**
     * Where the log begins.
     *
     * @param now epoch milliseconds: tables are read after it, so requests of before it are heeded
     */
    static LogPosition begin(int run, byte[] position, byte[] definitions, String selection, long now) {
        return new LogPosition(run, position, definitions, selection, now, Collections.emptyList(), 0);
    }

    /** There is one log. */
    @Override
    public String splitId() {
        return "log";
    }

    /** Further on, in that run or a later one. */
    LogPosition at(int laterRun, byte[] further, byte[] definitionsThere) {
        return new LogPosition(Math.max(run, laterRun), further, definitionsThere, selection, resets, left, rows);
    }

    /** With these tables to be read anew, from their beginnings. */
    LogPosition with(TablesAnew anew) {
        Set<String> again = anew.ranges.stream().map(range -> range.table).collect(Collectors.toSet());
        List<TableRange> all = new ArrayList<>();
        left.stream().filter(range -> !again.contains(range.table)).forEach(all::add);
        long ofFirst = all.isEmpty() || !all.get(0).table.equals(left.get(0).table) ? 0 : rows;
        all.addAll(anew.ranges);
        return new LogPosition(Math.max(run, anew.run), position, definitions, anew.selection, Math.max(resets, anew.asked), all, ofFirst);
    }

    /** The first range that is left is under way, and knows how often it was begun. */
    LogPosition begun(TableRange first) {
        List<TableRange> all = new ArrayList<>(left);
        all.set(0, first);
        return new LogPosition(run, position, definitions, selection, resets, all, rows);
    }

    /** The first range that was left is read, with so many rows. */
    LogPosition read(long itsRows) {
        List<TableRange> others = new ArrayList<>(left.subList(1, left.size()));
        boolean isLast = others.isEmpty() || !others.get(0).table.equals(left.get(0).table);
        return new LogPosition(run, position, definitions, selection, resets, others, isLast ? 0 : rows + itsRows);
    }

    /** The record of a change, whose place among all changes is known. */
    CanalRecord change(byte[] message, long sequence) {
        return new CanalRecord(message, 0, (long) run << CanalRecord.RUN_BITS | sequence);
    }

    /** When the last change before it was made, epoch milliseconds; 0 if that is not known. */
    long time() {
        return json().path("time").asLong();
    }

    private JsonNode json() {
        try {
            return JSON.readTree(position);
        } catch (IOException e) {
            throw new IllegalStateException("The position in the log is no JSON: " + new String(position, StandardCharsets.UTF_8), e);
        }
    }

    @Override
    public void write(DataOutputStream out) throws IOException {
        out.writeInt(run);
        PayloadSerializer.writeBytes(position, out);
        PayloadSerializer.writeBytes(definitions, out);
        PayloadSerializer.writeBytes(SourceJson.bytes(selection), out);
        out.writeLong(resets);
        out.writeLong(rows);
        out.writeInt(left.size());
        TableRange before = null;
        for (TableRange range : left) {
            // A table may have many ranges: what they have in common is written once.
            boolean first = before == null || !before.table.equals(range.table);
            out.writeBoolean(first);
            if (first) {
                range.write(out);
            } else {
                out.writeInt(range.number);
                out.writeInt(range.begun);
                PayloadSerializer.writeBytes(range.range, out);
            }
            before = range;
        }
    }

    static LogPosition read(DataInputStream in) throws IOException {
        int run = in.readInt();
        byte[] position = PayloadSerializer.readBytes(in);
        byte[] definitions = PayloadSerializer.readBytes(in);
        String selection = new String(PayloadSerializer.readBytes(in), StandardCharsets.UTF_8);
        long resets = in.readLong();
        long rows = in.readLong();
        List<TableRange> left = new ArrayList<>();
        TableRange before = null;
        for (int ranges = in.readInt(); ranges > 0; ranges--) {
            before = in.readBoolean() ? TableRange.read(in)
                    : new TableRange(before.table, in.readInt(), before.of, in.readInt(), before.run, before.definition, PayloadSerializer.readBytes(in));
            left.add(before);
        }
        return new LogPosition(run, position, definitions, selection, resets, left, rows);
    }

    @Override
    public Reading begin(DatabaseReader reader) {
        return new LogReading(reader, this);
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof LogPosition)) {
            return false;
        }
        LogPosition other = (LogPosition) o;
        return run == other.run && resets == other.resets && rows == other.rows && left.equals(other.left) && selection.equals(other.selection)
                && Arrays.equals(position, other.position) && Arrays.equals(definitions, other.definitions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(position);
    }

    /** {@code binlog.000003:157, GTID …} {@code LSN 0/16B3748} or {@code SCN 1234567}, for people. */
    @Override
    public String toString() {
        return describe(json());
    }

    /** A position for people. */
    static String describe(JsonNode position) {
        if (position.has("lsn")) {
            return "LSN " + position.path("lsn").asText();
        }
        if (position.has("commit")) {
            return "SCN " + position.path("commit").asText();
        }
        String file = position.path("file").asText("");
        String gtid = position.path("gtid").asText("");
        String place = file.isEmpty() ? "no place that could be told" : file + ":" + position.path("offset").asLong();
        return gtid.isEmpty() ? place : place + ", GTID " + gtid;
    }
}

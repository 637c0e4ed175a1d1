package io.canalnative.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import io.canalnative.doris.PayloadSerializer;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** The tables of a run as they were listed when it began, and how far they are: what a checkpoint keeps beside what readers have. */
final class ListedTables {

    static final SimpleVersionedSerializer<ListedTables> SERIALIZER =
            new PayloadSerializer<ListedTables>(0x434E4C54, "the tables of a source") {
                @Override
                protected void write(ListedTables listed, DataOutputStream out) throws IOException {
                    listed.write(out);
                }

                @Override
                protected ListedTables read(int version, DataInputStream in) throws IOException {
                    return ListedTables.read(in);
                }
            };

    /** Server and position of the binary log, JSON; null as long as nothing is listed. */
    private final byte[] origin;
    /** How often a range that is given out now may have been begun. */
    private final int begun;
    /** Tables that were read before the checkpoint that this is from, and their rows. */
    private final int tablesBefore;
    private final long rowsBefore;
    private final Map<String, ListedTable> tables = new LinkedHashMap<>();
    /** Where changes are read from after the tables; null if a reader has it, or none are read. */
    private LogPosition log;

    private ListedTables(byte[] origin, int begun, int tablesBefore, long rowsBefore) {
        this.origin = origin;
        this.begun = begun;
        this.tablesBefore = tablesBefore;
        this.rowsBefore = rowsBefore;
    }

    /** Before anything is listed. */
    static ListedTables none() {
        return new ListedTables(null, 0, 0, 0);
    }

    /**
     * @param tables in the order in which they are begun
     * @param log where changes are read from after them; null if they are not
     */
    static ListedTables of(byte[] origin, List<ListedTable> tables, LogPosition log) {
        ListedTables listed = new ListedTables(origin, 0, 0, 0);
        listed.log = log;
        tables.forEach(table -> listed.tables.put(table.name, table));
        return listed;
    }

    boolean isListed() {
        return origin != null;
    }

    ListedTable table(String name) {
        return tables.get(name);
    }

    /** The first table whose ranges are not known; null if there is none. */
    ListedTable withoutRanges() {
        return tables.values().stream().filter(table -> !table.hasRanges()).findFirst().orElse(null);
    }

    /**
     * The next range for a reader: of the table that it reads, of one that nobody reads, or of the one with the most left. So the tables of
     * several sink subtasks are filled at the same time, and few readers send one table's definition.
     *
     * @param own the table that it read last; may be null
     * @param others the tables that readers are at
     * @return null if there is none now
     */
    TableRange next(String own, Collection<String> others) {
        ListedTable most = null;
        ListedTable fresh = null;
        for (ListedTable table : tables.values()) {
            if (table.left() > 0 && table.name.equals(own)) {
                return given(table);
            }
            if (fresh == null && table.left() > 0 && !others.contains(table.name)) {
                fresh = table;
            }
            if (table.left() > (most == null ? 0 : most.left())) {
                most = table;
            }
        }
        ListedTable chosen = fresh != null ? fresh : most;
        return chosen == null ? null : given(chosen);
    }

    private TableRange given(ListedTable table) {
        return table.give().begun(begun);
    }

    /** Tables that could be begun now. */
    long ready(Collection<String> others) {
        return tables.values().stream().filter(table -> table.left() > 0 && !others.contains(table.name)).count();
    }

    /** A range comes back from a reader that failed, and may have been begun. */
    void giveBack(TableRange range) {
        tables.computeIfAbsent(range.table, name -> ListedTable.of(range)).giveBack(range.begun(range.begun + 1));
    }

    Collection<ListedTable> all() {
        return tables.values();
    }

    /** Whether there is nothing that a reader could still be given of the tables. */
    boolean isGiven() {
        return isListed() && tables.values().stream().allMatch(table -> table.hasRanges() && table.left() == 0);
    }

    /** Readers have nothing of the tables any more. What they said of it before a failure may not be known. */
    void noteAllRead() {
        tables.values().forEach(ListedTable::noteRead);
    }

    boolean hasLog() {
        return log != null;
    }

    LogPosition giveLog() {
        LogPosition given = log;
        log = null;
        return given;
    }

    void giveBack(LogPosition position) {
        log = position;
    }

    int tables() {
        return tablesBefore + tables.size();
    }

    int tablesRead() {
        return tablesBefore + (int) tables.values().stream().filter(ListedTable::isRead).count();
    }

    long rowsRead() {
        return rowsBefore + tables.values().stream().mapToLong(ListedTable::rows).sum();
    }

    long rowsExpected() {
        return rowsBefore + tables.values().stream().mapToLong(ListedTable::expected).sum();
    }

    private void write(DataOutputStream out) throws IOException {
        out.writeBoolean(isListed());
        if (!isListed()) {
            return;
        }
        // What is read is only counted.
        List<ListedTable> kept = tables.values().stream().filter(table -> !table.isRead() || table.left() > 0).collect(Collectors.toList());
        PayloadSerializer.writeBytes(origin, out);
        out.writeInt(begun);
        out.writeInt(tables() - kept.size());
        out.writeLong(rowsRead() - kept.stream().mapToLong(ListedTable::rows).sum());
        out.writeInt(kept.size());
        for (ListedTable table : kept) {
            table.write(out);
        }
        out.writeBoolean(log != null);
        if (log != null) {
            log.write(out);
        }
    }

    /** Ranges that were not given out then may have been since. */
    private static ListedTables read(DataInputStream in) throws IOException {
        if (!in.readBoolean()) {
            return none();
        }
        ListedTables listed = new ListedTables(PayloadSerializer.readBytes(in), in.readInt() + 1, in.readInt(), in.readLong());
        for (int tables = in.readInt(); tables > 0; tables--) {
            ListedTable table = ListedTable.read(in);
            listed.tables.put(table.name, table);
        }
        listed.log = in.readBoolean() ? LogPosition.read(in) : null;
        return listed;
    }
}

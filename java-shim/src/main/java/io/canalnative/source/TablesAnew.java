package io.canalnative.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.canalnative.NativeLibraryException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tables that are to be read anew: as they were at a place in the log, in a run of their own. */
final class TablesAnew {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTables.class);

    /** The last request that was heeded, epoch milliseconds. */
    final long asked;
    /** The selection that they are of. */
    final String selection;
    /** 0 if there is nothing to read. */
    final int run;
    /** Where the log stood when they were listed. */
    final byte[] position;
    /** All their ranges, those of one table one behind the other; at least one of each. */
    final List<TableRange> ranges;

    private TablesAnew(long asked, String selection, int run, byte[] position, List<TableRange> ranges) {
        this.asked = asked;
        this.selection = selection;
        this.run = run;
        this.position = position;
        this.ranges = ranges;
    }

    /**
     * Those that somebody asks for.
     *
     * @param before the run that the log is in
     */
    static TablesAnew of(DatabaseTables source, List<TableResets.Reset> wanted, int before) throws NativeLibraryException {
        Set<String> names = new LinkedHashSet<>();
        long asked = 0;
        for (TableResets.Reset one : wanted) {
            names.add(one.table);
            asked = Math.max(asked, one.at);
        }
        return of(source, SourceJson.read(source.database.tables(source.specOf(source.selection()))), names, asked, before);
    }

    /** Those that the job's selection has now, and had not when the log was read up to there; null if it is the same selection. */
    static TablesAnew selectedSince(DatabaseTables source, LogPosition before, int run) throws NativeLibraryException {
        if (source.selection().equals(before.selection)) {
            return null;
        }
        JsonNode listing = SourceJson.read(source.database.tables(source.specOf(source.selection())));
        Set<String> added = names(listing);
        Set<String> known = names(SourceJson.read(source.database.tables(source.specOf(before.selection))));
        known.stream().filter(name -> !added.contains(name)).forEach(name -> LOG.info("left out ({}): it is not selected any more; its table in Doris stays as it is", name));
        added.removeAll(known);
        return of(source, listing, added, before.resets, run);
    }

    private static Set<String> names(JsonNode listing) {
        Set<String> names = new LinkedHashSet<>();
        listing.path("tables").forEach(table -> names.add(name(table)));
        return names;
    }

    private static String name(JsonNode table) {
        return table.path("database").asText() + "." + table.path("table").asText();
    }

    private static TablesAnew of(DatabaseTables source, JsonNode listing, Set<String> wanted, long asked, int before) throws NativeLibraryException {
        byte[] spec = source.spec();
        Set<String> left = new LinkedHashSet<>(wanted);
        List<TableRange> ranges = new ArrayList<>();
        int run = 0;
        for (JsonNode table : listing.path("tables")) {
            String name = name(table);
            if (left.remove(name)) {
                run = run == 0 ? source.runs.next() : run;
                if (run <= before) {
                    LOG.warn("reset ({}): without ddl.sync nobody counts the runs of a job, so that older rows would win; nothing is done", name);
                    continue;
                }
                ranges.addAll(ranges(source, spec, name, table, run));
                LOG.info("reads anew ({}): its rows in Doris are deleted, and about {} come from the source", name,
                        DatabaseEnumerator.count(table.path("rows").asLong(), "row", "rows"));
            }
        }
        for (JsonNode table : listing.path("refused")) {
            if (left.remove(table.path("table").asText())) {
                LOG.warn("reset ({}): it cannot be read: {}; nothing is done", table.path("table").asText(), table.path("reason").asText());
            }
        }
        left.forEach(name -> LOG.warn("reset ({}): the job reads no table of that name; nothing is done", name));
        return new TablesAnew(asked, source.selection(), run, SourceJson.bytes(listing.path("log").path("position")), ranges);
    }

    private static List<TableRange> ranges(DatabaseTables source, byte[] spec, String name, JsonNode table, int run) throws NativeLibraryException {
        List<byte[]> each = new ArrayList<>();
        SourceJson.read(source.database.ranges(spec, SourceJson.bytes(table))).forEach(range -> each.add(SourceJson.bytes(range)));
        List<byte[]> all = each.isEmpty() ? Collections.singletonList(new byte[0]) : each;
        List<TableRange> ranges = new ArrayList<>();
        for (byte[] range : all) {
            ranges.add(new TableRange(name, ranges.size(), all.size(), 0, run, SourceJson.bytes(table.path("message").asText()), range));
        }
        return ranges;
    }
}

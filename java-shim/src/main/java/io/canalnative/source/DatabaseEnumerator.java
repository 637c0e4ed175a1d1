package io.canalnative.source;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.canalnative.SourceTables;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists the tables, asks for the ranges of each when its turn comes, and gives them to readers that ask. When all are read, and a checkpoint says
 * that they are in Doris, one reader gets the log of changes from where it stood before the tables were listed. All methods run in the
 * coordinator's thread; the server is asked in another one.
 */
final class DatabaseEnumerator implements SplitEnumerator<DatabaseSplit, ListedTables> {

    /** What is said of tables, for people. */
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTables.class);

    private final SplitEnumeratorContext<DatabaseSplit> context;
    private final DatabaseTables source;
    private final SourceTables database;
    private final byte[] spec;
    private final ReadingProgress progress;

    private ListedTables listed;
    /** Readers that have asked, and have nothing. */
    private final Set<Integer> waiting = new LinkedHashSet<>();
    /** The table that each reader was given a range of last. */
    private final Map<Integer, String> reads = new HashMap<>();
    /** The ranges of a table are being asked for. */
    private boolean asking;
    /** The checkpoint with which all rows are in Doris; null as long as there is none. */
    private Long drainedBy;
    /** It was completed. */
    private boolean drained;

    DatabaseEnumerator(SplitEnumeratorContext<DatabaseSplit> context, DatabaseTables source, ReadingProgress progress, ListedTables listed) {
        this.context = context;
        this.source = source;
        this.database = source.database;
        this.spec = source.spec();
        this.progress = progress;
        this.listed = listed;
        progress.register(context.metricGroup());
        tellProgress();
    }

    @Override
    public void start() {
        if (listed.isListed()) {
            serve();
        } else {
            context.callAsync(() -> new Listing(source.runs.next(), database.tables(spec)), this::listed);
        }
    }

    /** What a run begins with. */
    private static final class Listing {
        final int run;
        final byte[] tables;

        Listing(int run, byte[] tables) {
            this.run = run;
            this.tables = tables;
        }
    }

    private void listed(Listing listing, Throwable failure) {
        if (failure != null) {
            throw new IllegalStateException("The job cannot begin: the tables of the source are not listed, or the runs before in Doris", failure);
        }
        JsonNode all = SourceJson.read(listing.tables);
        List<ListedTable> tables = new ArrayList<>();
        for (JsonNode table : all.path("tables")) {
            String name = table.path("database").asText() + "." + table.path("table").asText();
            byte[] definition = SourceJson.bytes(table.path("message").asText());
            tables.add(new ListedTable(name, table.path("rows").asLong(), SourceJson.bytes(table), definition, listing.run));
        }
        for (JsonNode table : all.path("refused")) {
            refused(table.path("table").asText(), table.path("reason").asText());
        }
        for (JsonNode remark : all.path("remarks")) {
            LOG.info("{}", remark.asText());
        }
        // Large tables first, so that none is left over for one reader in the end.
        tables.sort(Comparator.comparingLong(ListedTable::expected).reversed());
        ObjectNode origin = (ObjectNode) all;
        origin.remove("tables");
        origin.remove("refused");
        origin.remove("remarks");
        JsonNode log = origin.remove("log");
        LogPosition begin = source.stages.incremental
                ? LogPosition.begin(listing.run, SourceJson.bytes(log.get("position")), SourceJson.bytes(log.get("definitions")), source.selection(), System.currentTimeMillis()) : null;
        listed = ListedTables.of(SourceJson.bytes(origin), tables, begin);
        String position = origin.has("position") ? "; the binary log stands at " + LogPosition.describe(origin.path("position")) : "";
        LOG.info("{} of {}: about {} rows{}", count(tables.size(), "table", "tables"), origin.path("server").asText("the source"),
                number(listed.rowsExpected()), position);
        if (!source.stages.full) {
            tables.forEach(table -> table.ranges(Collections.singletonList(new byte[0])));
        }
        serve();
    }

    private void refused(String table, String reason) {
        if (source.failsOnRefused) {
            throw new IllegalStateException("The table " + table + " cannot be read: " + reason + ". Leave it out, or write errors: {table: report}");
        }
        LOG.warn("refused ({}): {}; it is not read", table, reason);
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        waiting.add(subtask);
        serve();
    }

    /** Gives each reader that waits what there is for it, and sees that there will be something for the next. */
    private void serve() {
        if (!listed.isListed()) {
            return;
        }
        for (Iterator<Integer> each = waiting.iterator(); each.hasNext(); ) {
            int subtask = each.next();
            // It may have failed since it asked; then it asks again.
            if (!context.registeredReaders().containsKey(subtask) || give(subtask)) {
                each.remove();
            }
        }
        ListedTable next = listed.withoutRanges();
        if (next != null && !asking && listed.ready(reads.values()) < context.currentParallelism()) {
            asking = true;
            context.callAsync(() -> database.ranges(spec, next.listing()), (answer, failure) -> ranges(next, answer, failure));
        }
        tellProgress();
    }

    private void tellProgress() {
        progress.take(listed, source.stages.incremental && listed.isListed() && !listed.hasLog());
    }

    /** False if it has to wait. */
    private boolean give(int subtask) {
        TableRange range = listed.next(reads.get(subtask), reads.values());
        if (range != null) {
            reads.put(subtask, range.table);
            context.assignSplit(range, subtask);
            return true;
        }
        if (listed.withoutRanges() != null) {
            return false;
        }
        if (!source.stages.incremental) {
            context.signalNoMoreSplits(subtask);
            return true;
        }
        // The others stay and wait: a job some of whose readers have ended could not go on with more or fewer of them.
        if (drained && listed.hasLog()) {
            context.assignSplit(listed.giveLog(), subtask);
            return true;
        }
        return false;
    }

    private void ranges(ListedTable table, byte[] answer, Throwable failure) {
        asking = false;
        if (failure != null) {
            throw new IllegalStateException("The table " + table.name + " cannot be divided into ranges", failure);
        }
        List<byte[]> each = new ArrayList<>();
        SourceJson.read(answer).forEach(range -> each.add(SourceJson.bytes(range)));
        // A table without rows is made in Doris all the same.
        table.ranges(each.isEmpty() ? Collections.singletonList(new byte[0]) : each);
        serve();
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        if (!(event instanceof RangeRead)) {
            return;
        }
        RangeRead read = (RangeRead) event;
        ListedTable table = listed.table(read.table);
        // Else it was read before the checkpoint that the job goes on from.
        if (table != null && table.read(read.number, read.rows) && source.stages.full) {
            LOG.info("read ({}): all of its {}", table.name, count(table.rows(), "row", "rows"));
        }
        tellProgress();
    }

    @Override
    public void addReader(int subtask) {}

    @Override
    public void addSplitsBack(List<DatabaseSplit> splits, int subtask) {
        for (DatabaseSplit split : splits) {
            if (split instanceof LogPosition) {
                listed.giveBack((LogPosition) split);
            } else {
                listed.giveBack((TableRange) split);
            }
        }
        // What it goes on with itself is not known here.
        drainedBy = null;
        reads.remove(subtask);
        waiting.remove(subtask);
        serve();
    }

    /** Flink serialises it before it calls anything else. */
    @Override
    public ListedTables snapshotState(long checkpoint) {
        if (drainedBy == null && source.stages.incremental && listed.isGiven() && waiting.size() == context.currentParallelism()) {
            drainedBy = checkpoint;
        }
        return listed;
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
        if (drained || drainedBy == null || checkpoint < drainedBy) {
            return;
        }
        drained = true;
        listed.noteAllRead();
        if (source.stages.full) {
            LOG.info("full data is done: {} of {} are in Doris", count(listed.rowsRead(), "row", "rows"), count(listed.tables(), "table", "tables"));
        }
        serve();
    }

    @Override
    public void close() {}

    static String count(long number, String one, String several) {
        return number(number) + " " + (number == 1 ? one : several);
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}

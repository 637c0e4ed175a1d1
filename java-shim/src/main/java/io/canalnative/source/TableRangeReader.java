package io.canalnative.source;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.canalnative.SourceTables;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * Reads one range after the other. Before the first range of a table it hands on the table's definition, so that wherever rows come to, the
 * definition has come before them; that other readers do it too does not matter, as it has one place.
 */
final class TableRangeReader implements SourceReader<CanalRecord, TableRange> {

    private final SourceTables source;
    private final byte[] spec;
    private final SourceReaderContext context;
    private final Counter rows;

    private final ArrayDeque<TableRange> assigned = new ArrayDeque<>();
    /** Tables whose definition was handed on. */
    private final Set<String> defined = new HashSet<>();
    private boolean noMore;
    /** Completes when there is a range, or no more will come. */
    private CompletableFuture<Void> told = new CompletableFuture<>();
    /** The range under way; null between two. */
    private TableRange current;
    /** Of the current range; null if it has no rows. */
    private RangeFetch fetch;
    /** Of the current range. Reporters read it. */
    private volatile long rowsUnderWay;

    TableRangeReader(SourceTables source, byte[] spec, SourceReaderContext context) {
        this.source = source;
        this.spec = spec;
        this.context = context;
        MetricGroup group = context.metricGroup().addGroup(SourceMetrics.GROUP);
        this.rows = group.counter(SourceMetrics.ROWS);
        group.<Long, Gauge<Long>>gauge(SourceMetrics.ROWS_UNDER_WAY, () -> rowsUnderWay);
    }

    @Override
    public void start() {
        if (assigned.isEmpty()) {
            context.sendSplitRequest();
        }
    }

    @Override
    public void addSplits(List<TableRange> splits) {
        assigned.addAll(splits);
        told.complete(null);
    }

    @Override
    public void notifyNoMoreSplits() {
        noMore = true;
        told.complete(null);
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
        return fetch != null ? fetch.available() : told;
    }

    @Override
    public InputStatus pollNext(ReaderOutput<CanalRecord> output) {
        if (current == null) {
            return begin(output);
        }
        RangeFetch.Message message = fetch.poll();
        if (message != null) {
            output.collect(current.rows(message.bytes));
            rows.inc(message.rows - rowsUnderWay);
            rowsUnderWay = message.rows;
            return InputStatus.MORE_AVAILABLE;
        }
        if (fetch.isOver()) {
            fetch.close();
            fetch = null;
            end();
            return InputStatus.MORE_AVAILABLE;
        }
        return InputStatus.NOTHING_AVAILABLE;
    }

    private InputStatus begin(ReaderOutput<CanalRecord> output) {
        TableRange next = assigned.poll();
        if (next == null && noMore) {
            return InputStatus.END_OF_INPUT;
        }
        if (next == null) {
            told = new CompletableFuture<>();
            return InputStatus.NOTHING_AVAILABLE;
        }
        current = next.begun(next.begun + 1);
        if (defined.add(current.table)) {
            output.collect(current.definition());
        }
        if (current.hasRows()) {
            fetch = new RangeFetch(source, spec, current);
        } else {
            end();
        }
        return InputStatus.MORE_AVAILABLE;
    }

    private void end() {
        context.sendSourceEventToCoordinator(new RangeRead(current.table, current.number, rowsUnderWay));
        rowsUnderWay = 0;
        current = null;
        if (assigned.isEmpty() && !noMore) {
            context.sendSplitRequest();
        }
    }

    /** The range under way is read again from its beginning, and knows that it was begun. */
    @Override
    public List<TableRange> snapshotState(long checkpoint) {
        List<TableRange> left = new ArrayList<>(assigned.size() + 1);
        if (current != null) {
            left.add(current);
        }
        left.addAll(assigned);
        return left;
    }

    @Override
    public void close() {
        if (fetch != null) {
            fetch.close();
            fetch = null;
        }
    }
}

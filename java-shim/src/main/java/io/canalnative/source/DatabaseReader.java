package io.canalnative.source;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;

/**
 * Reads one range after the other, and in the end maybe the log. Before the first range of a table it hands on the table's definition, so that
 * wherever rows come to, the definition has come before them; that other readers do it too does not matter, as it has one place.
 */
final class DatabaseReader implements SourceReader<CanalRecord, DatabaseSplit> {

    final DatabaseTables source;
    final ReaderMetrics metrics;
    private final SourceReaderContext context;

    private final ArrayDeque<DatabaseSplit> assigned = new ArrayDeque<>();
    /** Tables whose definition was handed on. */
    private final Set<String> defined = new HashSet<>();
    private boolean noMore;
    /** Completes when there is something to read, or no more will come. */
    private CompletableFuture<Void> told = new CompletableFuture<>();
    /** Null between two. */
    private Reading reading;
    /** What was under way at checkpoints that are not completed. */
    private final TreeMap<Long, DatabaseSplit> underWay = new TreeMap<>();

    DatabaseReader(DatabaseTables source, SourceReaderContext context) {
        this.source = source;
        this.context = context;
        this.metrics = new ReaderMetrics(context.metricGroup());
    }

    @Override
    public void start() {
        if (assigned.isEmpty()) {
            context.sendSplitRequest();
        }
    }

    @Override
    public void addSplits(List<DatabaseSplit> splits) {
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
        return reading != null ? reading.available() : told;
    }

    @Override
    public InputStatus pollNext(ReaderOutput<CanalRecord> output) {
        if (reading == null) {
            return begin();
        }
        if (reading.poll(output)) {
            return InputStatus.MORE_AVAILABLE;
        }
        if (reading.isOver()) {
            end();
            return InputStatus.MORE_AVAILABLE;
        }
        return InputStatus.NOTHING_AVAILABLE;
    }

    private InputStatus begin() {
        DatabaseSplit next = assigned.poll();
        if (next == null && noMore) {
            return InputStatus.END_OF_INPUT;
        }
        if (next == null) {
            told = new CompletableFuture<>();
            return InputStatus.NOTHING_AVAILABLE;
        }
        reading = next.begin(this);
        return InputStatus.MORE_AVAILABLE;
    }

    /** Of what has an end: a range. */
    private void end() {
        RangeReading read = (RangeReading) reading;
        read.close();
        reading = null;
        context.sendSourceEventToCoordinator(new RangeRead(read.split().table, read.split().number, read.rows()));
        metrics.noRange();
        if (assigned.isEmpty() && !noMore) {
            context.sendSplitRequest();
        }
    }

    /** Whether a table's definition has to be handed on now; said once. */
    boolean defines(String table) {
        return defined.add(table);
    }

    @Override
    public List<DatabaseSplit> snapshotState(long checkpoint) {
        List<DatabaseSplit> left = new ArrayList<>(assigned.size() + 1);
        if (reading != null) {
            left.add(reading.split());
            underWay.put(checkpoint, reading.split());
        }
        left.addAll(assigned);
        return left;
    }

    /** Checkpoints that failed are over with it, too. */
    @Override
    public void notifyCheckpointComplete(long checkpoint) {
        Map.Entry<Long, DatabaseSplit> last = underWay.floorEntry(checkpoint);
        if (last != null && reading != null && reading.split().splitId().equals(last.getValue().splitId())) {
            reading.completed(last.getValue());
        }
        underWay.headMap(checkpoint, true).clear();
    }

    @Override
    public void close() {
        if (reading != null) {
            reading.close();
            reading = null;
        }
    }
}

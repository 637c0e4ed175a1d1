package io.canalnative.source;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;

import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** What an enumerator sees of Flink; what it asks of other threads is done when {@link #calls} says so. */
final class FakeCoordinator implements SplitEnumeratorContext<DatabaseSplit> {

    final Map<Integer, List<DatabaseSplit>> assigned = new TreeMap<>();
    final TreeSet<Integer> ended = new TreeSet<>();
    private final Map<Integer, ReaderInfo> readers = new HashMap<>();
    private final ArrayDeque<Runnable> calls = new ArrayDeque<>();

    FakeCoordinator(int readers) {
        for (int i = 0; i < readers; i++) {
            this.readers.put(i, new ReaderInfo(i, "here"));
        }
    }

    void lose(int reader) {
        readers.remove(reader);
    }

    void comesBack(int reader) {
        readers.put(reader, new ReaderInfo(reader, "here"));
    }

    /** Does what was asked, at most so many times; how many there were. */
    int calls(int most) {
        int done = 0;
        while (done < most && !calls.isEmpty()) {
            calls.poll().run();
            done++;
        }
        return done;
    }

    /** What a reader was given since the last time, {@code table number/of begun} or {@code log from file:offset}. */
    List<String> given(int reader) {
        List<String> given = new ArrayList<>();
        for (DatabaseSplit split : assigned.getOrDefault(reader, new ArrayList<>())) {
            if (split instanceof LogPosition) {
                given.add("log from " + split);
                continue;
            }
            TableRange range = (TableRange) split;
            given.add(range.table.substring("shop.".length()) + " " + range.number + "/" + range.of + (range.begun > 0 ? " begun " + range.begun : "") + (range.hasRows() ? "" : " definition"));
        }
        assigned.remove(reader);
        return given;
    }

    @Override
    public SplitEnumeratorMetricGroup metricGroup() {
        return UnregisteredMetricsGroup.createSplitEnumeratorMetricGroup();
    }

    @Override
    public void sendEventToSourceReader(int subtask, SourceEvent event) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int currentParallelism() {
        return readers.size();
    }

    @Override
    public Map<Integer, ReaderInfo> registeredReaders() {
        return readers;
    }

    @Override
    public void assignSplits(SplitsAssignment<DatabaseSplit> splits) {
        splits.assignment().forEach((reader, ranges) -> {
            if (!readers.containsKey(reader)) {
                throw new IllegalArgumentException("no reader " + reader);
            }
            assigned.computeIfAbsent(reader, of -> new ArrayList<>()).addAll(ranges);
        });
    }

    @Override
    public void signalNoMoreSplits(int subtask) {
        ended.add(subtask);
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
        calls.add(() -> {
            T value;
            try {
                value = callable.call();
            } catch (Exception e) {
                handler.accept(null, e);
                return;
            }
            handler.accept(value, null);
        });
    }

    @Override
    public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler, long delay, long period) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void runInCoordinatorThread(Runnable runnable) {
        runnable.run();
    }

    @Override
    public void setIsProcessingBacklog(boolean isProcessingBacklog) {
        throw new UnsupportedOperationException();
    }
}

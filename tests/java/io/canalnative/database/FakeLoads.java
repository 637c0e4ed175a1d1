package io.canalnative.database;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

import io.canalnative.DatabaseLoads;

/** Loads that go nowhere: what was called, and answers that a test sets. */
final class FakeLoads implements DatabaseLoads {

    /** Calls but for those that only tell, in their order. */
    final List<String> calls = new ArrayList<>();
    /** So often there is no room, or something is under way. */
    int waits;
    /** By {@link DatabaseLoads#METRICS}. */
    final long[] metrics = new long[METRICS.size()];
    String reports = "[]";
    /** An object each. */
    List<String> tables = Collections.emptyList();
    RuntimeException failure;
    /** What happens at a wait. */
    Runnable atWait = () -> {};
    /** What happens at a tick. */
    Runnable atTick = () -> {};

    void set(String metric, long value) {
        metrics[METRICS.indexOf(metric)] = value;
    }

    private boolean ready() {
        if (failure != null) {
            throw failure;
        }
        return waits == 0;
    }

    @Override
    public boolean write(byte[] message, int partition, long sequence, boolean everyones) {
        calls.add("write " + new String(message, StandardCharsets.UTF_8) + " " + partition + " " + sequence + (everyones ? " everyone's" : ""));
        return ready();
    }

    @Override
    public boolean resume() {
        calls.add("resume");
        return ready();
    }

    @Override
    public boolean await(int what, long millis) {
        calls.add(what == ROOM ? "await room" : "await settled");
        atWait.run();
        waits = Math.max(0, waits - 1);
        return ready();
    }

    @Override
    public void flush() {
        calls.add("flush");
    }

    @Override
    public void tick() {
        calls.add("tick");
        atTick.run();
        ready();
    }

    @Override
    public byte[] state() {
        return "{\"s\":1}".getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] reports() {
        String taken = reports;
        reports = "[]";
        return taken.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] tables(int most) {
        return tables.stream().limit(most).collect(Collectors.joining(",", "[", "]")).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void metrics(long[] values) {
        System.arraycopy(metrics, 0, values, 0, values.length);
    }

    @Override
    public void latency(long[] counts) {
        Arrays.fill(counts, 0);
        counts[5] = metrics[METRICS.indexOf("loads")];
    }

    @Override
    public void close() {
        calls.add("close");
    }
}

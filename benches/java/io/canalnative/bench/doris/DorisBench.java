package io.canalnative.bench.doris;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.canalnative.doris.Standin;

/**
 * The official Doris connector and ours: what a row costs in a job, what memory a sink takes, what the encoders do alone. Prints a table in
 * Markdown and writes it to build/bench/doris.md.
 *
 * <p>Usage: {@code DorisBench [--quick]}; {@code --quick} is for a look, do not quote its numbers.
 *
 * <ul>
 *   <li>Every run is a JVM of its own with one connector on its class path, one slot, the same rows from the same source
 *       ({@link CounterRows}, {@link RowSource}), a UNIQUE KEY table with deletes on, and one stand-in that counts rows instead of storing them. After
 *       each run the stand-in must have counted every row.
 *   <li>CPU: of the whole process, garbage collection, compilers and sending threads included, between two checkpoints around the measured rows and
 *       after a warm-up of some seconds of CPU, so that start-up and most of the compiling are outside. The same job into {@code blackhole} is subtracted.
 *   <li>Memory, in runs of their own: the JVM's policy of growing its heap must not decide. So the heap is of one size and touched from the start; then
 *       VmHWM above that of the blackhole job is what is outside the heap, and what is inside is the most that was live after a
 *       full collection, every 100 ms. Garbage counts for nobody.
 *   <li>Runs of the sinks take turns; medians, and the lowest and highest.
 * </ul>
 */
public final class DorisBench {

    private static final String[] FORMATS = {"json", "csv"};
    private static final Sink[] MEASURED = {Sink.BLACKHOLE, Sink.OFFICIAL_STREAMING, Sink.OFFICIAL_BATCH, Sink.NATIVE_2PC, Sink.NATIVE_FLUSH};
    private static final String DATABASE = "bench";

    private final boolean quick;
    private final int turns;
    private final long measuredMillis;
    private final long warmUpMillis;
    private final Standin doris;
    private final Map<String, Samples<Outcome>> cpu = new LinkedHashMap<>();
    private final Map<String, Samples<Double>> encoders = new LinkedHashMap<>();
    private final Samples<Outcome> memory = new Samples<>();
    private int run;

    private DorisBench(boolean quick, Standin doris) {
        this.quick = quick;
        this.turns = quick ? 1 : 3;
        this.measuredMillis = quick ? 1_000 : 3_000;
        this.warmUpMillis = quick ? 2_000 : 8_000;
        this.doris = doris;
        for (String format : FORMATS) {
            cpu.put(format, new Samples<>());
            encoders.put(format, new Samples<>());
        }
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        List<String> rest = new ArrayList<>(Arrays.asList(args));
        boolean quick = rest.remove("--quick");
        if (!rest.isEmpty()) {
            System.err.println("Usage: DorisBench [--quick]");
            System.exit(2);
        }
        try (Standin doris = new Standin("--discard")) {
            doris.sql("information_schema", "CREATE DATABASE " + DATABASE);
            DorisBench bench = new DorisBench(quick, doris);
            bench.measure();
        }
    }

    private void measure() throws Exception {
        for (int turn = 1; turn <= turns; turn++) {
            for (String format : FORMATS) {
                for (Sink sink : MEASURED) {
                    cpu.get(format).add(sink, job(sink, format, turn, false));
                }
                for (Sink sink : new Sink[] {Sink.OFFICIAL_BATCH, Sink.NATIVE_FLUSH}) {
                    encoders.get(format).add(sink, encoder(sink, format, turn));
                }
            }
            for (Sink sink : Sink.values()) {
                memory.add(sink, job(sink, "json", turn, true));
            }
            write(turn);
        }
    }

    private String table() throws Exception {
        run++;
        doris.sql(DATABASE, "CREATE TABLE orders" + run + " (" + CounterRows.DORIS_COLUMNS + ") UNIQUE KEY(order_id) DISTRIBUTED BY HASH(order_id) BUCKETS 1");
        return DATABASE + ".orders" + run;
    }

    private Outcome job(Sink sink, String format, int turn, boolean looksAtHeap) throws Exception {
        String table = table();
        doris.admin("DELETE", "/loads", null);
        String with = sink.with(format, doris.frontEnds(), Standin.USER, Standin.PASSWORD, table, "run" + run);
        List<String> arguments = new ArrayList<>(Arrays.asList(with, String.valueOf(warmUpMillis), String.valueOf(measuredMillis)));
        if (looksAtHeap) {
            arguments.add("collect");
        }
        Outcome outcome = Outcome.parse(Jvm.run(JobRun.class, sink, looksAtHeap, Outcome.MARK, arguments));
        long arrived = doris.admin("GET", "/loads?counters", null).get("counters").path("discarded.rows").asLong();
        if (arrived != (sink == Sink.BLACKHOLE ? 0 : outcome.emitted)) {
            throw new IllegalStateException(sink + " was given " + outcome.emitted + " rows, and " + arrived + " arrived");
        }
        System.err.printf("turn %d: %s %s: %.0f ns CPU a row, %d of %d rows, %d MiB live, %d MiB resident%n", turn, sink, format, outcome.nanosARow(), outcome.measured,
                outcome.emitted, outcome.liveHeapBytes >> 20, outcome.peakResidentBytes >> 20);
        return outcome;
    }

    private double encoder(Sink sink, String format, int turn) throws Exception {
        List<String> arguments = Arrays.asList(sink.isOfficial() ? "official" : "native", format, doris.frontEnds(), Standin.USER, Standin.PASSWORD, table(),
                String.valueOf(measuredMillis), String.valueOf(measuredMillis));
        double rate = Double.parseDouble(Jvm.run(EncoderRun.class, sink, false, "rate", arguments).split(" ")[1]);
        System.err.printf("turn %d: encoder of %s, %s: %,.0f rows/s%n", turn, sink, format, rate);
        return rate;
    }

    /** After every turn, so that a run that is stopped has said something. */
    private void write(int turn) throws Exception {
        String text = new DorisReport(quick, turn, measuredMillis, warmUpMillis, cpu, encoders, memory).text();
        if (turn == turns) {
            System.out.println(text);
        }
        Path file = Paths.get("build", "bench", "doris.md").toAbsolutePath();
        Files.createDirectories(file.getParent());
        Files.write(file, Collections.singletonList(text.trim()), StandardCharsets.UTF_8);
        System.err.println("DorisBench: written to " + file);
    }
}

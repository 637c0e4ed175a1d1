package io.canalnative.bench.doris;

import java.util.Locale;
import java.util.Map;

import io.canalnative.bench.Machine;

/** The tables, in Markdown, with what is needed to reproduce them. */
final class DorisReport {

    private final boolean quick;
    private final int turns;
    private final long measuredMillis;
    private final long warmUpMillis;
    private final Map<String, Samples<Outcome>> cpu;
    private final Map<String, Samples<Double>> encoders;
    private final Samples<Outcome> memory;

    DorisReport(
            boolean quick, int turns, long measuredMillis, long warmUpMillis, Map<String, Samples<Outcome>> cpu, Map<String, Samples<Double>> encoders, Samples<Outcome> memory) {
        this.quick = quick;
        this.turns = turns;
        this.measuredMillis = measuredMillis;
        this.warmUpMillis = warmUpMillis;
        this.cpu = cpu;
        this.encoders = encoders;
        this.memory = memory;
    }

    String text() throws Exception {
        StringBuilder text = new StringBuilder("# Writing to Doris: the official connector and ours\n\n");
        text.append("`./dev bench doris" + (quick ? " --quick" : "") + "`: jobs of one slot into the stand-in, which counts rows and discards them; how, says the documentation of\n")
                .append("`benches/java/io/canalnative/bench/doris/DorisBench.java`.\n\n");
        text.append("- machine: " + Machine.cpu() + ", " + Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + "\n");
        text.append("- JVM of every run: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + " " + String.join(" ", Jvm.OPTIONS)
                + "; for memory also " + String.join(" ", Jvm.STEADY) + " and MALLOC_ARENA_MAX=1\n");
        text.append("- versions: " + System.getProperty("bench.versions") + "\n");
        text.append(String.format(Locale.ROOT, "- rows: ten columns (BIGINT, INT, DOUBLE, DECIMAL(12,2), BOOLEAN, TIMESTAMP(3), DATE, 3 STRING) and the delete sign, as BinaryRowData; "
                + "%d s of CPU measured after %d s to warm up, turns: %d\n", measuredMillis / 1000, warmUpMillis / 1000, turns));
        text.append("- buffers: `sink.buffer-flush.max-rows` 500000, `max-bytes` 10mb, `sink.flush.queue-size` 2 for both; `sink.memory` 30mb; the official streaming writer has its "
                + "own three of 1 MB; a checkpoint a second\n\n");
        cpu(text);
        encoders(text);
        memory(text);
        return text.toString();
    }

    /** Above the blackhole job. */
    private double sinkNanos(String format, Sink sink) {
        return cpu.get(format).median(sink, Outcome::nanosARow) - cpu.get(format).median(Sink.BLACKHOLE, Outcome::nanosARow);
    }

    private void cpu(StringBuilder text) {
        text.append("## CPU of the sink, ns a row\n\nMedian (lowest – highest) of the whole job; the sink is what it costs above the job into `blackhole`.\n\n");
        text.append("| format | | job | sink | of streaming | of batch mode |\n|---|---|---|---|---|---|\n");
        for (String format : cpu.keySet()) {
            double streaming = sinkNanos(format, Sink.OFFICIAL_STREAMING);
            double batch = sinkNanos(format, Sink.OFFICIAL_BATCH);
            for (Sink sink : new Sink[] {Sink.BLACKHOLE, Sink.OFFICIAL_STREAMING, Sink.OFFICIAL_BATCH, Sink.NATIVE_2PC, Sink.NATIVE_FLUSH}) {
                Samples<Outcome> all = cpu.get(format);
                double nanos = sinkNanos(format, sink);
                text.append(String.format(Locale.ROOT, "| %s | %s | %,.0f (%,.0f – %,.0f) | %s | %s |\n", format, name(sink), all.median(sink, Outcome::nanosARow),
                        all.quantile(sink, Outcome::nanosARow, 0), all.quantile(sink, Outcome::nanosARow, 1), sink == Sink.BLACKHOLE ? "" : String.format(Locale.ROOT, "%,.0f", nanos),
                        sink.isOurs() ? String.format(Locale.ROOT, "1/%.1f | 1/%.1f", streaming / nanos, batch / nanos) : "|"));
            }
        }
        text.append('\n');
    }

    private static String name(Sink sink) {
        return (sink.isOfficial() ? "official, " : sink.isOurs() ? "doris-native, " : "") + sink.title;
    }

    private void encoders(StringBuilder text) {
        text.append("## The encoders alone, one thread\n\nA row in, its text in a buffer out. Theirs: `RowDataSerializer.serialize`. Ours: the row packed, over the JNI boundary, checked against "
                + "the table,\nencoded into a load's body. CPU time of that thread and of garbage collection.\n\n");
        text.append("| format | official, rows/s | doris-native, rows/s | |\n|---|---|---|---|\n");
        encoders.forEach((format, all) -> text.append(String.format(Locale.ROOT, "| %s | %s | %s | %.1f× |\n", format, rates(all, Sink.OFFICIAL_BATCH), rates(all, Sink.NATIVE_FLUSH),
                all.median(Sink.NATIVE_FLUSH, rate -> rate) / all.median(Sink.OFFICIAL_BATCH, rate -> rate))));
        text.append('\n');
    }

    private static String rates(Samples<Double> all, Sink sink) {
        return String.format(Locale.ROOT, "%,.0f (%,.0f – %,.0f)", all.median(sink, rate -> rate), all.quantile(sink, rate -> rate, 0), all.quantile(sink, rate -> rate, 1));
    }

    private void memory(StringBuilder text) {
        text.append("## Memory above the blackhole job's, MiB\n\nJSON. The heap is of one size and touched from the start, so VmHWM tells what is outside of it; inside counts what was live after a full\n"
                + "collection, at most. Garbage is in neither.\n\n");
        text.append("| | bytes it may buffer | live heap | outside the heap | both |\n|---|---|---|---|---|\n");
        double heap = memory.median(Sink.BLACKHOLE, o -> o.liveHeapBytes);
        double resident = memory.median(Sink.BLACKHOLE, o -> o.peakResidentBytes);
        for (Sink sink : Sink.values()) {
            if (sink != Sink.BLACKHOLE) {
                text.append(String.format(Locale.ROOT, "| %s | %s | %s | %s | %s |\n", name(sink), sink.buffers, spread(sink, o -> o.liveHeapBytes - heap), spread(sink, o -> o.peakResidentBytes - resident),
                        spread(sink, o -> o.liveHeapBytes - heap + o.peakResidentBytes - resident)));
            }
        }
    }

    private String spread(Sink sink, java.util.function.ToDoubleFunction<Outcome> bytes) {
        double mebi = 1 << 20;
        return String.format(Locale.ROOT, "%.1f (%.1f – %.1f)", memory.median(sink, bytes) / mebi, memory.quantile(sink, bytes, 0) / mebi, memory.quantile(sink, bytes, 1) / mebi);
    }
}

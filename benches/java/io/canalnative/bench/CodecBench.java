package io.canalnative.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Decodes the messages of {@link Corpus} and encodes their rows with flink-json and with the native codec, in one process
 * as {@link Comparison} says, and holds what each costs against the workload's goals.
 *
 * <p>Usage: {@code CodecBench [--quick] [PART]}. PART is a part of a workload's name, such as {@code products}; default
 * all. {@code --quick} measures fewer and shorter blocks, for a look; do not quote its numbers. Writes build/bench/codec.md,
 * codec.goals.tsv and codec-*.svg, see {@link Section}. System property {@code canal.native.root}: the project's directory,
 * default the working directory; {@code canal.native.stock}: flink-json's jar, default the one on the class path.
 *
 * <p>Before a workload is timed, both codecs decode every message and their rows must be equal, and so must the messages
 * that they make of those rows.
 */
public final class CodecBench {

    private CodecBench() {}

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        List<String> rest = new ArrayList<>(Arrays.asList(args));
        boolean quick = rest.remove("--quick");
        String part = rest.isEmpty() ? "" : rest.remove(0);
        List<Corpus> chosen = new ArrayList<>();
        for (Corpus one : Corpus.values()) {
            if (one.toString().contains(part)) {
                chosen.add(one);
            }
        }
        if (!rest.isEmpty() || part.startsWith("-") || chosen.isEmpty()) {
            System.err.println("Usage: CodecBench [--quick] [PART]; PART is a part of " + Arrays.toString(Corpus.values()));
            System.exit(2);
        }
        Section section = new Section("codec");
        section.text("CPU time and allocated bytes per message, medians over blocks of both codecs in turn; " + Corpus.MESSAGES
                + " distinct messages a workload, rows equal. `Comparison.java` in `java-shim/src/main/java/io/canalnative/bench/` says how. "
                + "\"No codec\" is the same use of rows that are ready: what no codec can save.\n\n"
                + Comparison.HEADER);
        RatioBars bars = new RatioBars("Messages decoded in the CPU time that Flink's codec takes for one");
        for (Corpus one : chosen) {
            System.err.println("CodecBench: " + one + " …");
            measure(one, quick, section, bars);
        }
        section.text("\n");
        section.plot("decoding", bars.svg(), "Ratios of decoding");
        Path file = section.write();
        System.out.println(section);
        System.err.println("CodecBench: written to " + file);
    }

    private static void measure(Corpus one, boolean quick, Section section, RatioBars bars) throws Exception {
        Workload workload = one.workload();
        try (Codec stock = Codec.stock(workload);
                Codec nativeCodec = Codec.nativeCodec(workload)) {
            long rows = Equality.check(workload, stock, nativeCodec);
            if (one.isFiltered() != (rows == 0)) {
                throw new IllegalStateException(one + " has " + rows + " rows");
            }
            Comparison comparison = new Comparison(workload, stock, nativeCodec, quick);
            Comparison.Results results = (use, bytes, measured) -> {
                section.text(Comparison.row(workload.name, use, bytes, measured));
                one.goals.stream().filter(goal -> goal.use.equals(use)).forEach(goal -> section.goal(goal.line(workload.name, measured)));
                bars.add(workload.name, use, measured.ratio());
            };
            for (Use use : Use.values()) {
                if (one.uses().contains(use)) {
                    comparison.decode(use, results);
                }
            }
            if (one.encoded) {
                comparison.encode(results);
            }
            nativeCodec.requireNothingDelegated();
        }
    }
}

package io.canalnative.fuzz;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.function.Consumer;

import io.canalnative.differential.Comparison;
import io.canalnative.differential.LibDirectory;

/**
 * flink-json and the native codec on case after case, until the time is up. {@code DifferentialFuzzer SECONDS [SEED]}:
 * case {@code n} of a run is case 0 of a run with {@code SEED + n}, and with 0 seconds only that one is run.
 *
 * <p>Exit code 1 if something differs; each such case is made small and printed. The seed of the case at work stands in
 * build/fuzz/jvm/seed, should the JVM die of it.
 */
public final class DifferentialFuzzer {

    private static final int REPORTS = 5;
    private static final int REDUCTION_SECONDS = 30;
    private static final long PROGRESS_NANOS = 30_000_000_000L;

    private final RealTopics real = new RealTopics();
    private final LibDirectory stock = LibDirectory.stock();
    private final LibDirectory nativeLib = LibDirectory.withNativeCodec();
    private final Comparison.Counts counts = new Comparison.Counts();
    private final EncodeCase.Counts encoded = new EncodeCase.Counts();
    private final Consumer<String> out;
    private long tables;
    private long refused;
    private long messages;
    private int differing;

    DifferentialFuzzer(Consumer<String> out) throws Exception {
        this.out = out;
    }

    /** Runs it; see the class. */
    public static void main(String[] arguments) throws Exception {
        long seconds = Long.parseLong(arguments[0]);
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.currentTimeMillis() * 1000;
        Path current = Files.createDirectories(Paths.get("build", "fuzz", "jvm")).resolve("seed");
        DifferentialFuzzer fuzzer = new DifferentialFuzzer(System.out::println);
        long began = System.nanoTime();
        long reported = began;
        for (long n = 0; n == 0 || System.nanoTime() - began < seconds * 1_000_000_000L && fuzzer.differing < REPORTS; n++) {
            Files.write(current, String.valueOf(seed + n).getBytes(StandardCharsets.US_ASCII));
            fuzzer.run(seed + n);
            if (System.nanoTime() - reported > PROGRESS_NANOS) {
                reported = System.nanoTime();
                System.out.println(fuzzer.progress(seed, (reported - began) / 1_000_000_000L));
            }
        }
        System.out.println(fuzzer.progress(seed, (System.nanoTime() - began) / 1_000_000_000L));
        System.exit(fuzzer.differing == 0 ? 0 : 1);
    }

    /** How many cases differed. */
    int differing() {
        return differing;
    }

    /** The counts of all cases. */
    Comparison.Counts counts() {
        return counts;
    }

    /** What was encoded. */
    EncodeCase.Counts encoded() {
        return encoded;
    }

    /** Runs one case: a table read, and another one written to. */
    void run(long seed) throws Exception {
        decode(seed);
        String difference = EncodeCase.of(seed, stock).difference(stock, nativeLib, encoded);
        if (difference != null) {
            differing++;
            out.accept("DIFFERENCE at seed " + seed + ": ./dev fuzz-jvm 0 " + seed + "\n" + difference);
        }
    }

    private void decode(long seed) throws Exception {
        FuzzCase next = FuzzCase.of(seed, real);
        long before = counts.found();
        tables++;
        if (decode(next, counts, "seed " + seed)) {
            messages += next.messages.size();
        } else {
            refused++;
        }
        if (counts.found() > before) {
            differing++;
            report(seed, next);
            counts.differences.clear();
        }
    }

    /** False where both codecs refuse the table. */
    private boolean decode(FuzzCase of, Comparison.Counts into, String from) throws Exception {
        try (Comparison comparison = Comparison.of(of.table, stock, nativeLib, into)) {
            if (comparison == null) {
                return false;
            }
            if (!comparison.isNative()) {
                throw new IllegalStateException("the native library is not in use; see the warning above");
            }
            for (int i = 0; i < of.messages.size(); i++) {
                comparison.from(from + ", message " + i);
                comparison.decode(of.messages.get(i));
            }
            return true;
        }
    }

    private void report(long seed, FuzzCase found) {
        List<String> reports = counts.differences;
        String kind = reports.isEmpty() ? "" : headline(reports.get(0));
        FuzzCase small = CaseReduction.of(found, smaller -> differs(smaller, kind) != null, REDUCTION_SECONDS);
        out.accept("DIFFERENCE at seed " + seed + ": ./dev fuzz-jvm 0 " + seed);
        out.accept("made small, " + small.messages.size() + " messages, the last of them:\n" + differs(small, kind));
    }

    /** The report on a case that differs in the same way; null for any other. */
    private String differs(FuzzCase of, String kind) {
        Comparison.Counts own = new Comparison.Counts();
        try {
            decode(of, own, "small");
        } catch (Exception e) {
            return null;
        }
        return own.differences.stream().filter(report -> headline(report).equals(kind)).findFirst().orElse(null);
    }

    /** What differs, without where: the semantics and mode. */
    private static String headline(String report) {
        String first = report.split("[\n(]", 2)[0];
        return first.replaceAll(" bytes of row.*", " bytes").trim();
    }

    private String progress(long seed, long seconds) {
        Runtime jvm = Runtime.getRuntime();
        long heap = (jvm.totalMemory() - jvm.freeMemory()) >> 20;
        double each = Math.max(1, counts.cases / 2.0);
        return String.format(
                "%,d s from seed %d: %,d tables (%,d refused by both), %,d messages, %,d cases, %,d rows, %,d exceptions compared, "
                        + "delegated %.1f %% under flink and %.1f %% under canal; "
                        + "%,d rows encoded, %,d exceptions, delegated %.1f %%; differences in %d tables; heap %d MiB, resident %d MiB",
                seconds, seed, tables, refused, messages, counts.cases, counts.rows, counts.failures,
                100 * counts.delegated.getOrDefault("flink", 0L) / each, 100 * counts.delegated.getOrDefault("canal", 0L) / each,
                encoded.messages, encoded.failures, 100.0 * encoded.delegated / Math.max(1, encoded.messages), differing, heap, residentKilobytes() >> 10);
    }

    private static long residentKilobytes() {
        try {
            for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        } catch (java.io.IOException e) {
            // Not Linux.
        }
        return 0;
    }
}

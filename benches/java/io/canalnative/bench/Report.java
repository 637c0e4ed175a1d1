package io.canalnative.bench;

import java.lang.management.ManagementFactory;
import java.util.Locale;

import io.canalnative.NativeDecoder;

/** The table, in Markdown, with what is needed to reproduce it. */
final class Report {

    private final StringBuilder rows = new StringBuilder();
    private final String command;

    Report(boolean quick, String part) {
        this.command = "CodecBench" + (quick ? " --quick" : "") + (part.isEmpty() ? "" : " '" + part + "'");
    }

    /** @param bytes average length of a message */
    void add(String workload, String use, double bytes, Measurement measured) {
        rows.append(
                String.format(
                        Locale.ROOT,
                        "| %s | %s | %,.0f | %,.0f | %,.0f | %.1f× ± %.0f %% | %,.0f | %,.0f | %,.0f | %,.0f | %.1f %% |%n",
                        workload,
                        use,
                        bytes,
                        measured.stockNanos,
                        measured.nativeNanos,
                        measured.stockNanos / measured.nativeNanos,
                        measured.spreadPercent,
                        bytes * 1000 / measured.stockNanos,
                        bytes * 1000 / measured.nativeNanos,
                        measured.stockBytes,
                        measured.nativeBytes,
                        100 * measured.nativeBytes / measured.stockBytes));
    }

    String text() throws Exception {
        return "# flink-json and the native codec\n\n"
                + "CPU time and allocated bytes per message, medians over blocks of both codecs in turn; how, says the documentation of "
                + "`benches/java/io/canalnative/bench/CodecBench.java`.\n\n"
                + "- command: `" + command + "`\n"
                + "- machine: " + Machine.cpu() + ", " + Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.name") + " "
                + System.getProperty("os.version") + "\n"
                + "- JVM: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + " "
                + String.join(" ", flags()) + "\n"
                + "- versions: flink-json " + Codec.stockVersion() + ", canal-native " + NativeDecoder.version() + " (" + NativeDecoder.cpuPath()
                + ")\n\n"
                + "| workload | rows | bytes | stock ns | native ns | ratio | stock MB/s | native MB/s | stock B allocated | native B allocated | native/stock |\n"
                + "|---|---|---|---|---|---|---|---|---|---|---|\n"
                + rows;
    }

    private static String[] flags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(flag -> flag.startsWith("-X")).toArray(String[]::new);
    }
}

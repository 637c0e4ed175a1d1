package io.canalnative.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.LinkedHashMap;
import java.util.Map;

import io.canalnative.NativeDecoder;
import io.canalnative.NativeLibrary;

/**
 * A part of the report: {@code build/bench/<name>.md}, its plots {@code <name>-<plot>.svg}, and {@code <name>.goals.tsv} with
 * a line for each goal (what, wanted, measured, met or missed). dev.d/bench_report.py makes one report of all parts.
 */
final class Section {

    private final String name;
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder goals = new StringBuilder();
    private final Map<String, String> plots = new LinkedHashMap<>();

    /** Begins with what runs: JVM and versions. */
    Section(String name) throws Exception {
        this.name = name;
        NativeLibrary.load();
        text.append(System.getProperty("java.vm.name")).append(' ').append(System.getProperty("java.runtime.version"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(flag -> flag.startsWith("-X")).forEach(flag -> text.append(' ').append(flag));
        text.append("; flink-json ").append(Codec.stockVersion()).append(", canal-native ").append(NativeDecoder.version());
        text.append(" (").append(NativeDecoder.cpuPath()).append(").\n\n");
    }

    /** Appends Markdown. */
    void text(String markdown) {
        text.append(markdown);
    }

    /** A line as {@link Goal#line} makes it. */
    void goal(String line) {
        goals.append(line);
    }

    /** A plot at this place of the text. */
    void plot(String id, String svg, String title) {
        plots.put(id, svg);
        text.append("![").append(title).append("](").append(name).append('-').append(id).append(".svg)\n\n");
    }

    /** Writes the files; returns the Markdown's. */
    Path write() throws IOException {
        Path directory = Paths.get(System.getProperty(Corpus.ROOT, ""), "build", "bench").toAbsolutePath();
        Files.createDirectories(directory);
        for (Map.Entry<String, String> plot : plots.entrySet()) {
            Files.write(directory.resolve(name + "-" + plot.getKey() + ".svg"), plot.getValue().getBytes(StandardCharsets.UTF_8));
        }
        Files.write(directory.resolve(name + ".goals.tsv"), goals.toString().getBytes(StandardCharsets.UTF_8));
        return Files.write(directory.resolve(name + ".md"), text.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return text.toString();
    }
}

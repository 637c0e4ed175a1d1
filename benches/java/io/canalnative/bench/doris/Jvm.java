package io.canalnative.bench.doris;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Fresh JVMs, each with the class path of one connector. */
final class Jvm {

    /** System properties: class paths, one JAR each for the connectors. */
    static final String FLINK = "bench.flink";
    static final String OFFICIAL = "bench.official";
    static final String NATIVE = "bench.native";

    static final List<String> OPTIONS = Arrays.asList("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC");
    /** For memory: the heap is there from the start, and what the second compiler takes while it works, more than any sink, is not. */
    static final List<String> STEADY = Arrays.asList("-XX:+AlwaysPreTouch", "-XX:TieredStopAtLevel=1");

    private Jvm() {}

    /** Runs a class and returns the line of its output that begins with {@code mark}. */
    static String run(Class<?> main, Sink sink, boolean steady, String mark, List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(OPTIONS);
        if (steady) {
            command.addAll(STEADY);
        }
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(option -> option.startsWith("--")).forEach(command::add);
        command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
        command.add("-cp");
        command.add(classPath(sink));
        command.add(main.getName());
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        if (steady) {
            // Else malloc keeps an arena for each thread that ever needed memory.
            builder.environment().put("MALLOC_ARENA_MAX", "1");
        }
        Process process = builder.start();
        Thread ends = new Thread(process::destroy);
        Runtime.getRuntime().addShutdownHook(ends);
        StringBuilder output = new StringBuilder();
        String found = null;
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.append(line).append('\n');
                found = line.startsWith(mark + " ") ? line : found;
            }
        }
        int code = process.waitFor();
        Runtime.getRuntime().removeShutdownHook(ends);
        if (code != 0 || found == null) {
            throw new IllegalStateException(sink + " ended with " + code + ":\n" + output);
        }
        return found;
    }

    /** Our jar goes first, as in a Flink's lib/. */
    private static String classPath(Sink sink) {
        String connector = sink.isOfficial() ? System.getProperty(OFFICIAL) + ":" : sink.isOurs() ? System.getProperty(NATIVE) + ":" : "";
        return connector + System.getProperty(FLINK);
    }
}

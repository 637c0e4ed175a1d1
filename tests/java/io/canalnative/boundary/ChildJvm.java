package io.canalnative.boundary;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own for what would take this one along: its exit code and what it printed. */
final class ChildJvm {

    private static final long SECONDS = 120;

    final int exitCode;
    final String output;

    private ChildJvm(int exitCode, String output) {
        this.exitCode = exitCode;
        this.output = output;
    }

    /**
     * Runs a main class of the tests, with the class path of this JVM and under {@code -Xcheck:jni}.
     *
     * @param before a command that runs the rest of its arguments as a command; may be empty
     * @param directory where the child works and may leave a crash report
     */
    static ChildJvm run(List<String> before, Path directory, Class<?> main, String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(Arrays.asList("-Xmx256m", "-XX:+UseSerialGC", "-Xcheck:jni", "-XX:-CreateCoredumpOnCrash"));
        for (String inherited : new String[] {"canal.native.jar", "canal.native.stock"}) {
            if (System.getProperty(inherited) != null) {
                command.add("-D" + inherited + "=" + System.getProperty(inherited));
            }
        }
        command.addAll(Arrays.asList(options));
        command.addAll(Arrays.asList("-cp", System.getProperty("java.class.path"), main.getName()));
        Path log = Files.createTempFile(directory, "child", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("no end after " + SECONDS + " s: " + command);
            }
        } finally {
            process.destroyForcibly();
        }
        return new ChildJvm(process.exitValue(), new String(Files.readAllBytes(log), StandardCharsets.UTF_8));
    }
}

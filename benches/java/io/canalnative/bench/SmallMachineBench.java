package io.canalnative.bench;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * What a small machine notices first: the time to the first row, and memory. Stock and native by turns, each run in a fresh
 * JVM.
 *
 * <p>Usage: {@code SmallMachineBench [--quick]}; {@code --quick} runs each less often. Writes build/bench/small.md and
 * small.goals.tsv, see {@link Section}. Messages of 100 bytes are {@link CodecBench}'s.
 */
public final class SmallMachineBench {

    /** What is called no regression: so much of stock's, or less. */
    private static final double ALLOWED = 1.0;

    private final Section section;
    private final boolean quick;

    private SmallMachineBench(boolean quick) throws Exception {
        this.quick = quick;
        this.section = new Section("small");
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && !(args.length == 1 && args[0].equals("--quick"))) {
            System.err.println("Usage: SmallMachineBench [--quick]");
            System.exit(2);
        }
        SmallMachineBench bench = new SmallMachineBench(args.length == 1);
        bench.firstRow();
        bench.residence();
        Path file = bench.section.write();
        System.out.println(bench.section);
        System.err.println("SmallMachineBench: written to " + file);
    }

    private void firstRow() throws Exception {
        Path directory = Files.createTempDirectory("canal-native-bench");
        try {
            Workload workload = Corpus.PRODUCTS.workload();
            List<String[]> programs = new ArrayList<>();
            for (boolean stock : new boolean[] {true, false}) {
                programs.add(FirstRow.arguments(directory, workload, stock));
            }
            double[][] found = byTurns(quick ? 3 : 15, FirstRow.class, Collections.singletonList("-Xmx256m"), programs);
            section.text("**First row.** From the arrival of the decoder in a fresh JVM (`-Xmx256m`) to the row of the first message, medians of "
                    + (quick ? 3 : 15) + " runs: what a task manager that has not had the format yet pays once.\n\n"
                    + "| | wall clock, ms | CPU of the process, ms |\n|---|---|---|\n"
                    + row("Flink's codec", found[0]) + row("native", found[1]) + "\n");
            section.goal(goal("first row in a fresh JVM, ms of wall clock", found[0][0], found[1][0]));
            section.goal(goal("first row in a fresh JVM, ms of CPU", found[0][1], found[1][1]));
        } finally {
            for (File file : directory.toFile().listFiles()) {
                Files.delete(file.toPath());
            }
            Files.delete(directory);
        }
    }

    private void residence() throws Exception {
        section.text("**Memory.** A topic of " + Residence.TABLES + " tables, ten columns each, MiB, medians of " + (quick ? 1 : 3)
                + " runs with a heap of 256 MiB that is resident from the start: what is live in the heap after a full collection, and what is resident outside of it.\n\n"
                + "| | live heap | outside | both |\n|---|---|---|---|\n");
        for (String sources : new String[] {"one", "each"}) {
            String what = sources.equals("one") ? "8 subtasks of one source of all tables" : "64 sources of one table, 8 subtasks each";
            List<String> options = Arrays.asList("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");
            double[][] found = byTurns(quick ? 1 : 3, Residence.class, options, Arrays.asList(new String[] {"stock", sources}, new String[] {"native", sources}));
            for (int codec = 0; codec < 2; codec++) {
                double[] of = found[codec];
                section.text(row(what + (codec == 0 ? ", Flink's codec" : ", native"), of[0], of[1], of[0] + of[1]));
            }
            section.goal(goal("resident MiB, " + what, found[0][0] + found[0][1], found[1][0] + found[1][1]));
        }
        section.text("\n");
    }

    private static String goal(String what, double stock, double ours) {
        return Goal.line(what, String.format(Locale.ROOT, "≤ %.1f", stock * ALLOWED), String.format(Locale.ROOT, "%.1f", ours), ours <= stock * ALLOWED);
    }

    private static String row(String name, double... values) {
        StringBuilder cells = new StringBuilder("| ").append(name).append(" |");
        for (double value : values) {
            cells.append(String.format(Locale.ROOT, " %.1f |", value));
        }
        return cells.append('\n').toString();
    }

    /** The medians of the numbers that each program prints. */
    static double[][] byTurns(int runs, Class<?> main, List<String> options, List<String[]> programs) throws Exception {
        List<List<double[]>> found = new ArrayList<>();
        programs.forEach(program -> found.add(new ArrayList<>()));
        for (int run = 0; run < runs; run++) {
            for (int i = 0; i < programs.size(); i++) {
                System.err.println("SmallMachineBench: " + main.getSimpleName() + " " + String.join(" ", programs.get(i)) + " …");
                found.get(i).add(run(main, options, programs.get(i)));
            }
        }
        double[][] medians = new double[programs.size()][];
        for (int i = 0; i < medians.length; i++) {
            List<double[]> of = found.get(i);
            medians[i] = new double[of.get(0).length];
            for (int number = 0; number < medians[i].length; number++) {
                int at = number;
                medians[i][number] = of.stream().map(values -> values[at]).sorted().skip(of.size() / 2).findFirst().get();
            }
        }
        return medians;
    }

    private static double[] run(Class<?> main, List<String> options, String[] arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(options);
        command.addAll(Arrays.asList("-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
        if (System.getProperty(Codec.STOCK) != null) {
            command.add("-D" + Codec.STOCK + "=" + System.getProperty(Codec.STOCK));
        }
        command.addAll(Arrays.asList("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
        if (process.waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " ended with " + process.exitValue());
        }
        return Arrays.stream(output.split(" ")).mapToDouble(Double::parseDouble).toArray();
    }
}

package io.canalnative.job;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.canalnative.JobFile;
import io.canalnative.NativeLibraryException;
import io.canalnative.VerifyOptions;
import io.canalnative.VerifyReport;
import io.canalnative.source.SourceMetrics;
import io.canalnative.source.Verdicts;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * {@code canal-native verify}: the tables of a job compared with Doris, by a Flink in this process. It has a directory of its own beside the job's file, so it
 * may run while the job does, and goes on where it was when it is stopped or killed.
 */
public final class Verification {

    private static final int DONE = 0;
    private static final int DIFFERS = 1;
    private static final int MISTAKEN = 2;
    /** What may take a change to Doris while the job runs: its flushes, its loads, and some more. */
    private static final long SETTLE_SECONDS = 60;
    private static final long PROGRESS_SECONDS = 5;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final JobPlan plan;
    private final VerifyOptions options;
    private final StateDirectory state;
    private final String log;
    /** For the report; everything else goes to {@code System.out}. */
    private final PrintStream out;
    private final CompletableFuture<Void> stop;
    private boolean reported;

    /** @param stop when it is complete, the verification is stopped where it stands */
    Verification(JobPlan plan, VerifyOptions options, StateDirectory state, String log, PrintStream out, CompletableFuture<Void> stop) {
        this.plan = plan;
        this.options = options;
        this.state = state;
        this.log = log;
        this.out = out;
        this.stop = stop;
    }

    /**
     * Verifies a job.
     *
     * @param log where Flink logs to, for messages
     * @param arguments those of the verb
     * @return the exit code: 0 only if all rows of all tables were compared, and are equal
     */
    public static int run(String log, String[] arguments) throws Exception {
        VerifyOptions options = VerifyOptions.parse(Arrays.asList(arguments));
        PrintStream out = System.out;
        if (options.json) {
            // Before anything is logged: what is logged for people goes there, too.
            System.setOut(System.err);
        }
        return EmbeddedJob.explained(() -> {
            Path file = Paths.get(options.file);
            JobPlan plan = JobPlan.read(file, false);
            if (plan.database == null) {
                System.err.println("canal-native: verify compares a database with Doris, and the job of " + file + " has none as its source");
                return MISTAKEN;
            }
            String mistake = mistake(options);
            if (mistake != null) {
                System.err.println("canal-native: " + mistake);
                return MISTAKEN;
            }
            options.needWritable();
            boolean runs = StateDirectory.holder(EmbeddedJob.directory(plan, file)) != null;
            try (StateDirectory state = StateDirectory.ofVerification(reportOf(file).getParent())) {
                CompletableFuture<Void> stop = new CompletableFuture<>();
                int code = new Verification(plan, options, state, log, out, stop).run(file, runs, () -> Signals.handle(() -> signalled(stop)));
                needShown(out, "What it has to say");
                return code;
            }
        });
    }

    /** What is wrong with the options of a job that is there; null if nothing is. */
    static String mistake(VerifyOptions options) throws NativeLibraryException {
        String mistake = options.table == null ? null : JobFile.mistakeOfPattern(options.table);
        return mistake == null ? null : "--table is '" + options.table + "'; it is a regular expression for the whole of database.table in the source: " + mistake;
    }

    /** @throws IOException what was printed went nowhere, which a stream of Java's tells only if it is asked */
    static void needShown(PrintStream out, String what) throws IOException {
        if (out.checkError()) {
            throw new IOException(what + " could not be written to the standard output: is its disk full, or has its reader gone?");
        }
    }

    /** Where the last report of a job's verification is, if there was one. */
    static Path reportOf(Path file) {
        return EmbeddedJob.beside(file, ".verify").resolve("report.json");
    }

    /**
     * @param runs whether the job runs, so that changes may be on their way
     * @param begun is called when it can be stopped
     */
    int run(Path file, boolean runs, Runnable begun) throws Exception {
        String spec = spec(plan, options, runs ? SETTLE_SECONDS : 0);
        Path report = reportOf(file);
        beginAnewIfOther(file);
        state.tidy();
        Map<String, String> settings = new HashMap<>(CanalToDoris.settings(plan));
        EmbeddedJob.embed(settings);
        settings.put("metrics.reporter.progress.factory.class", Progress.VerificationFactory.class.getName());
        settings.put("execution.checkpointing.dir", CanalToDoris.directory(state.path + "/checkpoints"));
        Optional<Path> newest = state.newest();
        newest.ifPresent(checkpoint -> settings.put("execution.state-recovery.path", checkpoint.toUri().toString()));
        say(newest.map(checkpoint -> "goes on from " + state.path.relativize(checkpoint)).orElse("begins anew") + (runs ? "; the job is running" : "") + "; the log is " + log);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(Configuration.fromMap(settings));
        Verdicts.build(env, plan.name, spec, plan.parallelism, report);
        JobClient job = env.executeAsync(plan.name + ": verify");
        begun.run();
        CompletableFuture<?> result = job.getJobExecutionResult();
        await(CompletableFuture.anyOf(result, stop));
        if (!result.isDone()) {
            return stop(job, result);
        }
        try {
            result.get();
        } catch (ExecutionException e) {
            return EmbeddedJob.failed(EmbeddedJob.reason(e) + "\n  the log has more: " + log);
        }
        state.ended();
        reported = true;
        return tell(Files.readAllBytes(report), "It is in " + report, options, out) ? DONE : DIFFERS;
    }

    /** After {@link #run}: whether it came to its end, so that the report is of this one. One that was stopped or has failed leaves that of an earlier one. */
    boolean hasReported() {
        return reported;
    }

    /** A verification of other tables, or of another file, is not gone on with. */
    private void beginAnewIfOther(Path file) throws IOException {
        String asked = options.table + "\n" + options.mode + "\n" + comparing(options) + "\n" + new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        Path kept = state.path.resolve("asked");
        if (Files.exists(kept) && !new String(Files.readAllBytes(kept), StandardCharsets.UTF_8).equals(asked)) {
            state.ended();
        }
        Files.write(kept, asked.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * What is verified of a job, with the choices of the command line.
     *
     * @param settleSeconds for how long a difference may go away by itself, unless the command line says it
     */
    static String spec(JobPlan plan, VerifyOptions options, long settleSeconds) throws IOException {
        ObjectNode spec = spec(plan);
        spec.put("queryAddress", options.dorisQuery).put("only", options.table).put("mode", options.mode);
        spec.put("rowsPerSecond", options.rowsPerSecond == 0 ? 0 : Math.max(1, options.rowsPerSecond / plan.parallelism));
        spec.set("comparing", comparing(options));
        spec.put("samples", options.samples);
        spec.put("settleSeconds", options.settle != null ? options.settle : settleSeconds);
        return spec.toString();
    }

    /** {@code Comparing} of native/src/verify/canonical.rs. */
    private static ObjectNode comparing(VerifyOptions options) {
        ObjectNode comparing = JSON.createObjectNode();
        comparing.put("floatDigits", options.floatDigits).put("timeDigits", options.timeDigits).put("jsonText", options.jsonText);
        return comparing.put("ignoreTrailingBlanks", options.ignoreTrailingBlanks).put("emptyIsNull", options.emptyIsNull);
    }

    /** {@code VerifySpec} of native/src/verify/spec.rs: all of a job, without choices. */
    static ObjectNode spec(JobPlan plan) throws IOException {
        ObjectNode spec = JSON.createObjectNode();
        spec.set("source", ((ObjectNode) plan.database.deepCopy()).put("log", false));
        ObjectNode sink = (ObjectNode) JSON.readTree(plan.sink);
        // Names of loads, which are never those of another time.
        sink.putObject("label").put("sink", "verify").put("job", UUID.randomUUID().toString().replace("-", "")).put("subtask", 0).put("subtasks", 1).putNull("restored");
        spec.set("sink", sink);
        return spec;
    }

    private void await(CompletableFuture<Object> either) throws InterruptedException {
        long began = System.nanoTime();
        while (true) {
            try {
                either.get(PROGRESS_SECONDS, TimeUnit.SECONDS);
                return;
            } catch (TimeoutException e) {
                say(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) + " s: " + progress());
            } catch (ExecutionException e) {
                return;
            }
        }
    }

    private static String progress() {
        Progress now = Progress.OF_VERIFICATION;
        long tables = now.sum(SourceMetrics.TABLES);
        long done = now.sum(SourceMetrics.TABLES_DONE);
        long rows = now.sum(SourceMetrics.ROWS_DONE) + now.sum(SourceMetrics.ROWS_UNDER_WAY);
        if (tables > 0 && done == tables) {
            return String.format(Locale.ROOT, "%,d rows compared; what differed is read again", rows);
        }
        return String.format(Locale.ROOT, "%,d of %,d tables, %,d of about %,d rows compared", done, tables, rows, Math.max(rows, now.sum(SourceMetrics.ROWS_EXPECTED)));
    }

    private int stop(JobClient job, CompletableFuture<?> result) throws InterruptedException {
        say("is being stopped; a second signal ends it at once");
        try {
            job.stopWithSavepoint(false, CanalToDoris.directory(state.path + "/savepoints"), SavepointFormatType.CANONICAL).get();
            result.get();
            say("has stopped; the next verify goes on from there");
            return DIFFERS;
        } catch (ExecutionException e) {
            return EmbeddedJob.failed("It was not stopped cleanly: " + EmbeddedJob.reason(e) + ". The next verify goes on from the last checkpoint");
        }
    }

    private static void signalled(CompletableFuture<Void> stop) {
        if (!stop.complete(null)) {
            Runtime.getRuntime().halt(130);
        }
    }

    /**
     * Shows a report and writes the files that were asked for.
     *
     * @param kept where else it is, a sentence
     * @return whether all is equal
     * @throws IOException a file could not be written; all else was done
     */
    static boolean tell(byte[] report, String kept, VerifyOptions options, PrintStream out) throws Exception {
        out.println(options.json ? new String(report, StandardCharsets.UTF_8) : VerifyReport.text(report));
        out.flush();
        List<String> unwritten = new ArrayList<>();
        write("--report", options.report, report, unwritten);
        write("--html", options.html, options.html == null ? null : VerifyReport.page(report), unwritten);
        if (!unwritten.isEmpty()) {
            throw new IOException("The verification has come to its end, but " + String.join("; ", unwritten) + ". " + kept);
        }
        return JSON.readTree(report).get("equal").asBoolean();
    }

    private static void write(String option, String file, byte[] what, List<String> unwritten) {
        if (file == null) {
            return;
        }
        Path path = Paths.get(file);
        try {
            Files.write(path, what);
        } catch (IOException e) {
            unwritten.add(option + " could not be written to " + path + " (" + StateDirectory.reason(e, path) + ")");
        }
    }

    private void say(String what) {
        System.out.println("[canal-native] " + plan.name + ", verify: " + what);
    }
}

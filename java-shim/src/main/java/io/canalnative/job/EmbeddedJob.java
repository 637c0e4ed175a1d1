package io.canalnative.job;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

import io.canalnative.JobFile;
import io.canalnative.NativeException;
import io.canalnative.NativeLibraryException;
import io.canalnative.source.SourceMetrics;
import io.canalnative.source.TableResets;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job of a file with a Flink of its own in this process. What it needs to go on is kept in a directory beside the file; SIGINT and SIGTERM
 * stop it where it stands, and the next start goes on from there.
 */
public final class EmbeddedJob {

    /** The input has ended, or the job was stopped. */
    static final int DONE = 0;
    /** The job has failed. */
    static final int FAILED = 1;
    /** The file has mistakes. */
    private static final int MISTAKEN = 2;

    private static final long PROGRESS_SECONDS = 5;
    /** Between two writings of the status, and two looks at a job that is being paused. */
    static final long STATUS_SECONDS = 1;

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedJob.class);

    private final JobPlan plan;
    private final StateDirectory state;
    private final String log;
    private final JobStatus status;
    /** Null where the job has no such stage. */
    private final VerificationStage verification;
    private long restarts;
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> stop = new CompletableFuture<>();

    private EmbeddedJob(JobPlan plan, Path file, StateDirectory state, String log) {
        this.plan = plan;
        this.state = state;
        this.log = log;
        this.status = new JobStatus(plan);
        this.verification = plan.verifies ? new VerificationStage(plan, file, state.path, log) : null;
    }

    /**
     * Runs a job until its input ends or it is stopped.
     *
     * @param log where Flink logs to, for messages
     * @return the exit code
     */
    public static int run(String file, String log) throws Exception {
        return withPlan(file, false, plan -> {
            try (StateDirectory state = StateDirectory.open(directory(plan, Paths.get(file)))) {
                return new EmbeddedJob(plan, Paths.get(file), state, log).run();
            }
        });
    }

    /** Reads all messages that there are now, and says what would be done in Doris for them. */
    public static int plan(String file, String log) throws Exception {
        return withPlan(file, true, plan -> {
            Map<String, String> settings = new HashMap<>();
            embed(settings);
            settings.put("restart-strategy.type", "none");
            StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(Configuration.fromMap(settings));
            env.setParallelism(plan.parallelism);
            CanalToDoris.build(env, plan, TableResets.of(Collections.emptyList()));
            try {
                env.executeAsync(plan.name).getJobExecutionResult().get();
            } catch (ExecutionException e) {
                return failed(reason(e) + "\n  the log has more: " + log);
            }
            System.out.println("[canal-native] " + plan.name + ": nothing of this was done; " + Progress.ONLY.line(plan.parallelism));
            return DONE;
        });
    }

    /** What is done with a job. */
    interface Program {
        int run() throws Exception;
    }

    /** What is done with a job whose file is good. */
    private interface ProgramOfPlan {
        int run(JobPlan plan) throws Exception;
    }

    private static int withPlan(String file, boolean onlySays, ProgramOfPlan program) throws Exception {
        return explained(() -> {
            JobPlan plan = JobPlan.read(Paths.get(file), onlySays);
            for (String one : plan.files == null ? Collections.<String>emptyList() : plan.files) {
                if (!one.contains("://") && !Files.isReadable(Paths.get(one))) {
                    return failed("source.canal.files: there is no file " + one + " that can be read");
                }
            }
            return program.run(plan);
        });
    }

    /** What it throws is said, and has an exit code. */
    static int explained(Program program) throws Exception {
        try {
            return program.run();
        } catch (NativeException e) {
            return refused(e);
        } catch (NativeLibraryException e) {
            return failed(e.reason() + ". Jobs need the native library, which is for Linux on x86-64");
        } catch (IOException | IllegalStateException | IllegalArgumentException e) {
            return failed(e.getMessage());
        }
    }

    /** Reads a job's file and says whether it is one; the password is not looked for. */
    public static int check(String file) throws Exception {
        return explained(() -> {
            JobFile.check(Paths.get(file));
            System.out.println(file + " has no mistake");
            return DONE;
        });
    }

    /** Where the job of that file keeps its state. */
    static Path directory(JobPlan plan, Path file) throws IOException {
        if (plan.stateDirectory == null) {
            return beside(file, ".state");
        }
        if (plan.stateDirectory.contains("://")) {
            throw new IOException("flink.state-directory is " + plan.stateDirectory + "; name a directory of this machine, where the lock can be, or run the job on a cluster");
        }
        return Paths.get(plan.stateDirectory);
    }

    /** {@code job.yaml} gives {@code job} with that ending. */
    public static Path beside(Path file, String ending) {
        String name = file.getFileName().toString();
        int point = name.lastIndexOf('.');
        return file.toAbsolutePath().resolveSibling((point > 0 ? name.substring(0, point) : name) + ending);
    }

    private int run() throws Exception {
        if (verification == null) {
            return runJob();
        }
        stop.thenRun(verification::stop);
        try {
            if (!verification.isDue()) {
                return runJob();
            }
            // It may have been killed before it could note so.
            state.ended();
            return verify();
        } finally {
            verification.stop();
            verification.await();
            writeStatus();
        }
    }

    private int runJob() throws Exception {
        Map<String, String> settings = new HashMap<>(CanalToDoris.settings(plan));
        embed(settings);
        settings.putIfAbsent("execution.checkpointing.dir", CanalToDoris.directory(state.path + "/checkpoints"));
        state.tidy();
        Optional<Path> newest = state.newest();
        newest.ifPresent(checkpoint -> settings.put("execution.state-recovery.path", checkpoint.toUri().toString()));
        if (verification != null && !newest.isPresent()) {
            verification.anew();
        }
        say(newest.map(checkpoint -> "goes on from " + state.path.relativize(checkpoint)).orElse("begins anew") + "; its state is in " + state.path + ", its log is " + log);
        writeStatus();
        sayMemory(Runtime.getRuntime().maxMemory());
        if (plan.frontEnds.stream().noneMatch(EmbeddedJob::listens)) {
            say("none of Doris' front ends (" + String.join(", ", plan.frontEnds) + ") can be reached now; it is tried for as long as load.patience says");
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(Configuration.fromMap(settings));
        env.setParallelism(plan.parallelism);
        CanalToDoris.build(env, plan, TableResets.in(state.resets()));
        JobClient job = env.executeAsync(plan.name);
        Signals.handle(this::signalled);
        CompletableFuture<?> result = job.getJobExecutionResult();
        CompletableFuture<Object> either = CompletableFuture.anyOf(result, stop);
        long began = System.nanoTime();
        for (long ticks = 1; !either.isDone(); ticks++) {
            try {
                either.get(STATUS_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                writeStatus();
                if (verification != null && Progress.ONLY.sum(SourceMetrics.INCREMENTAL) > 0) {
                    verification.beginOnce();
                }
                if (ticks * STATUS_SECONDS % PROGRESS_SECONDS == 0) {
                    sayRestart(job, Integer.parseInt(settings.get("rest.bind-port")));
                    say(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began) + " s: " + Progress.ONLY.line(plan.parallelism));
                }
            } catch (ExecutionException e) {
                break;
            }
        }
        int code = result.isDone() ? ended(result) : stop(job, result);
        writeStatus();
        return code;
    }

    /** The heap is the one part of the job's memory that its file does not set. */
    private void sayMemory(long heap) {
        long all = heap + plan.rest + plan.parallelism * plan.bodies;
        if (all > plan.memory) {
            long room = plan.memory - plan.rest - plan.parallelism * plan.bodies;
            say("may take " + (all >> 20) + " MB of memory, more than the " + (plan.memory >> 20) + " MB that 'memory' allows: the heap of this JVM may have " + (heap >> 20)
                    + " MB. Start it with -Xmx" + (Math.max(room, plan.heap) >> 20) + "m; bin/canal-native does, where JVM_ARGS has no -Xmx");
        }
    }

    /** A job does not end for want of it. */
    private void writeStatus() {
        try {
            status.take(Progress.ONLY);
            status.verifying(verification != null && verification.isUnderWay());
            status.write(state.path);
        } catch (IOException e) {
            LOG.warn("The job's status cannot be written to {}", state.path, e);
        }
    }

    private void sayRestart(JobClient job, int restPort) {
        long now = Progress.ONLY.sum("numRestarts");
        if (now > restarts) {
            restarts = now;
            String why = FailureReport.ofLast(restPort, job.getJobID());
            say("has failed, and starts again from its last checkpoint: " + (why == null ? "the log says why: " + log : why));
        }
    }

    /** Whether somebody listens at {@code host:port}. */
    private static boolean listens(String address) {
        int colon = address.lastIndexOf(':');
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))), 3000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private int ended(CompletableFuture<?> result) throws InterruptedException, IOException {
        try {
            result.get();
            if (verification != null) {
                verification.due();
            }
            state.ended();
            say("the input has ended: " + Progress.ONLY.line(plan.parallelism));
        } catch (ExecutionException e) {
            say("has failed after " + Progress.ONLY.line(plan.parallelism));
            status.over("failed", reason(e));
            return failed(reason(e) + "\n  the log has more: " + log);
        }
        if (verification != null) {
            return verify();
        }
        status.over("ended", null);
        return DONE;
    }

    /** All rows are in Doris, and no change follows: the last thing to be done. */
    private int verify() throws InterruptedException {
        Signals.handle(this::signalled);
        verification.begin(false);
        while (verification.isUnderWay()) {
            writeStatus();
            verification.await(STATUS_SECONDS);
        }
        status.over(stopping.get() ? "stopped" : "ended", null);
        return verification.ended();
    }

    /** Sends what was written, and keeps where the job stands. */
    private int stop(JobClient job, CompletableFuture<?> result) throws InterruptedException, IOException {
        say("is being stopped; a second signal ends it at once, at its last checkpoint");
        try {
            String savepoint = job.stopWithSavepoint(false, CanalToDoris.directory(state.path + "/savepoints"), SavepointFormatType.CANONICAL).get();
            result.get();
            status.over("stopped", null);
            // An input that ends while it is taken is followed by one more checkpoint.
            Path newest = state.newest().orElseGet(() -> Paths.get(URI.create(savepoint).getPath()));
            say("has stopped after " + Progress.ONLY.line(plan.parallelism) + "; the next start goes on from " + state.path.relativize(newest));
            return DONE;
        } catch (ExecutionException e) {
            if (endsItself(result)) {
                return ended(result);
            }
            status.over("failed", "it was not stopped cleanly: " + reason(e));
            return failed("The job was not stopped cleanly: " + reason(e) + ". The next start goes on from its last checkpoint\n  the log has more: " + log);
        }
    }

    /** Whether the job's input ended when it was to be stopped, so that there was nothing to stop any more. */
    private static boolean endsItself(CompletableFuture<?> result) throws InterruptedException {
        try {
            result.get(5, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    private void signalled() {
        if (stopping.getAndSet(true)) {
            Runtime.getRuntime().halt(130);
        }
        stop.complete(null);
    }

    /** What a Flink in this process needs beside; the file's own settings win. */
    static void embed(Map<String, String> settings) throws IOException {
        Map<String, String> embedded = new HashMap<>();
        // What the job goes on from is removed as soon as there is a newer one.
        embedded.put("execution.state-recovery.claim-mode", "CLAIM");
        embedded.put("restart-strategy.type", "exponential-delay");
        embedded.put("restart-strategy.exponential-delay.attempts-before-reset-backoff", "5");
        embedded.put("restart-strategy.exponential-delay.reset-backoff-threshold", "5 min");
        embedded.put("restart-strategy.exponential-delay.max-backoff", "30 s");
        embedded.put("rest.address", "127.0.0.1");
        embedded.put("rest.bind-address", "127.0.0.1");
        embedded.put("rest.bind-port", String.valueOf(FailureReport.freePort()));
        embedded.put("web.submit.enable", "false");
        embedded.put("classloader.check-leaked-classloader", "false");
        embedded.put("metrics.reporters", "progress");
        embedded.put("metrics.reporter.progress.factory.class", Progress.Factory.class.getName());
        embedded.forEach(settings::putIfAbsent);
    }

    private void say(String what) {
        System.out.println("[canal-native] " + plan.name + ": " + what);
    }

    /** The innermost cause, which names what failed; Flink's own say only that something did. */
    static String reason(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage() + FailureReport.remedy(cause.getClass().getName());
    }

    private static int refused(NativeException mistakes) {
        System.err.println("canal-native: " + mistakes.getMessage());
        return MISTAKEN;
    }

    static int failed(String why) {
        System.err.println("canal-native: " + why);
        return FAILED;
    }
}

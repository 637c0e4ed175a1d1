package io.canalnative.job;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.canalnative.VerifyOptions;

/**
 * The stage {@code verification} of an embedded job: its tables are compared with Doris once, when all of their rows are there. Where changes are followed that is
 * beside the job, else at its end. It is {@link Verification}, with its state beside the job's file, in a thread of its own; so it goes on where it was when the job
 * is stopped or killed meanwhile. What has been done is in a file of the job's state directory.
 */
final class VerificationStage {

    /** All rows of a job without an incremental stage are in Doris. */
    private static final String DUE = "due";
    private static final String DONE = "done";

    private final JobPlan plan;
    private final Path file;
    private final Path mark;
    private final String log;
    private final CompletableFuture<Void> stop = new CompletableFuture<>();
    /** Null until it begins. */
    private Thread thread;
    private volatile int code = EmbeddedJob.FAILED;

    /** @param state the job's state directory */
    VerificationStage(JobPlan plan, Path file, Path state, String log) {
        this.plan = plan;
        this.file = file;
        this.mark = state.resolve("verification");
        this.log = log;
    }

    /** Whether the job has come to its end, and this has not. */
    boolean isDue() throws IOException {
        return read().equals(DUE);
    }

    /** Notes that the job has come to its end. */
    void due() throws IOException {
        write(DUE);
    }

    /** The job begins anew: so does this. */
    void anew() throws IOException {
        Files.deleteIfExists(mark);
    }

    /** Begins beside the job, unless it has begun before, or was done in an earlier process. */
    void beginOnce() throws IOException {
        if (thread == null && !stop.isDone() && !read().equals(DONE)) {
            begin(true);
        }
    }

    /** @param runs whether changes of the job may be on their way */
    void begin(boolean runs) {
        say("all rows are in Doris; its tables are verified");
        thread = new Thread(() -> run(runs), "canal-native verification");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(boolean runs) {
        try (StateDirectory own = StateDirectory.ofVerification(Verification.reportOf(file).getParent())) {
            VerifyOptions options = VerifyOptions.parse(Collections.singletonList(file.toString()));
            Verification verification = new Verification(plan, options, own, log, System.out, stop);
            code = verification.run(file, runs, () -> { });
            if (verification.hasReported()) {
                write(DONE);
            }
        } catch (Exception e) {
            code = EmbeddedJob.failed("The tables were not verified: " + EmbeddedJob.reason(e) + ". The next run does it; the log may have more: " + log);
        }
    }

    /** Whether it has begun, and has not ended. */
    boolean isUnderWay() {
        return thread != null && thread.isAlive();
    }

    /** Stops it where it stands. It may not have begun. */
    void stop() {
        stop.complete(null);
    }

    /** Waits for its end. */
    void await() throws InterruptedException {
        if (thread != null) {
            thread.join();
        }
    }

    /** Waits for its end, no longer than that. */
    void await(long seconds) throws InterruptedException {
        thread.join(TimeUnit.SECONDS.toMillis(seconds));
    }

    /** After its end: the job's exit code, 0 only if all is equal. */
    int ended() {
        return code;
    }

    private String read() throws IOException {
        return Files.exists(mark) ? new String(Files.readAllBytes(mark), StandardCharsets.UTF_8) : "";
    }

    private void write(String what) throws IOException {
        Files.write(mark, what.getBytes(StandardCharsets.UTF_8));
    }

    private void say(String what) {
        System.out.println("[canal-native] " + plan.name + ": " + what);
    }
}

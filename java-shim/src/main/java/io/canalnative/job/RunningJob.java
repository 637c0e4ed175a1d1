package io.canalnative.job;

import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** An {@link EmbeddedJob} that another process runs, or has run: found by the directory of its state. */
public final class RunningJob {

    private RunningJob() {}

    /** Says how the job of a file is: what its process has written last. */
    public static int status(String file, boolean json) throws Exception {
        return EmbeddedJob.explained(() -> {
            Path directory = directory(file);
            ObjectNode found = JobStatus.read(directory);
            if (found == null) {
                return EmbeddedJob.failed("The job has not run yet: there is no status in " + directory);
            }
            boolean runs = StateDirectory.holder(directory) != null;
            System.out.println(json ? found.put("runs", runs).toPrettyString() : JobStatus.text(found, runs, System.currentTimeMillis()));
            return EmbeddedJob.DONE;
        });
    }

    /** Stops the job of a file as Ctrl-C does, and returns when its process has ended. */
    public static int pause(String file) throws Exception {
        return EmbeddedJob.explained(() -> {
            Path directory = directory(file);
            String process = StateDirectory.holder(directory);
            if (process == null) {
                return EmbeddedJob.failed("No process runs the job that keeps its state in " + directory);
            }
            if (new ProcessBuilder("kill", "-TERM", process).inheritIO().start().waitFor() != 0) {
                return EmbeddedJob.failed("The job's process, " + process + ", cannot be told to stop; stop it by Ctrl-C where it runs");
            }
            while (process.equals(StateDirectory.holder(directory))) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
            ObjectNode after = JobStatus.read(directory);
            System.out.println(after == null ? "stopped before it had begun" : JobStatus.text(after, false, System.currentTimeMillis()));
            return EmbeddedJob.DONE;
        });
    }

    private static Path directory(String file) throws Exception {
        return EmbeddedJob.directory(JobPlan.withoutPasswords(Paths.get(file)), Paths.get(file));
    }
}

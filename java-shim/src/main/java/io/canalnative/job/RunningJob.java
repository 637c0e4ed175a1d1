package io.canalnative.job;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.canalnative.NativeLibraryException;
import io.canalnative.NativeSourceTables;
import io.canalnative.source.TableResets;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** An {@link EmbeddedJob} that another process runs, or has run: found by the directory of its state. */
public final class RunningJob {

    /** Tables that are named where one is none of them. */
    private static final int NAMED = 20;

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
            Path verified = Verification.reportOf(Paths.get(file));
            if (Files.exists(verified)) {
                JobStatus.verified(found, Files.readAllBytes(verified));
            }
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

    /** Has tables read anew while the job of a file follows changes: by the process that runs it now, or by the next one. */
    public static int reset(String file, String[] tables) throws Exception {
        return EmbeddedJob.explained(() -> {
            JobPlan plan = JobPlan.read(Paths.get(file), false);
            plan.needIncremental("reset");
            Path directory = EmbeddedJob.directory(plan, Paths.get(file));
            if (JobStatus.read(directory) == null) {
                return EmbeddedJob.failed("The job has not run yet: there is no status in " + directory + ". All tables are read when it runs");
            }
            Set<String> known = tables(plan);
            for (String table : tables) {
                if (!known.contains(table)) {
                    return EmbeddedJob.failed("The job reads no table " + table + "; name them as the source does, database.table: "
                            + known.stream().limit(NAMED).collect(Collectors.joining(", ")) + (known.size() > NAMED ? ", …" : ""));
                }
            }
            TableResets.ask(StateDirectory.resets(directory), Arrays.asList(tables));
            String process = StateDirectory.holder(directory);
            System.out.println(String.join(", ", tables) + (tables.length == 1 ? ": its" : ": their") + " rows in Doris will be deleted and read anew from the source, "
                    + (process == null ? "when the job runs again and follows changes" : "now, by process " + process + ", or as soon as it follows changes"));
            return EmbeddedJob.DONE;
        });
    }

    /** What the job reads now. */
    private static Set<String> tables(JobPlan plan) throws IOException, NativeLibraryException {
        byte[] spec = ((ObjectNode) plan.database).put("log", false).toString().getBytes(StandardCharsets.UTF_8);
        Set<String> names = new TreeSet<>();
        new ObjectMapper().readTree(new NativeSourceTables().tables(spec)).path("tables")
                .forEach(table -> names.add(table.path("database").asText() + "." + table.path("table").asText()));
        return names;
    }

    private static Path directory(String file) throws Exception {
        return EmbeddedJob.directory(JobPlan.withoutPasswords(Paths.get(file)), Paths.get(file));
    }
}

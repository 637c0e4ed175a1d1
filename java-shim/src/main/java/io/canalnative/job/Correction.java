package io.canalnative.job;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;

import io.canalnative.CorrectOptions;
import io.canalnative.NativeException;
import io.canalnative.VerifyReport;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** {@code canal-native correct}: makes right what a verification found, or says what it would do. */
public final class Correction {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MISTAKEN = 2;
    /** While the job runs a correction may meet a change that is on its way. */
    private static final long SETTLE_SECONDS = 60;

    private Correction() {}

    /**
     * Corrects a job's tables.
     *
     * @param arguments those of the verb
     * @return the exit code: 0 only if nothing is left to do
     */
    public static int run(String[] arguments) throws Exception {
        CorrectOptions options = CorrectOptions.parse(Arrays.asList(arguments));
        return EmbeddedJob.explained(() -> {
            Path file = Paths.get(options.file);
            JobPlan plan = JobPlan.read(file, false);
            if (plan.database == null) {
                return mistaken("correct takes rows from a database, and the job of " + file + " has none as its source");
            }
            boolean runs = StateDirectory.holder(EmbeddedJob.directory(plan, file)) != null;
            String audit = options.audit != null ? options.audit : EmbeddedJob.beside(file, ".audit.jsonl").toString();
            byte[] report;
            try {
                report = Files.readAllBytes(Paths.get(options.report));
            } catch (IOException e) {
                return mistaken("--report " + options.report + " cannot be read (" + StateDirectory.reason(e, Paths.get(options.report)) + ")");
            }
            String mistake = mistake(report, plan);
            if (mistake != null) {
                return mistaken("--report " + options.report + " " + mistake);
            }
            ObjectNode wanted = JSON.createObjectNode().put("apply", options.apply).put("deleteSurplus", options.deleteSurplus).put("audit", audit);
            ObjectNode spec = Verification.spec(plan).put("queryAddress", options.dorisQuery).put("settleSeconds", runs ? SETTLE_SECONDS : 0);
            Path changes = Paths.get(audit);
            // A change has its line there before it is made.
            long before = length(changes);
            JsonNode done;
            try {
                done = JSON.readTree(VerifyReport.correct(bytes(spec), report, bytes(wanted)));
            } catch (NativeException e) {
                // The job's file was good: what is wrong is a server, a load, or the audit file.
                return EmbeddedJob.failed("The correction has failed: " + e.getMessage() + (length(changes) == before ? ""
                        : "\n  Part of the changes may have been made: those that have a line in " + audit + ", behind its first " + before + " bytes. A verification says what is left"));
            } catch (IllegalArgumentException e) {
                return mistaken("--report " + options.report + " is no report of a verification: " + e.getMessage());
            }
            int code = tell(done, options, audit);
            Verification.needShown(System.out, "What it has to say");
            return code;
        });
    }

    /** 0 for one that is not there. */
    private static long length(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    private static int mistaken(String why) {
        System.err.println("canal-native: " + why);
        return MISTAKEN;
    }

    /** Why something is no report of a verification of that job; null if it is one. docs/verify-report.schema.json has its members. */
    private static String mistake(byte[] json, JobPlan plan) {
        JsonNode report;
        try {
            report = JSON.readTree(json);
        } catch (IOException e) {
            return "is no report of a verification: it is no JSON";
        }
        String lacks = lacks(report, "job", "began", "ended", "equal", "tables");
        for (JsonNode table : report.path("tables")) {
            lacks = lacks != null ? lacks : lacks(table, "table", "target", "found");
            for (JsonNode found : table.path("found")) {
                lacks = lacks != null ? lacks : lacks(found, "difference", "key");
            }
        }
        if (lacks != null) {
            return "is no report of a verification: " + lacks;
        }
        String job = report.get("job").asText();
        return job.equals(plan.name) ? null : "is of the job '" + job + "', and the file's is '" + plan.name + "'; give the report of a verification of this job";
    }

    private static String lacks(JsonNode object, String... members) {
        if (!object.isObject()) {
            return "it, or a table or key in it, is no JSON object";
        }
        for (String member : members) {
            if (!object.has(member)) {
                return "it lacks the member '" + member + "'";
            }
        }
        return null;
    }

    private static int tell(JsonNode done, CorrectOptions options, String audit) throws Exception {
        done.get("lines").forEach(line -> System.out.println((options.apply ? "" : "would ") + line.asText()));
        long more = done.get("moreLines").asLong();
        if (more > 0) {
            System.out.println(String.format("and %,d more", more));
        }
        done.get("problems").forEach(problem -> System.out.println(problem.asText()));
        long unread = done.get("unread").asLong();
        long changes = done.get("written").asLong() + done.get("deleted").asLong();
        System.out.println(String.format("%s: %,d rows written, %,d deleted, %,d left that only Doris has; %,d of the report are equal by now",
                options.apply ? "done" : "nothing was done; --apply does it", done.get("written").asLong(), done.get("deleted").asLong(), done.get("kept").asLong(), done.get("equal").asLong())
                + (unread == 0 ? "" : String.format(", %,d cannot be looked at", unread)));
        JsonNode left = done.get("left");
        if (left.isNull()) {
            return changes + done.get("kept").asLong() + unread == 0 ? EmbeddedJob.DONE : 1;
        }
        System.out.println("each change is in " + audit + "; the same keys now:\n");
        System.out.println(VerifyReport.text(bytes(left)));
        return left.get("equal").asBoolean() && unread == 0 ? EmbeddedJob.DONE : 1;
    }

    private static byte[] bytes(JsonNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}

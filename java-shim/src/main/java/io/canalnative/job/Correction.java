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
                System.err.println("canal-native: correct takes rows from a database, and the job of " + file + " has none as its source");
                return MISTAKEN;
            }
            boolean runs = StateDirectory.holder(EmbeddedJob.directory(plan, file)) != null;
            String audit = options.audit != null ? options.audit : EmbeddedJob.beside(file, ".audit.jsonl").toString();
            ObjectNode wanted = JSON.createObjectNode().put("apply", options.apply).put("deleteSurplus", options.deleteSurplus).put("audit", audit);
            ObjectNode spec = Verification.spec(plan).put("queryAddress", options.dorisQuery).put("settleSeconds", runs ? SETTLE_SECONDS : 0);
            byte[] report = Files.readAllBytes(Paths.get(options.report));
            String mistake = mistake(report, plan.name);
            if (mistake != null) {
                System.err.println("canal-native: " + options.report + mistake);
                return MISTAKEN;
            }
            byte[] done;
            try {
                done = VerifyReport.correct(bytes(spec), report, bytes(wanted));
            } catch (NativeException e) {
                boolean begun = options.apply && Files.exists(Paths.get(audit));
                return EmbeddedJob.failed(e.getMessage() + (begun ? "\n  rows that " + audit + " names may have been changed; a correction by the same report goes on" : ""));
            }
            return tell(JSON.readTree(done), options, audit);
        });
    }

    /** Why it is no report of that job; null if it is one. */
    private static String mistake(byte[] report, String job) {
        JsonNode of;
        try {
            of = JSON.readTree(report);
        } catch (IOException e) {
            return " is not JSON: " + e.getMessage().split("\\R", 2)[0];
        }
        if (of == null || !of.path("job").isTextual() || !of.path("tables").isArray()) {
            return " is no report of a verification: canal-native verify JOB.yaml --report FILE writes one";
        }
        String other = of.get("job").asText();
        return other.equals(job) ? null : " is of the job " + other + ", and this one is " + job;
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

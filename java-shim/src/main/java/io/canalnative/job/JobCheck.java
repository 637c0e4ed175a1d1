package io.canalnative.job;

import java.io.IOException;
import java.nio.file.Paths;

import io.canalnative.JobFile;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Both sides of a job, looked at before it runs. Nothing is changed. */
public final class JobCheck {

    private static final ObjectMapper JSON = new ObjectMapper();

    private JobCheck() {}

    /**
     * Prints what was found.
     *
     * @param json as {@code {"findings": [{"side", "verdict", "subject", "text"}], "errors", "notices"}}, else a line each
     * @return 0 if nothing is wrong, 1 if something is
     */
    public static int check(String file, boolean json) throws Exception {
        return EmbeddedJob.explained(() -> {
            JsonNode findings = read(JobFile.preflight(Paths.get(file)));
            int errors = count(findings, "error");
            int notices = count(findings, "notice");
            if (json) {
                System.out.println(JSON.createObjectNode().put("errors", errors).put("notices", notices).set("findings", findings).toPrettyString());
            } else {
                findings.forEach(finding -> System.out.println(line(finding)));
                System.out.println((errors == 0 ? "nothing is wrong" : counted(errors, "error")) + (notices == 0 ? "" : ", " + counted(notices, "notice")));
            }
            return errors == 0 ? EmbeddedJob.DONE : EmbeddedJob.FAILED;
        });
    }

    private static JsonNode read(String findings) throws IOException {
        return JSON.readTree(findings);
    }

    private static int count(JsonNode findings, String verdict) {
        int count = 0;
        for (JsonNode finding : findings) {
            count += finding.get("verdict").asText().equals(verdict) ? 1 : 0;
        }
        return count;
    }

    private static String counted(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    private static String line(JsonNode finding) {
        return String.format("%-6s  %-6s  %s: %s", finding.get("verdict").asText(), finding.get("side").asText(), finding.get("subject").asText(), finding.get("text").asText());
    }
}

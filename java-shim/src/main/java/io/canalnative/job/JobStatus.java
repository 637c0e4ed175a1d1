package io.canalnative.job;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Locale;

import io.canalnative.source.SourceMetrics;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * How an embedded job is, in the file {@code status.json} of its state directory, which another process can read. Times are epoch milliseconds.
 *
 * <pre>{"name", "pid", "state": "running" | "ended" | "stopped" | "failed", "why": text or null, "stage", "began", "updated",
 * "tables": [{"table", "rows", "expected", "done"}], "tablesDone", "tablesAll", "rowsRead", "rowsExpected", "rowsPerSecond", "secondsLeft",
 * "lagMillis", "messages", "rowsLoaded", "loads", "lastLoad", "schemaChanges", "lastSchemaChange": {"at", "what"}, "waiting", "notApplied",
 * "restarts", "verifying"}</pre>
 *
 * {@code canal-native status} adds {@code "verified": {"at", "equal", "rows", "missing", "surplus", "different", "notCompared"}} where there is a report of a
 * verification: the sums of its tables, and how many of these were not compared.
 *
 * {@code stage} is {@code full-data} or {@code incremental} where a database is read, else {@code canal}; what is not known is null.
 */
final class JobStatus {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "status.json";
    private static final int BAR = 20;
    /** Of tables that are not read yet, so many are shown. */
    private static final int SHOWN = 20;

    private final ObjectNode status;
    private final int parallelism;
    /** Rows that were read when this process began, and when that was. */
    private long rowsAtFirst = -1;
    private long firstAt;

    JobStatus(JobPlan plan) {
        status = JSON.createObjectNode().put("name", plan.name).put("pid", processId()).put("state", "running").put("began", System.currentTimeMillis());
        parallelism = plan.parallelism;
    }

    /** Takes what the job's metrics are now. */
    void take(Progress progress) {
        long now = System.currentTimeMillis();
        status.put("updated", now).put("stage", stage(progress));
        boolean reads = progress.sum(SourceMetrics.TABLES) > 0;
        long rows = progress.sum(SourceMetrics.ROWS_DONE) + progress.sum(SourceMetrics.ROWS_UNDER_WAY);
        if (reads) {
            rows(rows, Math.max(rows, progress.sum(SourceMetrics.ROWS_EXPECTED)), now);
            status.put("tablesDone", progress.sum(SourceMetrics.TABLES_DONE)).put("tablesAll", progress.sum(SourceMetrics.TABLES));
            status.set("tables", tables(progress.text(SourceMetrics.TABLE_PROGRESS)));
        }
        boolean incremental = progress.sum(SourceMetrics.INCREMENTAL) > 0;
        status.set("lagMillis", incremental ? JSON.getNodeFactory().numberNode(progress.sum(SourceMetrics.LAG)) : JSON.nullNode());
        since("lastLoad", "loads", progress.sum("loads"), now);
        String change = progress.text("lastSchemaChange");
        if (!change.isEmpty() && !change.equals(status.path("lastSchemaChange").path("what").asText())) {
            status.putObject("lastSchemaChange").put("at", now).put("what", change);
        }
        status.put("messages", progress.sum("messages")).put("rowsLoaded", progress.sum("loadedRows")).put("schemaChanges", progress.sum("ddl") / parallelism);
        status.put("waiting", progress.sum("parked")).put("notApplied", progress.sum("unapplied")).put("restarts", progress.sum("numRestarts"));
    }

    private static String stage(Progress progress) {
        if (progress.sum(SourceMetrics.TABLES) == 0) {
            return "canal";
        }
        return progress.sum(SourceMetrics.INCREMENTAL) > 0 ? "incremental" : "full-data";
    }

    private void rows(long rows, long expected, long now) {
        if (rowsAtFirst < 0) {
            rowsAtFirst = rows;
            firstAt = now;
        }
        status.put("rowsRead", rows).put("rowsExpected", expected);
        if (now > firstAt && rows > rowsAtFirst && rows < expected) {
            double perSecond = (rows - rowsAtFirst) * 1000.0 / (now - firstAt);
            status.put("rowsPerSecond", Math.round(perSecond)).put("secondsLeft", Math.round((expected - rows) / perSecond));
        } else {
            status.putNull("rowsPerSecond").putNull("secondsLeft");
        }
    }

    private static JsonNode tables(String json) {
        try {
            return json.isEmpty() ? JSON.createArrayNode() : JSON.readTree(json);
        } catch (IOException e) {
            return JSON.createArrayNode();
        }
    }

    /** Notes when a count grew last, as far as it is looked at. */
    private void since(String at, String name, long count, long now) {
        if (count > status.path(name).asLong()) {
            status.put(at, now);
        }
        status.put(name, count);
    }

    /** Whether the stage verification is under way. */
    void verifying(boolean is) {
        status.put("verifying", is);
    }

    /** @param why null where it has not failed */
    void over(String state, String why) {
        status.put("state", state).put("why", why);
    }

    /** Whoever reads it sees it whole. */
    void write(Path directory) throws IOException {
        Path written = directory.resolve(FILE + ".new");
        Files.write(written, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(status).getBytes(StandardCharsets.UTF_8));
        Files.move(written, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** As the job has written it last; null if it never has. */
    static ObjectNode read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        return Files.exists(file) ? (ObjectNode) JSON.readTree(Files.readAllBytes(file)) : null;
    }

    /** Adds what the last verification has found. */
    static void verified(ObjectNode status, byte[] report) throws IOException {
        JsonNode found = JSON.readTree(report);
        ObjectNode verified = status.putObject("verified").put("at", found.path("ended").asLong()).put("equal", found.path("equal").asBoolean());
        String[][] sums = {{"rows", "sourceRows"}, {"missing", "missing"}, {"surplus", "surplus"}, {"different", "different"}};
        for (String[] sum : sums) {
            long all = 0;
            for (JsonNode table : found.path("tables")) {
                all += table.path(sum[1]).asLong();
            }
            verified.put(sum[0], all);
        }
        long notCompared = 0;
        for (JsonNode table : found.path("tables")) {
            notCompared += table.path("refused").isTextual() ? 1 : 0;
        }
        verified.put("notCompared", notCompared);
    }

    /**
     * For people.
     *
     * @param runs whether the process is there
     */
    static String text(JsonNode status, boolean runs, long now) {
        String state = runs || !status.path("state").asText().equals("running") ? status.path("state").asText() : "killed; the next run goes on from its last checkpoint";
        StringBuilder text = new StringBuilder();
        text.append(status.path("name").asText()).append(": ").append(state);
        text.append(runs ? " (process " + status.path("pid").asText() + ", for " + span(now - status.path("began").asLong()) + ")" : ", " + span(now - status.path("updated").asLong()) + " ago");
        if (!status.path("why").asText("").isEmpty() && !status.path("why").isNull()) {
            text.append("\n  ").append(status.path("why").asText());
        }
        if (!status.path("stage").asText().equals("canal")) {
            text.append("\n  stage: ").append(status.path("stage").asText());
            lag(text, status);
            tables(text, (ArrayNode) status.withArray("tables"));
            text.append(String.format(Locale.ROOT, "%n  %,d of %,d tables, %,d of about %,d rows read", status.path("tablesDone").asLong(), status.path("tablesAll").asLong(),
                    status.path("rowsRead").asLong(), status.path("rowsExpected").asLong()));
            if (runs && status.path("rowsPerSecond").isNumber()) {
                text.append(String.format(Locale.ROOT, ", %,d a second, about %s left", status.path("rowsPerSecond").asLong(), span(status.path("secondsLeft").asLong() * 1000)));
            }
        }
        text.append(String.format(Locale.ROOT, "%n  %,d messages, %,d rows loaded in %,d loads", status.path("messages").asLong(), status.path("rowsLoaded").asLong(), status.path("loads").asLong()));
        text.append(status.has("lastLoad") ? ", the last one " + span(now - status.path("lastLoad").asLong()) + " ago" : "");
        text.append(String.format(Locale.ROOT, "%n  %,d schema changes", status.path("schemaChanges").asLong()));
        JsonNode change = status.path("lastSchemaChange");
        text.append(change.isObject() ? ", the last one " + span(now - change.path("at").asLong()) + " ago: " + change.path("what").asText() : "");
        text.append(String.format(Locale.ROOT, "%n  %,d messages waiting for their tables, %,d messages or rows not applied, %,d restarts", status.path("waiting").asLong(), status.path("notApplied").asLong(), status.path("restarts").asLong()));
        text.append(runs && status.path("verifying").asBoolean() ? "\n  its tables are being verified" : "");
        verification(text, status.path("verified"), now);
        return text.toString();
    }

    private static void verification(StringBuilder text, JsonNode verified, long now) {
        if (verified.isObject()) {
            text.append(String.format(Locale.ROOT, "%n  verified %s ago, %,d rows: ", span(now - verified.path("at").asLong()), verified.path("rows").asLong()));
            text.append(verified.path("equal").asBoolean() ? "equal" : String.format(Locale.ROOT, "NOT equal, %,d missing in Doris, %,d only there, %,d different, %,d tables not compared",
                    verified.path("missing").asLong(), verified.path("surplus").asLong(), verified.path("different").asLong(), verified.path("notCompared").asLong()));
        }
    }

    private static void lag(StringBuilder text, JsonNode status) {
        if (status.path("lagMillis").isNumber()) {
            long lag = status.path("lagMillis").asLong();
            text.append(lag < 1000 ? ", in step with the source" : ", " + span(lag) + " behind the source");
        }
    }

    /** Those under way and the first of those that are not; what is done is in the sum. */
    private static void tables(StringBuilder text, ArrayNode tables) {
        int left = 0;
        for (JsonNode table : tables) {
            if (table.path("done").asBoolean() || left++ >= SHOWN) {
                continue;
            }
            long rows = table.path("rows").asLong();
            long expected = Math.max(1, table.path("expected").asLong());
            int full = (int) (BAR * Math.min(rows, expected) / expected);
            text.append(String.format(Locale.ROOT, "%n  [%s%s] %3d %%  %s: %,d of about %,d rows", bar('#', full), bar('-', BAR - full), 100 * Math.min(rows, expected) / expected,
                    table.path("table").asText(), rows, expected));
        }
        if (left > SHOWN) {
            text.append("\n  and ").append(left - SHOWN).append(" tables more");
        }
    }

    private static String bar(char of, int length) {
        char[] all = new char[length];
        Arrays.fill(all, of);
        return new String(all);
    }

    /** Of this process: {@code pid@host} is what Java 8 has of it. */
    static String processId() {
        return ManagementFactory.getRuntimeMXBean().getName().split("@")[0];
    }

    private static String span(long millis) {
        long seconds = Math.max(0, millis / 1000);
        if (seconds < 120) {
            return seconds + " s";
        }
        return seconds < 7200 ? seconds / 60 + " min" : seconds / 3600 + " h " + seconds % 3600 / 60 + " min";
    }
}

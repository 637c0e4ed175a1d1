package io.canalnative.database;

import java.io.IOException;
import java.util.function.Consumer;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.slf4j.Logger;

/** What the native side has to say, for people: tables made, changed, stopped; messages passed over. */
final class ReportLog {

    private final Logger log;
    /** Told of each change that was made in Doris. */
    private final Consumer<String> changes;

    ReportLog(Logger log, Consumer<String> changes) {
        this.log = log;
        this.changes = changes;
    }

    /** @param reports {@link io.canalnative.DatabaseLoads#reports} */
    void write(byte[] reports) throws IOException {
        for (JsonNode report : DatabaseSpec.JSON.readTree(reports)) {
            String topic = report.path("topic").asText();
            String table = report.path("table").asText();
            String text = report.path("text").asText();
            String of = table.isEmpty() ? "" : " (" + table + ")";
            if (topic.equals("created") || topic.equals("changed")) {
                changes.accept(topic + of + ": " + text);
            }
            switch (report.path("severity").asText()) {
                case "info":
                    log.info("{}{}: {}", topic, of, text);
                    break;
                case "warning":
                    log.warn("{}{}: {}", topic, of, text);
                    break;
                default:
                    log.error("{}{}: {}", topic, of, text);
            }
        }
    }
}

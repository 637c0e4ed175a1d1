package io.canalnative.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.canalnative.JobFile;
import io.canalnative.NativeLibraryException;
import io.canalnative.source.Stages;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** What a job's file asks for: the JSON of {@code native/src/job/plan.rs}. It has a password in it, so it is shown to nobody. */
final class JobPlan {

    private static final ObjectMapper JSON = new ObjectMapper();

    final String name;
    final int parallelism;
    final long checkpointSeconds;
    /** Bytes: the ceiling for the process, what the heap may have of it, what is neither heap nor bodies, and the bodies of each subtask. */
    final long memory;
    final long heap;
    final long rest;
    final long bodies;
    /** Null where the file names none. */
    final String stateDirectory;
    /** Further settings of Flink. */
    final Map<String, String> flink;
    /** Topics of Canal's messages; null where they come from elsewhere. */
    final JsonNode kafka;
    /** Files of Canal's messages; null where they come from elsewhere. */
    final List<String> files;
    /** A database that is read itself; null where Canal's messages are. */
    final JsonNode database;
    /** Of a database; null where there is none. */
    final Stages stages;
    /** The tables are compared with Doris once all of their rows are there. */
    final boolean verifies;
    /** {@code host:port} of Doris' front ends. */
    final List<String> frontEnds;
    /** For {@code CanalDorisSink}. */
    final String sink;
    /** A table that cannot be in Doris fails the job. */
    final boolean failsOnTable;
    /** Nothing is done in Doris; what would be is only said. */
    final boolean onlySays;

    private JobPlan(JsonNode plan, boolean onlySays) {
        this.onlySays = onlySays;
        name = plan.get("name").asText();
        parallelism = plan.get("parallelism").asInt();
        checkpointSeconds = plan.get("checkpointSeconds").asLong();
        memory = plan.get("memory").get("ceiling").asLong();
        heap = plan.get("memory").get("heap").asLong();
        rest = plan.get("memory").get("rest").asLong();
        bodies = plan.get("sink").get("memoryBytes").asLong();
        stateDirectory = plan.get("stateDirectory").isNull() ? null : plan.get("stateDirectory").asText();
        flink = texts(plan.get("flink"));
        kafka = plan.get("source").get("kafka");
        database = plan.get("source").get("database");
        stages = database == null ? null : onlySays ? Stages.DEFINITIONS : stages(plan.get("source").get("stages"));
        verifies = database != null && !onlySays && plan.get("source").get("stages").get("verification").asBoolean();
        if (onlySays && database != null) {
            ((ObjectNode) database).put("log", false);
        }
        files = plan.get("source").has("files") ? items(plan.get("source").get("files").get("paths")) : null;
        frontEnds = items(plan.get("sink").get("fenodes"));
        failsOnTable = plan.get("sink").path("onError").path("table").asText().equals("fail");
        sink = ((ObjectNode) plan.get("sink")).put("flushMillis", plan.get("flushSeconds").asLong() * 1000).put("plan", onlySays).toString();
    }

    /**
     * Reads a job's file.
     *
     * @param onlySays it is to end where its topics end now, and to do nothing in Doris
     * @throws io.canalnative.NativeException names all its mistakes
     * @throws NativeLibraryException the library, which reads it, is not available here
     */
    static JobPlan read(Path file, boolean onlySays) throws IOException, NativeLibraryException {
        return new JobPlan(JSON.readTree(JobFile.read(file)), onlySays);
    }

    /** Reads a job's file for who does not connect to anything; passwords are empty. */
    static JobPlan withoutPasswords(Path file) throws IOException, NativeLibraryException {
        return new JobPlan(JSON.readTree(JobFile.check(file)), true);
    }

    /** @throws IllegalArgumentException changes are not followed, so that there is nothing beside which a table could be read anew */
    void needIncremental(String what) {
        if (database == null) {
            throw new IllegalArgumentException(what + " is for jobs whose source is a database; the tables of this one come from Canal's messages");
        }
        if (!stages.incremental) {
            throw new IllegalArgumentException(what + " is for jobs that follow changes; this one has no incremental stage, and reads all its tables anew when it is run again");
        }
    }

    private static Stages stages(JsonNode stages) {
        return Stages.of(stages.get("full").asBoolean(), stages.get("incremental").asBoolean());
    }

    static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> each = object.fields(); each.hasNext(); ) {
            Map.Entry<String, JsonNode> one = each.next();
            texts.put(one.getKey(), one.getValue().asText());
        }
        return texts;
    }

    static List<String> items(JsonNode list) {
        List<String> items = new ArrayList<>();
        list.forEach(item -> items.add(item.asText()));
        return items;
    }

    @Override
    public String toString() {
        return "job " + name;
    }
}

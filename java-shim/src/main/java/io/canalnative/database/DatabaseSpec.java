package io.canalnative.database;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;

import io.canalnative.doris.LabelParts;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonProcessingException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The specification of a sink: JSON, {@code DatabaseSpec} in native/src/sync/open.rs but for {@code label}, which each subtask has its own of, and
 * with {@code flushMillis}, which this side goes by. It has a password in it, so it is shown to nobody.
 */
final class DatabaseSpec implements Serializable {
    private static final long serialVersionUID = 1L;

    static final ObjectMapper JSON = new ObjectMapper();

    /** Between two flushes, unless {@code flushMillis} says otherwise; 0 for none. */
    static final long FLUSH_MILLIS = 10_000;

    private final String json;
    /** Between two flushes; 0 if only checkpoints and full bodies send. */
    final long flushMillis;
    /** Loads that are under way at once; more are waiting. */
    final long inFlight;
    final boolean protobuf;
    /** Nothing is done in Doris; what would be is only said. */
    final boolean onlySays;

    /** @throws IllegalArgumentException if it is no JSON object, or has a member that cannot be in it */
    DatabaseSpec(String json) {
        this.json = json;
        ObjectNode spec = read(json);
        if (spec.has("label")) {
            throw new IllegalArgumentException("The sink's specification has 'label'; leave it out, each subtask makes its own");
        }
        JsonNode flush = spec.path("flushMillis");
        if (!flush.isMissingNode() && !(flush.isIntegralNumber() && flush.canConvertToLong() && flush.asLong() >= 0)) {
            throw new IllegalArgumentException("'flushMillis' of the sink's specification is " + flush + "; write milliseconds, or 0 for no flush by the clock");
        }
        this.flushMillis = flush.asLong(FLUSH_MILLIS);
        this.inFlight = spec.path("inFlight").asLong(1);
        this.onlySays = spec.path("plan").asBoolean();
        this.protobuf = spec.path("wire").asText().equals("protobuf");
    }

    /** The specification of one subtask, for the native side. */
    byte[] of(LabelParts label) {
        ObjectNode spec = read(json);
        spec.remove("flushMillis");
        label.write(spec.putObject("label"), "");
        return spec.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Jackson's own exceptions quote the text, which has a password in it. */
    private static ObjectNode read(String json) {
        JsonNode spec;
        try {
            spec = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            String place = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
            throw new IllegalArgumentException("The sink's specification is not JSON" + place);
        }
        if (!spec.isObject()) {
            throw new IllegalArgumentException("The sink's specification is not a JSON object");
        }
        return (ObjectNode) spec;
    }

    @Override
    public String toString() {
        return "***";
    }
}

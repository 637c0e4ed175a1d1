package io.canalnative.format;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.canalnative.row.RowColumns;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** Writes the decoder's specification as the native side reads it: {@code DecoderSpec} in native/src/schema.rs. */
final class DecoderSpec {

    /** The root of TIME. */
    static final LogicalTypeRoot TIME = LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE;

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private DecoderSpec() {}

    /** The specification as UTF-8 JSON. */
    static byte[] json(DecodingOptions options, RowType physical, List<String> metadataKeys, boolean timeMillis, Wire wire) {
        ObjectNode spec = JSON.objectNode();
        spec.set("fields", RowColumns.json(physical));
        ArrayNode metadata = spec.putArray("metadata");
        for (String key : metadataKeys) {
            if (CanalMetadata.of(key) != CanalMetadata.RAW) {
                metadata.add(key);
            }
        }
        spec.put("semantics", options.flinkSemantics ? "flink" : "canal");
        spec.put("lenient", options.lenient);
        spec.put("timestamp", options.iso8601 ? "ISO-8601" : "SQL");
        spec.put("filterDatabase", options.database != null);
        spec.put("filterTable", options.table != null);
        spec.put("timeMillis", timeMillis);
        spec.put("ddl", options.ddl.text);
        spec.put("zeroDate", options.zeroDate.text);
        spec.put("wire", wire.text);
        return spec.toString().getBytes(StandardCharsets.UTF_8);
    }
}

package io.canalnative.format;

import java.nio.charset.StandardCharsets;

import io.canalnative.row.RowColumns;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.types.logical.RowType;

/** Writes the encoder's specification as the native side reads it: {@code EncoderSpec} in native/src/schema.rs. */
final class EncoderSpec {

    private EncoderSpec() {}

    /** The specification as UTF-8 JSON. */
    static byte[] json(EncodingOptions options, RowType consumed, EncoderProbe stock) {
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        spec.set("fields", RowColumns.json(consumed));
        spec.put("timestamp", options.iso8601 ? "ISO-8601" : "SQL");
        spec.put("mapNullKey", options.nullKeyMode);
        spec.put("mapNullKeyLiteral", options.nullKeyLiteral);
        spec.put("plainDecimals", options.plainDecimals);
        spec.put("stripPlainDecimals", stock.stripsPlainDecimals);
        spec.put("ignoreNulls", options.ignoreNulls);
        spec.put("timeMillis", stock.keepsTimeMillis);
        spec.put("floatText", stock.shortestFloats ? "shortest" : "jdk18");
        spec.put("update", options.updates ? "update" : "delete-insert");
        if (options.envelope != null) {
            ObjectNode envelope = spec.putObject("envelope");
            envelope.put("database", options.envelope.database);
            envelope.put("table", options.envelope.table);
            ArrayNode pkNames = envelope.putArray("pkNames");
            options.envelope.pkNames.forEach(pkNames::add);
        }
        return spec.toString().getBytes(StandardCharsets.UTF_8);
    }
}

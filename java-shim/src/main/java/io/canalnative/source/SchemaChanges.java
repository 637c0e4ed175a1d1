package io.canalnative.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** Schema changes as Canal's flat messages. */
final class SchemaChanges {

    private static final ObjectMapper JSON = new ObjectMapper();

    private SchemaChanges() {}

    /** The TRUNCATE TABLE of the table that a CREATE TABLE defines. */
    static byte[] truncation(byte[] definition) {
        try {
            ObjectNode message = (ObjectNode) JSON.readTree(definition);
            String table = message.get("table").asText().replace("`", "``");
            return message.put("type", "TRUNCATE").put("sql", "TRUNCATE TABLE `" + table + "`").toString().getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("The definition of a table is no message", e);
        }
    }
}

package io.canalnative.format;

import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Writes the decoder's specification as the native side reads it: {@code DecoderSpec} in native/src/schema.rs. */
final class DecoderSpec {

    /** The root of TIME. */
    static final LogicalTypeRoot TIME = LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE;

    private static final Set<LogicalTypeRoot> ROOTS =
            EnumSet.of(
                    LogicalTypeRoot.NULL,
                    LogicalTypeRoot.BOOLEAN,
                    LogicalTypeRoot.TINYINT,
                    LogicalTypeRoot.SMALLINT,
                    LogicalTypeRoot.INTEGER,
                    LogicalTypeRoot.BIGINT,
                    LogicalTypeRoot.FLOAT,
                    LogicalTypeRoot.DOUBLE,
                    LogicalTypeRoot.CHAR,
                    LogicalTypeRoot.VARCHAR,
                    LogicalTypeRoot.BINARY,
                    LogicalTypeRoot.VARBINARY,
                    LogicalTypeRoot.DECIMAL,
                    LogicalTypeRoot.DATE,
                    LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE,
                    LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE,
                    LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE,
                    LogicalTypeRoot.INTERVAL_YEAR_MONTH,
                    LogicalTypeRoot.INTERVAL_DAY_TIME,
                    LogicalTypeRoot.ARRAY,
                    LogicalTypeRoot.MULTISET,
                    LogicalTypeRoot.MAP,
                    LogicalTypeRoot.ROW);

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private DecoderSpec() {}

    /** Whether the specification has a name for every type in it. */
    static boolean canExpress(LogicalType type) {
        return ROOTS.contains(type.getTypeRoot()) && type.getChildren().stream().allMatch(DecoderSpec::canExpress);
    }

    /** Whether a type or one nested in it has this root. */
    static boolean contains(LogicalType type, LogicalTypeRoot root) {
        return type.getTypeRoot() == root || type.getChildren().stream().anyMatch(child -> contains(child, root));
    }

    /** The specification as UTF-8 JSON. */
    static byte[] json(DecodingOptions options, RowType physical, List<String> metadataKeys, boolean timeMillis) {
        ObjectNode spec = JSON.objectNode();
        spec.set("fields", fields(physical));
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
        return spec.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The columns of a row, by name and type. */
    static ArrayNode fields(RowType row) {
        ArrayNode fields = JSON.arrayNode();
        for (RowType.RowField field : row.getFields()) {
            ObjectNode node = fields.addObject();
            node.put("name", field.getName());
            node.set("type", type(field.getType()));
        }
        return fields;
    }

    private static ObjectNode type(LogicalType type) {
        ObjectNode node = JSON.objectNode();
        node.put("root", type.getTypeRoot().name());
        node.put("nullable", type.isNullable());
        List<LogicalType> children = type.getChildren();
        switch (type.getTypeRoot()) {
            case DECIMAL:
                node.put("precision", ((DecimalType) type).getPrecision());
                node.put("scale", ((DecimalType) type).getScale());
                break;
            case TIME_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                node.put("precision", LogicalTypeChecks.getPrecision(type));
                break;
            case ARRAY:
            case MULTISET:
                node.set("element", type(children.get(0)));
                break;
            case MAP:
                node.set("key", type(children.get(0)));
                node.set("value", type(children.get(1)));
                break;
            case ROW:
                node.set("fields", fields((RowType) type));
                break;
            default:
                break;
        }
        return node;
    }
}

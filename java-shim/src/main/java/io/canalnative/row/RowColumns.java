package io.canalnative.row;

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

/** A row's columns, by name and type, as every specification for the native side has them: {@code Field} in native/src/schema.rs. */
public final class RowColumns {

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

    private RowColumns() {}

    /** Whether the native side has a name for every type in it. */
    public static boolean canExpress(LogicalType type) {
        return ROOTS.contains(type.getTypeRoot()) && type.getChildren().stream().allMatch(RowColumns::canExpress);
    }

    /** Whether a type or one nested in it has this root. */
    public static boolean contains(LogicalType type, LogicalTypeRoot root) {
        return type.getTypeRoot() == root || type.getChildren().stream().anyMatch(child -> contains(child, root));
    }

    /** The columns of a row, as JSON. */
    public static ArrayNode json(RowType row) {
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
                node.set("fields", json((RowType) type));
                break;
            default:
                break;
        }
        return node;
    }
}

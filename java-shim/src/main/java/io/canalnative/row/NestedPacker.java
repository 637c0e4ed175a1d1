package io.canalnative.row;

import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryFormat;
import org.apache.flink.table.data.binary.BinarySection;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.runtime.typeutils.ArrayDataSerializer;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.runtime.typeutils.MapDataSerializer;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.MultisetType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;

/** Brings an ARRAY, MAP, MULTISET or ROW field into Flink's binary format, with Flink's serializers. */
final class NestedPacker {

    private static final LogicalType COUNT = new IntType(false);

    private final LogicalType type;
    private final TypeSerializer<Object> serializer;

    NestedPacker(LogicalType type) {
        this.type = type;
        this.serializer = InternalSerializers.create(type);
    }

    /** The field's value in binary form, valid until the next call; null if that form would lose something of it. */
    BinaryFormat pack(RowData row, int field) {
        Object value = value(row, field);
        if (value instanceof BinarySection) {
            return (BinarySection) value;
        }
        try {
            return holds(value, type) ? binary(value) : null;
        } catch (RuntimeException e) {
            // A value that Flink's serializers do not take (a null key, a foreign class): Flink's encoder has the last word.
            return null;
        }
    }

    private Object value(RowData row, int field) {
        switch (type.getTypeRoot()) {
            case ARRAY:
                return row.getArray(field);
            case ROW:
                return row.getRow(field, ((RowType) type).getFieldCount());
            default:
                return row.getMap(field);
        }
    }

    private BinaryFormat binary(Object value) {
        TypeSerializer<?> of = serializer;
        switch (type.getTypeRoot()) {
            case ARRAY:
                return ((ArrayDataSerializer) of).toBinaryArray((ArrayData) value);
            case ROW:
                return ((RowDataSerializer) of).toBinaryRow((RowData) value);
            default:
                return ((MapDataSerializer) of).toBinaryMap((MapData) value);
        }
    }

    /** Whether a value's binary form is the value: see {@link RowPacker}. */
    private static boolean holds(Object value, LogicalType type) {
        if (value == null) {
            return true;
        }
        switch (type.getTypeRoot()) {
            case CHAR:
            case VARCHAR:
                return holds((StringData) value);
            case DECIMAL:
                return holds((DecimalData) value, (DecimalType) type);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return LogicalTypeChecks.getPrecision(type) > 3 || ((TimestampData) value).getNanoOfMillisecond() == 0;
            case ARRAY:
                return value instanceof BinarySection || holds((ArrayData) value, ((ArrayType) type).getElementType());
            case MULTISET:
                return value instanceof BinarySection || holds((MapData) value, ((MultisetType) type).getElementType(), COUNT);
            case MAP:
                return value instanceof BinarySection
                        || holds((MapData) value, ((MapType) type).getKeyType(), ((MapType) type).getValueType());
            case ROW:
                return value instanceof BinarySection || holds((RowData) value, (RowType) type);
            default:
                return true;
        }
    }

    private static boolean holds(StringData text) {
        if (!(text instanceof BinaryStringData)) {
            return false;
        }
        String object = ((BinaryStringData) text).getJavaObject();
        return object == null || !RowPacker.losesSurrogate(object, text.toBytes());
    }

    private static boolean holds(DecimalData value, DecimalType type) {
        return value.scale() == type.getScale() && value.precision() <= type.getPrecision();
    }

    private static boolean holds(MapData map, LogicalType key, LogicalType value) {
        return holds(map.keyArray(), key) && holds(map.valueArray(), value);
    }

    private static boolean holds(ArrayData array, LogicalType element) {
        ArrayData.ElementGetter get = ArrayData.createElementGetter(element.copy(true));
        for (int i = 0; i < array.size(); i++) {
            if (!holds(get.getElementOrNull(array, i), element)) {
                return false;
            }
        }
        return true;
    }

    private static boolean holds(RowData row, RowType type) {
        for (int i = 0; i < type.getFieldCount(); i++) {
            LogicalType field = type.getTypeAt(i);
            if (!holds(RowData.createFieldGetter(field.copy(true), i).getFieldOrNull(row), field)) {
                return false;
            }
        }
        return true;
    }
}

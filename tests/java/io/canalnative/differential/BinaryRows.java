package io.canalnative.differential;

import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.table.types.logical.RowType;

/** Generated rows in Flink's binary form. */
public final class BinaryRows {

    private BinaryRows() {}

    /** The row in binary form; null for one that Flink's serializer does not take, or does not write so that Flink can read it. */
    public static BinaryRowData of(RowDataSerializer serializer, GenericRowData row, RowType type) {
        if (!isReadable(row, type)) {
            return null;
        }
        try {
            return serializer.toBinaryRow(row).copy();
        } catch (RuntimeException | AssertionError e) {
            return null;
        }
    }

    /**
     * False where a row, array or map that is declared NOT NULL is NULL. In a binary row that is a place of length 0, where stock's
     * readers, which ask for no NULL, take other bytes for the value's header: lengths of gigabytes among them.
     */
    private static boolean isReadable(Object value, LogicalType type) {
        switch (type.getTypeRoot()) {
            case ROW:
                if (value == null) {
                    return type.isNullable();
                }
                for (int i = 0; i < ((RowType) type).getFieldCount(); i++) {
                    if (!isReadable(((GenericRowData) value).getField(i), ((RowType) type).getTypeAt(i))) {
                        return false;
                    }
                }
                return true;
            case ARRAY:
                return value == null ? type.isNullable() : areReadable((GenericArrayData) value, ((ArrayType) type).getElementType());
            case MAP:
                return value == null ? type.isNullable() : areReadable(((GenericMapData) value).valueArray(), ((MapType) type).getValueType());
            case MULTISET:
                return value != null || type.isNullable();
            default:
                return true;
        }
    }

    private static boolean areReadable(ArrayData values, LogicalType type) {
        GenericArrayData array = (GenericArrayData) values;
        if (array.isPrimitiveArray()) {
            return true;
        }
        for (Object value : array.toObjectArray()) {
            if (!isReadable(value, type)) {
                return false;
            }
        }
        return true;
    }
}

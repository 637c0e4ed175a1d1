package io.canalnative.format;

import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.utils.JoinedRowData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.TimestampType;
import org.apache.flink.util.Collector;

/**
 * Hands over the rows of one message: repeated {@code [i32 size][BinaryRowData]}, little endian. All rows share
 * the array they came in.
 */
final class RowReader {

    private static final int SIZE = 4;

    private final int arity;
    private final RowData.FieldGetter[] getters;
    /** For messages whose timestamps are all in the layout of precision 9. */
    private final RowData.FieldGetter[] wideGetters;

    RowReader(RowType physical) {
        this.arity = physical.getFieldCount();
        this.getters = new RowData.FieldGetter[arity];
        this.wideGetters = new RowData.FieldGetter[arity];
        for (int i = 0; i < arity; i++) {
            LogicalType type = physical.getTypeAt(i);
            getters[i] = getter(type, i);
            wideGetters[i] = getter(widest(type), i);
        }
    }

    /** Flink's getter of a nullable column: NOT NULL columns may be NULL here, as in flink-json. */
    private static RowData.FieldGetter getter(LogicalType type, int column) {
        if (type.getTypeRoot() == LogicalTypeRoot.NULL) {
            return row -> null;
        }
        return RowData.createFieldGetter(type.copy(true), column);
    }

    private static LogicalType widest(LogicalType type) {
        switch (type.getTypeRoot()) {
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return new TimestampType(TimestampType.MAX_PRECISION);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return new LocalZonedTimestampType(LocalZonedTimestampType.MAX_PRECISION);
            default:
                return type;
        }
    }

    /**
     * Emits binary rows.
     *
     * @param metadata the message's metadata, which follows the physical columns of each row, or null for none
     * @return the number of rows
     */
    int emitBinary(byte[] rows, MetadataReader metadata, Collector<RowData> out) {
        MemorySegment segment = MemorySegmentFactory.wrap(rows);
        MemorySegment[] segments = {segment};
        int count = 0;
        for (int at = 0; at < rows.length; count++) {
            int size = segment.getIntLittleEndian(at);
            BinaryRowData row = new BinaryRowData(arity);
            row.pointTo(segments, at + SIZE, size);
            out.collect(metadata == null ? row : new JoinedRowData(row.getRowKind(), row, metadata.row(count)));
            at += SIZE + size;
        }
        return count;
    }

    /** Emits generic rows whose variable-length values point into {@code rows}; parameters as above. */
    int emitGeneric(byte[] rows, boolean wideTimestamps, MetadataReader metadata, Collector<RowData> out) {
        RowData.FieldGetter[] fields = wideTimestamps ? wideGetters : getters;
        int metadataArity = metadata == null ? 0 : metadata.arity();
        MemorySegment segment = MemorySegmentFactory.wrap(rows);
        MemorySegment[] segments = {segment};
        BinaryRowData binary = new BinaryRowData(arity);
        int count = 0;
        for (int at = 0; at < rows.length; count++) {
            int size = segment.getIntLittleEndian(at);
            binary.pointTo(segments, at + SIZE, size);
            GenericRowData row = new GenericRowData(binary.getRowKind(), arity + metadataArity);
            for (int i = 0; i < arity; i++) {
                row.setField(i, fields[i].getFieldOrNull(binary));
            }
            if (metadataArity > 0) {
                GenericRowData values = metadata.row(count);
                for (int i = 0; i < metadataArity; i++) {
                    row.setField(arity + i, values.getField(i));
                }
            }
            out.collect(row);
            at += SIZE + size;
        }
        return count;
    }
}

package io.canalnative.format;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.canalnative.row.RowColumns;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.utils.DataTypeUtils;

/**
 * The decoding format of a canal-json or canal-protobuf source. Six metadata keys, their types and every check come from flink-json's
 * CanalJsonDecodingFormat, which also builds the decoder that messages are delegated to; it never hears of the keys in
 * {@link CanalMetadata}.
 */
final class CanalNativeDecodingFormat implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {

    private final String identifier;
    private final DecodingOptions options;
    private final Wire wire;
    private final ProjectableDecodingFormat<DeserializationSchema<RowData>> stock;
    /** Under canal semantics bad messages are dropped here, whole; flink-json would emit what it read before the error. */
    private final ProjectableDecodingFormat<DeserializationSchema<RowData>> delegate;

    private List<String> metadataKeys = Collections.emptyList();

    CanalNativeDecodingFormat(String identifier, DecodingOptions options, Wire wire) {
        this.identifier = identifier;
        this.wire = wire;
        this.options = options;
        this.stock = StockFormat.decodingFormat(options, options.lenient);
        boolean strict = options.lenient && !options.flinkSemantics;
        this.delegate = strict ? StockFormat.decodingFormat(options, false) : stock;
    }

    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
            DynamicTableSource.Context context, DataType physicalDataType, int[][] projections) {
        if (options.ddl == DdlHandling.EMIT) {
            checkRowsOfNulls((RowType) physicalDataType.getLogicalType());
        }
        DeserializationSchema<RowData> stockDecoder = stock.createRuntimeDecoder(context, physicalDataType, projections);
        RowType physical = (RowType) Projection.of(projections).project(physicalDataType).getLogicalType();
        DeserializationSchema<RowData> delegateDecoder =
                delegate == stock ? stockDecoder : delegate.createRuntimeDecoder(context, physicalDataType, projections);
        boolean timeMillis = RowColumns.contains(physical, DecoderSpec.TIME) && TimeProbe.keepsMillis(context);
        TypeInformation<RowData> produced =
                metadataKeys.stream().allMatch(key -> CanalMetadata.of(key) == null)
                        ? stockDecoder.getProducedType()
                        : context.createTypeInformation(produced(Projection.of(projections).project(physicalDataType)));
        return new CanalDeserializationSchema(
                identifier, options, wire, physical, metadataKeys, timeMillis, produced, stockDecoder, delegateDecoder);
    }

    private void checkRowsOfNulls(RowType columns) {
        for (RowType.RowField column : columns.getFields()) {
            if (!column.getType().isNullable()) {
                throw new ValidationException(
                        String.format(
                                "Column '%1$s' is %2$s, but with '%3$s.ddl' = 'emit' each schema change gives a row in which every column is NULL. "
                                        + "Declare '%1$s' without NOT NULL and outside the PRIMARY KEY, whose columns are NOT NULL, or set "
                                        + "'%3$s.ddl' to 'skip' or 'fail'.",
                                column.getName(), column.getType().asSummaryString(), identifier));
            }
        }
    }

    /** The columns and the metadata, whose names only have to differ: a table may well have a column {@code id}. */
    private DataType produced(DataType physical) {
        Set<String> names = new HashSet<>(DataType.getFieldNames(physical));
        Map<String, DataType> types = listReadableMetadata();
        List<DataTypes.Field> fields = new ArrayList<>();
        for (String key : metadataKeys) {
            String name = "metadata." + key;
            while (!names.add(name)) {
                name += "_";
            }
            fields.add(DataTypes.FIELD(name, types.get(key)));
        }
        return DataTypeUtils.appendRowFields(physical, fields);
    }

    @Override
    public Map<String, DataType> listReadableMetadata() {
        Map<String, DataType> metadata = new LinkedHashMap<>(stock.listReadableMetadata());
        for (CanalMetadata ours : CanalMetadata.values()) {
            if (ours.isIn(wire)) {
                metadata.put(ours.key, ours.type);
            }
        }
        return metadata;
    }

    @Override
    public void applyReadableMetadata(List<String> keys) {
        metadataKeys = keys;
        List<String> flinks = new ArrayList<>(keys);
        flinks.removeIf(key -> CanalMetadata.of(key) != null && CanalMetadata.of(key).isIn(wire));
        stock.applyReadableMetadata(flinks);
        delegate.applyReadableMetadata(flinks);
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return stock.getChangelogMode();
    }
}

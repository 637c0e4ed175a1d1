package io.canalnative.format;

import java.util.Collections;
import java.util.List;
import java.util.Map;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The decoding format of a canal-json source. Metadata keys, their types and every check come from flink-json's
 * CanalJsonDecodingFormat, which also builds the decoder that messages are delegated to.
 */
final class CanalNativeDecodingFormat implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {

    private static final Logger LOG = LoggerFactory.getLogger(CanalNativeDecodingFormat.class);

    private final DecodingOptions options;
    private final ProjectableDecodingFormat<DeserializationSchema<RowData>> stock;
    /** Under canal semantics bad messages are dropped here, whole; flink-json would emit what it read before the error. */
    private final ProjectableDecodingFormat<DeserializationSchema<RowData>> delegate;

    private List<String> metadataKeys = Collections.emptyList();

    CanalNativeDecodingFormat(DecodingOptions options) {
        this.options = options;
        this.stock = StockFormat.decodingFormat(options, options.lenient);
        boolean strict = options.lenient && !options.flinkSemantics;
        this.delegate = strict ? StockFormat.decodingFormat(options, false) : stock;
    }

    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
            DynamicTableSource.Context context, DataType physicalDataType, int[][] projections) {
        DeserializationSchema<RowData> stockDecoder = stock.createRuntimeDecoder(context, physicalDataType, projections);
        RowType physical = (RowType) Projection.of(projections).project(physicalDataType).getLogicalType();
        if (!DecoderSpec.canExpress(physical)) {
            LOG.warn("The native codec does not know a type in {}; this table is decoded by Flink's own codec.", physical);
            return stockDecoder;
        }
        DeserializationSchema<RowData> delegateDecoder =
                delegate == stock ? stockDecoder : delegate.createRuntimeDecoder(context, physicalDataType, projections);
        boolean timeMillis = DecoderSpec.contains(physical, DecoderSpec.TIME) && TimeProbe.keepsMillis(context);
        return new CanalDeserializationSchema(options, physical, metadataKeys, timeMillis, stockDecoder, delegateDecoder);
    }

    @Override
    public Map<String, DataType> listReadableMetadata() {
        return stock.listReadableMetadata();
    }

    @Override
    public void applyReadableMetadata(List<String> keys) {
        metadataKeys = keys;
        stock.applyReadableMetadata(keys);
        delegate.applyReadableMetadata(keys);
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return stock.getChangelogMode();
    }
}

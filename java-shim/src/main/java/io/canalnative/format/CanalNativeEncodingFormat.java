package io.canalnative.format;

import java.util.List;

import io.canalnative.row.RowColumns;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The encoding format of a canal-json sink. flink-json's encoder is built beside ours, so every check of it holds. */
final class CanalNativeEncodingFormat implements EncodingFormat<SerializationSchema<RowData>> {

    private static final Logger LOG = LoggerFactory.getLogger(CanalNativeEncodingFormat.class);

    private final EncodingOptions options;
    /** {@code codec} is native, not flink. */
    private final boolean ours;

    CanalNativeEncodingFormat(EncodingOptions options, boolean ours) {
        this.options = options;
        this.ours = ours;
    }

    /** All kinds, as flink-json; without UPDATE_BEFORE where a change is one UPDATE message. */
    @Override
    public ChangelogMode getChangelogMode() {
        ChangelogMode.Builder mode = ChangelogMode.newBuilder();
        for (RowKind kind : RowKind.values()) {
            if (!options.updates || kind != RowKind.UPDATE_BEFORE) {
                mode.addContainedKind(kind);
            }
        }
        return mode.build();
    }

    @Override
    public SerializationSchema<RowData> createRuntimeEncoder(DynamicTableSink.Context context, DataType consumedDataType) {
        RowType consumed = (RowType) consumedDataType.getLogicalType();
        SerializationSchema<RowData> stock = StockFormat.encoder(options, consumed);
        if (!ours) {
            return stock;
        }
        if (options.envelope != null) {
            checkKey(consumed.getFieldNames());
        }
        if (!RowColumns.canExpress(consumed)) {
            if (options.envelope != null || options.updates) {
                throw new ValidationException(
                        "'encode.envelope' = 'full' and 'encode.update' = 'update' need the native codec, which does not know a type in " + consumed);
            }
            LOG.warn("The native codec does not know a type in {}; this table is encoded by Flink's own codec.", consumed);
            return stock;
        }
        return new CanalSerializationSchema(options, consumed, stock);
    }

    private void checkKey(List<String> columns) {
        for (String name : options.envelope.pkNames) {
            if (!columns.contains(name)) {
                throw new ValidationException(
                        String.format("'encode.pk-names' names '%s', which is no column of the sink. Its columns are %s.", name, columns));
            }
        }
    }
}

package io.canalnative.format;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;

/**
 * Whether the flink-json beside us keeps the milliseconds of a TIME (2.3.0 does, 2.2 and before give whole seconds).
 * Asked by decoding one value, as neither a version number nor a class tells.
 */
final class TimeProbe {

    private static final byte[] MESSAGE =
            "{\"data\":[{\"t\":\"00:00:01.234\"}],\"type\":\"INSERT\"}".getBytes(StandardCharsets.UTF_8);

    private TimeProbe() {}

    static boolean keepsMillis(DynamicTableSource.Context context) {
        DecodingOptions options = new DecodingOptions(null, null, false, false, true, DdlHandling.SKIP, ZeroDate.FAIL);
        DeserializationSchema<RowData> decoder =
                StockFormat.decodingFormat(options, false)
                        .createRuntimeDecoder(context, DataTypes.ROW(DataTypes.FIELD("t", DataTypes.TIME(3))), new int[][] {{0}});
        List<RowData> rows = new ArrayList<>();
        try {
            decoder.open(null);
            decoder.deserialize(MESSAGE, new ListCollector<>(rows));
        } catch (Exception e) {
            throw new IllegalStateException("flink-json does not decode a TIME value; is it from another Flink version?", e);
        }
        return rows.get(0).getInt(0) == 1234;
    }
}

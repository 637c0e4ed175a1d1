package io.canalnative.format;

import java.nio.charset.StandardCharsets;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * How the flink-json and the JVM beside us write what their versions write differently. Asked by encoding one row, as
 * neither a version number nor a class tells.
 */
final class EncoderProbe {

    private static final RowType TYPE =
            (RowType)
                    DataTypes.ROW(DataTypes.FIELD("d", DataTypes.DECIMAL(3, 2)), DataTypes.FIELD("t", DataTypes.TIME(3))).getLogicalType();

    /** A plain decimal loses its trailing zeros (1.20; 2.0 and later keep them). */
    final boolean stripsPlainDecimals;
    /** A TIME keeps its milliseconds (2.3; earlier ones give whole seconds). */
    final boolean keepsTimeMillis;
    /** {@code Double.toString} gives the shortest text (JDK 19 and later). */
    final boolean shortestFloats;

    private EncoderProbe(String message) {
        this.stripsPlainDecimals = message.contains("\"d\":1.1,");
        this.keepsTimeMillis = message.contains("\"00:00:01.234\"");
        this.shortestFloats = Double.toString(2e23).equals("2.0E23");
        if (!stripsPlainDecimals && !message.contains("\"d\":1.10,") || !keepsTimeMillis && !message.contains("\"00:00:01\"")) {
            throw new IllegalStateException("flink-json writes DECIMAL 1.10 and TIME 00:00:01.234 in an unknown form: " + message);
        }
    }

    /** Asks flink-json's encoder. */
    static EncoderProbe ask() throws Exception {
        EncodingOptions options = new EncodingOptions(false, "FAIL", "null", true, false, false, null);
        SerializationSchema<RowData> encoder = StockFormat.encoder(options, TYPE);
        encoder.open(null);
        byte[] message = encoder.serialize(GenericRowData.of(DecimalData.fromUnscaledLong(110, 3, 2), 1234));
        return new EncoderProbe(new String(message, StandardCharsets.UTF_8));
    }
}

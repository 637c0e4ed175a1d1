package io.canalnative.bench.doris;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.data.writer.BinaryRowWriter;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/** The rows of these benchmarks: ten columns made from a counter, about as wide as the rows of `cargo bench --bench body`. */
final class CounterRows {

    static final String[] NAMES = {"order_id", "customer_id", "weight", "amount", "paid", "created_at", "order_date", "status", "customer", "remark"};
    static final DataType[] TYPES = {
        DataTypes.BIGINT().notNull(), DataTypes.INT(), DataTypes.DOUBLE(), DataTypes.DECIMAL(12, 2), DataTypes.BOOLEAN(), DataTypes.TIMESTAMP(3),
        DataTypes.DATE(), DataTypes.STRING(), DataTypes.STRING(), DataTypes.STRING()
    };
    /** Columns as Doris and as Flink declare them. */
    static final String DORIS_COLUMNS =
            "order_id BIGINT NOT NULL, customer_id INT, weight DOUBLE, amount DECIMAL(12, 2), paid BOOLEAN, created_at DATETIME(3), order_date DATE, "
                    + "status VARCHAR(20), customer VARCHAR(60), remark VARCHAR(200)";
    static final String FLINK_COLUMNS =
            "order_id BIGINT NOT NULL, customer_id INT, weight DOUBLE, amount DECIMAL(12, 2), paid BOOLEAN, created_at TIMESTAMP(3), order_date DATE, "
                    + "status STRING, customer STRING, remark STRING";

    private static final int TEXTS = 1024;
    private static final StringData[] STATUS = {text("paid"), text("shipped"), text("cancelled"), text("in delivery")};
    private static final StringData[] CUSTOMERS = new StringData[TEXTS];
    private static final StringData[] REMARKS = new StringData[TEXTS];

    static {
        for (int i = 0; i < TEXTS; i++) {
            CUSTOMERS[i] = text("customer " + i * 7919);
            REMARKS[i] = text("some words about order " + i * 31 + ", in all");
        }
    }

    private final BinaryRowData row = new BinaryRowData(NAMES.length);
    private final BinaryRowWriter writer = new BinaryRowWriter(row);

    static RowType type() {
        return (RowType) DataTypes.ROW(fields()).notNull().getLogicalType();
    }

    private static DataTypes.Field[] fields() {
        DataTypes.Field[] fields = new DataTypes.Field[NAMES.length];
        for (int i = 0; i < fields.length; i++) {
            fields[i] = DataTypes.FIELD(NAMES[i], TYPES[i]);
        }
        return fields;
    }

    private static StringData text(String text) {
        StringData data = StringData.fromString(text);
        data.toBytes();
        return StringData.fromBytes(data.toBytes());
    }

    /** Row number n, in the same object each time. */
    RowData row(long n) {
        writer.reset();
        writer.writeLong(0, 1_000_000_000L + n * 7919);
        writer.writeInt(1, (int) (n * 31 % 1_000_000));
        writer.writeDouble(2, n * 37 % 100_000 / 1000.0);
        writer.writeDecimal(3, DecimalData.fromUnscaledLong(n * 12_345 % 10_000_000, 12, 2), 12);
        writer.writeBoolean(4, (n & 1) == 1);
        writer.writeTimestamp(5, TimestampData.fromEpochMillis(1_700_000_000_000L + n * 7_919), 3);
        writer.writeInt(6, (int) (19_000 + n % 1000));
        writer.writeString(7, STATUS[(int) (n & 3)]);
        writer.writeString(8, CUSTOMERS[(int) (n % TEXTS)]);
        writer.writeString(9, REMARKS[(int) (n * 5 % TEXTS)]);
        writer.complete();
        return row;
    }
}

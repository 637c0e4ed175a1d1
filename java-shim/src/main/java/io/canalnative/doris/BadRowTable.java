package io.canalnative.doris;

import java.io.IOException;

import io.canalnative.DorisLoads;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;

/** Writes bad rows to the table of {@code sink.bad-rows.table}, with the same delivery as the good ones. */
final class BadRowTable implements PackedRows.Outcome {

    /** What the side table has to have. */
    static final RowType COLUMNS =
            RowType.of(
                    new LogicalType[] {
                        new LocalZonedTimestampType(3), VarCharType.STRING_TYPE, VarCharType.STRING_TYPE, VarCharType.STRING_TYPE
                    },
                    new String[] {"refused_at", "target_table", "reason", "refused_row"});

    private final TableName name;
    private final DorisLoads loads;
    private final PackedRows rows;

    BadRowTable(DorisTarget target, DorisLoads loads) {
        this.name = target.settings.badRowsTable;
        this.loads = loads;
        this.rows = new PackedRows(COLUMNS, loads, this);
    }

    void add(TableName target, String row, String reason) throws IOException, InterruptedException {
        GenericRowData bad =
                GenericRowData.of(
                        TimestampData.fromEpochMillis(System.currentTimeMillis()), text(target.toString()), text(reason), text(row));
        if (!rows.add(bad)) {
            throw new IllegalStateException(rows.refusal());
        }
        rows.handOver();
    }

    @Override
    public void full() {
        loads.flush();
    }

    @Override
    public void bad(RowData row, String reason) throws IOException {
        throw new IOException(
                String.format("A bad row cannot go into 'sink.bad-rows.table' = '%s' either: %s. Give that table the columns that the manual names.", name, reason));
    }

    /** A text may have been refused for half a surrogate pair; a '?' stands for it here. */
    private static StringData text(String text) {
        return StringData.fromBytes(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    DorisLoads loads() {
        return loads;
    }
}

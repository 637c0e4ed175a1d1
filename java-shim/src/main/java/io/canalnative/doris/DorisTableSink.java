package io.canalnative.doris;

import io.canalnative.row.RowColumns;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;

/** A {@code doris-native} table in a plan. */
final class DorisTableSink implements DynamicTableSink {

    private static final String DELETE_SIGN = "__DORIS_DELETE_SIGN__";

    private final DorisSettings settings;
    private final DataType columns;
    private final int[] keys;
    private final SessionZone zone;

    /**
     * @param columns the table's columns
     * @param keys the PRIMARY KEY's columns by index; empty without one
     */
    DorisTableSink(DorisSettings settings, DataType columns, int[] keys, SessionZone zone) {
        this.settings = settings;
        this.columns = columns;
        this.keys = keys;
        this.zone = zone;
        physical(columns).getFields().forEach(this::check);
    }

    static RowType physical(DataType columns) {
        return (RowType) columns.getLogicalType();
    }

    private void check(RowType.RowField column) {
        if (column.getName().equals(DELETE_SIGN)) {
            throw new ValidationException(
                    String.format("Column '%s' is the sink's own to set: a DELETE row sets it. Remove it from the table for %s.", DELETE_SIGN, settings.table));
        }
        boolean interval =
                RowColumns.contains(column.getType(), LogicalTypeRoot.INTERVAL_DAY_TIME)
                        || RowColumns.contains(column.getType(), LogicalTypeRoot.INTERVAL_YEAR_MONTH);
        if (interval || !RowColumns.canExpress(column.getType())) {
            throw new ValidationException(
                    String.format("Column '%s' of the table for %s has type %s, for which Doris has none. CAST it to STRING or BIGINT in the INSERT's query.",
                            column.getName(), settings.table, column.getType().asSummaryString()));
        }
    }

    /**
     * All kinds. The row before an update is asked for, as only it tells that an update has changed its key; the native side drops it where it
     * has not. Without deletes it would have no use.
     */
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        if (!settings.ignoreUpdateBefore && settings.delete) {
            return ChangelogMode.all();
        }
        return ChangelogMode.newBuilder()
                .addContainedKind(RowKind.INSERT).addContainedKind(RowKind.UPDATE_AFTER).addContainedKind(RowKind.DELETE).build();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        return SinkV2Provider.of(FlinkLine.sink(new DorisTarget(settings, physical(columns), keys, zone), NativeDorisBackend.INSTANCE), settings.parallelism);
    }

    @Override
    public DynamicTableSink copy() {
        return new DorisTableSink(settings, columns, keys, zone);
    }

    @Override
    public String asSummaryString() {
        return DorisNativeFactory.IDENTIFIER + " " + settings.table;
    }
}

package io.canalnative.doris;

import java.io.IOException;
import java.util.List;

import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.conversion.DataStructureConverter;
import org.apache.flink.table.data.conversion.DataStructureConverters;
import org.apache.flink.table.types.utils.TypeConversions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does with bad rows what {@code sink.bad-rows} says. */
final class BadRows implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(BadRows.class);

    /** So many are logged one by one, then from one checkpoint to the next only their number. */
    private static final int LOGGED = 100;
    /** Longest row in a message, characters. */
    private static final int SHOWN = 1000;

    private final TableName target;
    private final BadRowPolicy policy;
    private final BadRowTable side;
    private final DataStructureConverter<Object, Object> readable;
    private final SimpleCounter passedOver = new SimpleCounter();
    private int sinceCheckpoint;

    private BadRows(DorisTarget target, BadRowTable side) {
        this.target = target.settings.table;
        this.policy = target.settings.badRows;
        this.side = side;
        this.readable = DataStructureConverters.getConverter(TypeConversions.fromLogicalToDataType(target.columns));
        readable.open(BadRows.class.getClassLoader());
    }

    /** Opens a writer to the side table if there is one; {@code restored} is what checkpoints kept of such writers. */
    static BadRows open(DorisTarget target, LabelParts label, List<byte[]> restored, DorisBackend backend) throws IOException {
        boolean table = target.settings.badRows == BadRowPolicy.TABLE;
        return new BadRows(target, table ? new BadRowTable(target, backend.loads(DorisSpec.badRowWriter(target, label, restored))) : null);
    }

    /** Rows that did not fail the job. */
    SimpleCounter passedOver() {
        return passedOver;
    }

    /** A row that was not sent. */
    void add(RowData row, String reason) throws IOException, InterruptedException {
        add(text(row), reason);
    }

    private String text(RowData row) {
        try {
            return String.valueOf(readable.toExternal(row));
        } catch (RuntimeException e) {
            // A value of a class that Flink's converters do not take; such a row may well be a bad one.
            return String.valueOf(row);
        }
    }

    /** Rows that Doris refused. */
    void addRefused(byte[] json) throws IOException, InterruptedException {
        for (JsonNode refused : DorisSpec.JSON.readTree(json)) {
            add(refused.path("row").asText(), refused.path("reason").asText());
        }
    }

    private void add(String row, String reason) throws IOException, InterruptedException {
        if (policy == BadRowPolicy.FAIL) {
            throw new IOException(
                    String.format("A row cannot go into %s: %s. The row: %s. Correct it in the INSERT's query or in the source; 'sink.bad-rows' = 'log' or 'table' passes such rows over.",
                            target, reason, shown(row)));
        }
        passedOver.inc();
        sinceCheckpoint++;
        if (side != null) {
            side.add(target, row, reason);
        } else if (sinceCheckpoint <= LOGGED) {
            LOG.warn("A row is passed over, as it cannot go into {}: {}. The row: {}", target, reason, shown(row));
        }
    }

    private static String shown(String row) {
        return row.length() <= SHOWN ? row : row.substring(0, SHOWN) + "…";
    }

    void flush() {
        if (sinceCheckpoint > LOGGED && side == null) {
            LOG.warn("{} more rows were passed over since, as they cannot go into {}", sinceCheckpoint - LOGGED, target);
        }
        sinceCheckpoint = 0;
        if (side != null) {
            side.loads().flush();
        }
    }

    /** The side table's writer; null without one. */
    BadRowTable side() {
        return side;
    }

    @Override
    public void close() {
        if (side != null) {
            side.loads().close();
        }
    }
}

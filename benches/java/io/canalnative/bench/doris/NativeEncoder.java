package io.canalnative.bench.doris;

import java.nio.charset.StandardCharsets;

import io.canalnative.NativeDorisWriter;
import io.canalnative.doris.PackedRows;
import io.canalnative.row.RowColumns;
import org.apache.flink.table.data.RowData;

/** Ours; a class of its own, as its jar is on no other class path. */
final class NativeEncoder {

    private NativeEncoder() {}

    /** Row packed, handed over the JNI boundary, checked and encoded into a load's body; the loads go to the stand-in. */
    static EncoderRun.Encoder open(String[] args) throws Exception {
        String[] table = args[5].split("\\.");
        String spec = String.format(
                "{\"fenodes\": [\"%s\"], \"username\": \"%s\", \"password\": \"%s\", \"database\": \"%s\", \"table\": \"%s\", \"fields\": %s, \"keys\": [0], "
                        + "\"format\": \"%s\", \"properties\": {}, \"delete\": true, \"twoPhase\": false, \"maxRows\": 500000, \"maxBytes\": 10485760, "
                        + "\"memoryBytes\": 31457280, \"inFlight\": 2, \"badRows\": \"fail\", \"zone\": [], \"maxRetries\": 3, \"loadTimeoutSeconds\": 600, "
                        + "\"compress\": \"none\", \"restored\": [], "
                        + "\"label\": {\"prefix\": \"encoder\", \"sink\": \"00000000\", \"job\": \"%032x\", \"restored\": null, \"subtask\": 0, \"subtasks\": 1}}",
                args[2].replace(",", "\", \""), args[3], args[4], table[0], table[1], RowColumns.json(CounterRows.type()), args[1], System.nanoTime());
        NativeDorisWriter loads = NativeDorisWriter.open(spec.getBytes(StandardCharsets.UTF_8));
        PackedRows rows = new PackedRows(CounterRows.type(), loads, new AllGood());
        return row -> rows.add(row) ? 1 : 0;
    }

    private static final class AllGood implements PackedRows.Outcome {
        @Override
        public void full() {}

        @Override
        public void bad(RowData row, String reason) {
            throw new IllegalStateException(reason);
        }
    }
}

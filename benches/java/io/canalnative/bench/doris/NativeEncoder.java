package io.canalnative.bench.doris;

import java.nio.charset.StandardCharsets;

import io.canalnative.DorisLoads;
import io.canalnative.NativeDorisWriter;
import io.canalnative.row.RowColumns;
import io.canalnative.row.RowPacker;

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
        RowPacker packer = new RowPacker(CounterRows.type(), loads);
        return row -> {
            int length = packer.pack(row);
            int outcome = loads.write(length, row.getRowKind().toByteValue());
            while (outcome == DorisLoads.FULL) {
                loads.await(DorisLoads.ROOM, 1000);
                outcome = loads.write(length, row.getRowKind().toByteValue());
            }
            if (outcome == DorisLoads.BAD) {
                throw new IllegalStateException(loads.badRow());
            }
            return length;
        };
    }
}

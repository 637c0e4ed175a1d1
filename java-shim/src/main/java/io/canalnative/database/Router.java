package io.canalnative.database;

import io.canalnative.NativeCanalRouter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.util.Collector;

/**
 * Sends each message to the subtask that has its table, and a schema change to all of them, as a change of one table may be another's too ({@code
 * LIKE}, {@code RENAME}). What one subtask of the source reads comes to each subtask of the sink in the order it was read.
 */
final class Router extends RichFlatMapFunction<CanalRecord, CanalRecord> {
    private static final long serialVersionUID = 1L;

    private final int subtasks;
    private final boolean protobuf;
    private transient NativeCanalRouter router;

    private Router(int subtasks, boolean protobuf) {
        this.subtasks = subtasks;
        this.protobuf = protobuf;
    }

    /**
     * The messages by the sink's subtasks.
     *
     * @param name of the operator, and its id in savepoints
     */
    static DataStream<CanalRecord> route(DataStream<CanalRecord> records, int subtasks, boolean protobuf, String name) {
        return records.flatMap(new Router(subtasks, protobuf), CanalRecord.TYPE)
                .name(name).uid(name)
                // So that the two are chained.
                .setParallelism(records.getParallelism())
                .partitionCustom((Long number, int count) -> (int) (number % count), record -> record.number);
    }

    @Override
    public void open(OpenContext context) throws Exception {
        router = NativeCanalRouter.open(protobuf);
    }

    @Override
    public void flatMap(CanalRecord record, Collector<CanalRecord> out) {
        long number = router.route(record.value);
        if (number != NativeCanalRouter.ALL) {
            out.collect(new CanalRecord(record.value, record.partition, record.sequence, false, number));
            return;
        }
        for (int subtask = 0; subtask < subtasks; subtask++) {
            out.collect(new CanalRecord(record.value, record.partition, record.sequence, true, subtask));
        }
    }

    @Override
    public void close() {
        if (router != null) {
            router.close();
        }
    }
}

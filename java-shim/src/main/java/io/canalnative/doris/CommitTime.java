package io.canalnative.doris;

import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.operators.InputFormatOperatorFactory;
import org.apache.flink.streaming.api.transformations.LegacySourceTransformation;
import org.apache.flink.streaming.api.transformations.WithBoundedness;
import org.apache.flink.table.api.ValidationException;

/** When a job's transactions are committed: at checkpoints, and at the end of its input. A job that has neither is refused. */
final class CommitTime {

    private CommitTime() {}

    static void check(DataStream<?> rows, TableName table) {
        if (rows.getExecutionEnvironment().getCheckpointConfig().isCheckpointingEnabled()) {
            return;
        }
        for (Transformation<?> part : rows.getTransformation().getTransitivePredecessors()) {
            if (isEndless(part)) {
                throw new ValidationException(
                        String.format(
                                "Nothing would ever be visible in %s: two-phase commit makes rows visible at checkpoints, this job has none, and its source "
                                        + "'%s' has no end. Set 'execution.checkpointing.interval' (such as 10s), or 'sink.enable-2pc' = 'false' for "
                                        + "at-least-once loads every 'sink.buffer-flush.interval'.",
                                table, part.getName()));
            }
        }
    }

    /** The legacy source of an input format (in SQL: VALUES) does not know that it ends. */
    private static boolean isEndless(Transformation<?> part) {
        return part instanceof WithBoundedness
                && ((WithBoundedness) part).getBoundedness() != Boundedness.BOUNDED
                && !(part instanceof LegacySourceTransformation
                        && ((LegacySourceTransformation<?>) part).getOperatorFactory() instanceof InputFormatOperatorFactory);
    }
}

package io.canalnative.doris;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.zip.CRC32;

import org.apache.flink.api.connector.sink2.InitContext;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** What makes a writer's labels its own, as far as Flink knows it. */
public final class LabelParts {

    /** 8 hex digits that tell the sinks of a job apart. */
    final String sink;
    /** 32 hex digits. */
    final String job;
    /** The checkpoint restored from. */
    final OptionalLong restored;
    final int subtask;
    final int subtasks;

    private LabelParts(String sink, String job, OptionalLong restored, int subtask, int subtasks) {
        this.sink = sink;
        this.job = job;
        this.restored = restored;
        this.subtask = subtask;
        this.subtasks = subtasks;
    }

    /** @param operator Flink's id of the operator, the same after a restart; null where it has none to tell */
    public static LabelParts of(InitContext context, String operator) {
        String id = operator == null ? context.getTaskInfo().getTaskName() : operator;
        return new LabelParts(
                hash(id),
                context.getJobInfo().getJobId().toHexString(),
                context.getRestoredCheckpointId(),
                context.getTaskInfo().getIndexOfThisSubtask(),
                context.getTaskInfo().getNumberOfParallelSubtasks());
    }

    /** The same for the writer of bad rows beside it. */
    LabelParts ofBadRows() {
        return new LabelParts(hash(sink + " bad rows"), job, restored, subtask, subtasks);
    }

    /** Fills in {@code LabelSpec} of native/src/doris/spec.rs. @param prefix the user's; empty for a default */
    public void write(ObjectNode spec, String prefix) {
        spec.put("prefix", prefix);
        spec.put("sink", sink);
        spec.put("job", job);
        if (restored.isPresent()) {
            spec.put("restored", restored.getAsLong());
        } else {
            spec.putNull("restored");
        }
        spec.put("subtask", subtask);
        spec.put("subtasks", subtasks);
    }

    private static String hash(String text) {
        CRC32 crc = new CRC32();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        crc.update(bytes, 0, bytes.length);
        return String.format("%08x", crc.getValue());
    }
}

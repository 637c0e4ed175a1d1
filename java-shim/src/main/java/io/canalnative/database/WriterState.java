package io.canalnative.database;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.canalnative.doris.PayloadSerializer;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** What a checkpoint keeps of a subtask: what it knows of the source's tables, and messages of tables that are stopped. */
final class WriterState {

    static final SimpleVersionedSerializer<WriterState> SERIALIZER =
            new PayloadSerializer<WriterState>(0x434E4457, "the state of a writer of databases") {
                @Override
                protected void write(WriterState state, DataOutputStream out) throws IOException {
                    out.writeInt(state.subtasks);
                    writeBytes(state.json, out);
                }

                @Override
                protected WriterState read(int version, DataInputStream in) throws IOException {
                    int subtasks = in.readInt();
                    return new WriterState(subtasks, readBytes(in));
                }
            };

    /** That the sink had. */
    private final int subtasks;
    private final byte[] json;

    /** @param json {@link io.canalnative.DatabaseLoads#state} */
    WriterState(int subtasks, byte[] json) {
        this.subtasks = subtasks;
        this.json = json;
    }

    /**
     * The state for a sink of so many subtasks. What is known of tables is anyone's; messages that wait are for the subtask that has their table, and
     * Flink hands states out in its own way when there are more or fewer subtasks.
     *
     * @throws IllegalStateException if there are such messages
     */
    byte[] forSubtasks(int now) throws IOException {
        int waiting = now == subtasks ? 0 : DatabaseSpec.JSON.readTree(json).path("parked").size();
        if (waiting > 0) {
            throw new IllegalStateException(
                    String.format("The checkpoint has %d messages of tables that wait for a change, and the sink had %d subtasks then, not %d. Restore it with a "
                                    + "parallelism of %d, let the tables go on as the log says, and change the parallelism from a later savepoint.",
                            waiting, subtasks, now, subtasks));
        }
        return json;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof WriterState && subtasks == ((WriterState) o).subtasks && Arrays.equals(json, ((WriterState) o).json);
    }

    @Override
    public int hashCode() {
        return 31 * subtasks + Arrays.hashCode(json);
    }

    @Override
    public String toString() {
        return new String(json, StandardCharsets.UTF_8);
    }
}

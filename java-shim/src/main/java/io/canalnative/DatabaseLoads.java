package io.canalnative;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The loads of one subtask into the tables of whole databases: messages go in, load bodies go to Doris. Used by one thread.
 *
 * <p>Every method throws a {@link NativeException} that names table and load once one has failed for good.
 */
public interface DatabaseLoads extends AutoCloseable {

    /** {@link #await}: a message can be taken. */
    int ROOM = 0;
    /** {@link #await}: the outcome of every load is known, and no change of a table is under way. Bodies that grow are handed over for it. */
    int SETTLED = 1;

    /** What {@link #metrics} gives, in this order. */
    List<String> METRICS =
            Collections.unmodifiableList(
                    Arrays.asList(
                            "messages", "rows", "filtered", "skipped", "ddl", "unparsed", "reopened", "replayed", "refused", "unapplied", "parked", "loadedRows",
                            "bytes", "loads", "failedLoads", "retries", "openLoads", "openBytes", "lastLoadMillis", "maxLoadMillis"));

    /** What {@link #tables} gives of each. */
    List<String> TABLE_METRICS = Collections.unmodifiableList(Collections.singletonList("rows"));

    /**
     * Writes a message.
     *
     * @param partition where it stands in its source
     * @param sequence of its first row; each further row has the next
     * @param everyones it was sent to all subtasks ({@link NativeCanalRouter#ALL})
     * @return false if there is no room: wait for {@link #ROOM}, then {@link #resume}
     */
    boolean write(byte[] message, int partition, long sequence, boolean everyones);

    /** Goes on with the message that there was no room for; as {@link #write}. */
    boolean resume();

    /** Waits at most {@code millis} for {@link #ROOM} or {@link #SETTLED}; true if it is so. */
    boolean await(int what, long millis);

    /** Hands over the bodies of all tables. Does not wait. */
    void flush();

    /** Looks after tables that change or are stopped, and notices a load that has failed; to be called once a second. Does not wait, nor hand anything over. */
    void tick();

    /** What a successor has to know, a JSON object in UTF-8. To be called when all is settled. */
    byte[] state();

    /** What happened since the last call: a JSON array in UTF-8 of {@code {"severity": "info"|"warning"|"error", "topic", "table", "text"}}. */
    byte[] reports();

    /** The first {@code most} tables that had messages: a JSON array in UTF-8 of objects, {@code table} and the numbers of {@link #TABLE_METRICS}. */
    byte[] tables(int most);

    /** Fills in the numbers that {@link #METRICS} names. */
    void metrics(long[] values);

    /** As {@link DorisLoads#latency}, of all tables together. */
    void latency(long[] counts);

    /** Cancels what is under way, within a second. */
    @Override
    void close();
}

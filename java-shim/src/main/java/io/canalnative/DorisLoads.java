package io.canalnative;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import io.canalnative.row.RowBuffer;

/**
 * The loads of one subtask: rows go in, load bodies go to Doris. Used by one thread.
 *
 * <p>Every method throws a {@link NativeException} that names the load once one has failed for good.
 */
public interface DorisLoads extends RowBuffer, AutoCloseable {

    /** {@link #write}: the rows are taken. */
    int TAKEN = 0;
    /** {@link #write}: no memory is left; wait for {@link #ROOM} and write again from the row that it stopped at. */
    int FULL = 1;
    /** {@link #write}: the row that it stopped at cannot go into the table; {@link #badRow} says why. */
    int BAD = 2;

    /** Bytes before each row in {@link #input}: its length and {@code RowKind.toByteValue()}, two little-endian ints. */
    int ROW_HEAD = 8;

    /** {@link #await}: a row can be taken. */
    int ROOM = 0;
    /** {@link #await}: the outcome of every load is known, or under two-phase commit every load is pre-committed. */
    int SETTLED = 1;

    /** What {@link #metrics} gives, in this order. */
    List<String> METRICS =
            Collections.unmodifiableList(
                    Arrays.asList(
                            "rows", "bytes", "loads", "failedLoads", "retries", "filteredRows", "badRows", "inFlight", "bufferedBytes",
                            "lastLoadMillis", "maxLoadMillis", "loadMillisSum", "ignoredDeletes", "flushIntervalMillis"));

    /** Length of what {@link #latency} fills in. */
    int LATENCY_BUCKETS = 216;

    /**
     * Takes the rows in {@link #input} from {@code from} up to {@code to}, each behind its {@link #ROW_HEAD}, as far as it can.
     *
     * @return {@link #TAKEN}, {@link #FULL} or {@link #BAD} in the upper half; in the lower one {@code to} if all were taken, else
     *     where the head of the row begins that it stopped at
     */
    long write(int from, int to);

    /** Column, value and reason of the last bad row. */
    String badRow();

    /**
     * The rows that Doris refused since the last call, where they do not fail the job: a JSON array in UTF-8 of {@code {"row": text,
     * "reason": text}}.
     */
    byte[] refused();

    /** Closes the body that is being filled and hands it to the loader. Does not wait. */
    void flush();

    /** Flush mode: one configured interval is over. Does as {@link #flush} if it is time to, and else nothing: see {@code native/src/doris/pace.rs}. */
    void tick();

    /** Waits at most {@code millis} for {@link #ROOM} or {@link #SETTLED}; true if it is so. */
    boolean await(int what, long millis);

    /** The transactions to commit since the last call, a JSON array in UTF-8. */
    byte[] committables();

    /** What a successor has to know, a JSON object in UTF-8. */
    byte[] state();

    /** Fills in the numbers that {@link #METRICS} names. */
    void metrics(long[] values);

    /**
     * How many loads that succeeded took how long, since the writer was opened: bucket {@code b} below 8 counts those of {@code b} milliseconds,
     * the others those from {@code (8 + b % 8) << (b / 8 - 1)} up to where the next bucket begins.
     */
    void latency(long[] counts);

    /** The label of the load that was sent last; empty before the first. */
    String lastLabel();

    /** Cancels what is under way, within a second. */
    @Override
    void close();
}

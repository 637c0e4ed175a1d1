package io.canalnative;

/** Commits transactions that {@link DorisLoads} has left pre-committed. Used by one thread. */
public interface DorisTransactions extends AutoCloseable {

    /** {@link #commit}: it is committed, now or before. */
    int COMMITTED = 0;
    /** {@link #commit}: the outcome is not known yet, or Doris cannot be reached; try again. */
    int LATER = 1;
    /** {@link #commit}: Doris has aborted it or knows nothing of it; its rows are not in the table. */
    int LOST = 2;

    /** Commits one element of {@link DorisLoads#committables}; blocks at most {@code millis}. */
    int commit(byte[] committable, long millis);

    /** Why the last {@link #commit} was not one. */
    String reason();

    @Override
    void close();
}

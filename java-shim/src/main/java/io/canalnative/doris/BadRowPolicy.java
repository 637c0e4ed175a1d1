package io.canalnative.doris;

/** {@code sink.bad-rows}: what becomes of a row that cannot go into the table. */
enum BadRowPolicy {
    /** The job fails and names it. */
    FAIL,
    /** It is logged and counted. */
    LOG,
    /** It is written to another table, and counted. */
    TABLE
}

package io.canalnative.differential;

/** The differences from flink-json that {@code semantics = canal} may make; any other fails a test. */
public enum Correction {
    /** The before image of an UPDATE is laid over its own row only; Flink searches every element of {@code old}. */
    BEFORE_IMAGE_BY_INDEX,
    /** {@code "1"} in a BOOLEAN column is true: Canal's text for {@code tinyint(1)} and {@code bit(1)}; Flink reads false. */
    BOOLEAN_ONE,
    /** A binary column holds one ISO-8859-1 character for each byte; Flink reads base64. */
    BINARY_TEXT,
    /** DDL, QUERY, transaction events and heartbeats have no rows; Flink fails, but for CREATE. */
    EVENT_WITHOUT_ROWS,
    /** INIT, a snapshot's row, is an insert; Flink fails. */
    INIT_IS_INSERT,
    /** A bad message is dropped whole; Flink makes NULL of a bad value, or emits the rows before the error. */
    DROPPED_WHOLE,
    /** The cause of the exception says more; Flink has a NullPointerException, an index, or the name of the event only. */
    CLEARER_CAUSE
}

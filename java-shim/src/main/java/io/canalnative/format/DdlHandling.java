package io.canalnative.format;

/** What becomes of a schema change: the option {@code ddl}. */
enum DdlHandling {
    /** Skipped and counted. */
    SKIP("skip"),
    /** One row of NULLs, for the sake of its metadata. */
    EMIT("emit"),
    /** The job fails, whatever {@code ignore-parse-errors} says. */
    FAIL("fail");

    /** The option's value. */
    final String text;

    DdlHandling(String text) {
        this.text = text;
    }

    /** The constant of a validated value. */
    static DdlHandling of(String text) {
        return valueOf(text.toUpperCase(java.util.Locale.ROOT));
    }
}

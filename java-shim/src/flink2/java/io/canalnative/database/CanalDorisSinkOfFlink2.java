package io.canalnative.database;

/** The sink on Flink 2.x: made by {@code FlinkLine}. Compiled against 2.x, where it implements every method of Sink. */
final class CanalDorisSinkOfFlink2 extends CanalDorisSink {
    private static final long serialVersionUID = 1L;

    CanalDorisSinkOfFlink2(DatabaseSpec spec, int subtasks) {
        super(spec, subtasks);
    }
}

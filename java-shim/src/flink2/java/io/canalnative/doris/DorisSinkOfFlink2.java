package io.canalnative.doris;

/** The sink on Flink 2.x: made by {@code FlinkLine}. Compiled against 2.x, where it implements every method of Sink. */
final class DorisSinkOfFlink2 extends DorisSink {
    private static final long serialVersionUID = 1L;

    DorisSinkOfFlink2(DorisTarget target, DorisBackend backend) {
        super(target, backend);
    }
}

package io.canalnative.doris;

/**
 * Which form of sink this Flink takes. Flink 1.20's Sink has an abstract method over {@code Sink.InitContext}; 2.x has neither the method
 * nor that class, so a class that mentions it cannot even be Java-serialised there.
 */
final class FlinkLine {

    private static final String GONE_SINCE_2 = "org.apache.flink.api.connector.sink2.Sink$InitContext";
    /** Of the source set flink2, compiled against Flink 2.x. */
    private static final String OF_FLINK_2 = "io.canalnative.doris.DorisSinkOfFlink2";

    private FlinkLine() {}

    static DorisSink sink(DorisTarget target, DorisBackend backend) {
        try {
            Class.forName(GONE_SINCE_2, false, FlinkLine.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return ofFlink2(target, backend);
        }
        return new DorisSinkOfFlink1(target, backend);
    }

    private static DorisSink ofFlink2(DorisTarget target, DorisBackend backend) {
        try {
            return (DorisSink) Class.forName(OF_FLINK_2).getDeclaredConstructor(DorisTarget.class, DorisBackend.class).newInstance(target, backend);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("The jar has no usable " + OF_FLINK_2 + "; use a jar built by './dev jar'", e);
        }
    }
}

package io.canalnative.doris;

import java.lang.reflect.Constructor;
import java.util.function.Supplier;

/**
 * Which form of sink this Flink takes. Flink 1.20's Sink has an abstract method over {@code Sink.InitContext}; 2.x has neither the method
 * nor that class, so a class that mentions it cannot even be Java-serialised there.
 */
public final class FlinkLine {

    private static final String GONE_SINCE_2 = "org.apache.flink.api.connector.sink2.Sink$InitContext";

    private FlinkLine() {}

    static DorisSink sink(DorisTarget target, DorisBackend backend) {
        return choose(() -> new DorisSinkOfFlink1(target, backend), "io.canalnative.doris.DorisSinkOfFlink2",
                new Class<?>[] {DorisTarget.class, DorisBackend.class}, target, backend);
    }

    /**
     * The sink for the Flink that runs.
     *
     * @param ofFlink2 the class for 2.x, of the source set flink2, which is compiled against it
     * @param parameters of its constructor, which is given {@code arguments}
     */
    @SuppressWarnings("unchecked")
    public static <S> S choose(Supplier<S> ofFlink1, String ofFlink2, Class<?>[] parameters, Object... arguments) {
        try {
            Class.forName(GONE_SINCE_2, false, FlinkLine.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            try {
                Constructor<?> constructor = Class.forName(ofFlink2).getDeclaredConstructor(parameters);
                constructor.setAccessible(true);
                return (S) constructor.newInstance(arguments);
            } catch (ReflectiveOperationException missing) {
                throw new IllegalStateException("The jar has no usable " + ofFlink2 + "; use a jar built by './dev jar'", missing);
            }
        }
        return ofFlink1.get();
    }
}

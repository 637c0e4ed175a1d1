package io.canalnative.job;

import java.lang.reflect.Proxy;

/**
 * SIGINT and SIGTERM. A shutdown hook would come too late: Flink's own hooks take its files away at the same time. The class for it is the
 * JVM's own ({@code sun.misc.Signal}), which a compiler for Java 8 does not show.
 */
final class Signals {

    private Signals() {}

    /** Runs {@code reaction} at each of them, on a thread of its own. Where the JVM has no such class they end it as ever. */
    static void handle(Runnable reaction) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    reaction.run();
                }
                return null;
            });
            for (String name : new String[] {"INT", "TERM"}) {
                signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
            }
        } catch (ReflectiveOperationException | LinkageError | IllegalArgumentException e) {
            System.err.println("canal-native: this JVM lets nobody handle signals (" + e + "); Ctrl-C ends the job at its last checkpoint");
        }
    }
}

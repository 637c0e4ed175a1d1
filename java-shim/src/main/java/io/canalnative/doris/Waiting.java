package io.canalnative.doris;

import java.io.IOException;

import io.canalnative.DorisLoads;

/** Waits for loads, in steps between which an interrupt (a cancelled task) is seen: nothing interrupts a native call. */
public final class Waiting {

    private static final long STEP_MILLIS = 200;

    private Waiting() {}

    /** What is waited for, one step. */
    public interface Step {
        /** Waits at most {@code millis}; true if it is so. */
        boolean await(long millis) throws IOException, InterruptedException;
    }

    /** Takes one step after the other until it is so. */
    public static void until(Step step) throws IOException, InterruptedException {
        while (!step.await(STEP_MILLIS)) {
            checkInterrupt();
        }
    }

    /** @param what {@link DorisLoads#ROOM} or {@link DorisLoads#SETTLED} */
    static void until(DorisLoads loads, int what) throws IOException, InterruptedException {
        until(millis -> loads.await(what, millis));
    }

    static void checkInterrupt() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("cancelled while waiting for Doris");
        }
    }
}

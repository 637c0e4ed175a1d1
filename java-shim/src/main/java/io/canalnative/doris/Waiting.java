package io.canalnative.doris;

import io.canalnative.DorisLoads;

/** Waits for loads, in steps between which an interrupt (a cancelled task) is seen: nothing interrupts a native call. */
final class Waiting {

    private static final long STEP_MILLIS = 200;

    private Waiting() {}

    /** @param what {@link DorisLoads#ROOM} or {@link DorisLoads#SETTLED} */
    static void until(DorisLoads loads, int what) throws InterruptedException {
        while (!loads.await(what, STEP_MILLIS)) {
            checkInterrupt();
        }
    }

    static void checkInterrupt() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("cancelled while waiting for Doris");
        }
    }
}

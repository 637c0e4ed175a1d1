package io.canalnative.database;

import java.util.Random;
import java.util.TreeSet;

/** Fails a task at certain messages, each time they come first: of all jobs in this JVM. */
final class Failures {

    private static final TreeSet<Integer> AT = new TreeSet<>();
    private static int happened;

    private Failures() {}

    /** So many, spread over the messages at random, the same ones each time. */
    static synchronized void begin(int failures, int messages) {
        Random random = new Random(failures);
        AT.clear();
        happened = 0;
        while (AT.size() < failures) {
            AT.add(random.nextInt(messages));
        }
    }

    static synchronized int happened() {
        return happened;
    }

    static synchronized CanalRecord pass(CanalRecord record) {
        if (AT.remove((int) (record.sequence >> 20))) {
            happened++;
            throw new IllegalStateException("a failure that the test wants");
        }
        return record;
    }
}

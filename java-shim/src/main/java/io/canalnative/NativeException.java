package io.canalnative;

/**
 * A failure inside the native library: a decoder specification it refuses, or a panic (a defect of the library) that
 * was stopped at the boundary. Thrown by native code through the constructor that takes a message.
 *
 * <p>Bad messages never end here: they are a status of {@code decode}. Closed or stale handles give an {@link
 * IllegalStateException}, bad arguments an {@link IllegalArgumentException}.
 */
public class NativeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param message what failed and where, in the library's words */
    public NativeException(String message) {
        super(message);
    }
}

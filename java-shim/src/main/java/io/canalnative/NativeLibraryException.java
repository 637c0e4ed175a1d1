package io.canalnative;

/** The native library cannot be used in this JVM; {@link #getMessage()} gives the reason and what to do about it. */
public final class NativeLibraryException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final String remedy;

    NativeLibraryException(String reason, String remedy, Throwable cause) {
        super(reason + ". " + remedy, cause);
        this.reason = reason;
        this.remedy = remedy;
    }

    /** What failed, with the value that was wrong. */
    public String reason() {
        return reason;
    }

    /** What a user can do about it, a whole sentence. */
    public String remedy() {
        return remedy;
    }
}

package io.canalnative.differential;

import java.util.ArrayList;
import java.util.List;

/** What a decoder made of one message: rows, and the exception if one was thrown. */
public final class Outcome {

    /** The rows as {@link RowText} writes them. */
    public final List<String> rows;
    /** {@code class: message} of the exception and of each cause, or empty. */
    public final List<String> errors;

    /** An outcome; both lists are kept. */
    public Outcome(List<String> rows, List<String> errors) {
        this.rows = rows;
        this.errors = errors;
    }

    /** The classes and messages of an exception and its causes. */
    public static List<String> chain(Throwable thrown) {
        List<String> chain = new ArrayList<>();
        for (Throwable t = thrown; t != null && chain.size() < 20; t = t.getCause()) {
            chain.add(t.getClass().getName() + ": " + t.getMessage());
        }
        return chain;
    }

    /** Whether an exception was thrown. */
    public boolean failed() {
        return !errors.isEmpty();
    }

    /** Whether rows and exceptions are the same. */
    public boolean isSame(Outcome other) {
        return rows.equals(other.rows) && sameErrors(other);
    }

    /**
     * Whether classes and messages of the exceptions are the same. A message that HotSpot has dropped counts as any: code
     * that throws the same implicit exception often gets a preallocated one ({@code -XX:+OmitStackTraceInFastThrow}).
     */
    public boolean sameErrors(Outcome other) {
        if (errors.size() != other.errors.size()) {
            return false;
        }
        for (int i = 0; i < errors.size(); i++) {
            String one = errors.get(i);
            String two = other.errors.get(i);
            boolean dropped = isImplicit(one) && one.split(": ")[0].equals(two.split(": ")[0]) && (one.endsWith(": null") || two.endsWith(": null"));
            if (!one.equals(two) && !dropped) {
                return false;
            }
        }
        return true;
    }

    private static boolean isImplicit(String error) {
        return error.matches("(?s)java\\.lang\\.(NullPointer|ClassCast|ArrayIndexOutOfBounds|Arithmetic|ArrayStore)Exception: .*");
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        rows.forEach(row -> text.append("\n    ").append(shortened(row)));
        errors.forEach(error -> text.append("\n    ! ").append(shortened(error)));
        return text.length() == 0 ? "\n    nothing" : text.toString();
    }

    private static String shortened(String text) {
        return text.length() <= 2000 ? text : text.substring(0, 2000) + "… (" + text.length() + " characters)";
    }
}

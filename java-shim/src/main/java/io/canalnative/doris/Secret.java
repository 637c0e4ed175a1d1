package io.canalnative.doris;

import java.io.Serializable;

/** A text that is handed to the native side and shown to nobody. */
final class Secret implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String text;

    Secret(String text) {
        this.text = text;
    }

    String reveal() {
        return text;
    }

    @Override
    public String toString() {
        return "***";
    }
}

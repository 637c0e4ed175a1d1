package io.canalnative.format;

/** Why a row is for Flink's encoder, in the order of the native side's detail byte. */
enum EncodeReason {
    /** Placeholder order; see native/src/canal/encode. */
    OTHER("it has a value that the native encoder does not write"),
    /** Not from the native side. */
    NOT_PACKED("a text with half a surrogate pair, a timestamp with more digits than its column, or a decimal of another scale"),
    /** Not from the native side. */
    NO_LIBRARY("the native library is not loaded");

    final String text;

    EncodeReason(String text) {
        this.text = text;
    }

    static EncodeReason of(int detail) {
        return OTHER;
    }
}

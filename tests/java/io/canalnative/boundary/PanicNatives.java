package io.canalnative.boundary;

/** The native that tests/boundary/panics.rs adds to the library. */
final class PanicNatives {

    private PanicNatives() {}

    /** Panics in the native library while it holds the decoder or encoder. */
    static native void panic(long handle);
}

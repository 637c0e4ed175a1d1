package io.canalnative;

import java.nio.ByteBuffer;

/**
 * The boundary: every native method of the library and nothing else. Shapes, ownership and the bits of {@link #decode}
 * are described in ARCHITECTURE.md; {@link NativeDecoder} is the safe way to use them.
 *
 * <p>All methods need {@link NativeLibrary#load()} first. A closed or stale handle throws {@link
 * IllegalStateException}, a bad argument {@link IllegalArgumentException}, anything else {@link NativeException}.
 */
public final class NativeCodec {

    /** The library's version; must equal the jar's. */
    static native String version();

    /** The instructions the scanner uses: {@code avx2}, {@code sse4.2} or {@code portable}. */
    static native String cpuPath();

    /** Opens a decoder for a specification in UTF-8 JSON; see {@code native/src/schema.rs}. */
    static native long openDecoder(byte[] spec);

    static native void closeDecoder(long handle);

    /** A view of the input buffer, at least {@code capacity} bytes; views handed out before are invalid after it. */
    static native ByteBuffer input(long handle, int capacity);

    static native ByteBuffer output(long handle);

    /** One little endian long for each requested metadata key; never moves. */
    static native ByteBuffer metadata(long handle);

    /** Decodes the first {@code length} bytes of the input buffer. */
    static native long decode(long handle, int length);

    /** Goes on with a packet that has more entries, or with the entry whose name was judged. */
    static native long proceed(long handle);

    /** The UTF-8 name that awaits a verdict. */
    static native byte[] pendingName(long handle);

    static native void verdict(long handle, boolean accepted);

    /** Exports the values {@code [from, all)} of a slot's dictionary into two empty Arrow C structs. */
    static native void exportMetadata(long handle, int slot, int from, long arrayAddress, long schemaAddress);

    static native void releaseArrow(long arrayAddress, long schemaAddress);

    /** Opens an encoder for a specification in UTF-8 JSON; see {@code native/src/schema.rs}. */
    static native long openEncoder(byte[] spec);

    static native void closeEncoder(long handle);

    /** A view of the encoder's input buffer, at least {@code capacity} bytes; as {@link #input}. */
    static native ByteBuffer encoderInput(long handle, int capacity);

    static native ByteBuffer encoderOutput(long handle);

    /**
     * Encodes the row in the first {@code length} bytes of the encoder's input buffer.
     *
     * @param kind {@code RowKind.toByteValue()}
     * @param now epoch milliseconds, for a full envelope
     */
    static native long encode(long handle, int length, int kind, long now);

    static native long address(ByteBuffer direct);

    /** A view of foreign memory, to follow the pointers inside Arrow's structs. */
    static native ByteBuffer view(long address, long length);

    /** UTF-8 text: column and reason of the last row that an encoder did not write. */
    static native byte[] refusal(long handle);

    private NativeCodec() {}
}

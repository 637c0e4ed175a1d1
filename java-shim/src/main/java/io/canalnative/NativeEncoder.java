package io.canalnative;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import org.apache.flink.util.UserCodeClassLoader;

/**
 * One native encoder with its buffers. Not thread safe; the native side refuses concurrent use.
 *
 * <p>Use: write a row in Flink's binary format to {@link #input()}, {@link #encode}, and for {@link #ENCODED} take
 * the {@link #message}. Every method throws {@link IllegalStateException} after {@link #close()}.
 */
public final class NativeEncoder implements AutoCloseable {

    /** Status: the message is in the output buffer. */
    public static final int ENCODED = 0;
    /** Status: this row is for Flink's encoder. */
    public static final int DELEGATE = 1;

    private static final int OUTPUT_MOVED = 1;

    static final int INITIAL_INPUT = 4 * 1024;
    /** Only a buffer beyond this size is worth giving back. */
    static final int LARGE_INPUT = 1024 * 1024;
    /** So many rows in a row must fit a quarter of a large buffer before it is given back. */
    static final int SMALL_ROWS_BEFORE_SHRINK = 1000;

    private final NativeLease lease;
    private ByteBuffer input;
    private ByteBuffer output;
    private int smallRows;
    private int largestSmall;

    private NativeEncoder(long handle) {
        this.lease = new NativeLease(this, handle, NativeCodec::closeEncoder);
        this.input = view(NativeCodec.encoderInput(handle, INITIAL_INPUT));
        this.output = NativeCodec.encoderOutput(handle);
    }

    private static ByteBuffer view(ByteBuffer buffer) {
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Opens an encoder and loads the library if that has not happened yet.
     *
     * @param spec the specification, UTF-8 JSON (the shape of {@code EncoderSpec} in native/src/schema.rs)
     * @throws NativeLibraryException if the library is not usable in this JVM
     * @throws NativeException if the library refuses the specification
     */
    public static NativeEncoder open(byte[] spec) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new NativeEncoder(NativeCodec.openEncoder(spec));
    }

    /** Frees the encoder with the user code's class loader at the latest, where Flink tells when that is. */
    public void closeWith(UserCodeClassLoader userCode) {
        lease.bind(userCode);
    }

    /** The buffer for the next row, little endian; the row begins at 0. Valid until {@link #grow} or {@link #encode}. */
    public ByteBuffer input() {
        lease.handle();
        return input;
    }

    /**
     * A larger input buffer.
     *
     * @param capacity bytes it has to hold, at least
     * @param used bytes of the row so far; they are kept
     */
    public ByteBuffer grow(int capacity, int used) {
        long wanted = Math.max(capacity, Math.min(2L * input.capacity(), Integer.MAX_VALUE - 64));
        byte[] kept = new byte[used];
        ((Buffer) input).clear();
        input.get(kept);
        resize((int) wanted);
        input.put(kept);
        return input;
    }

    private void resize(int capacity) {
        input = view(NativeCodec.encoderInput(lease.handle(), capacity));
        smallRows = 0;
        largestSmall = 0;
    }

    /**
     * Encodes the row in the input buffer.
     *
     * @param length bytes of the row
     * @param kind {@code RowKind.toByteValue()}
     * @param now epoch milliseconds, for the timestamps of a full envelope
     * @return the result, to be read with {@link #status}; see also {@link #refusal}
     */
    public long encode(int length, byte kind, long now) {
        long handle = lease.handle();
        lease.usedBy(Thread.currentThread());
        long result = NativeCodec.encode(handle, length, kind, now);
        if (((result >>> 40) & OUTPUT_MOVED) != 0) {
            output = NativeCodec.encoderOutput(handle);
        }
        return result;
    }

    /** The message of the last result, a fresh array. Afterwards a large buffer may be given back. */
    public byte[] message(long result, int rowLength) {
        lease.handle();
        byte[] message = new byte[(int) result];
        ((Buffer) output).clear();
        output.get(message);
        if (input.capacity() > LARGE_INPUT) {
            shrinkAfterSmallRows(rowLength);
        }
        return message;
    }

    private void shrinkAfterSmallRows(int length) {
        if (length > input.capacity() / 4) {
            smallRows = 0;
            largestSmall = 0;
            return;
        }
        largestSmall = Math.max(largestSmall, length);
        if (++smallRows >= SMALL_ROWS_BEFORE_SHRINK) {
            resize(Math.max(INITIAL_INPUT, largestSmall + largestSmall / 2));
            output = NativeCodec.encoderOutput(lease.handle());
        }
    }

    /** Column and reason of the row that was not encoded last. */
    public String refusal() {
        return new String(NativeCodec.refusal(lease.handle()), StandardCharsets.UTF_8);
    }

    int inputCapacity() {
        return input.capacity();
    }

    /** Bits 32–39 of a result. */
    public static int status(long result) {
        return (int) (result >>> 32) & 0xFF;
    }

    @Override
    public void close() {
        lease.close();
    }
}

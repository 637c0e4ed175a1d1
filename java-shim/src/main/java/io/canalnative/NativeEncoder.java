package io.canalnative;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import io.canalnative.row.RowBuffer;
import org.apache.flink.util.UserCodeClassLoader;

/**
 * One native encoder with its buffers. Not thread safe; the native side refuses concurrent use.
 *
 * <p>Use: write a row in Flink's binary format to {@link #input()}, {@link #encode}, and for {@link #ENCODED} take
 * the {@link #message}. Every method throws {@link IllegalStateException} after {@link #close()}.
 */
public final class NativeEncoder implements RowBuffer, AutoCloseable {

    /** Status: the message is in the output buffer. */
    public static final int ENCODED = 0;
    /** Status: this row is for Flink's encoder. */
    public static final int DELEGATE = 1;

    private static final int OUTPUT_MOVED = 1;

    private final NativeLease lease;
    private final RowInput input;
    private ByteBuffer output;

    private NativeEncoder(long handle) {
        this.lease = new NativeLease(this, handle, NativeCodec::closeEncoder);
        this.input = new RowInput(capacity -> NativeCodec.encoderInput(lease.handle(), capacity));
        this.output = NativeCodec.encoderOutput(handle);
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

    @Override
    public ByteBuffer input() {
        lease.handle();
        return input.view();
    }

    @Override
    public ByteBuffer grow(int capacity, int used) {
        return input.grow(capacity, used);
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
        if (input.taken(rowLength)) {
            output = NativeCodec.encoderOutput(lease.handle());
        }
        return message;
    }

    /** Column and reason of the row that was not encoded last. */
    public String refusal() {
        return new String(NativeCodec.refusal(lease.handle()), StandardCharsets.UTF_8);
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

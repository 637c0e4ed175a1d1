package io.canalnative;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

import org.apache.flink.util.UserCodeClassLoader;

/**
 * One native decoder with its buffers. Not thread safe; the native side refuses concurrent use.
 *
 * <p>Use: {@link #decode(byte[])}; while the status is a verdict, {@link #pendingName()} and {@link
 * #answer(boolean)}; for {@link #ROWS}, {@link #rows(long)} and {@link #metadata(int)}. Every method throws {@link
 * IllegalStateException} after {@link #close()}.
 */
public final class NativeDecoder implements AutoCloseable {

    /** Status: rows are in the output buffer. */
    public static final int ROWS = 0;
    /** Status: another database or table. */
    public static final int FILTERED = 1;
    /** Status: an event without rows; the detail is its kind. */
    public static final int SKIPPED = 2;
    /** Status: a bad message in lenient mode. */
    public static final int DROPPED = 3;
    /** Status: hand this message to Flink's codec. */
    public static final int DELEGATE = 4;
    /** Status: does {@code database.include} match the pending name? */
    public static final int DATABASE_VERDICT = 5;
    /** Status: does {@code table.include} match the pending name? */
    public static final int TABLE_VERDICT = 6;

    /** Status: no packet, or one with an entry that cannot be read; the output says what is wrong. */
    public static final int BROKEN = 7;

    /** Flag: a NOT NULL column is NULL, so the rows must be handed over as GenericRowData. */
    public static final int GENERIC_ONLY = 2;
    /** Flag: top-level timestamps are in the layout of precision 9. */
    public static final int WIDE_TIMESTAMPS = 4;
    /** Flag: forget every cached metadata value. */
    public static final int METADATA_RESET = 16;
    /** Flag: a bad value became NULL (lenient mode). */
    public static final int NULLED = 32;
    /** Flag: the one row is a schema change. */
    public static final int DDL = 64;

    /** Flag: the packet has more; {@link #proceed()}. */
    public static final int MORE = 128;

    private static final int OUTPUT_MOVED = 1;
    private static final long STATUS_AND_FLAGS = 0xFFFFL << 32;

    /** Bytes; what messages of few columns fit, as a job may have hundreds of decoders. */
    static final int INITIAL_INPUT = 2 * 1024;
    /** Only a buffer beyond this size is worth giving back. */
    static final int LARGE_INPUT = 1024 * 1024;
    /** So many messages in a row must fit a quarter of a large buffer before it is given back. */
    static final int SMALL_MESSAGES_BEFORE_SHRINK = 1000;

    private final NativeLease lease;
    private final ByteBuffer metadata;
    private ByteBuffer input;
    private ByteBuffer output;
    private int length;
    private int smallMessages;
    private int largestSmall;

    private NativeDecoder(long handle) {
        this.lease = new NativeLease(this, handle, NativeCodec::closeDecoder);
        this.input = NativeCodec.input(handle, INITIAL_INPUT);
        this.output = NativeCodec.output(handle);
        this.metadata = NativeCodec.metadata(handle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Opens a decoder and loads the library if that has not happened yet.
     *
     * @param spec the specification, UTF-8 JSON (the shape of {@code DecoderSpec} in native/src/schema.rs)
     * @throws NativeLibraryException if the library is not usable in this JVM
     * @throws NativeException if the library refuses the specification
     */
    public static NativeDecoder open(byte[] spec) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new NativeDecoder(NativeCodec.openDecoder(spec));
    }

    /** The library's version; {@link #open} has loaded it. */
    public static String version() {
        return NativeCodec.version();
    }

    /** The instructions the library's scanner uses on this CPU. */
    public static String cpuPath() {
        return NativeCodec.cpuPath();
    }

    /** Frees the decoder with the user code's class loader at the latest, where Flink tells when that is. */
    public void closeWith(UserCodeClassLoader userCode) {
        lease.bind(userCode);
    }

    /**
     * Decodes one message.
     *
     * @param message one Canal JSON message or packet, not empty
     * @return the result, to be read with {@link #status}, {@link #flags} and {@link #detail}
     */
    public long decode(byte[] message) {
        lease.handle();
        lease.usedBy(Thread.currentThread());
        length = message.length;
        if (length > input.capacity()) {
            resize(Math.max(length, (int) Math.min(2L * input.capacity(), Integer.MAX_VALUE - 64)));
        } else if (input.capacity() > LARGE_INPUT) {
            shrinkAfterSmallMessages();
        }
        ((Buffer) input).clear();
        input.put(message);
        return decodeInput();
    }

    private long decodeInput() {
        long handle = lease.handle();
        return viewed(handle, NativeCodec.decode(handle, length));
    }

    /** Goes on with a packet that has {@link #MORE}. */
    public long proceed() {
        long handle = lease.handle();
        return viewed(handle, NativeCodec.proceed(handle));
    }

    private long viewed(long handle, long result) {
        if ((flags(result) & OUTPUT_MOVED) != 0) {
            output = NativeCodec.output(handle);
        }
        return result;
    }

    private void shrinkAfterSmallMessages() {
        if (length > input.capacity() / 4) {
            smallMessages = 0;
            largestSmall = 0;
            return;
        }
        largestSmall = Math.max(largestSmall, length);
        if (++smallMessages >= SMALL_MESSAGES_BEFORE_SHRINK) {
            resize(Math.max(INITIAL_INPUT, largestSmall + largestSmall / 2));
        }
    }

    private void resize(int capacity) {
        input = NativeCodec.input(lease.handle(), capacity);
        smallMessages = 0;
        largestSmall = 0;
    }

    int inputCapacity() {
        return input.capacity();
    }

    /** The database or table name that awaits a verdict. */
    public String pendingName() {
        return new String(NativeCodec.pendingName(lease.handle()), StandardCharsets.UTF_8);
    }

    /** Says whether the include pattern matches the pending name, and decodes the same message again. */
    public long answer(boolean accepted) {
        NativeCodec.verdict(lease.handle(), accepted);
        return decodeInput();
    }

    /** Says whether the include pattern matches the pending name, and goes on with the entry that has it. */
    public long answerEntry(boolean accepted) {
        NativeCodec.verdict(lease.handle(), accepted);
        return proceed();
    }

    /**
     * The rows of the last message, a fresh array: repeated {@code [i32 size][BinaryRowData]}. For a packet
     * whose status is {@link #DELEGATE} an entry as flat message, for {@link #BROKEN} a reason, both UTF-8.
     */
    public byte[] rows(long result) {
        lease.handle();
        byte[] rows = new byte[(int) result];
        ((Buffer) output).clear();
        output.get(rows);
        return rows;
    }

    /**
     * The last message's value in a metadata slot: an index into the slot's dictionary, a number, or a place for {@link
     * #tail}.
     */
    public long metadata(int slot) {
        lease.handle();
        return metadata.getLong(slot * 8);
    }

    /** A fresh array of the bytes behind the last message's rows that a metadata slot names. */
    public byte[] tail(long place) {
        lease.handle();
        byte[] bytes = new byte[(int) place];
        ((Buffer) output).clear();
        ((Buffer) output).position((int) (place >>> 32));
        output.get(bytes);
        return bytes;
    }

    /**
     * The values {@code [from, all)} of a slot's dictionary as Flink's internal objects.
     *
     * @return StringData, MapData or ArrayData, each or NULL; see {@link ArrowReader}
     */
    public Object[] dictionary(int slot, int from) {
        long handle = lease.handle();
        try (ArrowReader arrow = new ArrowReader()) {
            NativeCodec.exportMetadata(handle, slot, from, arrow.arrayAddress(), arrow.schemaAddress());
            return arrow.read();
        }
    }

    /** Whether a result is of rows without anything special about them: its status and its flags are zero. */
    public static boolean isPlain(long result) {
        return (result & STATUS_AND_FLAGS) == 0;
    }

    /** Bits 32–39 of a result. */
    public static int status(long result) {
        return (int) (result >>> 32) & 0xFF;
    }

    /** Bits 40–47 of a result. */
    public static int flags(long result) {
        return (int) (result >>> 40) & 0xFF;
    }

    /** Bits 48–55 of a result. */
    public static int detail(long result) {
        return (int) (result >>> 48) & 0xFF;
    }

    @Override
    public void close() {
        lease.close();
    }
}

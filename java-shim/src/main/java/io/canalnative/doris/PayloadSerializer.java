package io.canalnative.doris;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * What checkpoints keep: a magic number, then the value's own fields. Texts of the native side are bytes in it and carry a version of their
 * own, so this version changes with the fields around them only.
 */
public abstract class PayloadSerializer<T> implements SimpleVersionedSerializer<T> {

    /** The version that is written, and the newest that is read. */
    static final int VERSION = 1;

    private final int magic;
    private final String what;

    /**
     * @param magic the first four bytes
     * @param what names the value in an error
     */
    protected PayloadSerializer(int magic, String what) {
        this.magic = magic;
        this.what = what;
    }

    protected abstract void write(T value, DataOutputStream out) throws IOException;

    /** Reads what {@link #write} of that version wrote. */
    protected abstract T read(int version, DataInputStream in) throws IOException;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(T value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(magic);
        write(value, out);
        return bytes.toByteArray();
    }

    @Override
    public T deserialize(int version, byte[] serialized) throws IOException {
        if (version < 1 || version > VERSION) {
            throw new IOException(
                    String.format("The checkpoint has %s of version %d, and this canal-native reads versions 1 to %d. Restore it with the canal-native that wrote it, or a newer one.",
                            what, version, VERSION));
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(serialized));
        try {
            int found = in.readInt();
            if (found != magic) {
                throw new IOException(String.format("it begins with %08x, not %08x", found, magic));
            }
            T value = read(version, in);
            if (in.available() > 0) {
                throw new IOException(in.available() + " bytes are left over");
            }
            return value;
        } catch (IOException | NegativeArraySizeException e) {
            throw new IOException(String.format("What the checkpoint has as %s, %d bytes, is not canal-native's: %s", what, serialized.length, e), e);
        }
    }

    /** Writes their length, then them. */
    public static void writeBytes(byte[] bytes, DataOutputStream out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /**
     * Reads what {@link #writeBytes} wrote.
     *
     * @throws IOException there are fewer bytes than it says
     */
    public static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a length of " + length + " with " + in.available() + " bytes left");
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }
}

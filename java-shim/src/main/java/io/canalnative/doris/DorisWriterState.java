package io.canalnative.doris;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.apache.flink.core.io.SimpleVersionedSerializer;

/** What a checkpoint keeps of a writer: where a successor looks for loads that a crash left behind. */
final class DorisWriterState {

    static final SimpleVersionedSerializer<DorisWriterState> SERIALIZER =
            new PayloadSerializer<DorisWriterState>(0x434E4453, "a writer's state") {
                @Override
                protected void write(DorisWriterState value, DataOutputStream out) throws IOException {
                    writeBytes(value.loads, out);
                    out.writeBoolean(value.badRows != null);
                    if (value.badRows != null) {
                        writeBytes(value.badRows, out);
                    }
                }

                @Override
                protected DorisWriterState read(int version, DataInputStream in) throws IOException {
                    byte[] loads = readBytes(in);
                    return new DorisWriterState(loads, in.readBoolean() ? readBytes(in) : null);
                }
            };

    private final byte[] loads;
    private final byte[] badRows;

    /**
     * @param loads JSON of the native side, UTF-8
     * @param badRows the same of the writer of bad rows; null without one
     */
    DorisWriterState(byte[] loads, byte[] badRows) {
        this.loads = loads;
        this.badRows = badRows;
    }

    byte[] loads() {
        return loads;
    }

    byte[] badRows() {
        return badRows;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof DorisWriterState
                && Arrays.equals(loads, ((DorisWriterState) o).loads)
                && Arrays.equals(badRows, ((DorisWriterState) o).badRows);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(loads) + Arrays.hashCode(badRows);
    }

    @Override
    public String toString() {
        return new String(loads, StandardCharsets.UTF_8);
    }
}

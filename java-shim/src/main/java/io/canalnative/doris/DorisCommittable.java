package io.canalnative.doris;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** A load that Doris holds pre-committed. */
final class DorisCommittable {

    static final SimpleVersionedSerializer<DorisCommittable> SERIALIZER =
            new PayloadSerializer<DorisCommittable>(0x434E4443, "a committable") {
                @Override
                protected void write(DorisCommittable value, DataOutputStream out) throws IOException {
                    out.writeLong(value.after);
                    writeBytes(value.load, out);
                }

                @Override
                protected DorisCommittable read(int version, DataInputStream in) throws IOException {
                    long after = in.readLong();
                    return new DorisCommittable(readBytes(in), after);
                }
            };

    private final byte[] load;
    private final long after;

    /**
     * @param load JSON of the native side, UTF-8
     * @param after the checkpoint before the load's first row; -1 for none
     */
    DorisCommittable(byte[] load, long after) {
        this.load = load;
        this.after = after;
    }

    byte[] load() {
        return load;
    }

    long after() {
        return after;
    }

    /** The load for people: label, rows and table, as far as its JSON says them. */
    String description() {
        try {
            JsonNode json = DorisSpec.JSON.readTree(load);
            return String.format("load %s of %s rows into %s.%s (transaction %s)",
                    json.path("label").asText("?"), json.path("rows").asText("?"), json.path("database").asText("?"), json.path("table").asText("?"),
                    json.path("txn").asText("?"));
        } catch (IOException e) {
            return "load " + new String(load, StandardCharsets.UTF_8);
        }
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof DorisCommittable && Arrays.equals(load, ((DorisCommittable) o).load) && after == ((DorisCommittable) o).after;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(load) + Long.hashCode(after);
    }

    @Override
    public String toString() {
        return description() + " after checkpoint " + after;
    }
}

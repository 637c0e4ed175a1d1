package io.canalnative.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.canalnative.database.CanalRecord;
import io.canalnative.doris.PayloadSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** A place in the log of changes, and the tables as they are there. */
final class LogPosition implements DatabaseSplit {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The run that its tables were read in. */
    final int run;
    /** As {@link io.canalnative.SourceLog#position} has it. */
    final byte[] position;
    /** As {@link io.canalnative.SourceLog#definitions} has it. */
    final byte[] definitions;

    LogPosition(int run, byte[] position, byte[] definitions) {
        this.run = run;
        this.position = position;
        this.definitions = definitions;
    }

    /** There is one log. */
    @Override
    public String splitId() {
        return "log";
    }

    /** The same run, further on. */
    LogPosition at(byte[] further, byte[] definitionsThere) {
        return new LogPosition(run, further, definitionsThere);
    }

    /** The record of a change, whose place among all changes is known. */
    CanalRecord change(byte[] message, long sequence) {
        return new CanalRecord(message, 0, (long) run << CanalRecord.RUN_BITS | sequence);
    }

    /** When the last change before it was made, epoch milliseconds; 0 if that is not known. */
    long time() {
        return json().path("time").asLong();
    }

    private JsonNode json() {
        try {
            return JSON.readTree(position);
        } catch (IOException e) {
            throw new IllegalStateException("The position in the log is no JSON: " + new String(position, StandardCharsets.UTF_8), e);
        }
    }

    @Override
    public void write(DataOutputStream out) throws IOException {
        out.writeInt(run);
        PayloadSerializer.writeBytes(position, out);
        PayloadSerializer.writeBytes(definitions, out);
    }

    static LogPosition read(DataInputStream in) throws IOException {
        return new LogPosition(in.readInt(), PayloadSerializer.readBytes(in), PayloadSerializer.readBytes(in));
    }

    @Override
    public Reading begin(DatabaseReader reader) {
        return new LogReading(reader, this);
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof LogPosition)) {
            return false;
        }
        LogPosition other = (LogPosition) o;
        return run == other.run && Arrays.equals(position, other.position) && Arrays.equals(definitions, other.definitions);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(position);
    }

    /** {@code binlog.000003:157, GTID …}, for people. */
    @Override
    public String toString() {
        return describe(json());
    }

    /** A position for people. */
    static String describe(JsonNode position) {
        String file = position.path("file").asText("");
        String gtid = position.path("gtid").asText("");
        String place = file.isEmpty() ? "no place that could be told" : file + ":" + position.path("offset").asLong();
        return gtid.isEmpty() ? place : place + ", GTID " + gtid;
    }
}

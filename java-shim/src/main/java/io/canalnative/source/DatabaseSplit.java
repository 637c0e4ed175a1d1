package io.canalnative.source;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

import io.canalnative.doris.PayloadSerializer;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** What one reader reads of a database: a {@link TableRange}, or the log of changes from a {@link LogPosition} on. */
interface DatabaseSplit extends SourceSplit {

    SimpleVersionedSerializer<DatabaseSplit> SERIALIZER =
            new PayloadSerializer<DatabaseSplit>(0x434E5350, "a part of a source") {
                @Override
                protected void write(DatabaseSplit split, DataOutputStream out) throws IOException {
                    out.writeBoolean(split instanceof LogPosition);
                    split.write(out);
                }

                @Override
                protected DatabaseSplit read(int version, DataInputStream in) throws IOException {
                    return in.readBoolean() ? LogPosition.read(in) : TableRange.read(in);
                }
            };

    /** Writes what it is, for {@link #SERIALIZER}. */
    void write(DataOutputStream out) throws IOException;

    /** Begins to read it. */
    Reading begin(DatabaseReader reader);
}

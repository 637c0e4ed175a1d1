package io.canalnative.job;

import java.io.IOException;
import java.util.Collections;
import java.util.List;

import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** How far {@link MessageFiles} were read. They are one split, as their order counts. */
final class FilePosition implements SourceSplit {

    static final FilePosition BEGIN = new FilePosition(0, "", 0, 0);
    static final SimpleVersionedSerializer<FilePosition> SERIALIZER = new Serializer();
    static final SimpleVersionedSerializer<List<FilePosition>> NONE_OR_ONE = new OfList();

    /** Files that are read. */
    final int files;
    /** The file behind them, as it was named; empty if none of it was read. */
    final String path;
    /** Lines of it that are read. */
    final long lines;
    /** Lines of all files that are read. */
    final long total;

    FilePosition(int files, String path, long lines, long total) {
        this.files = files;
        this.path = path;
        this.lines = lines;
        this.total = total;
    }

    @Override
    public String splitId() {
        return "files";
    }

    private static final class Serializer implements SimpleVersionedSerializer<FilePosition> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(FilePosition position) throws IOException {
            DataOutputSerializer out = new DataOutputSerializer(64);
            out.writeInt(position.files);
            out.writeUTF(position.path);
            out.writeLong(position.lines);
            out.writeLong(position.total);
            return out.getCopyOfBuffer();
        }

        @Override
        public FilePosition deserialize(int version, byte[] serialized) throws IOException {
            if (version != 1) {
                throw new IOException("State of version " + version + " of a file source; this jar reads version 1. Use the jar that wrote it, or a later one");
            }
            DataInputDeserializer in = new DataInputDeserializer(serialized);
            return new FilePosition(in.readInt(), in.readUTF(), in.readLong(), in.readLong());
        }
    }

    /** The enumerator's state: the split, until a reader has it. */
    private static final class OfList implements SimpleVersionedSerializer<List<FilePosition>> {
        @Override
        public int getVersion() {
            return SERIALIZER.getVersion();
        }

        @Override
        public byte[] serialize(List<FilePosition> positions) throws IOException {
            return positions.isEmpty() ? new byte[0] : SERIALIZER.serialize(positions.get(0));
        }

        @Override
        public List<FilePosition> deserialize(int version, byte[] serialized) throws IOException {
            return serialized.length == 0 ? Collections.emptyList() : Collections.singletonList(SERIALIZER.deserialize(version, serialized));
        }
    }
}

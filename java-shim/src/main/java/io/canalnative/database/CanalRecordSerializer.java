package io.canalnative.database;

import java.io.IOException;

import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A message between two tasks: partition, sequence, whether it is everyone's, number of bytes, bytes. */
public final class CanalRecordSerializer extends TypeSerializerSingleton<CanalRecord> {
    private static final long serialVersionUID = 1L;

    static final CanalRecordSerializer INSTANCE = new CanalRecordSerializer();

    private CanalRecordSerializer() {}

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public CanalRecord createInstance() {
        return new CanalRecord(new byte[0], 0, 0);
    }

    @Override
    public CanalRecord copy(CanalRecord from) {
        return from;
    }

    @Override
    public CanalRecord copy(CanalRecord from, CanalRecord reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(CanalRecord record, DataOutputView target) throws IOException {
        target.writeInt(record.partition);
        target.writeLong(record.sequence);
        target.writeBoolean(record.everyones);
        target.writeInt(record.value.length);
        target.write(record.value);
    }

    @Override
    public CanalRecord deserialize(DataInputView source) throws IOException {
        int partition = source.readInt();
        long sequence = source.readLong();
        boolean everyones = source.readBoolean();
        byte[] value = new byte[source.readInt()];
        source.readFully(value);
        return new CanalRecord(value, partition, sequence, everyones, 0);
    }

    @Override
    public CanalRecord deserialize(CanalRecord reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    @Override
    public TypeSerializerSnapshot<CanalRecord> snapshotConfiguration() {
        return new Snapshot();
    }

    /** What a checkpoint with messages in flight says of their form. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<CanalRecord> {
        public Snapshot() {
            super(() -> INSTANCE);
        }
    }
}

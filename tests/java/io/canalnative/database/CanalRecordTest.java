package io.canalnative.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.nio.charset.StandardCharsets;

import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshotSerializationUtil;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

/** Messages between tasks, and in checkpoints. */
class CanalRecordTest {

    private static final CanalRecord[] RECORDS = {
        new CanalRecord(new byte[0], 0, 0),
        new CanalRecord("{}".getBytes(StandardCharsets.UTF_8), 7, 5L << 20),
        new CanalRecord(new byte[100_000], Integer.MIN_VALUE, Long.MIN_VALUE),
        new CanalRecord(new byte[] {-1, 0, 1}, Integer.MAX_VALUE, Long.MAX_VALUE),
        new CanalRecord(new byte[] {2}, 1, 1, true, 0),
    };

    private static TypeSerializer<CanalRecord> serializer() {
        return TypeInformation.of(CanalRecord.class).createSerializer(new SerializerConfigImpl());
    }

    private static byte[] bytes(CanalRecord... records) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(16);
        for (CanalRecord record : records) {
            serializer().serialize(record, out);
        }
        return out.getCopyOfBuffer();
    }

    @Test
    void flinkFindsTheTypeByItself() throws Exception {
        assertEquals(CanalRecord.TYPE, TypeInformation.of(CanalRecord.class));
        assertSame(CanalRecordSerializer.INSTANCE, serializer());
        TypeInformation<CanalRecord> shipped = InstantiationUtil.clone(CanalRecord.TYPE);
        assertEquals(CanalRecord.TYPE, shipped);
        assertEquals(CanalRecord.TYPE.hashCode(), shipped.hashCode());
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws Exception {
        byte[] bytes = bytes(RECORDS);
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        DataInputDeserializer copied = new DataInputDeserializer(bytes);
        DataOutputSerializer copy = new DataOutputSerializer(16);
        for (CanalRecord record : RECORDS) {
            CanalRecord read = serializer().deserialize(in);
            assertEquals(record, read);
            assertEquals(record.hashCode(), read.hashCode());
            serializer().copy(copied, copy);
        }
        assertEquals(0, in.available());
        assertEquals(new String(bytes, StandardCharsets.ISO_8859_1), new String(copy.getCopyOfBuffer(), StandardCharsets.ISO_8859_1));
        assertEquals(4 + 8 + 1 + 4 + 2, bytes(RECORDS[1]).length, "nothing but partition, sequence, a flag, length and bytes");
    }

    @Test
    void aRecordThatIsCutOffIsNotRead() throws Exception {
        byte[] bytes = bytes(RECORDS[1]);
        for (int length = 0; length < bytes.length; length++) {
            DataInputDeserializer in = new DataInputDeserializer(bytes, 0, length);
            assertThrows(EOFException.class, () -> serializer().deserialize(in), "of " + length + " bytes");
        }
    }

    @Test
    void aCheckpointsFormIsKnownAgain() throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(16);
        TypeSerializerSnapshotSerializationUtil.writeSerializerSnapshot(out, serializer().snapshotConfiguration());
        TypeSerializerSnapshot<CanalRecord> read =
                TypeSerializerSnapshotSerializationUtil.readSerializerSnapshot(new DataInputDeserializer(out.getCopyOfBuffer()), getClass().getClassLoader());
        TypeSerializerSchemaCompatibility<CanalRecord> compatibility = serializer().snapshotConfiguration().resolveSchemaCompatibility(read);
        assertTrue(compatibility.isCompatibleAsIs());
        assertSame(CanalRecordSerializer.INSTANCE, read.restoreSerializer());
    }

    @Test
    void recordsAreEqualByWhatTheyAre() {
        CanalRecord record = new CanalRecord(new byte[] {1}, 2, 3);
        assertEquals(record, new CanalRecord(new byte[] {1}, 2, 3, false, 5), "the way does not count");
        assertFalse(record.equals(new CanalRecord(new byte[] {1}, 2, 3, true, 0)));
        assertFalse(record.equals(new CanalRecord(new byte[] {2}, 2, 3)));
        assertFalse(record.equals(new CanalRecord(new byte[] {1}, 1, 3)));
        assertFalse(record.equals(new CanalRecord(new byte[] {1}, 2, 4)));
        assertEquals("message of 1 bytes in partition 2, sequence 3", record.toString());
    }
}

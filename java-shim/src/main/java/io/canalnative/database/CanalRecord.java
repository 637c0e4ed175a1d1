package io.canalnative.database;

import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Map;

import org.apache.flink.api.common.typeinfo.TypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInfoFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** One of Canal's messages and where it stands in its source. Its bytes are not to be changed. */
@TypeInfo(CanalRecord.Factory.class)
public final class CanalRecord {

    /** Room in a sequence for the rows of a message: what stands at {@code offset} has the sequence {@code offset << ROW_BITS}. */
    public static final int ROW_BITS = 20;

    /** Above these bits a sequence has the number of a run, of a source that is read anew in each: see {@link io.canalnative.TableRuns}. */
    public static final int RUN_BITS = 51;

    /** Its type, for sources. */
    public static final TypeInformation<CanalRecord> TYPE = new CanalRecordType();

    /** As the source has it: JSON text or a packet. */
    public final byte[] value;
    /** The partition, or the number of a file, from 0: messages of one stand in an order. */
    public final int partition;
    /**
     * Its place there, {@code offset <<} {@link #ROW_BITS}: that is its first row's, each further row has the next. Of two rows of a key the one of the higher
     * sequence stays.
     */
    public final long sequence;

    /** Whether {@link Router} sent it to all subtasks. */
    final boolean everyones;
    /** It goes to the subtask of the same remainder. For the exchange behind the router only, which it does not pass. */
    final long number;

    public CanalRecord(byte[] value, int partition, long sequence) {
        this(value, partition, sequence, false, 0);
    }

    CanalRecord(byte[] value, int partition, long sequence, boolean everyones, long number) {
        this.value = value;
        this.partition = partition;
        this.sequence = sequence;
        this.everyones = everyones;
        this.number = number;
    }

    @Override
    public boolean equals(Object o) {
        if (!(o instanceof CanalRecord)) {
            return false;
        }
        CanalRecord other = (CanalRecord) o;
        return partition == other.partition && sequence == other.sequence && everyones == other.everyones && Arrays.equals(value, other.value);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Arrays.hashCode(value) + partition) + Long.hashCode(sequence);
    }

    @Override
    public String toString() {
        return String.format("message of %d bytes in partition %d, sequence %d", value.length, partition, sequence);
    }

    /** Flink asks it for the type of a stream that does not state one. */
    public static final class Factory extends TypeInfoFactory<CanalRecord> {
        @Override
        public TypeInformation<CanalRecord> createTypeInfo(Type type, Map<String, TypeInformation<?>> parameters) {
            return TYPE;
        }
    }
}

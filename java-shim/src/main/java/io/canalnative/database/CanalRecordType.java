package io.canalnative.database;

import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** {@link CanalRecord} as Flink's type system knows it: neither a POJO nor for Kryo. */
final class CanalRecordType extends TypeInformation<CanalRecord> {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    public Class<CanalRecord> getTypeClass() {
        return CanalRecord.class;
    }

    @Override
    public boolean isKeyType() {
        return false;
    }

    @Override
    public TypeSerializer<CanalRecord> createSerializer(SerializerConfig config) {
        return CanalRecordSerializer.INSTANCE;
    }

    /** The same for Flink 1.20; 2.x has no such method. */
    @SuppressWarnings("deprecation")
    @Override
    public TypeSerializer<CanalRecord> createSerializer(ExecutionConfig config) {
        return CanalRecordSerializer.INSTANCE;
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof CanalRecordType;
    }

    @Override
    public boolean equals(Object o) {
        return canEqual(o);
    }

    @Override
    public int hashCode() {
        return CanalRecordType.class.hashCode();
    }

    @Override
    public String toString() {
        return "CanalRecord";
    }
}

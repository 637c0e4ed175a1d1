package io.canalnative.bench.database;

import java.io.IOException;
import java.io.Serializable;

import io.canalnative.database.CanalRecord;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;

/** What a source makes of the bytes of a message. */
interface Decode<T> extends Serializable {

    /** Before the first message. */
    void open(DeserializationSchema.InitializationContext context) throws Exception;

    /** @param offset in the one partition */
    void decode(byte[] message, long offset, Collector<T> out) throws IOException;

    TypeInformation<T> type();

    /** By one of Flink's formats. */
    static <T> Decode<T> by(DeserializationSchema<T> format) {
        return new Decode<T>() {
            @Override
            public void open(DeserializationSchema.InitializationContext context) throws Exception {
                format.open(context);
            }

            @Override
            public void decode(byte[] message, long offset, Collector<T> out) throws IOException {
                format.deserialize(message, out);
            }

            @Override
            public TypeInformation<T> type() {
                return format.getProducedType();
            }
        };
    }

    /** Apart, so that it is loaded only where our jar is. */
    final class ToRecord implements Decode<CanalRecord> {
        @Override
        public void open(DeserializationSchema.InitializationContext context) {}

        @Override
        public void decode(byte[] message, long offset, Collector<CanalRecord> out) {
            out.collect(new CanalRecord(message, 0, offset << 20));
        }

        @Override
        public TypeInformation<CanalRecord> type() {
            return CanalRecord.TYPE;
        }
    }
}

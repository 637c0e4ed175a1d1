package io.canalnative.bench;

import java.util.List;

import io.canalnative.format.BinaryRowCollector;

import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;

/** What happens to the rows. The sums of what was read are kept, so that nothing of it can be optimised away. */
enum Use {
    /** Nothing. */
    DISCARDED("discarded") {
        @Override
        Sink sink(RowType type) {
            return new Sink() {
                @Override
                void take(RowData row) {
                    sum += row.getArity();
                }
            };
        }
    },
    /** Each field is read, strings down to their bytes, decimals of up to 18 digits to their number. */
    READ("every field read") {
        @Override
        Sink sink(RowType type) {
            return new FieldReader(type);
        }
    },
    /** Serialised as between two Flink tasks. */
    SERIALISED("serialised") {
        @Override
        Sink sink(RowType type) {
            return new Serializer(type);
        }
    },
    /** Nothing, by a collector that gets GenericRowData from both codecs, as from Kafka with key or offset columns. */
    GENERIC("discarded, generic rows") {
        @Override
        Sink sink(RowType type) {
            return DISCARDED.sink(type);
        }
    };

    /** What the report calls it. */
    final String title;

    Use(String title) {
        this.title = title;
    }

    /** A new taker of rows of this type. */
    abstract Sink sink(RowType type);

    /** The collector to hand to a decoder. */
    Collector<RowData> collector(RowType type) {
        Sink sink = sink(type);
        return this == GENERIC ? new GenericCollector(sink) : new BinaryCollector(sink);
    }

    /** A collector that keeps the rows, in the form that {@link #collector} gets. */
    Collector<RowData> keeping(List<RowData> rows) {
        Sink sink = new Sink() {
            @Override
            void take(RowData row) {
                rows.add(row);
            }
        };
        return this == GENERIC ? new GenericCollector(sink) : new BinaryCollector(sink);
    }

    /** Takes rows. */
    abstract static class Sink {
        long sum;

        abstract void take(RowData row) throws java.io.IOException;

        final void collect(RowData row) {
            try {
                take(row);
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    private static final class BinaryCollector implements BinaryRowCollector {
        private final Sink sink;

        BinaryCollector(Sink sink) {
            this.sink = sink;
        }

        @Override
        public void collect(RowData row) {
            sink.collect(row);
        }

        @Override
        public void close() {}
    }

    private static final class GenericCollector implements Collector<RowData> {
        private final Sink sink;

        GenericCollector(Sink sink) {
            this.sink = sink;
        }

        @Override
        public void collect(RowData row) {
            sink.collect(row);
        }

        @Override
        public void close() {}
    }

    private static final class FieldReader extends Sink {
        private final RowData.FieldGetter[] getters;

        FieldReader(RowType type) {
            getters = new RowData.FieldGetter[type.getFieldCount()];
            for (int i = 0; i < getters.length; i++) {
                getters[i] = RowData.createFieldGetter(type.getTypeAt(i), i);
            }
        }

        @Override
        void take(RowData row) {
            for (RowData.FieldGetter getter : getters) {
                Object value = getter.getFieldOrNull(row);
                if (value instanceof StringData) {
                    sum += ((StringData) value).toBytes().length;
                } else if (value instanceof TimestampData) {
                    sum += ((TimestampData) value).getMillisecond();
                } else if (value instanceof DecimalData && ((DecimalData) value).isCompact()) {
                    // As Flink's arithmetic does; a hash would make a BigDecimal, in both codecs' time.
                    sum += ((DecimalData) value).toUnscaledLong();
                } else if (value != null) {
                    sum += value.hashCode();
                }
            }
        }
    }

    private static final class Serializer extends Sink {
        private final RowDataSerializer serializer;
        private final DataOutputSerializer out = new DataOutputSerializer(1 << 16);

        Serializer(RowType type) {
            serializer = new RowDataSerializer(type);
        }

        @Override
        void take(RowData row) throws java.io.IOException {
            out.clear();
            serializer.serialize(row, out);
            sum += out.length();
        }
    }
}

package io.canalnative.database;

import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;

/** What a reader hands records to; watermarks are nothing to it. */
public interface RecordOutput extends ReaderOutput<CanalRecord> {

    @Override
    default void collect(CanalRecord record, long timestamp) {
        collect(record);
    }

    @Override
    default void emitWatermark(Watermark watermark) {}

    @Override
    default void markIdle() {}

    @Override
    default void markActive() {}

    @Override
    default SourceOutput<CanalRecord> createOutputForSplit(String split) {
        return this;
    }

    @Override
    default void releaseOutputForSplit(String split) {}
}

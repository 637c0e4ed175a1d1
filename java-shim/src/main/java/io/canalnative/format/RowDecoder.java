package io.canalnative.format;

import java.io.IOException;

import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** Decodes the messages of one subtask. Not thread safe. */
interface RowDecoder extends AutoCloseable {

    /** Decodes a message with content and emits its rows, after the whole message was read. */
    void decode(byte[] message, Collector<RowData> out) throws IOException;

    @Override
    void close();
}

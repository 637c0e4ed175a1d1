package io.canalnative.format;

import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/**
 * A collector that takes rows of any RowData class. Implement it to receive the decoder's cheapest form, {@link
 * org.apache.flink.table.data.binary.BinaryRowData} (with metadata columns a {@link
 * org.apache.flink.table.data.utils.JoinedRowData}); any collector not known to the decoder receives {@link
 * org.apache.flink.table.data.GenericRowData}, the class Flink's own codec emits, because connectors cast to it.
 */
public interface BinaryRowCollector extends Collector<RowData> {}

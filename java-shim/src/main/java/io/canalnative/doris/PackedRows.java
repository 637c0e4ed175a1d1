package io.canalnative.doris;

import java.io.IOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;

import io.canalnative.DorisLoads;
import io.canalnative.row.RowPacker;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;

/**
 * Rows that were packed into the native side's input buffer and are handed over many at a time: the way there costs as much for one of
 * them as for a hundred. The layout is {@link DorisLoads#write}'s.
 */
public final class PackedRows {

    /** Bytes from which on they are handed over: with these a row's share of the call is a few nanoseconds, and they stay in the processor's cache. */
    private static final int ENOUGH = 16 * 1024;

    /** What is told while rows are handed over. */
    public interface Outcome {
        /** No memory is left, and the rows that are left wait for some. */
        void full() throws IOException, InterruptedException;

        /** The table cannot hold this row. */
        void bad(RowData row, String reason) throws IOException, InterruptedException;
    }

    private final DorisLoads loads;
    private final RowPacker packer;
    private final Outcome outcome;
    private final int arity;
    /** Where the rows begin that are not handed over yet. */
    private int begin;
    private int end;

    /** @param columns of every row */
    public PackedRows(RowType columns, DorisLoads loads, Outcome outcome) {
        this.loads = loads;
        this.packer = new RowPacker(columns, loads);
        this.outcome = outcome;
        this.arity = columns.getFieldCount();
    }

    /** Packs a row, and hands over all there are if these are enough. False: the layout cannot hold the row, {@link #refusal} says why. */
    public boolean add(RowData row) throws IOException, InterruptedException {
        int length = packer.pack(row, end + DorisLoads.ROW_HEAD);
        if (length == RowPacker.REFUSED) {
            return false;
        }
        ByteBuffer input = loads.input();
        input.putInt(end, length);
        input.putInt(end + 4, row.getRowKind().toByteValue());
        end += DorisLoads.ROW_HEAD + length;
        if (end >= ENOUGH) {
            handOver();
        }
        return true;
    }

    /** Column and reason of the row that was refused last. */
    public String refusal() {
        return packer.refusal();
    }

    /** Hands over the rows that were packed. */
    public void handOver() throws IOException, InterruptedException {
        while (begin < end) {
            long answer = loads.write(begin, end);
            begin = (int) answer;
            switch ((int) (answer >>> 32)) {
                case DorisLoads.FULL:
                    outcome.full();
                    Waiting.until(loads, DorisLoads.ROOM);
                    break;
                case DorisLoads.BAD:
                    BinaryRowData row = row(begin);
                    begin += DorisLoads.ROW_HEAD + row.getSizeInBytes();
                    outcome.bad(row, loads.badRow());
                    break;
                default:
                    break;
            }
        }
        begin = 0;
        end = 0;
    }

    /** A copy of a packed row. */
    private BinaryRowData row(int at) {
        ByteBuffer input = loads.input();
        byte[] bytes = new byte[input.getInt(at)];
        int kind = input.getInt(at + 4);
        ((Buffer) input).clear();
        ((Buffer) input).position(at + DorisLoads.ROW_HEAD);
        input.get(bytes);
        BinaryRowData row = new BinaryRowData(arity);
        row.pointTo(MemorySegmentFactory.wrap(bytes), 0, bytes.length);
        row.setRowKind(RowKind.fromByteValue((byte) kind));
        return row;
    }
}

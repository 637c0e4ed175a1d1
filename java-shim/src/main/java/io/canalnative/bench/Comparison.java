package io.canalnative.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.util.Collector;

/**
 * What flink-json and the native codec cost for the same messages, in one process.
 *
 * <p>How noise is kept out:
 *
 * <ul>
 *   <li>CPU time of this thread ({@code ThreadMXBean.getCurrentThreadCpuTime}), not wall-clock time: another process on
 *       the machine, or a thread of this JVM such as the JIT compilers, does not count while it runs.
 *   <li>Both codecs take turns in blocks of about {@value Measurement#BLOCK_MILLIS} ms, so a change of the machine (clock
 *       rate, caches that others use) hits both; the median over the blocks is shown, so a spoilt block does not count.
 *   <li>Warm-up goes on until the last blocks of each codec agree within {@value Measurement#STABLE_PERCENT} %, for each
 *       workload and use anew. Both codecs meet the same collectors in the same order, so the JIT compilers know as much
 *       about the one as about the other.
 *   <li>The column "no codec" is what handing over and using the rows costs when they are ready: no codec can be faster.
 *   <li>Allocated bytes are exact: {@code com.sun.management.ThreadMXBean.getThreadAllocatedBytes} of this thread.
 *       Garbage collection itself is in neither number; with the serial collector it would run in the VM's thread.
 * </ul>
 *
 * <p>Both codecs come from the public factory path, {@code FactoryUtil} and the format identifier {@code canal-json}: the
 * native one from the class path of the process, the other from a class loader that has flink-json alone. That their rows
 * are equal is for the caller to see to ({@link Equality}).
 */
final class Comparison {

    /** Uses beside those of {@link Use}. */
    static final String ENCODED_GENERIC = "encoded, GenericRowData in";
    static final String ENCODED_BINARY = "encoded, BinaryRowData in";

    /** Markdown above lines of {@link #row}. */
    static final String HEADER = "| workload | rows | bytes | stock ns | native ns | ratio | stock MB/s | native MB/s | stock B allocated | native B allocated | native/stock | no codec, ns |\n"
            + "|---|---|---|---|---|---|---|---|---|---|---|---|\n";

    private static final int ENCODED_ROWS = 2_000;
    private static final int READY_MESSAGES = 50;
    /** Kept, so that no encoding can be optimised away. */
    private static long written;

    private final Workload workload;
    private final Codec stock;
    private final Codec nativeCodec;
    private final boolean quick;

    /** @param quick fewer and shorter blocks, for a look */
    Comparison(Workload workload, Codec stock, Codec nativeCodec, boolean quick) {
        this.workload = workload;
        this.stock = stock;
        this.nativeCodec = nativeCodec;
        this.quick = quick;
    }

    /** Takes what was measured. */
    interface Results {
        /** @param bytes average length of the messages that were read or written */
        void add(String use, double bytes, Measurement measured);
    }

    /** Decodes the workload's messages for a use of their rows, and gives it rows that are ready. */
    void decode(Use use, Results results) throws Exception {
        results.add(use.title, workload.averageBytes(), Measurement.of(decoding(use, stock), decoding(use, nativeCodec), giving(use), quick));
    }

    /** Decodes the workload's messages and discards the rows: the codecs alone. */
    Measurement decode() throws Exception {
        return Measurement.of(decoding(Use.DISCARDED, stock), decoding(Use.DISCARDED, nativeCodec), quick);
    }

    /** What remains without a codec: rows of the native one that are ready, few enough to stay in the processor's caches, given to the same use. */
    private Measurement.Work giving(Use use) throws Exception {
        List<RowData[]> ready = new ArrayList<>();
        for (byte[] message : workload.messages().subList(0, Math.min(READY_MESSAGES, workload.messages().size()))) {
            List<RowData> rows = new ArrayList<>();
            nativeCodec.decode(message, use.keeping(rows));
            ready.add(rows.toArray(new RowData[0]));
        }
        Collector<RowData> collector = use.collector(nativeCodec.rowType());
        return new Measurement.Work() {
            @Override
            public int size() {
                return ready.size();
            }

            @Override
            public void run(int index) {
                for (RowData row : ready.get(index)) {
                    collector.collect(row);
                }
            }
        };
    }

    /** Encodes the rows of the workload's messages, as generic and as binary rows; what they become must be equal first. */
    void encode(Results results) throws Exception {
        List<RowData> generic = Equality.encodableRows(workload, stock, nativeCodec, ENCODED_ROWS);
        RowDataSerializer serializer = new RowDataSerializer(stock.rowType());
        List<RowData> binary = new ArrayList<>();
        long bytes = 0;
        for (RowData row : generic) {
            binary.add(serializer.toBinaryRow(row).copy());
            bytes += stock.encode(row).length;
        }
        double average = (double) bytes / generic.size();
        results.add(ENCODED_GENERIC, average, Measurement.of(encoding(generic, stock), encoding(generic, nativeCodec), quick));
        results.add(ENCODED_BINARY, average, Measurement.of(encoding(binary, stock), encoding(binary, nativeCodec), quick));
    }

    private Measurement.Work decoding(Use use, Codec codec) {
        List<byte[]> messages = workload.messages();
        Collector<RowData> collector = use.collector(codec.rowType());
        return new Measurement.Work() {
            @Override
            public int size() {
                return messages.size();
            }

            @Override
            public void run(int index) throws Exception {
                codec.decode(messages.get(index), collector);
            }
        };
    }

    private static Measurement.Work encoding(List<RowData> rows, Codec codec) {
        return new Measurement.Work() {
            @Override
            public int size() {
                return rows.size();
            }

            @Override
            public void run(int index) {
                written += codec.encode(rows.get(index)).length;
            }
        };
    }

    /** One line of the table. */
    static String row(String workload, String use, double bytes, Measurement measured) {
        return String.format(
                Locale.ROOT,
                "| %s | %s | %,.0f | %,.0f | %,.0f | %.1f× ± %.0f %% | %,.0f | %,.0f | %,.0f | %,.0f | %.1f %% | %s |%n",
                workload,
                use,
                bytes,
                measured.stockNanos,
                measured.nativeNanos,
                measured.ratio(),
                measured.spreadPercent,
                bytes * 1000 / measured.stockNanos,
                bytes * 1000 / measured.nativeNanos,
                measured.stockBytes,
                measured.nativeBytes,
                measured.allocatedPercent(),
                Double.isNaN(measured.leastNanos) ? "" : String.format(Locale.ROOT, "%,.0f", measured.leastNanos));
    }
}

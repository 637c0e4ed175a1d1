package io.canalnative.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import com.sun.management.ThreadMXBean;

import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;

/** Threads that decode at the same time, each with a decoder of its own, as the subtasks of a source do. */
final class Subtasks {

    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Times that each thread reads all messages, unmeasured and measured. */
    private static final int WARM_UP_PASSES = 15;
    private static final int PASSES = 40;

    private Subtasks() {}

    /** The decoders of so many subtasks, which share their classes. */
    static List<Codec> codecs(Workload workload, int subtasks, boolean stock) throws Exception {
        return Codec.decoders(Collections.nCopies(subtasks, workload), stock);
    }

    /** CPU time per message, average of the threads, one a decoder; each works while all others do. */
    static double nanosAMessage(Workload workload, List<Codec> codecs) throws Exception {
        List<byte[]> messages = workload.messages();
        CyclicBarrier together = new CyclicBarrier(codecs.size());
        ExecutorService threads = Executors.newFixedThreadPool(codecs.size());
        try {
            List<Callable<Double>> work = new ArrayList<>();
            for (Codec codec : codecs) {
                work.add(() -> subtask(messages, codec, together));
            }
            double sum = 0;
            for (Future<Double> of : threads.invokeAll(work)) {
                sum += of.get();
            }
            return sum / codecs.size();
        } finally {
            threads.shutdownNow();
        }
    }

    private static double subtask(List<byte[]> messages, Codec codec, CyclicBarrier together) throws Exception {
        Collector<RowData> collector = Use.DISCARDED.collector(codec.rowType());
        together.await();
        pass(WARM_UP_PASSES, messages, codec, collector);
        together.await();
        long started = THREAD.getCurrentThreadCpuTime();
        pass(PASSES, messages, codec, collector);
        return (double) (THREAD.getCurrentThreadCpuTime() - started) / ((long) PASSES * messages.size());
    }

    private static void pass(int times, List<byte[]> messages, Codec codec, Collector<RowData> collector) throws Exception {
        for (int i = 0; i < times; i++) {
            for (byte[] message : messages) {
                codec.decode(message, collector);
            }
        }
    }
}

package io.canalnative.bench.doris;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;

/**
 * One job in a JVM of its own: {@link RowSource} into a table. Arguments: the sink's WITH clause, milliseconds of CPU time
 * to warm up and to measure, and {@code collect} to look for the most live heap.
 */
final class JobRun {

    private static final long COLLECT_EVERY_MILLIS = 100;

    private JobRun() {}

    /** Runs the job and prints {@link Outcome#line}. */
    public static void main(String[] args) throws Exception {
        Configuration settings = new Configuration();
        settings.setString("rest.port", "0");
        settings.setString("restart-strategy.type", "none");
        settings.setString("execution.checkpointing.interval", "1s");
        settings.setString("pipeline.object-reuse", "true");
        StreamExecutionEnvironment jobs = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        jobs.setParallelism(1);
        StreamTableEnvironment tables = StreamTableEnvironment.create(jobs);
        tables.createTemporaryView("made", jobs.fromSource(
                new RowSource(Long.parseLong(args[1]), Long.parseLong(args[2])), WatermarkStrategy.noWatermarks(), "rows", InternalTypeInfo.of(CounterRows.type())));
        tables.executeSql("CREATE TABLE orders (" + CounterRows.FLINK_COLUMNS + ", PRIMARY KEY (order_id) NOT ENFORCED) WITH (" + args[0] + ")");
        LiveHeap heap = new LiveHeap();
        if (args.length > 3) {
            heap.setDaemon(true);
            heap.start();
        }
        tables.executeSql("INSERT INTO orders SELECT * FROM made").await();
        System.out.println(new Outcome(RowSource.cpuNanos, RowSource.measured, RowSource.emitted, heap.most, peakResident()).line());
        // The official connector leaves threads behind that keep a JVM alive.
        System.exit(0);
    }

    /** VmHWM in bytes. */
    private static long peakResident() throws Exception {
        for (String line : Files.readAllLines(Paths.get("/proc/self/status"), StandardCharsets.UTF_8)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IllegalStateException("/proc/self/status has no VmHWM");
    }

    /** Collects all garbage again and again, and remembers the most that was left. */
    private static final class LiveHeap extends Thread {
        volatile long most;

        @Override
        public void run() {
            while (true) {
                System.gc();
                long used = 0;
                for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
                    if (pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null) {
                        used += pool.getCollectionUsage().getUsed();
                    }
                }
                most = Math.max(most, used);
                try {
                    Thread.sleep(COLLECT_EVERY_MILLIS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }
}

package io.canalnative.bench.database;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.HashMap;
import java.util.Map;

import io.canalnative.database.CanalDorisSink;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * One job in a JVM of its own, for {@code dev.d/bench_database.py}: messages into Doris, by tables or by {@link CanalDorisSink}. Arguments are {@code name=value}:
 *
 * <ul>
 *   <li>{@code messages}, a file of them; {@code bootstrap} and {@code topic}, to read them from there; {@code warmUp} and {@code measure}, milliseconds of CPU;
 *       {@code checkpoint}, Flink's interval;
 *   <li>{@code columns}, {@code key}, {@code from} and {@code into}: a job of tables, with the columns in Flink's types and the WITH clauses; or
 *   <li>{@code database}: the sink's specification; empty to read the messages and do nothing with them.
 * </ul>
 *
 * Prints {@code outcome} and CPU nanoseconds, messages measured, messages in all, and VmHWM in bytes.
 */
final class DatabaseRun {

    private DatabaseRun() {}

    public static void main(String[] args) throws Exception {
        Map<String, String> given = new HashMap<>();
        for (String arg : args) {
            given.put(arg.substring(0, arg.indexOf('=')), arg.substring(arg.indexOf('=') + 1));
        }
        Configuration settings = new Configuration();
        settings.setString("rest.port", "0");
        settings.setString("restart-strategy.type", "none");
        settings.setString("execution.checkpointing.interval", given.get("checkpoint"));
        settings.setString("pipeline.object-reuse", "true");
        StreamExecutionEnvironment jobs = StreamExecutionEnvironment.getExecutionEnvironment(settings);
        jobs.setParallelism(1);
        Input input =
                new Input(given.get("messages"), given.get("bootstrap"), given.get("topic"), Long.parseLong(given.get("warmUp")), Long.parseLong(given.get("measure")));
        if (given.containsKey("database")) {
            OfDatabase.run(jobs, input, given.get("database"));
        } else {
            tables(jobs, input, given);
        }
        System.out.println("outcome " + Metered.cpuNanos + " " + Metered.measured + " " + Metered.emitted + " " + peakResident());
        // The official connector leaves threads behind that keep a JVM alive.
        System.exit(0);
    }

    private static void tables(StreamExecutionEnvironment jobs, Input input, Map<String, String> given) throws Exception {
        MeteredTableFactory.input = input;
        StreamTableEnvironment tables = StreamTableEnvironment.create(jobs);
        // Of both tables: else Flink keeps the rows before updates, as deletes.
        String key = given.containsKey("key") ? ", PRIMARY KEY (" + given.get("key") + ") NOT ENFORCED" : "";
        tables.executeSql("CREATE TABLE messages (" + given.get("columns") + key + ") WITH (" + given.get("from") + ")");
        tables.executeSql("CREATE TABLE target (" + given.get("columns") + key + ") WITH (" + given.get("into") + ")");
        tables.executeSql("INSERT INTO target SELECT * FROM messages").await();
    }

    /** Apart, so that it is loaded only where our jar is. */
    private static final class OfDatabase {

        static void run(StreamExecutionEnvironment jobs, Input input, String specification) throws Exception {
            DataStream<CanalRecord> messages = jobs.fromSource(input.source(new Decode.ToRecord()), WatermarkStrategy.noWatermarks(), "messages", CanalRecord.TYPE);
            if (specification.isEmpty()) {
                messages.sinkTo(new DiscardingSink<>());
            } else {
                CanalDorisSink.add(messages, specification, 1, "canal-to-doris");
            }
            jobs.execute();
        }
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
}

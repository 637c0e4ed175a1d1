package io.canalnative.job;

import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.canalnative.NativeTableRuns;
import io.canalnative.database.CanalDorisSink;
import io.canalnative.database.CanalRecord;
import io.canalnative.source.DatabaseTables;
import io.canalnative.source.TableResets;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSource;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The job that a file describes, for a Flink cluster: {@code flink run -c io.canalnative.job.CanalToDoris canal-native-flink-….jar job.yaml [--reset TABLE]…}.
 * {@link EmbeddedJob} runs the same in one process.
 */
public final class CanalToDoris {

    /** Of the source's state in savepoints, by kind: state of one kind is none of the other. */
    private static final String KAFKA = "canal-from-kafka";
    private static final String FILES = "canal-from-files";
    /** With the kind of the database behind it. */
    private static final String TABLES = "tables-from-";

    private CanalToDoris() {}

    /** @param args the job's file, and {@code --reset TABLE} for each table that is to be read anew */
    public static void main(String[] args) throws Exception {
        List<String> resets = new ArrayList<>();
        for (int i = 1; i + 1 < args.length && args[i].equals("--reset"); i += 2) {
            resets.add(args[i + 1]);
        }
        if (args.length != 1 + 2 * resets.size()) {
            throw new IllegalArgumentException("It takes the job's file, and --reset TABLE for each table that is to be read anew: flink run -c " + CanalToDoris.class.getName()
                    + " canal-native-flink-….jar job.yaml [--reset database.table]…");
        }
        Path file = Paths.get(args[0]);
        JobPlan plan = JobPlan.read(file, false);
        if (!resets.isEmpty()) {
            plan.needIncremental("--reset");
        }
        if (plan.verifies) {
            throw new IllegalArgumentException("The stage verification is of jobs that bin/canal-native run runs. Leave it out of stages, and submit the verification as a job of its own: "
                    + "flink run canal-native-flink-….jar verify " + args[0]);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(Configuration.fromMap(settings(plan)));
        build(env, plan, TableResets.of(resets));
        env.execute(plan.name);
    }

    /** The settings that the job needs; the file's own win. */
    static Map<String, String> settings(JobPlan plan) {
        Map<String, String> settings = new HashMap<>();
        settings.put("execution.checkpointing.interval", plan.checkpointSeconds + " s");
        // A checkpoint waits for loads, and for changes of tables, which Doris may take its time for.
        settings.put("execution.checkpointing.timeout", "60 min");
        settings.put("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        if (plan.stateDirectory != null) {
            settings.put("execution.checkpointing.dir", directory(plan.stateDirectory) + "/checkpoints");
            settings.put("execution.checkpointing.savepoint-dir", directory(plan.stateDirectory) + "/savepoints");
        }
        settings.putAll(plan.flink);
        return settings;
    }

    /** A directory as Flink names it. */
    static String directory(String path) {
        return path.contains("://") ? path : "file://" + Paths.get(path).toAbsolutePath().normalize();
    }

    static void build(StreamExecutionEnvironment env, JobPlan plan, TableResets resets) {
        DataStream<CanalRecord> records;
        if (plan.kafka != null) {
            records = source(env, KafkaTopics.source(plan.kafka, plan.onlySays), KAFKA).setParallelism(plan.parallelism);
        } else if (plan.database != null) {
            DatabaseTables tables = DatabaseTables.of(plan.database.toString(), new NativeTableRuns(plan.sink), plan.failsOnTable, plan.stages, resets);
            records = source(env, tables, TABLES + plan.database.get("kind").asText()).setParallelism(plan.parallelism);
        } else {
            records = source(env, new MessageFiles(plan.files), FILES).setParallelism(1);
        }
        CanalDorisSink.add(records, plan.sink, plan.parallelism, "canal-to-doris");
    }

    private static DataStreamSource<CanalRecord> source(StreamExecutionEnvironment env, Source<CanalRecord, ?, ?> source, String name) {
        DataStreamSource<CanalRecord> records = env.fromSource(source, WatermarkStrategy.noWatermarks(), name, CanalRecord.TYPE);
        records.uid(name);
        return records;
    }
}

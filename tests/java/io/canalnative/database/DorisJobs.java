package io.canalnative.database;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import io.canalnative.doris.Standin;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What tests of jobs in Flink's mini cluster have in common: a Doris that keeps state, a specification for it, endless jobs and their savepoints. */
abstract class DorisJobs {

    static final Duration LONG = Duration.ofSeconds(60);

    Standin doris;

    @BeforeEach
    void start() throws Exception {
        doris = new Standin();
    }

    @AfterEach
    void stop() throws Exception {
        doris.close();
    }

    /** @param more members in pairs of name and JSON, over those of here */
    String spec(String... more) throws Exception {
        ObjectNode spec = DatabaseSpec.JSON.createObjectNode();
        Arrays.stream(doris.frontEnds().split(",")).forEach(spec.putArray("fenodes")::add);
        spec.put("username", Standin.USER).put("password", Standin.PASSWORD).put("format", "json");
        spec.putObject("properties").put("replication", 1).put("buckets", 1);
        spec.put("maxRows", 20).put("maxBytes", 100_000).put("memoryBytes", 1_000_000).put("inFlight", 3).put("maxRetries", 3);
        spec.put("loadTimeoutSeconds", 20).put("patienceSeconds", 20).put("flushMillis", 100);
        for (int i = 0; i < more.length; i += 2) {
            spec.set(more[i], DatabaseSpec.JSON.readTree(more[i + 1]));
        }
        return spec.toString();
    }

    static StreamExecutionEnvironment jobs(String... settings) {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "none");
        for (int i = 0; i < settings.length; i += 2) {
            configuration.setString(settings[i], settings[i + 1]);
        }
        return StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    }

    static DataStream<CanalRecord> partition(StreamExecutionEnvironment jobs, List<byte[]> messages) {
        return jobs.fromData(Messages.records(messages), CanalRecord.TYPE).setParallelism(1);
    }

    JobClient endless(List<byte[]> messages, int parallelism, String spec, String... settings) throws Exception {
        StreamExecutionEnvironment jobs = jobs(settings);
        CanalDorisSink.add(
                jobs.fromSource(Messages.endless(new ArrayList<>(messages)), WatermarkStrategy.noWatermarks(), "topic", CanalRecord.TYPE).uid("topic").setParallelism(1), spec, parallelism, "doris");
        return jobs.executeAsync();
    }

    static void await(String what, Callable<Boolean> condition) throws Exception {
        long until = System.nanoTime() + LONG.toNanos();
        while (!condition.call()) {
            assertTrue(System.nanoTime() < until, what);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    static String causes(Throwable e) {
        StringBuilder all = new StringBuilder();
        for (; e != null; e = e.getCause()) {
            all.append(e.getMessage()).append('\n');
        }
        return all.toString();
    }

    /** The savepoint's path. The source may have read everything before the last task runs; until then Flink makes none. */
    static String stopped(JobClient job, Path savepoints) throws Exception {
        String[] path = new String[1];
        await("a savepoint", () -> {
            try {
                path[0] = job.stopWithSavepoint(false, savepoints.toString(), SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
                return true;
            } catch (ExecutionException e) {
                if (!causes(e).contains("Not all required tasks are currently running")) {
                    job.getJobExecutionResult().get(60, TimeUnit.SECONDS);
                    throw e;
                }
                return false;
            }
        });
        return path[0];
    }
}

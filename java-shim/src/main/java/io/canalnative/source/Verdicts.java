package io.canalnative.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;

import io.canalnative.NativeLibraryException;
import io.canalnative.NativeVerifyTables;
import io.canalnative.VerifyReport;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Merges the verdicts of all ranges into one report, which checkpoints keep. When all have come it reads what differed again, and writes the report to a
 * file of the machine that it runs on, or sends it on in pieces.
 */
public final class Verdicts extends AbstractStreamOperator<byte[]> implements OneInputStreamOperator<CanalRecord, byte[]>, BoundedOneInput {
    private static final long serialVersionUID = 1L;

    private static final String NAME = "verdicts";
    /** Flink's client takes no more than 2 MB at once. */
    private static final int PIECE_BYTES = 1 << 20;

    private final String job;
    private final String spec;
    /** Null where the report is sent on. */
    private final String file;
    private transient ListState<byte[]> state;
    private transient VerifyReport report;

    private Verdicts(String job, String spec, Path file) {
        this.job = job;
        this.spec = spec;
        this.file = file == null ? null : file.toString();
    }

    /**
     * Builds the whole job: ranges are compared by all subtasks, and their verdicts merged by one.
     *
     * @param spec what is verified: JSON, as native/src/verify/spec.rs documents it
     * @param file where the report is written to, JSON
     */
    public static void build(StreamExecutionEnvironment env, String job, String spec, int parallelism, Path file) {
        of(env, job, spec, parallelism, file).sinkTo(new DiscardingSink<>()).setParallelism(1);
    }

    /** The same, whose only records are the report, JSON in pieces. */
    public static DataStream<byte[]> collected(StreamExecutionEnvironment env, String job, String spec, int parallelism) {
        return of(env, job, spec, parallelism, null);
    }

    private static DataStream<byte[]> of(StreamExecutionEnvironment env, String job, String spec, int parallelism, Path file) {
        DatabaseTables tables = new DatabaseTables(new NativeVerifyTables(), () -> 0, spec, false, Stages.of(true, false), TableResets.of(Collections.emptyList()));
        return env.fromSource(tables, WatermarkStrategy.noWatermarks(), "ranges", CanalRecord.TYPE).uid("ranges").setParallelism(parallelism)
                .transform(NAME, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO, new Verdicts(job, spec, file)).uid(NAME).setParallelism(1).setMaxParallelism(1);
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("report", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        byte[] before = new byte[0];
        for (byte[] kept : state.get()) {
            before = kept;
        }
        try {
            report = VerifyReport.open(job, before);
        } catch (NativeLibraryException e) {
            throw new IOException("A verification needs the native library: " + e.reason(), e);
        }
    }

    @Override
    public void processElement(StreamRecord<CanalRecord> element) {
        CanalRecord record = element.getValue();
        // A table's definition has the first place of all; it is for who makes tables.
        if (record.sequence > 0) {
            report.absorb(record.value);
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        state.clear();
        state.add(report.json());
    }

    @Override
    public void endInput() {
        report.finish(spec.getBytes(StandardCharsets.UTF_8));
        if (file == null) {
            byte[] json = report.json();
            for (int from = 0; from < json.length; from += PIECE_BYTES) {
                output.collect(new StreamRecord<>(Arrays.copyOfRange(json, from, Math.min(json.length, from + PIECE_BYTES))));
            }
            return;
        }
        Path to = Paths.get(file);
        try {
            Path begun = to.resolveSibling(to.getFileName() + ".new");
            Files.write(begun, report.json());
            Files.move(begun, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("The report cannot be written to " + to, e);
        }
    }

    @Override
    public void close() throws Exception {
        if (report != null) {
            report.close();
        }
        super.close();
    }
}

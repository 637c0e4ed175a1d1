package io.canalnative.job;

import java.io.ByteArrayOutputStream;
import java.nio.file.Paths;
import java.util.Arrays;

import io.canalnative.VerifyOptions;
import io.canalnative.source.Verdicts;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;

/**
 * The {@link Verification} of a job on a Flink cluster: {@code flink run canal-native-flink-….jar verify JOB.yaml}. The client waits for the report, which
 * comes to it as the job's result, and shows it. The cluster keeps no state of it beyond the job's own checkpoints.
 */
public final class ClusterVerification {

    private ClusterVerification() {}

    /**
     * Runs it.
     *
     * @param args the job's file and the options of {@code verify}
     * @throws NotEqualException something differs or was not compared, which Flink's client ends with exit code 1 for
     */
    public static void main(String[] args) throws Exception {
        if (Arrays.asList(args).contains("--help")) {
            System.out.print(VerifyOptions.usage());
            return;
        }
        VerifyOptions options = VerifyOptions.parse(Arrays.asList(args));
        JobPlan plan = JobPlan.read(Paths.get(options.file), false);
        if (plan.database == null) {
            throw new IllegalArgumentException("verify compares a database with Doris, and the job of " + options.file + " has none as its source");
        }
        String mistake = Verification.mistake(options);
        if (mistake != null) {
            throw new IllegalArgumentException(mistake);
        }
        options.needWritable();
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(Configuration.fromMap(CanalToDoris.settings(plan)));
        ByteArrayOutputStream report = new ByteArrayOutputStream();
        try (CloseableIterator<byte[]> pieces = Verdicts.collected(env, plan.name, Verification.spec(plan, options, 0), plan.parallelism).executeAndCollect(plan.name + ": verify")) {
            while (pieces.hasNext()) {
                report.write(pieces.next());
            }
        }
        boolean equal = Verification.tell(report.toByteArray(), "It is kept nowhere else", options, System.out);
        Verification.needShown(System.out, "The report");
        if (!equal) {
            throw new NotEqualException("Source and target are not equal, or not all was compared; the report says what");
        }
    }

    /** What a verification has found is not that all is equal. */
    public static final class NotEqualException extends Exception {
        private static final long serialVersionUID = 1L;

        NotEqualException(String message) {
            super(message);
        }
    }
}

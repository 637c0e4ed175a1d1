package io.canalnative.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the stage keeps, and does where no server answers; with servers it is run by {@code tests/cluster/verify_postgres.py}. */
class VerificationStageTest {

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void aJobWhoseServersAreNotThere() throws IOException {
        int nowhere;
        try (ServerSocket free = new ServerSocket(0)) {
            nowhere = free.getLocalPort();
        }
        file = directory.resolve("job.yaml");
        String text = "name: staged\n"
                + "source: {mysql: {host: 127.0.0.1, port: " + nowhere + ", username: reader}}\n"
                + "target: {doris: {fenodes: \"127.0.0.1:" + nowhere + "\", username: root}}\n"
                + "stages: [schema-migration, full-data, verification]\n"
                + "load: {patience: 1s}\n"
                + "flink: {properties: {restart-strategy.type: none}}\n";
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void itIsOfJobsThatRun() throws Exception {
        assertTrue(JobPlan.read(file, false).verifies);
        assertFalse(JobPlan.read(file, true).verifies, "a plan does nothing that could be verified");
        Files.write(file, new String(Files.readAllBytes(file), StandardCharsets.UTF_8).replace(", verification]", "]").getBytes(StandardCharsets.UTF_8));
        assertFalse(JobPlan.read(file, false).verifies);
    }

    @Test
    void aClusterIsToldToRunItAsAJobOfItsOwn() {
        String refused = assertThrows(IllegalArgumentException.class, () -> CanalToDoris.main(new String[] {file.toString()})).getMessage();
        assertTrue(refused.contains("flink run canal-native-flink-….jar verify " + file), refused);
    }

    @Test
    void whatIsLeftToBeDoneStaysSoUntilItIsDone() throws Exception {
        VerificationStage stage = stage();
        assertFalse(stage.isDue());
        stage.due();
        assertTrue(stage.isDue());
        assertTrue(stage().isDue(), "in the next process, too");
        stage.begin(false);
        stage.await();
        assertFalse(stage.isUnderWay());
        assertEquals(EmbeddedJob.FAILED, stage.ended(), "no server answers");
        assertTrue(stage().isDue());
        stage.anew();
        assertFalse(stage().isDue());
    }

    @Test
    void oneThatIsStoppedBeforeItBeginsDoesNotBegin() throws Exception {
        VerificationStage stage = stage();
        stage.stop();
        stage.beginOnce();
        assertFalse(stage.isUnderWay());
        stage.await();
        assertFalse(Files.exists(Verification.reportOf(file).getParent()), "nothing was begun");
    }

    private VerificationStage stage() throws Exception {
        return new VerificationStage(JobPlan.read(file, false), file, directory, "the log");
    }
}

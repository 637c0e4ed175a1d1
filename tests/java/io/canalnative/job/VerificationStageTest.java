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

import io.canalnative.Said;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the stage keeps, and does where no server answers, and what {@code verify} and {@code correct} say before they ask one; with servers it is run by {@code tests/cluster/verify_postgres.py}. */
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
        Path report = Verification.reportOf(file);
        Files.createDirectories(report.getParent());
        Files.write(report, "of an earlier one".getBytes(StandardCharsets.UTF_8));
        stage.begin(false);
        stage.await();
        assertFalse(stage.isUnderWay());
        assertEquals(EmbeddedJob.FAILED, stage.ended(), "no server answers");
        assertTrue(Files.exists(report), "it stays until there is another");
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

    @Test
    void mistakesOfVerifyAreSaidBeforeItBegins() throws Exception {
        Said pattern = Said.by(() -> Verification.run("the log", new String[] {file.toString(), "--table", "(shop"}));
        assertTrue(pattern.code == 2 && pattern.err.contains("--table is '(shop'; it is a regular expression for the whole of database.table"), pattern.err);
        String none = directory.resolve("none/r.json").toString();
        Said unwritable = Said.by(() -> Verification.run("the log", new String[] {file.toString(), "--report", none}));
        assertTrue(unwritable.code == 1 && unwritable.err.contains("--report cannot be written to " + none), unwritable.err);
        assertFalse(Files.exists(Verification.reportOf(file).getParent()), "nothing was begun");
    }

    @Test
    void whatIsNoReportOfTheJobIsNotCorrected() throws Exception {
        String found = "{\"job\":\"staged\",\"began\":1,\"ended\":2,\"equal\":false,\"tables\":[{\"table\":\"s.t\",\"target\":\"s.t\",\"missing\":1,"
                + "\"found\":[{\"difference\":\"missing\",\"key\":[{\"column\":\"id\",\"value\":\"1\"}]}]}]}";
        corrected(1, found, "The correction has failed: ");
        corrected(2, found.replace("\"staged\"", "\"other\""), "is of the job 'other', and the file's is 'staged'");
        corrected(2, "{}", "is no report of a verification: it lacks the member 'job'");
        corrected(2, found.replace("\"equal\":false,", ""), "it lacks the member 'equal'");
        corrected(2, found.replace("\"target\":\"s.t\",", ""), "it lacks the member 'target'");
        corrected(2, found.replace(",\"value\":\"1\"", ",\"values\":1").replace("\"missing\",\"key\"", "\"none\",\"key\""), "is no report of a verification");
        corrected(2, "no report", "is no report of a verification");
        corrected(2, "", "is no report of a verification");
        corrected(2, "[]", "is no report of a verification");
        Said none = Said.by(() -> Correction.run(new String[] {file.toString(), "--report", directory.resolve("none").toString()}));
        assertTrue(none.code == 2 && none.err.contains(directory.resolve("none") + " cannot be read (NoSuchFile)"), none.err);
    }

    private void corrected(int code, String report, String words) throws Exception {
        Path found = Files.write(directory.resolve("found.json"), report.getBytes(StandardCharsets.UTF_8));
        Said said = Said.by(() -> Correction.run(new String[] {file.toString(), "--report", found.toString(), "--apply"}));
        assertTrue(said.code == code && said.err.contains(words) && (code == 1 || said.err.contains(found.toString())), said.code + ": " + said.err);
    }

    private VerificationStage stage() throws Exception {
        return new VerificationStage(JobPlan.read(file, false), file, directory, "the log");
    }
}

package io.canalnative.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {

    @TempDir
    Path directory;

    @Test
    void theNewestCompleteStateIsGoneOnFrom() throws IOException {
        Path path = directory.resolve("job.state");
        try (StateDirectory state = StateDirectory.open(path)) {
            assertEquals(Optional.empty(), state.newest());
            Path old = complete(path.resolve("checkpoints/run-1/chk-7"), 1000);
            Path stopped = complete(path.resolve("savepoints/savepoint-1"), 3000);
            Path shared = Files.createDirectories(path.resolve("checkpoints/run-1/shared"));
            Files.createFile(shared.resolve("of-several"));
            Files.createDirectories(path.resolve("checkpoints/run-2/chk-9"));
            assertEquals(Optional.of(stopped), state.newest());
            Path newest = complete(path.resolve("checkpoints/run-2/chk-8"), 4000);
            assertEquals(Optional.of(newest), state.newest());
            state.tidy();
            assertEquals(Optional.of(newest), state.newest());
            assertFalse(Files.exists(old) || Files.exists(stopped) || Files.exists(path.resolve("checkpoints/run-2/chk-9")));
            assertTrue(Files.exists(shared.resolve("of-several")));
            state.ended();
            assertEquals(Optional.of(newest), state.newest());
            state.tidy();
            assertEquals(Optional.empty(), state.newest());
        }
    }

    @Test
    void oneProcessHasIt() throws IOException {
        Path path = directory.resolve("job.state");
        try (StateDirectory state = StateDirectory.open(path)) {
            IOException refused = assertThrows(IOException.class, () -> StateDirectory.open(path));
            assertTrue(refused.getMessage().contains("Another process runs this job") && refused.getMessage().contains(state.path.toString()));
        }
        StateDirectory.open(path).close();
        try (StateDirectory state = StateDirectory.ofVerification(path)) {
            String refused = assertThrows(IOException.class, () -> StateDirectory.ofVerification(path)).getMessage();
            assertTrue(refused.startsWith("Another verification of this job is under way: it has " + path) && !refused.contains("flink.state-directory"), refused);
        }
    }

    private static Path complete(Path state, long modified) throws IOException {
        Path metadata = Files.createFile(Files.createDirectories(state).resolve("_metadata"));
        Files.setLastModifiedTime(metadata, FileTime.fromMillis(modified));
        return state;
    }
}

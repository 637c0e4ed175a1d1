package io.canalnative.job;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where an embedded job keeps what it needs to go on: {@code checkpoints/<run>/chk-<n>} of Flink's, {@code savepoints/savepoint-…} of clean stops,
 * {@code ended} once the input has ended, {@link JobStatus}, {@code resets} with the tables that somebody wants to be read anew, and a locked file with
 * the id of the process, so that no two run one job.
 */
final class StateDirectory implements Closeable {

    private static final String ENDED = "ended";
    private static final String LOCK = "lock";

    final Path path;
    private final FileChannel lock;

    private StateDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /** @throws IOException it cannot be made, or another process has it */
    static StateDirectory open(Path path) throws IOException {
        return open(path, "Another process runs this job: it has " + path + ". Stop it first, or give this job a flink.state-directory of its own");
    }

    /**
     * @param taken what is said if another process has it
     * @throws IOException it cannot be made, or another process has it
     */
    static StateDirectory open(Path path, String taken) throws IOException {
        FileChannel file;
        try {
            Files.createDirectories(path);
            file = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            // Files' exceptions say the path and, but in the name of their class, not what is wrong with it.
            throw new IOException(String.format("The job's state cannot be kept in %s (%s); it has to be a directory that can be written to. flink.state-directory names another",
                    path, e.getClass().getSimpleName().replace("Exception", "") + (String.valueOf(e.getMessage()).equals(path.toString()) ? "" : ": " + e.getMessage())), e);
        }
        FileLock lock;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            file.close();
            throw new IOException(taken);
        }
        file.truncate(0).write(ByteBuffer.wrap(JobStatus.processId().getBytes(StandardCharsets.UTF_8)));
        return new StateDirectory(path, file);
    }

    /** The id of the process that runs the job that keeps its state there; null if none does. */
    static String holder(Path path) throws IOException {
        Path file = path.resolve(LOCK);
        if (!Files.exists(file)) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) {
                return null;
            }
        } catch (OverlappingFileLockException e) {
            // It is this process.
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    /** The file of {@link io.canalnative.source.TableResets}. */
    Path resets() {
        return resets(path);
    }

    /** The same, of a directory that another process may have. */
    static Path resets(Path path) {
        return path.resolve("resets");
    }

    /** The input has ended: the next run begins anew. Nothing is removed here, as Flink may still be removing what it kept. */
    void ended() throws IOException {
        Files.write(path.resolve(ENDED), new byte[0]);
    }

    /** Removes what no later run needs. To be called before a job runs here. */
    void tidy() throws IOException {
        keepOnly(Files.exists(path.resolve(ENDED)) ? 0 : 1);
        Files.deleteIfExists(path.resolve(ENDED));
    }

    /** Complete checkpoints and savepoints, the newest first. */
    private List<Path> complete() throws IOException {
        try (Stream<Path> files = Files.walk(path, 4)) {
            return files.filter(file -> file.getFileName().toString().equals("_metadata"))
                    .sorted(Comparator.comparing(StateDirectory::modified).reversed())
                    .map(Path::getParent)
                    .collect(Collectors.toList());
        }
    }

    /** The newest complete checkpoint or savepoint. */
    Optional<Path> newest() throws IOException {
        return complete().stream().findFirst();
    }

    /**
     * Removes all but the {@code kept} newest, and directories that are empty. What an incremental state backend shares between checkpoints stays.
     */
    private void keepOnly(int kept) throws IOException {
        List<Path> complete = complete();
        for (Path old : complete.subList(Math.min(kept, complete.size()), complete.size())) {
            for (Path one : deepestFirst(old)) {
                Files.deleteIfExists(one);
            }
        }
        for (Path one : deepestFirst(path)) {
            if (Files.isDirectory(one) && !one.equals(path) && one.toFile().list().length == 0) {
                Files.deleteIfExists(one);
            }
        }
    }

    private static List<Path> deepestFirst(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.sorted(Comparator.reverseOrder()).collect(Collectors.toList());
        }
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}

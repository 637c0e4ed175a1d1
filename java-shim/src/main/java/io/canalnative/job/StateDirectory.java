package io.canalnative.job;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

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
        return open(path, "The job's state cannot be kept in %s (%s); it has to be a directory that can be written to. flink.state-directory names another",
                "Another process runs this job: it has %s. Stop it first, or give this job a flink.state-directory of its own");
    }

    /** The same of a verification's, which is beside the job's file always. */
    static StateDirectory ofVerification(Path path) throws IOException {
        return open(path, "The verification's state cannot be kept in %s (%s); it has to be a directory that can be written to, beside the job's file",
                "Another verification of this job is under way: it has %s. It has to end first, or to be stopped, by Ctrl-C where it runs; the next one goes on from there");
    }

    /**
     * Opens it.
     *
     * @param unusable what is said of the path and the reason if it is not to be had
     * @param taken what is said of the path if another has it
     */
    private static StateDirectory open(Path path, String unusable, String taken) throws IOException {
        FileChannel file;
        try {
            Files.createDirectories(path);
            file = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(String.format(unusable, path, reason(e, path)), e);
        }
        FileLock lock;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            file.close();
            throw new IOException(String.format(taken, path));
        }
        file.truncate(0).write(ByteBuffer.wrap(JobStatus.processId().getBytes(StandardCharsets.UTF_8)));
        return new StateDirectory(path, file);
    }

    /** Why a file or directory is not to be had: Files' exceptions say the path and, but in the name of their class, not what is wrong with it. */
    static String reason(IOException e, Path path) {
        return e.getClass().getSimpleName().replace("Exception", "") + (String.valueOf(e.getMessage()).equals(path.toString()) ? "" : ": " + e.getMessage());
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
        return under(path, 4).stream()
                .filter(file -> file.getFileName().toString().equals("_metadata"))
                .sorted(Comparator.comparing(StateDirectory::modified).reversed())
                .map(Path::getParent)
                .collect(Collectors.toList());
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
            String[] left = one.equals(path) ? null : one.toFile().list();
            if (left != null && left.length == 0) {
                Files.deleteIfExists(one);
            }
        }
    }

    private static List<Path> deepestFirst(Path directory) throws IOException {
        List<Path> all = under(directory, Integer.MAX_VALUE);
        all.sort(Comparator.reverseOrder());
        return all;
    }

    /** The directory and what is in it. A Flink of this process that has ended may still be removing files: those that are gone meanwhile are left out. */
    private static List<Path> under(Path directory, int depth) throws IOException {
        List<Path> all = new ArrayList<>();
        Files.walkFileTree(directory, EnumSet.noneOf(FileVisitOption.class), depth, new SimpleFileVisitor<Path>() {
            @Override
            public FileVisitResult preVisitDirectory(Path one, BasicFileAttributes attributes) {
                all.add(one);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path one, BasicFileAttributes attributes) {
                all.add(one);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path one, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
        return all;
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

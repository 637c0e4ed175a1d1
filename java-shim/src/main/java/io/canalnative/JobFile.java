package io.canalnative;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file of a job that moves a whole database, as JSON: see {@code native/src/job/plan.rs} for its shape. */
public final class JobFile {

    private JobFile() {}

    /**
     * The job, with the password from wherever the file says it is.
     *
     * @throws NativeException names all mistakes of the file, each with its place
     * @throws NativeLibraryException the library is not available here
     * @throws IOException the file cannot be read
     */
    public static String read(Path file) throws IOException, NativeLibraryException {
        byte[] yaml = yaml(file);
        return new String(NativeJob.read(yaml, origin(file)), StandardCharsets.UTF_8);
    }

    /** As {@link #read}, but neither needs the password nor returns it. */
    public static String check(Path file) throws IOException, NativeLibraryException {
        byte[] yaml = yaml(file);
        return new String(NativeJob.check(yaml, origin(file)), StandardCharsets.UTF_8);
    }

    /**
     * Looks at both sides of the job.
     *
     * @return a JSON array of {@code Finding}, see {@code native/src/preflight/finding.rs}
     * @throws NativeException names all mistakes of the file; what a server answers is a finding
     */
    public static String preflight(Path file) throws IOException, NativeLibraryException {
        byte[] plan = NativeJob.read(yaml(file), origin(file));
        return new String(NativeJob.preflight(plan), StandardCharsets.UTF_8);
    }

    private static byte[] yaml(Path file) throws IOException, NativeLibraryException {
        NativeLibrary.load();
        return Files.readAllBytes(file);
    }

    private static byte[] origin(Path file) {
        return file.toAbsolutePath().normalize().toString().getBytes(StandardCharsets.UTF_8);
    }
}

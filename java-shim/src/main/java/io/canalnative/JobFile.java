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

    /**
     * What is wrong with a pattern of tables, by who matches it in the end. It is asked as one of a job's file, all else of which is good.
     *
     * @return null if it is a pattern
     */
    public static String mistakeOfPattern(String pattern) throws NativeLibraryException {
        NativeLibrary.load();
        // JSON is YAML, and of a character that JSON has to escape the code is in both.
        StringBuilder quoted = new StringBuilder();
        pattern.chars().forEach(c -> quoted.append(c < ' ' || c == '"' || c == '\\' || c > '~' && c < 0xa0 ? String.format("\\u%04x", c) : String.valueOf((char) c)));
        String job = "{name: any, source: {mysql: {host: any, username: any}}, target: {doris: {fenodes: \"any:1\", username: any}}, tables: {include: [\"" + quoted + "\"]}}";
        try {
            NativeJob.check(job.getBytes(StandardCharsets.UTF_8), "any".getBytes(StandardCharsets.UTF_8));
            return null;
        } catch (NativeException e) {
            // In front of the reason is a place in a file that there is not.
            String reason = "is no regular expression: ";
            int at = e.getMessage().lastIndexOf(reason);
            return at < 0 ? e.getMessage() : e.getMessage().substring(at + reason.length());
        }
    }

    private static byte[] yaml(Path file) throws IOException, NativeLibraryException {
        NativeLibrary.load();
        return Files.readAllBytes(file);
    }

    private static byte[] origin(Path file) {
        return file.toAbsolutePath().normalize().toString().getBytes(StandardCharsets.UTF_8);
    }
}

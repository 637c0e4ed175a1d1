package io.canalnative;

/**
 * The file of a job that moves a whole database: its native methods and nothing else; {@code io.canalnative.job.JobFile} is the way to use
 * them.
 *
 * <p>All need {@link NativeLibrary#load()} first. Texts are UTF-8. The JSON is that of {@code native/src/job/plan.rs}. A file with mistakes throws
 * a {@link NativeException} whose message has all of them, a line each.
 */
final class NativeJob {

    /**
     * @param yaml the file
     * @param origin its absolute path: messages begin with it, and relative paths are counted from its directory
     * @return the job as JSON, with the password from wherever the file says it is
     */
    static native byte[] read(byte[] yaml, byte[] origin);

    /** As {@link #read}, but neither needs the password nor returns it. */
    static native byte[] check(byte[] yaml, byte[] origin);

    /**
     * Connects to both sides of a job, and changes nothing.
     *
     * @param plan as {@link #read} has it
     * @return a JSON array of {@code {"side", "verdict", "subject", "text"}}
     */
    static native byte[] preflight(byte[] plan);

    private NativeJob() {}
}

package io.canalnative.bench.doris;

/** What a job of {@link JobRun} cost. */
final class Outcome {

    static final String MARK = "outcome";

    /** Of the measured rows, and how many these are. */
    final long cpuNanos;
    final long measured;
    /** All rows, warm-up included. */
    final long emitted;
    /** The most heap that was live after a collection; 0 if nobody looked. */
    final long liveHeapBytes;
    /** VmHWM. */
    final long peakResidentBytes;

    Outcome(long cpuNanos, long measured, long emitted, long liveHeapBytes, long peakResidentBytes) {
        this.cpuNanos = cpuNanos;
        this.measured = measured;
        this.emitted = emitted;
        this.liveHeapBytes = liveHeapBytes;
        this.peakResidentBytes = peakResidentBytes;
    }

    /** CPU time of a measured row. */
    double nanosARow() {
        return (double) cpuNanos / measured;
    }

    /** For the standard output, between whatever else a job prints. */
    String line() {
        return MARK + " " + cpuNanos + " " + measured + " " + emitted + " " + liveHeapBytes + " " + peakResidentBytes;
    }


    static Outcome parse(String line) {
        String[] parts = line.split(" ");
        return new Outcome(
                Long.parseLong(parts[1]), Long.parseLong(parts[2]), Long.parseLong(parts[3]), Long.parseLong(parts[4]), Long.parseLong(parts[5]));
    }
}

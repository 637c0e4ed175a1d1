package io.canalnative;

import java.io.Serializable;

/** Counts how often a job has read its tables from their beginnings: rows of a later run win over those of an earlier one. */
public interface TableRuns extends Serializable {

    /**
     * The number of a run that begins now, from 1 to 4095. It is asked for once a run.
     *
     * @throws NativeLibraryException the library is not available here
     * @throws NativeException Doris, which has the numbers of earlier runs, does not answer; there are no more numbers
     */
    int next() throws NativeLibraryException;

    /**
     * The number of the last run that has begun; 0 if none is known, or nobody counts them.
     *
     * @throws NativeLibraryException the library is not available here
     * @throws NativeException Doris does not answer
     */
    default int last() throws NativeLibraryException {
        return 0;
    }
}

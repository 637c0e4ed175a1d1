package io.canalnative.doris;

import java.io.IOException;

import io.canalnative.DorisLoads;
import io.canalnative.DorisTransactions;
import io.canalnative.NativeDorisCommitter;
import io.canalnative.NativeDorisWriter;
import io.canalnative.NativeLibraryException;

/** The native library. */
enum NativeDorisBackend implements DorisBackend {
    INSTANCE;

    @Override
    public DorisLoads loads(byte[] spec) throws IOException {
        try {
            return NativeDorisWriter.open(spec);
        } catch (NativeLibraryException e) {
            throw unusable(e);
        }
    }

    @Override
    public DorisTransactions transactions(byte[] spec) throws IOException {
        try {
            return NativeDorisCommitter.open(spec);
        } catch (NativeLibraryException e) {
            throw unusable(e);
        }
    }

    private static IOException unusable(NativeLibraryException e) {
        return new IOException(
                "'connector' = 'doris-native' needs the native library, and has no other way to write: " + e.reason()
                        + ". It runs on Linux on x86-64; elsewhere use 'connector' = 'doris'.", e);
    }
}

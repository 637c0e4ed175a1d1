package io.canalnative;

import java.nio.charset.StandardCharsets;

/** {@link DorisTransactions} in Rust. Not thread safe; the native side refuses concurrent use. */
public final class NativeDorisCommitter implements DorisTransactions {

    private final NativeLease lease;

    private NativeDorisCommitter(long handle) {
        this.lease = new NativeLease(this, handle, NativeDoris::closeCommitter);
    }

    /** Opens a committer; arguments and exceptions as {@link NativeDorisWriter#open}. */
    public static NativeDorisCommitter open(byte[] spec) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new NativeDorisCommitter(NativeDoris.openCommitter(spec));
    }

    @Override
    public int commit(byte[] committable, long millis) {
        return NativeDoris.commit(lease.handle(), committable, millis);
    }

    @Override
    public String reason() {
        return new String(NativeDoris.reason(lease.handle()), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        lease.close();
    }
}

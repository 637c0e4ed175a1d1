package io.canalnative;

/** A job's tables, whose ranges are compared with Doris instead of being read: {@link SourceTables} whose messages are verdicts. */
public final class NativeVerifyTables implements SourceTables {
    private static final long serialVersionUID = 1L;

    @Override
    public byte[] tables(byte[] spec) throws NativeLibraryException {
        NativeLibrary.load();
        return NativeVerify.tables(spec);
    }

    @Override
    public byte[] ranges(byte[] spec, byte[] table) throws NativeLibraryException {
        NativeLibrary.load();
        return NativeVerify.ranges(spec, table);
    }

    @Override
    public SourceRows open(byte[] spec, byte[] range) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new Comparison(NativeVerify.open(spec, range));
    }

    @Override
    public SourceLog log(byte[] spec, byte[] position, byte[] definitions) {
        throw new IllegalStateException("A verification reads no log");
    }

    /** Not thread safe; the native side refuses concurrent use. */
    private static final class Comparison implements SourceRows {
        private final NativeLease lease;

        Comparison(long handle) {
            this.lease = new NativeLease(this, handle, NativeVerify::close);
        }

        @Override
        public byte[] next() {
            return NativeVerify.next(lease.handle());
        }

        @Override
        public long rows() {
            return NativeVerify.rows(lease.handle());
        }

        @Override
        public boolean isGone() {
            return false;
        }

        @Override
        public void close() {
            lease.close();
        }
    }
}

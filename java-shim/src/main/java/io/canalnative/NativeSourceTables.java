package io.canalnative;

/** {@link SourceTables} in Rust. */
public final class NativeSourceTables implements SourceTables {
    private static final long serialVersionUID = 1L;

    @Override
    public byte[] tables(byte[] spec) throws NativeLibraryException {
        NativeLibrary.load();
        return NativeSource.tables(spec);
    }

    @Override
    public byte[] ranges(byte[] spec, byte[] table) throws NativeLibraryException {
        NativeLibrary.load();
        return NativeSource.ranges(spec, table);
    }

    @Override
    public SourceRows open(byte[] spec, byte[] range) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new Rows(NativeSource.open(spec, range));
    }

    /** Not thread safe; the native side refuses concurrent use. */
    private static final class Rows implements SourceRows {
        private final NativeLease lease;

        Rows(long handle) {
            this.lease = new NativeLease(this, handle, NativeSource::close);
        }

        @Override
        public byte[] next() {
            return NativeSource.next(lease.handle());
        }

        @Override
        public long rows() {
            return NativeSource.rows(lease.handle());
        }

        @Override
        public void close() {
            lease.close();
        }
    }
}

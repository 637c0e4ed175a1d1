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

    @Override
    public SourceLog log(byte[] spec, byte[] position, byte[] definitions) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new Log(NativeLog.open(spec, position, definitions));
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
        public boolean isGone() {
            return NativeSource.gone(lease.handle()) != 0;
        }

        @Override
        public void close() {
            lease.close();
        }
    }

    /** Not thread safe; the native side refuses concurrent use. */
    private static final class Log implements SourceLog {
        private final NativeLease lease;

        Log(long handle) {
            this.lease = new NativeLease(this, handle, NativeLog::close);
        }

        @Override
        public byte[] next(long millis) {
            return NativeLog.next(lease.handle(), millis);
        }

        @Override
        public byte[] position() {
            return NativeLog.position(lease.handle());
        }

        @Override
        public boolean reached(byte[] position) {
            return NativeLog.reached(lease.handle(), position) != 0;
        }

        @Override
        public long version() {
            return NativeLog.version(lease.handle());
        }

        @Override
        public byte[] definitions() {
            return NativeLog.definitions(lease.handle());
        }

        @Override
        public void confirm(byte[] position) {
            NativeLog.confirm(lease.handle(), position);
        }

        @Override
        public void close() {
            lease.close();
        }
    }
}

package io.canalnative;

import java.util.List;

/** {@link DatabaseLoads} in Rust. Not thread safe; the native side refuses concurrent use. */
public final class NativeDatabaseWriter implements DatabaseLoads {

    private final NativeLease lease;
    private final RowInput input;

    private NativeDatabaseWriter(long handle) {
        this.lease = new NativeLease(this, handle, NativeDatabase::close);
        this.input = new RowInput(capacity -> NativeDatabase.input(lease.handle(), capacity));
    }

    /**
     * Opens a writer and loads the library if that has not happened yet.
     *
     * @param spec the specification, UTF-8 JSON
     * @param restored the states of the checkpoint that was restored, as this subtask was given them
     * @throws NativeLibraryException if the library is not usable in this JVM
     * @throws NativeException if the library refuses the specification
     */
    public static NativeDatabaseWriter open(byte[] spec, List<byte[]> restored) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new NativeDatabaseWriter(NativeDatabase.open(spec, restored.toArray(new byte[0][])));
    }

    @Override
    public boolean write(byte[] message, int partition, long sequence, boolean everyones) {
        long handle = lease.handle();
        input.put(message);
        boolean done = NativeDatabase.write(handle, message.length, partition, sequence, everyones) == 0;
        input.taken(message.length);
        return done;
    }

    @Override
    public boolean resume() {
        return NativeDatabase.resume(lease.handle()) == 0;
    }

    @Override
    public boolean await(int what, long millis) {
        return NativeDatabase.await(lease.handle(), what, millis) == 0;
    }

    @Override
    public void flush() {
        NativeDatabase.flush(lease.handle());
    }

    @Override
    public void tick() {
        NativeDatabase.tick(lease.handle());
    }

    @Override
    public byte[] state() {
        return NativeDatabase.state(lease.handle());
    }

    @Override
    public byte[] reports() {
        return NativeDatabase.reports(lease.handle());
    }

    @Override
    public byte[] tables(int most) {
        return NativeDatabase.tables(lease.handle(), most);
    }

    @Override
    public void metrics(long[] values) {
        NativeDatabase.metrics(lease.handle(), values);
    }

    @Override
    public void latency(long[] counts) {
        NativeDatabase.latency(lease.handle(), counts);
    }

    @Override
    public void close() {
        lease.close();
    }
}

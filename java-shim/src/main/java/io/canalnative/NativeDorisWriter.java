package io.canalnative;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** {@link DorisLoads} in Rust. Not thread safe; the native side refuses concurrent use. */
public final class NativeDorisWriter implements DorisLoads {

    private final NativeLease lease;
    private final RowInput input;

    private NativeDorisWriter(long handle) {
        this.lease = new NativeLease(this, handle, NativeDoris::closeWriter);
        this.input = new RowInput(capacity -> NativeDoris.input(lease.handle(), capacity));
    }

    /**
     * Opens a writer and loads the library if that has not happened yet.
     *
     * @param spec the specification, UTF-8 JSON
     * @throws NativeLibraryException if the library is not usable in this JVM
     * @throws NativeException if the library refuses the specification
     */
    public static NativeDorisWriter open(byte[] spec) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new NativeDorisWriter(NativeDoris.openWriter(spec));
    }

    @Override
    public ByteBuffer input() {
        lease.handle();
        return input.view();
    }

    @Override
    public ByteBuffer grow(int capacity, int used) {
        return input.grow(capacity, used);
    }

    @Override
    public long write(int from, int to) {
        long answer = NativeDoris.write(lease.handle(), from, to);
        if (answer >>> 32 == TAKEN) {
            input.taken(to);
        }
        return answer;
    }

    @Override
    public String badRow() {
        return text(NativeDoris.badRow(lease.handle()));
    }

    @Override
    public byte[] refused() {
        return NativeDoris.refusedRows(lease.handle());
    }

    @Override
    public void flush() {
        NativeDoris.flush(lease.handle());
    }

    @Override
    public void tick() {
        NativeDoris.tick(lease.handle());
    }

    @Override
    public boolean await(int what, long millis) {
        return NativeDoris.await(lease.handle(), what, millis) == 0;
    }

    @Override
    public byte[] committables() {
        return NativeDoris.committables(lease.handle());
    }

    @Override
    public byte[] state() {
        return NativeDoris.state(lease.handle());
    }

    @Override
    public void metrics(long[] values) {
        NativeDoris.metrics(lease.handle(), values);
    }

    @Override
    public void latency(long[] counts) {
        NativeDoris.latency(lease.handle(), counts);
    }

    @Override
    public String lastLabel() {
        return text(NativeDoris.lastLabel(lease.handle()));
    }

    @Override
    public void close() {
        lease.close();
    }

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}

package io.canalnative;

/** Finds the subtask that a message of Canal's belongs to. Not thread safe; the native side refuses concurrent use. */
public final class NativeCanalRouter implements AutoCloseable {

    /** {@link #route}: the message goes to all subtasks, and each takes what is its own. */
    public static final long ALL = -1;

    private final NativeLease lease;
    private final RowInput input;

    private NativeCanalRouter(long handle) {
        this.lease = new NativeLease(this, handle, NativeDatabase::closeRouter);
        this.input = new RowInput(capacity -> NativeDatabase.routerInput(lease.handle(), capacity));
    }

    /**
     * Opens a router and loads the library if that has not happened yet.
     *
     * @param protobuf whether messages are packets
     * @throws NativeLibraryException if the library is not usable in this JVM
     */
    public static NativeCanalRouter open(boolean protobuf) throws NativeLibraryException {
        NativeLibrary.load();
        NativeLease.freeUnreachable();
        return new NativeCanalRouter(NativeDatabase.openRouter(protobuf));
    }

    /** The number of the message's table, below 2^32, the same in each process: it goes to the subtask of the same remainder; or {@link #ALL}. */
    public long route(byte[] message) {
        long handle = lease.handle();
        input.put(message);
        long number = NativeDatabase.route(handle, message.length);
        input.taken(message.length);
        return number;
    }

    @Override
    public void close() {
        lease.close();
    }
}

package io.canalnative;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.flink.util.UserCodeClassLoader;

/**
 * The right to one native handle, given back once.
 *
 * <p>Flink's DeserializationSchema has no close(). A handle is freed by the first of: {@link NativeDecoder#close()};
 * the release of the job's class loader, if its user has ended by then; any later open, when the decoder has become
 * unreachable.
 */
final class DecoderLease extends PhantomReference<NativeDecoder> {

    private static final String HOOK = "canal-native: free the decoders of this class loader";
    private static final ReferenceQueue<NativeDecoder> UNREACHABLE = new ReferenceQueue<>();
    private static final Set<DecoderLease> OPEN = ConcurrentHashMap.newKeySet();

    private final long handle;
    private volatile boolean closed;
    private volatile WeakReference<ClassLoader> scope;

    /** The thread that decoded last; the buffers' views are safe to free when it has ended.
     * Written without a fence, as the hook runs after the job's threads have ended. */
    private Thread user;

    DecoderLease(NativeDecoder owner, long handle) {
        super(owner, UNREACHABLE);
        this.handle = handle;
        OPEN.add(this);
    }

    /** The handle, for a call. */
    long handle() {
        if (closed) {
            throw new IllegalStateException("This decoder is closed; open a new one");
        }
        return handle;
    }

    void usedBy(Thread thread) {
        if (user != thread) {
            user = thread;
        }
    }

    synchronized void close() {
        if (!closed) {
            closed = true;
            OPEN.remove(this);
            NativeCodec.closeDecoder(handle);
        }
    }

    void bind(UserCodeClassLoader userCode) {
        ClassLoader loader = userCode.asClassLoader();
        scope = new WeakReference<>(loader);
        userCode.registerReleaseHookIfAbsent(HOOK, () -> closeScope(loader));
    }

    private static void closeScope(ClassLoader loader) {
        freeUnreachable();
        for (DecoderLease lease : OPEN) {
            Thread user = lease.user;
            boolean idle = user == null || user == Thread.currentThread() || !user.isAlive();
            if (idle && lease.scope != null && lease.scope.get() == loader) {
                lease.close();
            }
        }
    }

    static void freeUnreachable() {
        for (Object lease = UNREACHABLE.poll(); lease != null; lease = UNREACHABLE.poll()) {
            ((DecoderLease) lease).close();
        }
    }

    static int openCount() {
        return OPEN.size();
    }
}

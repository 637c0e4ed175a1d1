package io.canalnative;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

import org.apache.flink.util.UserCodeClassLoader;

/**
 * The right to one native handle, given back once.
 *
 * <p>Flink's DeserializationSchema and SerializationSchema have no close(). A handle is freed by the first of: its
 * owner's close(); the release of the job's class loader, if its user has ended by then; any later open, when the
 * owner has become unreachable.
 */
final class NativeLease extends PhantomReference<Object> {

    private static final String HOOK = "canal-native: free the codecs of this class loader";
    private static final ReferenceQueue<Object> UNREACHABLE = new ReferenceQueue<>();
    private static final Set<NativeLease> OPEN = ConcurrentHashMap.newKeySet();

    private final long handle;
    private final LongConsumer closer;
    private volatile boolean closed;
    private volatile WeakReference<ClassLoader> scope;

    /** The thread that used it last; the buffers' views are safe to free when it has ended.
     * Written without a fence, as the hook runs after the job's threads have ended. */
    private Thread user;

    /**
     * @param owner the decoder or encoder that uses the handle
     * @param closer the native that frees it; must not refer to the owner
     */
    NativeLease(Object owner, long handle, LongConsumer closer) {
        super(owner, UNREACHABLE);
        this.handle = handle;
        this.closer = closer;
        OPEN.add(this);
    }

    /** The handle, for a call. */
    long handle() {
        if (closed) {
            throw new IllegalStateException("This native handle is closed; open a new one");
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
            closer.accept(handle);
        }
    }

    void bind(UserCodeClassLoader userCode) {
        ClassLoader loader = userCode.asClassLoader();
        scope = new WeakReference<>(loader);
        userCode.registerReleaseHookIfAbsent(HOOK, () -> closeScope(loader));
    }

    private static void closeScope(ClassLoader loader) {
        freeUnreachable();
        for (NativeLease lease : OPEN) {
            Thread user = lease.user;
            boolean idle = user == null || user == Thread.currentThread() || !user.isAlive();
            if (idle && lease.scope != null && lease.scope.get() == loader) {
                lease.close();
            }
        }
    }

    static void freeUnreachable() {
        for (Object lease = UNREACHABLE.poll(); lease != null; lease = UNREACHABLE.poll()) {
            ((NativeLease) lease).close();
        }
    }

    static int openCount() {
        return OPEN.size();
    }
}

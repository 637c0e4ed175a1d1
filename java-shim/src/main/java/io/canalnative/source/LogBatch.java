package io.canalnative.source;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.canalnative.NativeLibraryException;
import io.canalnative.SourceLog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has come of the log at once, and where it goes on after it. */
final class LogBatch {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTables.class);
    /** So long may pass until it is known that nothing comes, and until a request is seen. */
    private static final long WAIT_MILLIS = 500;

    /** As {@link SourceLog#next} has it; null if nothing came. */
    final byte[] messages;
    /** As {@link SourceLog#position} has it, after the messages. */
    final byte[] position;
    /** As {@link SourceLog#definitions} has it: the same array as long as they are the same, since they may be large. */
    final byte[] definitions;
    /** The run that the messages are in, at least. */
    final int run;
    /** Tables that are to be read anew, which were listed when the log stood here at the latest; null if there are none. */
    final TablesAnew anew;

    private LogBatch(byte[] messages, byte[] position, byte[] definitions, int run, TablesAnew anew) {
        this.messages = messages;
        this.position = position;
        this.definitions = definitions;
        this.run = run;
        this.anew = anew;
    }

    /**
     * Opens the log: batches, and once that there is nothing more for now.
     *
     * @param completed up to where a checkpoint has everything; null once the log was told
     */
    static Fetch.Input<LogBatch> read(DatabaseTables source, LogPosition begin, AtomicReference<LogPosition> completed) throws NativeLibraryException {
        int run = run(source, begin);
        TablesAnew added = TablesAnew.selectedSince(source, begin, run);
        return new Batches(source, run, begin, added, completed, source.database.log(source.spec(), begin.position, begin.definitions));
    }

    /**
     * The run that changes are in from there on. Where Doris has rows of a later one than the place is of, it was left after that run had begun: what
     * comes now has to win over these rows.
     */
    private static int run(DatabaseTables source, LogPosition begin) throws NativeLibraryException {
        int last = source.runs.last();
        if (last <= begin.run) {
            return begin.run;
        }
        int next = source.runs.next();
        LOG.info("changes are in run {} from {} on: Doris has rows of run {}", next, begin, last);
        return next;
    }

    private static final class Batches implements Fetch.Input<LogBatch> {
        private final DatabaseTables source;
        private final SourceLog log;
        private final AtomicReference<LogPosition> completed;
        private final int run;
        private byte[] position;
        private byte[] definitions;
        private long version;
        private boolean idle;
        /** The last request that was seen. */
        private long asked;
        /** What waits for the log to come to where it was listed; null if nothing does. */
        private TablesAnew listed;

        Batches(DatabaseTables source, int run, LogPosition begin, TablesAnew added, AtomicReference<LogPosition> completed, SourceLog log) {
            this.source = source;
            this.completed = completed;
            this.log = log;
            this.run = run;
            this.position = begin.position;
            this.definitions = begin.definitions;
            this.version = log.version();
            this.asked = begin.resets;
            this.listed = added;
        }

        @Override
        public LogBatch next() throws IOException, NativeLibraryException {
            while (true) {
                look();
                LogPosition done = completed.getAndSet(null);
                if (done != null) {
                    log.confirm(done.position);
                }
                byte[] messages = log.next(WAIT_MILLIS);
                byte[] now = log.position();
                boolean moved = !Arrays.equals(now, position);
                if (moved) {
                    position = now;
                    definitions = definitions();
                }
                TablesAnew reached = listed != null && (messages == null || log.reached(listed.position)) ? listed : null;
                if (messages != null || moved || !idle || reached != null) {
                    idle = messages == null;
                    listed = reached == null ? listed : null;
                    return new LogBatch(messages, position, definitions, run, reached);
                }
            }
        }

        private void look() throws IOException, NativeLibraryException {
            if (listed != null) {
                return;
            }
            List<TableResets.Reset> wanted = source.resets.after(asked);
            if (!wanted.isEmpty()) {
                listed = TablesAnew.of(source, wanted, run);
                asked = listed.asked;
            }
        }

        private byte[] definitions() {
            long now = log.version();
            if (now == version) {
                return definitions;
            }
            version = now;
            return log.definitions();
        }

        @Override
        public void close() {
            log.close();
        }
    }
}

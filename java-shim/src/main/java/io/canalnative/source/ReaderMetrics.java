package io.canalnative.source;

import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/** What a reader has read, as metrics. */
final class ReaderMetrics {

    private final Counter rows;
    private final Counter changes;
    /** Of the range under way. Reporters read it, and what follows. */
    private volatile long rowsUnderWay;
    /** When the last change that was read was made; 0 if no more has come since, and before there was one. */
    private volatile long behindSince;

    ReaderMetrics(MetricGroup reader) {
        MetricGroup group = reader.addGroup(SourceMetrics.GROUP);
        rows = group.counter(SourceMetrics.ROWS);
        changes = group.counter(SourceMetrics.CHANGES);
        group.<Long, Gauge<Long>>gauge(SourceMetrics.ROWS_UNDER_WAY, () -> rowsUnderWay);
        group.<Long, Gauge<Long>>gauge(SourceMetrics.LAG, this::lag);
    }

    /** @param more rows of the range, which have come to so many {@code now} */
    void rows(long more, long now) {
        rows.inc(more);
        rowsUnderWay = now;
    }

    /** The range is read. */
    void noRange() {
        rowsUnderWay = 0;
    }

    /** @param inStep nothing more has come */
    void changes(long messages, LogPosition after, boolean inStep) {
        changes.inc(messages);
        long time = after.time();
        behindSince = inStep ? 0 : time > 0 ? time : System.currentTimeMillis();
    }

    private long lag() {
        long since = behindSince;
        return since == 0 ? 0 : Math.max(0, System.currentTimeMillis() - since);
    }
}

package io.canalnative.format;

import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;

/**
 * The decoder's counters, in the group {@code canal_json} of the operator. All count messages except {@code rows} and
 * {@code bytes}. Each message with content is counted in {@code messages}, and unless it has rows or fails the job in
 * one of {@code filtered}, {@code skipped…} and {@code parseErrors}.
 *
 * <p>For packets the group is {@code canal_protobuf}, {@code messages} counts packets, and all the others count entries, each of which
 * is what a flat message is: {@code entries} all of them.
 */
final class DecoderMetrics {

    /** Messages, not counting null and empty ones. */
    final SimpleCounter messages = new SimpleCounter();
    /** Rows emitted. */
    final SimpleCounter rows = new SimpleCounter();
    /** Bytes of the messages. */
    final SimpleCounter bytes = new SimpleCounter();
    /** Messages of databases and tables that the include patterns do not match. */
    final SimpleCounter filtered = new SimpleCounter();
    /** Messages with a bad value in lenient mode: dropped, or (semantics flink) with the value read as NULL. */
    final SimpleCounter parseErrors = new SimpleCounter();
    /** Schema changes that gave a row ({@code ddl = emit}). */
    final SimpleCounter ddl = new SimpleCounter();
    /** Messages that were handed to Flink's own codec. */
    final SimpleCounter delegated = new SimpleCounter();

    /** Entries of packets. */
    final SimpleCounter entries = new SimpleCounter();

    private final SimpleCounter[] skipped = new SimpleCounter[EventKind.values().length];

    DecoderMetrics() {
        for (int i = 0; i < skipped.length; i++) {
            skipped[i] = new SimpleCounter();
        }
    }

    /** Events without rows, of one kind. */
    SimpleCounter skipped(EventKind kind) {
        return skipped[kind.ordinal()];
    }

    /** Registers all of them, and the gauge {@code native}: 1, or 0 where the native library cannot be used. */
    void register(MetricGroup parent, Wire wire, boolean nativeLibrary) {
        MetricGroup group = parent.addGroup(wire.metrics);
        if (wire == Wire.PROTOBUF) {
            group.counter("entries", entries);
        }
        group.<Integer, Gauge<Integer>>gauge("native", () -> nativeLibrary ? 1 : 0);
        group.counter("messages", messages);
        group.counter("rows", rows);
        group.counter("bytes", bytes);
        group.counter("filtered", filtered);
        group.counter("parseErrors", parseErrors);
        group.counter("ddl", ddl);
        group.counter("delegated", delegated);
        for (EventKind kind : EventKind.values()) {
            group.counter(kind.metric, skipped(kind));
        }
    }
}

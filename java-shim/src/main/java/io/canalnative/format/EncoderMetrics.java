package io.canalnative.format;

import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;

/** The encoder's counters, in the group {@code canal_json} of the operator. */
final class EncoderMetrics {

    /** Messages written, one for each row. */
    final SimpleCounter messages = new SimpleCounter();
    /** Bytes of the messages. */
    final SimpleCounter bytes = new SimpleCounter();
    /** Rows that were handed to Flink's own encoder. */
    final SimpleCounter delegated = new SimpleCounter();

    void register(MetricGroup parent) {
        MetricGroup group = parent.addGroup(Wire.JSON.metrics);
        group.counter("encodedMessages", messages);
        group.counter("encodedBytes", bytes);
        group.counter("encodeDelegated", delegated);
    }
}

package io.canalnative.doris;

import java.util.Collections;

import org.apache.flink.api.connector.sink2.Sink;

/** The sink on Flink 1.20. */
final class DorisSinkOfFlink1 extends DorisSink {
    private static final long serialVersionUID = 1L;

    DorisSinkOfFlink1(DorisTarget target, DorisBackend backend) {
        super(target, backend);
    }

    @Override
    @SuppressWarnings("deprecation")
    public DorisWriter createWriter(Sink.InitContext context) throws java.io.IOException {
        return open(context, context.metricGroup(), context.getProcessingTimeService(), Collections.emptyList());
    }
}

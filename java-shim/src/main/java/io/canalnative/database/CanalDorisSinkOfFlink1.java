package io.canalnative.database;

import java.io.IOException;
import java.util.Collections;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;

/** The sink on Flink 1.20. */
final class CanalDorisSinkOfFlink1 extends CanalDorisSink {
    private static final long serialVersionUID = 1L;

    CanalDorisSinkOfFlink1(DatabaseSpec spec, int subtasks) {
        super(spec, subtasks);
    }

    @Override
    @SuppressWarnings("deprecation")
    public StatefulSinkWriter<CanalRecord, WriterState> createWriter(Sink.InitContext context) throws IOException {
        return open(context, context.metricGroup(), context.getProcessingTimeService(), Collections.emptyList());
    }
}

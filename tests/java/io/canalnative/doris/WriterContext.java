package io.canalnative.doris;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ScheduledFuture;

import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.OperatorIOMetricGroup;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.flink.util.clock.ManualClock;

/** What Flink gives to a sink's writer: subtask 1 of 4; metrics by name, and a clock that is set by hand. */
public final class WriterContext implements WriterInitContext, ProcessingTimeService {

    static final String JOB = "00112233445566778899aabbccddeeff";
    static final String OPERATOR = "cbc357ccb763df2852fee8c4fc7d55f2";

    public final Map<String, Metric> metrics = new TreeMap<>();
    public final ManualClock clock = new ManualClock();
    private final OptionalLong restored;
    private final List<Timer> timers = new ArrayList<>();

    public WriterContext(OptionalLong restored) {
        this.restored = restored;
    }

    /** Moves the clock and runs the timers that are due then. */
    public void pass(long millis) throws Exception {
        clock.advanceTime(java.time.Duration.ofMillis(millis));
        for (Timer timer : new ArrayList<>(timers)) {
            if (timer.at <= getCurrentProcessingTime()) {
                timers.remove(timer);
                timer.callback.onProcessingTime(timer.at);
            }
        }
    }

    public int timers() {
        return timers.size();
    }

    public Object metric(String name) {
        Metric metric = metrics.get(name);
        return metric instanceof Counter ? ((Counter) metric).getCount() : metric instanceof Gauge ? ((Gauge<?>) metric).getValue() : metric;
    }

    @Override
    public SinkWriterMetricGroup metricGroup() {
        return new Metrics("");
    }

    @Override
    public OptionalLong getRestoredCheckpointId() {
        return restored;
    }

    @Override
    public JobInfo getJobInfo() {
        return new JobInfo() {
            @Override
            public JobID getJobId() {
                return JobID.fromHexString(JOB);
            }

            @Override
            public String getJobName() {
                return "job";
            }
        };
    }

    @Override
    public TaskInfo getTaskInfo() {
        return new TaskInfo() {
            @Override
            public String getTaskName() {
                return "orders: Writer";
            }

            @Override
            public int getMaxNumberOfParallelSubtasks() {
                return 128;
            }

            @Override
            public int getIndexOfThisSubtask() {
                return 1;
            }

            @Override
            public int getNumberOfParallelSubtasks() {
                return 4;
            }

            @Override
            public int getAttemptNumber() {
                return 0;
            }

            @Override
            public String getTaskNameWithSubtasks() {
                return "orders: Writer (2/4)#0";
            }

            @Override
            public String getAllocationIDAsString() {
                return "slot";
            }
        };
    }

    @Override
    public ProcessingTimeService getProcessingTimeService() {
        return this;
    }

    @Override
    public long getCurrentProcessingTime() {
        return clock.absoluteTimeMillis();
    }

    @Override
    public ScheduledFuture<?> registerTimer(long time, ProcessingTimeCallback callback) {
        timers.add(new Timer(time, callback));
        return null;
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
        throw new UnsupportedOperationException();
    }

    @Override
    public MailboxExecutor getMailboxExecutor() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SerializationSchema.InitializationContext asSerializationSchemaInitializationContext() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isObjectReuseEnabled() {
        return true;
    }

    @Override
    public <IN> TypeSerializer<IN> createInputSerializer() {
        throw new UnsupportedOperationException();
    }

    private static final class Timer {
        final long at;
        final ProcessingTimeService.ProcessingTimeCallback callback;

        Timer(long at, ProcessingTimeService.ProcessingTimeCallback callback) {
            this.at = at;
            this.callback = callback;
        }
    }

    private final class Metrics extends UnregisteredMetricsGroup implements SinkWriterMetricGroup {
        private final String scope;

        Metrics(String scope) {
            this.scope = scope;
        }

        @Override
        public MetricGroup addGroup(String name) {
            return new Metrics(scope + name + ".");
        }

        @Override
        public MetricGroup addGroup(String key, String value) {
            return new Metrics(scope + key + "." + value + ".");
        }

        @Override
        public <C extends Counter> C counter(String name, C counter) {
            metrics.put(scope + name, counter);
            return counter;
        }

        @Override
        public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
            metrics.put(scope + name, gauge);
            return gauge;
        }

        @Override
        public <H extends Histogram> H histogram(String name, H histogram) {
            metrics.put(scope + name, histogram);
            return histogram;
        }

        @Override
        public Map<String, String> getAllVariables() {
            return Collections.singletonMap("<operator_id>", OPERATOR);
        }

        private Counter flinks(String name) {
            return (Counter) metrics.computeIfAbsent(name, of -> new SimpleCounter());
        }

        @Override
        public Counter getNumRecordsOutErrorsCounter() {
            return flinks("numRecordsOutErrors");
        }

        @Override
        public Counter getNumRecordsSendErrorsCounter() {
            return flinks("numRecordsSendErrors");
        }

        @Override
        public Counter getNumRecordsSendCounter() {
            return flinks("numRecordsSend");
        }

        @Override
        public Counter getNumBytesSendCounter() {
            return flinks("numBytesSend");
        }

        @Override
        public void setCurrentSendTimeGauge(Gauge<Long> gauge) {
            metrics.put("currentSendTime", gauge);
        }

        @Override
        public OperatorIOMetricGroup getIOMetricGroup() {
            throw new UnsupportedOperationException();
        }
    }
}

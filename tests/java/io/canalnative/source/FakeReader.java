package io.canalnative.source;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.canalnative.database.CanalRecord;
import io.canalnative.database.RecordOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.metrics.groups.SourceReaderMetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.util.UserCodeClassLoader;

/** A reader, and what Flink gets from it. */
final class FakeReader implements SourceReaderContext, RecordOutput {

    final DatabaseReader reader;
    /** {@code table: definition}, {@code table: first key of the message to the last, attempt} or {@code table: value of a change at its sequence}. */
    final List<String> found = new ArrayList<>();
    final List<RangeRead> read = new ArrayList<>();
    int asked;
    /** The run of each that was found. */
    final List<Long> runs = new ArrayList<>();

    FakeReader(FakeDatabase database) {
        this(new DatabaseTables(database, () -> 1, "{}", true, Stages.ALL, TableResets.of(List.of())));
    }

    FakeReader(DatabaseTables source) {
        reader = new DatabaseReader(source, this);
    }

    /** Polls until there have been so many messages; fewer only where there is nothing more to read. */
    void poll(int messages) throws Exception {
        while (found.size() < messages) {
            InputStatus status = reader.pollNext(this);
            if (status == InputStatus.END_OF_INPUT || status == InputStatus.NOTHING_AVAILABLE && !reader.isAvailable().isDone() && idle()) {
                return;
            }
            if (found.size() < messages) {
                reader.isAvailable().get(60, TimeUnit.SECONDS);
            }
        }
    }

    private boolean idle() {
        return reader.snapshotState(1).isEmpty();
    }

    @Override
    public void collect(CanalRecord record) {
        assertEquals(0, record.partition);
        runs.add(record.sequence >> CanalRecord.RUN_BITS);
        long sequence = record.sequence & (1L << CanalRecord.RUN_BITS) - 1;
        boolean isChange = sequence >= FakeDatabase.LOG_BASE;
        assertEquals(0, isChange ? 0 : sequence & ((1 << CanalRecord.ROW_BITS) - 2));
        long attempt = sequence >> CanalRecord.ROW_BITS;
        JsonNode message;
        try {
            message = new ObjectMapper().readTree(record.value);
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
        String table = message.get("table").asText();
        if (message.get("isDdl").asBoolean()) {
            assertEquals(0, attempt);
            boolean isDefinition = message.get("type").asText().equals("CREATE");
            assertEquals(isDefinition ? 0 : 1, sequence);
            found.add(table + (isDefinition ? ": definition" : ": " + message.get("sql").asText()));
        } else if (isChange) {
            found.add(table + ": " + message.get("data").get(0).get("v").asText() + " at " + (sequence - FakeDatabase.LOG_BASE));
        } else {
            JsonNode data = message.get("data");
            found.add(table + ": " + data.get(0).get("id").asText() + " to " + data.get(data.size() - 1).get("id").asText() + ", attempt " + attempt);
        }
    }

    @Override
    public void sendSplitRequest() {
        asked++;
    }

    @Override
    public void sendSourceEventToCoordinator(SourceEvent event) {
        read.add((RangeRead) event);
    }

    @Override
    public SourceReaderMetricGroup metricGroup() {
        return UnregisteredMetricsGroup.createSourceReaderMetricGroup();
    }

    @Override
    public Configuration getConfiguration() {
        return new Configuration();
    }

    @Override
    public String getLocalHostName() {
        return "here";
    }

    @Override
    public int getIndexOfSubtask() {
        return 0;
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
        throw new UnsupportedOperationException();
    }
}

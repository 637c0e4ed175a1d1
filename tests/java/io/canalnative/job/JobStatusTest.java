package io.canalnative.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobStatusTest {

    private static final long NOW = 1_700_000_600_000L;

    @TempDir
    Path directory;

    @Test
    void fullData() throws IOException {
        ObjectNode status = status("full-data");
        status.put("tablesDone", 1).put("tablesAll", 3).put("rowsRead", 3_500_000).put("rowsExpected", 10_000_000).put("rowsPerSecond", 20_000).put("secondsLeft", 325).putNull("lagMillis");
        status.putArray("tables").addObject().put("table", "shop.a").put("rows", 1_000_000).put("expected", 1_000_000).put("done", true);
        status.withArray("tables").addObject().put("table", "shop.b").put("rows", 2_500_000).put("expected", 5_000_000).put("done", false);
        status.withArray("tables").addObject().put("table", "shop.c").put("rows", 0).put("expected", 4_000_000).put("done", false);
        assertEquals("shop-copy: running (process 4711, for 10 min)\n"
                + "  stage: full-data\n"
                + "  [##########----------]  50 %  shop.b: 2,500,000 of about 5,000,000 rows\n"
                + "  [--------------------]   0 %  shop.c: 0 of about 4,000,000 rows\n"
                + "  1 of 3 tables, 3,500,000 of about 10,000,000 rows read, 20,000 a second, about 5 min left\n"
                + "  9,120 messages, 3,400,000 rows loaded in 42 loads, the last one 2 s ago\n"
                + "  3 schema changes, the last one 9 min ago: created (shop.b): the table shop.b was created\n"
                + "  2 messages waiting for their tables, 1 messages or rows not applied, 0 restarts", JobStatus.text(status, true, NOW));
    }

    @Test
    void incremental() throws IOException {
        ObjectNode status = status("incremental");
        status.put("tablesDone", 3).put("tablesAll", 3).put("rowsRead", 10).put("rowsExpected", 10).put("lagMillis", 7_300);
        assertTrue(JobStatus.text(status, true, NOW).contains("\n  stage: incremental, 7 s behind the source\n  3 of 3 tables, 10 of about 10 rows read\n"), JobStatus.text(status, true, NOW));
        status.put("lagMillis", 700);
        assertTrue(JobStatus.text(status, true, NOW).contains("\n  stage: incremental, in step with the source\n"));
        status.put("verifying", true);
        assertTrue(JobStatus.text(status, true, NOW).endsWith("\n  its tables are being verified"), JobStatus.text(status, true, NOW));
        assertFalse(JobStatus.text(status, false, NOW).contains("being verified"), "nobody does it any more");
    }

    @Test
    void whatTheLastVerificationFound() throws IOException {
        ObjectNode status = status("canal");
        JobStatus.verified(status, ("{\"job\": \"shop\", \"ended\": " + (NOW - 7_000) + ", \"equal\": true, \"tables\": [{\"table\": \"shop.a\", \"refused\": null, \"sourceRows\": 1200}, "
                + "{\"table\": \"shop.b\", \"refused\": null, \"sourceRows\": 34}]}").getBytes(StandardCharsets.UTF_8));
        assertTrue(JobStatus.text(status, false, NOW).endsWith("\n  verified 7 s ago, 1,234 rows: equal"), JobStatus.text(status, false, NOW));
        JobStatus.verified(status, ("{\"ended\": " + (NOW - 600_000) + ", \"equal\": false, \"tables\": [{\"refused\": \"no key\"}, {\"refused\": null, \"sourceRows\": 5, "
                + "\"missing\": 1, \"surplus\": 2, \"different\": 3}]}").getBytes(StandardCharsets.UTF_8));
        assertTrue(JobStatus.text(status, false, NOW).endsWith("\n  verified 10 min ago, 5 rows: NOT equal, 1 missing in Doris, 2 only there, 3 different, 1 tables not compared"),
                JobStatus.text(status, false, NOW));
        assertEquals("{\"at\":" + (NOW - 600_000) + ",\"equal\":false,\"rows\":5,\"missing\":1,\"surplus\":2,\"different\":3,\"notCompared\":1}", status.get("verified").toString());
    }

    @Test
    void aJobThatDoesNotRun() throws IOException {
        ObjectNode status = status("canal");
        assertTrue(JobStatus.text(status, false, NOW).startsWith("shop-copy: killed; the next run goes on from its last checkpoint, 1 s ago\n  9,120 messages, "), JobStatus.text(status, false, NOW));
        status.put("state", "failed").put("why", "the server does not let reader in");
        assertTrue(JobStatus.text(status, false, NOW).startsWith("shop-copy: failed, 1 s ago\n  the server does not let reader in\n  9,120 messages, "), JobStatus.text(status, false, NOW));
    }

    @Test
    void manyTablesAreCutShort() throws IOException {
        ObjectNode status = status("full-data");
        for (int i = 0; i < 25; i++) {
            status.withArray("tables").addObject().put("table", "shop.t" + i).put("rows", 0).put("expected", 0).put("done", false);
        }
        String text = JobStatus.text(status, true, NOW);
        assertTrue(text.contains("shop.t19: ") && !text.contains("shop.t20: ") && text.contains("\n  and 5 tables more\n"), text);
    }

    @Test
    void aJobHoldsItsState() throws IOException {
        assertNull(JobStatus.read(directory));
        assertNull(StateDirectory.holder(directory.resolve("none")));
        try (StateDirectory held = StateDirectory.open(directory)) {
            assertEquals(JobStatus.processId(), StateDirectory.holder(held.path));
        }
        assertNull(StateDirectory.holder(directory));
    }

    private static ObjectNode status(String stage) throws IOException {
        ObjectNode status = (ObjectNode) new ObjectMapper().readTree("{\"name\": \"shop-copy\", \"pid\": \"4711\", \"state\": \"running\", \"why\": null, \"messages\": 9120, \"rowsLoaded\": 3400000, \"loads\": 42, "
                + "\"schemaChanges\": 3, \"lastSchemaChange\": {\"what\": \"created (shop.b): the table shop.b was created\"}, \"waiting\": 2, \"notApplied\": 1, \"restarts\": 0}");
        status.put("stage", stage).put("began", NOW - 600_000).put("updated", NOW - 1_000).put("lastLoad", NOW - 2_000);
        ((ObjectNode) status.get("lastSchemaChange")).put("at", NOW - 590_000);
        return status;
    }
}

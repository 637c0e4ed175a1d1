package io.canalnative.official;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;

import org.apache.doris.flink.cfg.DorisExecutionOptions;
import org.junit.jupiter.api.Test;

/** The official connector's streaming and batch writers, in DataStream jobs. */
class StreamLoadTest extends AgainstStandin {

    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    private static DorisExecutionOptions.Builder twoPhase() {
        return DorisExecutionOptions.builder().enable2PC();
    }

    private static DorisExecutionOptions.Builder onePhase() {
        return DorisExecutionOptions.builder().disable2PC();
    }

    private static DorisExecutionOptions.Builder batch() {
        // The flushes of its timer would fall anywhere; those of checkpoints are known.
        return DorisExecutionOptions.builder().setBatchMode(true).setBufferFlushIntervalMs(600_000);
    }

    private void assertExactlyOnce(String... load) throws Exception {
        tenRows(settings(), sink(twoPhase(), true, true, load)).execute();
        assertEquals(LEFT, stored());
        assertEquals(Arrays.asList(5, 3, 2), loaded());
        assertTrue(labels().get(0).matches("lp_db1_t1_0_\\d+ VISIBLE"), labels().toString());
        assertStates(3, 1);
        assertEquals(3, counter("2pc.commit"));
    }

    @Test
    void twoPhasesJson() throws Exception {
        assertExactlyOnce("format", "json");
        // Four loads with the empty one at the start, three commits, one abort.
        assertEquals(8, counter("redirects"));
    }

    @Test
    void twoPhasesCsv() throws Exception {
        assertExactlyOnce("format", "csv");
    }

    @Test
    void twoPhasesGzip() throws Exception {
        assertExactlyOnce("format", "json", "compress_type", "gz");
    }

    @Test
    void twoPhasesGzipCsv() throws Exception {
        assertExactlyOnce("format", "csv", "compress_type", "gz");
    }

    @Test
    void withoutRedirectsTheBackEndsAreAskedForAndSpokenTo() throws Exception {
        tenRows(settings(), sink(twoPhase(), true, false, "format", "json")).execute();
        assertEquals(LEFT, stored());
        assertStates(3, 1);
        assertEquals(0, counter("redirects"));
    }

    @Test
    void aUniqueTableIsLoadedInOnePhaseByDefault() throws Exception {
        tenRows(settings(), sink(DorisExecutionOptions.builder(), true, true, "format", "json")).execute();
        assertEquals(LEFT, stored());
        assertStates(3, 0);
        assertMatches("lp_db1_t1_0_\\d+_" + UUID + " VISIBLE", labels().get(0));
        assertEquals(0, counter("2pc.commit"));
    }

    @Test
    void aDuplicateTableIsLoadedInTwoPhasesByDefault() throws Exception {
        table(DUPLICATE);
        tenRows(settings(), sink(DorisExecutionOptions.builder(), false, true, "format", "json")).execute();
        assertEquals(ALL, stored());
        assertStates(3, 1);
        assertEquals(3, counter("2pc.commit"));
    }

    @Test
    void inOnePhaseWithDeletes() throws Exception {
        for (String format : new String[] {"json", "csv"}) {
            table(UNIQUE);
            doris.admin("DELETE", "/loads", null);
            tenRows(settings(), sink(onePhase(), true, true, "format", format)).execute();
            assertEquals(LEFT, stored(), format);
            assertEquals(Arrays.asList(5, 3, 2), loaded(), format);
            assertMatches("lp_db1_t1_0_\\d+_" + UUID + " VISIBLE", labels().get(2));
            assertEquals(Collections.singleton("VISIBLE"), states().keySet(), format);
        }
    }

    @Test
    void onePhaseWithoutDeletesInsertsThem() throws Exception {
        table(DUPLICATE);
        tenRows(settings(), sink(onePhase(), false, true, "format", "json")).execute();
        assertEquals(ALL, stored());
        assertStates(3, 0);
    }

    @Test
    void groupCommit() throws Exception {
        tenRows(settings(), sink(onePhase(), true, true, "format", "json", "group_commit", "sync_mode")).execute();
        assertEquals(LEFT, stored());
        assertEquals(Arrays.asList(5, 3, 2), loaded());
        assertTrue(labels().stream().noneMatch(label -> label.startsWith("lp")), labels().toString());
        assertEquals(Collections.singleton("VISIBLE"), states().keySet());
    }

    @Test
    void batchMode() throws Exception {
        for (String format : new String[] {"json", "csv"}) {
            table(UNIQUE);
            doris.admin("DELETE", "/loads", null);
            tenRows(settings(), sink(batch(), true, true, "format", format)).execute();
            assertEquals(LEFT, stored(), format);
            assertEquals(Arrays.asList(5, 3, 2), loaded(), format);
            assertMatches("lp_0_t1_" + UUID + " VISIBLE", labels().get(0));
            assertEquals(Collections.singleton("VISIBLE"), states().keySet(), format);
            assertEquals(0, counter("2pc.commit"), format);
        }
    }

    @Test
    void batchModeWithoutRedirects() throws Exception {
        tenRows(settings(), sink(batch(), true, false, "format", "json")).execute();
        assertEquals(LEFT, stored());
        assertStates(3, 0);
        assertEquals(0, counter("redirects"));
    }

    @Test
    void aFailedLoadOfBatchModeIsRepeatedUnderANewLabel() throws Exception {
        table(DUPLICATE);
        doris.fault("{\"name\": \"too_many_versions\", \"count\": 2}");
        tenRows(settings(), sink(batch(), false, true, "format", "json")).execute();
        assertEquals(ALL, stored());
        assertStates(3, 2);
        assertMatches("lp_0_t1_" + UUID + " ABORTED", labels().get(0));
        assertMatches("lp_0_t1_" + UUID + "_1 ABORTED", labels().get(1));
        assertMatches("lp_0_t1_" + UUID + "_2 VISIBLE", labels().get(2));
    }

    @Test
    void batchModeGivesUpAfterItsRetries() throws Exception {
        doris.fault("{\"name\": \"too_many_versions\"}");
        String failure = failure(tenRows(settings(), sink(batch(), true, true, "format", "json")).executeAsync());
        assertTrue(failure.contains("[E-235]") || failure.contains("-235"), failure);
        assertEquals(Collections.singleton("ABORTED"), states().keySet());
        assertEquals(Collections.emptyList(), stored());
    }

    @Test
    void publishTimeoutCountsAsSuccess() throws Exception {
        doris.fault("{\"name\": \"publish_timeout\", \"skip\": 2, \"count\": 1}");
        tenRows(settings(), sink(onePhase(), true, true, "format", "json")).execute();
        assertEquals(1, states().get("COMMITTED"), states().toString());
        doris.admin("POST", "/publish", "{}");
        assertEquals(LEFT, stored());
        assertStates(3, 0);
    }
}

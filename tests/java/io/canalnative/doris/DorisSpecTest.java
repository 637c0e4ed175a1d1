package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;

/** The specifications as the native side reads them. */
class DorisSpecTest {

    private static final LabelParts LABEL = LabelParts.of(new WriterContext(OptionalLong.of(7)), WriterContext.OPERATOR);

    private static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    @Test
    void everythingAWriterNeeds() throws Exception {
        DorisTarget target =
                OrdersTable.target(
                        "benodes", "be:8040", "sink.label-prefix", "etl", "sink.properties.format", "csv", "sink.properties.column_separator", "|",
                        "sink.properties.compress_type", "gz", "sink.host-rewrite", "10.0.0.7=be", "sink.bad-rows", "log");
        byte[] state = "{\"next\":4}".getBytes(StandardCharsets.UTF_8);
        assertEquals(
                "{\"fenodes\":[\"fe1:8030\",\"fe2:8030\"],\"benodes\":[\"be:8040\"],\"autoRedirect\":true,\"username\":\"loader\",\"password\":\"s3cret\","
                        + "\"hostRewrite\":{\"10.0.0.7\":\"be\"},\"connectTimeoutMillis\":60000,\"database\":\"shop\",\"table\":\"orders\","
                        + "\"fields\":[{\"name\":\"id\",\"type\":{\"root\":\"BIGINT\",\"nullable\":false}},{\"name\":\"name\",\"type\":{\"root\":\"VARCHAR\",\"nullable\":true}}],"
                        + "\"keys\":[0],\"format\":\"csv\",\"properties\":{\"column_separator\":\"|\"},\"delete\":true,\"binary\":\"hex\",\"zone\":[[0,0]],"
                        + "\"maxRows\":500000,\"maxBytes\":104857600,\"memoryBytes\":134217728,\"inFlight\":3,\"intervalMillis\":0,\"badRows\":\"log\","
                        + "\"twoPhase\":true,\"maxRetries\":3,\"loadTimeoutSeconds\":600,\"compress\":\"gz\","
                        + "\"label\":{\"prefix\":\"etl\",\"sink\":\"" + LABEL.sink + "\",\"job\":\"00112233445566778899aabbccddeeff\",\"restored\":7,\"subtask\":1,\"subtasks\":4},"
                        + "\"restored\":[{\"next\":4}]}",
                text(DorisSpec.writer(target, LABEL, Collections.singletonList(state))));
    }

    @Test
    void aCommitterNeedsTheClusterOnly() {
        assertEquals(
                "{\"fenodes\":[\"fe1:8030\",\"fe2:8030\"],\"benodes\":[],\"autoRedirect\":true,\"username\":\"loader\",\"password\":\"s3cret\",\"hostRewrite\":{},"
                        + "\"connectTimeoutMillis\":60000}",
                text(DorisSpec.committer(OrdersTable.settings())));
    }

    @Test
    void tlsWithOrWithoutAFileOfAuthorities() {
        String bare = text(DorisSpec.committer(OrdersTable.settings("doris.enable.tls", "true")));
        assertTrue(bare.endsWith("\"connectTimeoutMillis\":60000,\"tls\":{\"anyName\":false}}"), bare);
        String file =
                text(DorisSpec.committer(
                        OrdersTable.settings(
                                "doris.enable.tls", "true", "doris.tls.ca-certificate-path", "/etc/ca.pem", "doris.tls.skip-hostname-verification", "true")));
        assertTrue(file.endsWith("\"tls\":{\"ca\":\"/etc/ca.pem\",\"anyName\":true}}"), file);
    }

    @Test
    void flushModeHasAnInterval() throws Exception {
        DorisTarget target = OrdersTable.target("sink.enable-2pc", "false", "sink.buffer-flush.interval", "1500ms");
        String spec = text(DorisSpec.writer(target, LABEL, Collections.emptyList()));
        assertTrue(spec.contains("\"intervalMillis\":1500,"), spec);
    }

    @Test
    void labelsDifferBySink() {
        assertEquals(8, LABEL.sink.length());
        assertEquals(LABEL.sink, LabelParts.of(new WriterContext(OptionalLong.empty()), WriterContext.OPERATOR).sink, "the same after a restart");
        assertEquals(3, java.util.Set.of(LABEL.sink, LABEL.ofBadRows().sink, LabelParts.of(new WriterContext(OptionalLong.empty()), "another").sink).size());
    }

    /** The offset that the pairs give, read as the native side reads them. */
    private static int offsetAt(List<long[]> pairs, Instant at) {
        long offset = pairs.get(0)[1];
        for (long[] pair : pairs) {
            offset = pair[0] <= at.toEpochMilli() ? pair[1] : offset;
        }
        return (int) offset;
    }

    @Test
    void zonesAsTablesOfOffsets() {
        for (String id : new String[] {"America/New_York", "Asia/Shanghai", "Europe/Dublin", "Africa/Casablanca", "UTC", "+05:45", "Australia/Lord_Howe"}) {
            List<long[]> pairs = OrdersTable.zone(id).transitions();
            for (int i = 1; i < pairs.size(); i++) {
                long[] pair = pairs.get(i);
                assertEquals(-1, Long.compare(pairs.get(i - 1)[0], pair[0]), id);
                // All that are listed one by one, and some of those that a rule makes.
                for (long millis : i < 400 || i % 1000 == 0 ? new long[] {pair[0] - 1, pair[0], pair[0] + 1} : new long[0]) {
                    same(id, pairs, Instant.ofEpochMilli(millis));
                }
            }
            for (String at : new String[] {"0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2024-07-01T00:00:00Z", "2500-07-01T00:00:00Z", "9999-07-01T00:00:00Z",
                "9999-12-31T23:59:59Z"}) {
                same(id, pairs, Instant.parse(at));
            }
        }
        assertArrayEquals(new long[] {0, 20700}, OrdersTable.zone("+05:45").transitions().get(0));
    }

    private static void same(String id, List<long[]> pairs, Instant at) {
        assertEquals(ZoneId.of(id).getRules().getOffset(at).getTotalSeconds(), offsetAt(pairs, at), id + " at " + at);
    }

    @Test
    void theDefaultZoneIsThisJvms() {
        assertEquals(ZoneId.systemDefault().getId(), OrdersTable.zone("default").toString());
    }
}

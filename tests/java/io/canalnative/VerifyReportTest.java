package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.junit.jupiter.api.Test;

/** Verdicts into a report, over the boundary; with databases it is tests/cluster/verify_mysql.py. */
class VerifyReportTest {

    private static byte[] verdict(String table, int rows, int missing) {
        StringBuilder unequal = new StringBuilder();
        for (int i = 0; i < missing; i++) {
            unequal.append(i == 0 ? "" : ",").append("[\"missing\",[\"").append(i).append("\"]]");
        }
        return bytes("{\"table\":\"" + table + "\",\"target\":\"" + table + "\",\"source_rows\":" + rows + ",\"equal\":" + (rows - missing) + ",\"unequal\":[" + unequal + "]}");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aReportGoesOnFromACheckpoint() throws Exception {
        byte[] state;
        try (VerifyReport report = VerifyReport.open("shop", new byte[0])) {
            report.absorb(verdict("shop.orders", 10, 2));
            report.absorb(new byte[0]);
            state = report.json();
        }
        try (VerifyReport report = VerifyReport.open("shop", state)) {
            report.absorb(verdict("shop.orders", 5, 0));
            String json = new String(report.json(), StandardCharsets.UTF_8);
            assertTrue(json.contains("\"sourceRows\": 15") && json.contains("\"ranges\": 2"), json);
            assertTrue(json.contains("\"suspects\""), "what differed is read again after the restart: " + json);
        }
    }

    @Test
    void aReportIsShown() throws Exception {
        byte[] report = bytes("{\"job\":\"shop\",\"equal\":true,\"tables\":[{\"table\":\"shop.orders\",\"target\":\"shop.orders\",\"sourceRows\":3,\"equal\":3}]}");
        assertTrue(VerifyReport.text(report).endsWith("equal: 3 rows of 1 table\n"), VerifyReport.text(report));
        String page = new String(VerifyReport.page(report), StandardCharsets.UTF_8);
        assertTrue(page.startsWith("<!DOCTYPE html>") && page.contains("shop.orders"), page);
        assertThrows(IllegalArgumentException.class, () -> VerifyReport.text(bytes("no report")));
    }

    @Test
    void aClosedReportThrows() throws Exception {
        VerifyReport report = VerifyReport.open("shop", new byte[0]);
        report.close();
        assertThrows(IllegalStateException.class, report::json);
    }

    @Test
    void optionsOfVerify() {
        VerifyOptions options = VerifyOptions.parse(Arrays.asList("--json", "job.yaml", "--rows-per-second", "500", "--settle", "0", "--table", "shop\\..*"));
        assertEquals("job.yaml", options.file);
        assertTrue(options.json);
        assertEquals(500, options.rowsPerSecond);
        assertEquals("checksum", options.mode);
        assertEquals("rows", VerifyOptions.parse(Arrays.asList("job.yaml", "--mode", "rows")).mode);
        assertEquals(0L, options.settle);
        assertEquals("shop\\..*", options.table);
        for (String wrong : new String[] {"", "a.yaml b.yaml", "a.yaml --samples", "a.yaml --samples x", "a.yaml --rows-per-second 0", "a.yaml --mode fast", "a.yaml --other 1"}) {
            assertThrows(IllegalArgumentException.class, () -> VerifyOptions.parse(Arrays.asList(wrong.isEmpty() ? new String[0] : wrong.split(" "))), wrong);
        }
    }

    @Test
    void optionsOfCorrect() {
        CorrectOptions options = CorrectOptions.parse(Arrays.asList("job.yaml", "--report", "r.json"));
        assertFalse(options.apply || options.deleteSurplus, "nothing is changed unless it is asked for");
        assertTrue(CorrectOptions.parse(Arrays.asList("job.yaml", "--report", "r.json", "--apply", "--delete-surplus")).deleteSurplus);
        assertThrows(IllegalArgumentException.class, () -> CorrectOptions.parse(Arrays.asList("job.yaml")));
        assertThrows(IllegalArgumentException.class, () -> CorrectOptions.parse(Arrays.asList("job.yaml", "--report", "r.json", "--force")));
    }
}

package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        VerifyOptions joined = VerifyOptions.parse(Arrays.asList("--table=a=b", "job.yaml", "--samples=3", "--doris-query=[::1]:9030"));
        assertEquals("a=b 3 [::1]:9030", joined.table + " " + joined.samples + " " + joined.dorisQuery);
        for (String wrong : new String[] {"", "a.yaml b.yaml", "a.yaml --json=yes", "a.yaml --samples= ", "a.yaml --doris-query foo", "a.yaml --doris-query foo:0", "a.yaml --doris-query foo:70000",
                "a.yaml --doris-query :9030", "a.yaml --doris-query mysql://fe:9030", "a.yaml --samples", "a.yaml --samples x", "a.yaml --rows-per-second 0", "a.yaml --mode fast", "a.yaml --other 1"}) {
            assertThrows(IllegalArgumentException.class, () -> VerifyOptions.parse(Arrays.asList(wrong.isEmpty() ? new String[0] : wrong.split(" "))), wrong);
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsSaidBefore(@TempDir Path directory) throws Exception {
        Path there = Files.write(directory.resolve("there.json"), bytes("as it was"));
        VerifyOptions good = VerifyOptions.parse(Arrays.asList("job.yaml", "--report", there.toString(), "--html", directory.resolve("new.html").toString()));
        good.needWritable();
        assertEquals("as it was", new String(Files.readAllBytes(there), StandardCharsets.UTF_8));
        assertFalse(Files.exists(directory.resolve("new.html")));
        for (String option : new String[] {"--report", "--html"}) {
            for (String[] wrong : new String[][] {{directory + "/none/r", "there is no directory " + directory + "/none; make it"}, {directory.toString(), "it is a directory; name a file in it"}, {there + "/r", "is no directory"}}) {
                String said = assertThrows(IOException.class, VerifyOptions.parse(Arrays.asList("job.yaml", option, wrong[0]))::needWritable).getMessage();
                assertTrue(said.startsWith(option + " cannot be written to " + wrong[0] + ": ") && said.contains(wrong[1]), said);
            }
        }
    }

    @Test
    void patternsAreThoseOfTheLibrary() throws Exception {
        for (String good : new String[] {"shop\\..*", "(?i)a|b", "it's \"x\"", "\\p{Greek}[[:alpha:]&&[^x]]", "größe\\.\\x{1F600}\uD83D\uDE00", "# - \\{a: b\\}, [c]", "(?x) a # a comment (\n b"}) {
            assertNull(JobFile.mistakeOfPattern(good), good);
        }
        for (String wrong : new String[] {"(shop", "a{2", "(?=ahead)", "[z-a]", "*"}) {
            String said = JobFile.mistakeOfPattern(wrong);
            assertTrue(said != null && !said.contains("tables.include"), wrong + ": " + said);
        }
        assertEquals("unclosed group", JobFile.mistakeOfPattern("(shop"));
    }

    @Test
    void helpIsTheManualsTable() throws Exception {
        String manual = new String(Files.readAllBytes(Paths.get("docs/verify.md")), StandardCharsets.UTF_8);
        String[] usages = {VerifyOptions.usage(), CorrectOptions.usage()};
        int[] lines = new int[2];
        int of = 0;
        for (String line : manual.split("\n")) {
            of = line.equals("## Correct") ? 1 : of;
            if (line.startsWith("| `--")) {
                String[] cells = line.replace("\\|", "\0").replace("`", "").split("\\|");
                String initial = cells[2].trim();
                String help = String.format("  %-26s %s%s%n", cells[1].trim(), cells[3].trim(), initial.isEmpty() ? "" : " [" + initial + "]").replace('\0', '|');
                assertTrue(usages[of].contains(help), help + "is not in\n" + usages[of]);
                lines[of]++;
            }
        }
        for (int i = 0; i < 2; i++) {
            assertEquals(lines[i], usages[i].split("\n  --", -1).length - 1, usages[i]);
        }
    }

    @Test
    void theCommandLineSaysItsOptions() throws Exception {
        Said verify = Said.by(() -> CommandLine.run(new String[] {"verify", "--help"}));
        assertEquals("0 " + VerifyOptions.usage(), verify.code + " " + verify.out + verify.err);
        Said correct = Said.by(() -> CommandLine.run(new String[] {"correct", "job.yaml", "--help"}));
        assertEquals("0 " + CorrectOptions.usage(), correct.code + " " + correct.out + correct.err);
        Said wrong = Said.by(() -> CommandLine.run(new String[] {"verify", "job.yaml", "--doris-query", "foo"}));
        assertTrue(wrong.code == 2 && wrong.err.startsWith("canal-native: --doris-query is 'foo'; it is HOST:PORT") && wrong.out.isEmpty(), wrong.err);
        assertEquals(2, Said.by(() -> CommandLine.run(new String[] {"correct", "job.yaml", "--report", "r", "--doris-query=foo"})).code);
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

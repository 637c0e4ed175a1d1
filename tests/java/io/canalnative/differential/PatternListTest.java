package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** Java's half of tests/data/patterns.jsonl, the list behind the table of patterns in docs/other-hosts.md. */
class PatternListTest {
    @Test
    void javaMatchesAsListed() throws Exception {
        List<byte[]> lines = TestData.lines(TestData.path("patterns.jsonl"));
        assertFalse(lines.isEmpty());
        for (byte[] line : lines) {
            JsonNode listed = new ObjectMapper().readTree(line);
            assertEquals(listed.get("java").asText(), judged(listed.get("pattern").asText(), listed.get("name").asText()),
                    new String(line, StandardCharsets.US_ASCII));
        }
    }

    private static String judged(String pattern, String name) {
        try {
            return Pattern.compile(pattern).matcher(name).matches() ? "yes" : "no";
        } catch (PatternSyntaxException e) {
            return "error";
        }
    }
}

package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

import io.canalnative.differential.FlinkVersion;

/** What is read is written so that Flink's parser reads the same again. */
class JsonTextTest {

    private static String rewritten(String json) throws IOException {
        return new String(JsonText.write(JsonText.read(json.getBytes(StandardCharsets.UTF_8))), StandardCharsets.US_ASCII);
    }

    @Test
    void numbersKeepTheirText() throws Exception {
        String numbers = "[-0.0,-0,1.10,1e400,1E-7,12345678901234567890123,100.0]";
        assertEquals(numbers, rewritten(numbers));
    }

    @Test
    void lastOfEqualNamesAtTheFirstsPlace() throws Exception {
        assertEquals("{\"a\":3,\"b\":[null,true,{}]}", rewritten(" {\"a\":1,\"b\":[null,true,{}],\"a\":3} trailing"));
    }

    @Test
    void textBeyondAsciiAndLoneSurrogatesAreEscaped() throws Exception {
        assertEquals("{\"\\u5E93\":\"\\uD83D\\uDE00\\uD800\\u0001\"}", rewritten("{\"库\":\"😀\\ud800\u0001\"}"));
    }

    @Test
    void anyUtfIsRead() throws Exception {
        for (String charset : new String[] {"UTF-8", "UTF-16BE", "UTF-16LE", "UTF-32BE", "UTF-32LE"}) {
            byte[] message = "{\"a\":\"é\"}".getBytes(Charset.forName(charset));
            assertEquals("{\"a\":\"\\u00E9\"}", new String(JsonText.write(JsonText.read(message)), StandardCharsets.US_ASCII), charset);
        }
    }

    private static String nested(int levels) {
        StringBuilder json = new StringBuilder();
        for (int i = 0; i < levels; i++) {
            json.append(i % 2 == 0 ? "[" : "{\"a\":");
        }
        json.append("1");
        for (int i = levels - 1; i >= 0; i--) {
            json.append(i % 2 == 0 ? "]" : "}");
        }
        return json.toString();
    }

    @Test
    void nestingIsNotLimitedByTheStack() throws Exception {
        // Flink's parser reads 1,000 levels from 2.0 on, before that any number.
        boolean limited = FlinkVersion.isAtLeast("2.0");
        String deepest = nested(limited ? 1_000 : 200_000);
        assertEquals(deepest, rewritten(deepest));
        if (limited) {
            IOException refused = assertThrows(IOException.class, () -> rewritten(nested(1_001)));
            assertTrue(refused.getMessage().contains("nesting depth (1001)"), refused.getMessage());
        }
    }

    @Test
    void malformedTextAndNothing() throws Exception {
        assertSame(JsonText.NOTHING, JsonText.read("  \n".getBytes(StandardCharsets.UTF_8)));
        for (String bad : new String[] {"{", "[1,]", "{\"a\" 1}", "{'a':1}", "[01]", "nul", "\"\\x\"", "]"}) {
            assertThrows(IOException.class, () -> JsonText.read(bad.getBytes(StandardCharsets.UTF_8)), bad);
        }
    }
}

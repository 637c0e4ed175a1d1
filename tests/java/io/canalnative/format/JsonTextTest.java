package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

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

    @Test
    void nestingIsNotLimitedByTheStack() throws Exception {
        StringBuilder json = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            json.append(i % 2 == 0 ? "[" : "{\"a\":");
        }
        json.append("1");
        for (int i = 199_999; i >= 0; i--) {
            json.append(i % 2 == 0 ? "]" : "}");
        }
        assertEquals(json.toString(), rewritten(json.toString()));
    }

    @Test
    void malformedTextAndNothing() throws Exception {
        assertSame(JsonText.NOTHING, JsonText.read("  \n".getBytes(StandardCharsets.UTF_8)));
        for (String bad : new String[] {"{", "[1,]", "{\"a\" 1}", "{'a':1}", "[01]", "nul", "\"\\x\"", "]"}) {
            assertThrows(IOException.class, () -> JsonText.read(bad.getBytes(StandardCharsets.UTF_8)), bad);
        }
    }
}

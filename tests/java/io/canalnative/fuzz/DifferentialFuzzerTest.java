package io.canalnative.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.canalnative.differential.CanalTable;

import org.apache.flink.table.api.DataTypes;
import org.junit.jupiter.api.Test;

/** A few of the fuzzer's cases, always the same ones; and that the fuzzer itself does what it says. */
class DifferentialFuzzerTest {

    private static final int CASES = 25;

    @Test
    void mutatedRealMessagesAndGeneratedRows() throws Exception {
        List<String> reports = new ArrayList<>();
        DifferentialFuzzer fuzzer = new DifferentialFuzzer(reports::add);
        for (long seed = 1; seed <= CASES; seed++) {
            fuzzer.run(seed);
        }
        EncodeCase.Counts encoded = fuzzer.encoded();
        String rows = "; encoded " + encoded.messages + ", delegated " + encoded.delegated;
        System.out.println("Fuzzed, " + CASES + " tables: " + fuzzer.counts() + rows);
        assertEquals(0, fuzzer.differing(), () -> String.join("\n", reports));
        assertTrue(fuzzer.counts().rows > 1000, "hardly any row: " + fuzzer.counts());
        long delegated = fuzzer.counts().delegated.get("canal");
        assertTrue(delegated * 4 < fuzzer.counts().cases, "most messages should be decoded natively: " + fuzzer.counts());
        assertTrue(encoded.messages > 1000 && encoded.delegated * 2 < encoded.messages, "most rows should be encoded natively");
    }

    @Test
    void aSeedGivesTheSameCaseAgain() throws Exception {
        RealTopics real = new RealTopics();
        for (long seed = 100; seed < 110; seed++) {
            FuzzCase one = FuzzCase.of(seed, real);
            FuzzCase other = FuzzCase.of(seed, real);
            assertEquals(one.table.toString(), other.table.toString());
            assertEquals(one.messages.size(), other.messages.size());
            for (int i = 0; i < one.messages.size(); i++) {
                assertArrayEquals(one.messages.get(i), other.messages.get(i));
            }
        }
    }

    @Test
    void realMessagesAreWrittenAgainAsTheyWere() throws Exception {
        for (RealTopics.Topic topic : new RealTopics().topics) {
            for (String message : topic.messages) {
                assertEquals(message, JsonTree.of(message).toString());
            }
        }
    }

    /** A made-up failure, column b and two messages with an x and a y, is all that is left of a large case. */
    @Test
    void aFailingCaseIsMadeSmall() {
        DataTypes.Field[] columns = {
            DataTypes.FIELD("a", DataTypes.INT()), DataTypes.FIELD("b", DataTypes.INT()), DataTypes.FIELD("c", DataTypes.INT()),
        };
        CanalTable table = CanalTable.of(DataTypes.ROW(columns).notNull()).with("ignore-parse-errors", "true");
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            messages.add(("message " + i + (i == 7 ? " x " : "") + (i == 13 ? " y " : "")).getBytes(StandardCharsets.UTF_8));
        }
        FuzzCase small =
                CaseReduction.of(
                        new FuzzCase(table, messages),
                        of -> of.table.toString().contains("`b`") && contains(of, "x") && contains(of, "y"),
                        60);
        assertEquals("ROW<`b` INT> NOT NULL", small.table.columns.toString());
        assertEquals("{}", small.table.options.toString());
        assertEquals(2, small.messages.size());
        assertEquals("x", new String(small.messages.get(0), StandardCharsets.UTF_8));
        assertEquals("y", new String(small.messages.get(1), StandardCharsets.UTF_8));
    }

    private static boolean contains(FuzzCase of, String text) {
        return of.messages.stream().anyMatch(message -> new String(message, StandardCharsets.UTF_8).contains(text));
    }
}

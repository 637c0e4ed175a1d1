package io.canalnative.doris;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.junit.jupiter.api.Test;

/** What checkpoints keep, byte for byte: a later version has to read what version 1 wrote. */
class CheckpointedValuesTest {

    private static final String COMMITTABLE_1 = "434e4443" + "0000000000000029" + "00000007" + "7b2276223a317d";
    private static final String STATE_1 = "434e4453" + "00000007" + "7b2276223a317d" + "01" + "00000002" + "7b7d";
    private static final String STATE_1_WITHOUT_BAD_ROWS = "434e4453" + "00000007" + "7b2276223a317d" + "00";

    private static byte[] bytes(String hex) {
        byte[] bytes = new BigInteger("01" + hex, 16).toByteArray();
        return Arrays.copyOfRange(bytes, 1, bytes.length);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static <T> void same(SimpleVersionedSerializer<T> serializer, T value, String hex) throws IOException {
        assertEquals(1, serializer.getVersion());
        assertArrayEquals(bytes(hex), serializer.serialize(value));
        assertEquals(value, serializer.deserialize(1, bytes(hex)));
    }

    @Test
    void version1IsWrittenAndRead() throws Exception {
        same(DorisCommittable.SERIALIZER, new DorisCommittable(text("{\"v\":1}"), 41), COMMITTABLE_1);
        same(DorisWriterState.SERIALIZER, new DorisWriterState(text("{\"v\":1}"), text("{}")), STATE_1);
        same(DorisWriterState.SERIALIZER, new DorisWriterState(text("{\"v\":1}"), null), STATE_1_WITHOUT_BAD_ROWS);
    }

    @Test
    void otherVersionsAreRefused() {
        for (int version : new int[] {-1, 0, 2, 1000}) {
            IOException e = assertThrows(IOException.class, () -> DorisCommittable.SERIALIZER.deserialize(version, bytes(COMMITTABLE_1)));
            assertTrue(e.getMessage().contains("a committable of version " + version + ", and this canal-native reads versions 1 to 1"), e.getMessage());
        }
    }

    @Test
    void damageIsRefused() {
        String[] damaged = {"", "434e44", STATE_1, COMMITTABLE_1.substring(2), COMMITTABLE_1.substring(0, 40), COMMITTABLE_1 + "00",
            "434e4443" + "0000000000000029" + "7fffffff" + "7b", "434e4443" + "0000000000000029" + "ffffffff" + "7b"};
        for (String hex : damaged) {
            IOException e = assertThrows(IOException.class, () -> DorisCommittable.SERIALIZER.deserialize(1, bytes(hex)), hex);
            assertTrue(e.getMessage().startsWith("What the checkpoint has as a committable, " + hex.length() / 2 + " bytes, is not canal-native's: "), e.getMessage());
        }
    }

    @Test
    void aLoadIsDescribedForPeople() {
        assertEquals(
                "load l1 of 12 rows into shop.orders (transaction 7) after checkpoint 41",
                new DorisCommittable(text("{\"label\":\"l1\",\"rows\":12,\"database\":\"shop\",\"table\":\"orders\",\"txn\":7}"), 41).toString());
        assertEquals("load of another form", new DorisCommittable(text("of another form"), 1).description());
    }
}

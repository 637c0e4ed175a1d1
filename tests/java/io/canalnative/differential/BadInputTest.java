package io.canalnative.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Input that is broken or of absurd size: the same outcome as flink-json in both modes, and the next message decodes. */
class BadInputTest {

    private static final String GOOD =
            "{\"data\":[{\"id\":\"1\",\"name\":\"scooter\",\"weight\":\"3.14\"}],\"database\":\"inventory\",\"old\":null,\"table\":\"products\",\"type\":\"INSERT\"}";

    private final Comparison.Counts counts = new Comparison.Counts();
    private LibDirectory stock;
    private LibDirectory nativeLib;

    @BeforeEach
    void makeLibDirectories() {
        stock = LibDirectory.stock();
        nativeLib = LibDirectory.withNativeCodec();
    }

    @AfterEach
    void closeLibDirectories() throws Exception {
        stock.close();
        nativeLib.close();
    }

    private static DataType products() {
        return DataTypes.ROW(
                        DataTypes.FIELD("id", DataTypes.BIGINT()),
                        DataTypes.FIELD("name", DataTypes.STRING()),
                        DataTypes.FIELD("weight", DataTypes.DECIMAL(10, 2)))
                .notNull();
    }

    /** Decodes messages, a good one after each, and expects no difference. */
    private void compare(DataType columns, Consumer<Consumer<byte[]>> messages) throws Exception {
        try (Comparison comparison = Comparison.of(CanalTable.of(columns), stock, nativeLib, counts)) {
            assertTrue(comparison != null && comparison.isNative(), "no native decoder");
            int[] number = {0};
            messages.accept(
                    message -> {
                        comparison.from("message " + number[0]++);
                        comparison.decode(message);
                        long rows = counts.rows;
                        comparison.decode(GOOD.getBytes(StandardCharsets.UTF_8));
                        assertEquals(rows + 2, counts.rows, "the good message after message " + number[0] + " has one row in each mode");
                    });
        }
        assertEquals(0, counts.found(), () -> String.join("\n", counts.differences));
    }

    private void compareTexts(DataType columns, List<String> messages) throws Exception {
        compare(columns, decode -> messages.forEach(message -> decode.accept(message.getBytes(StandardCharsets.UTF_8))));
    }

    private static String repeated(String text, int times) {
        return String.join("", Collections.nCopies(times, text));
    }

    private static String insert(String row) {
        return "{\"data\":[" + row + "],\"type\":\"INSERT\"}";
    }

    @Test
    void nothingAndNoJson() throws Exception {
        compare(products(), decode -> Arrays.asList(null, new byte[0], new byte[1], new byte[64], new byte[1 << 16]).forEach(decode));
        compareTexts(
                products(),
                Arrays.asList(" ", "\n", "null", "true", "7", "\"text\"", "[]", "{}", "[{}]", "{", "}", "hello", "<a/>", "{\"type\":\"INSERT\"}", "{\"data\":[]}"));
    }

    @Test
    void everyPrefixAndEveryChangedByte() throws Exception {
        String update =
                "{\"data\":[{\"id\":\"1\",\"name\":\"sc\\u00e9\\n😀\",\"weight\":3.1e0}],\"isDdl\":false,\"old\":[{\"name\":null}],\"sqlType\":{\"id\":-5},\"type\":\"UPDATE\"}";
        byte[] message = update.getBytes(StandardCharsets.UTF_8);
        compare(
                products(),
                decode -> {
                    for (int i = 0; i < message.length; i++) {
                        decode.accept(Arrays.copyOf(message, i));
                        for (int b : new int[] {0, '"', '\\', '{', ']', ',', '0', 0x80, 0xFF}) {
                            byte[] changed = message.clone();
                            changed[i] = (byte) b;
                            decode.accept(changed);
                        }
                    }
                });
    }

    @Test
    void invalidUtf8EverywhereAndOtherEncodings() throws Exception {
        List<byte[]> messages = new ArrayList<>();
        for (int lead = 0x80; lead < 0x100; lead++) {
            for (int[] rest : new int[][] {{}, {0x80}, {0xBF, 0x80}, {0x80, 0x80, 0x80}, {0x41, 0x41, 0x41}, {0xA0, 0x80}, {0x90, 0x80, 0x80}}) {
                for (String place : new String[] {"scooter", "name", "products", "table"}) {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    int at = GOOD.indexOf(place);
                    bytes.write(GOOD.getBytes(StandardCharsets.UTF_8), 0, at);
                    bytes.write(lead);
                    for (int b : rest) {
                        bytes.write(b);
                    }
                    bytes.write(GOOD.substring(at).getBytes(StandardCharsets.UTF_8), 0, GOOD.length() - at);
                    messages.add(bytes.toByteArray());
                }
            }
        }
        for (String encoding : new String[] {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE", "ISO-8859-1"}) {
            messages.add(GOOD.getBytes(Charset.forName(encoding)));
            messages.add(("\uFEFF" + GOOD).getBytes(Charset.forName(encoding)));
        }
        compare(products(), messages::forEach);
    }

    @Test
    void longStringsAndNumbers() throws Exception {
        String text = repeated("0123456789", 2_000_000);
        compare(
                products(),
                decode -> {
                    for (String value : new String[] {text, repeated("\\n", 5_000_000), repeated("中", 3_000_000), repeated("\\u4e2d", 1_000_000)}) {
                        decode.accept(insert("{\"id\":1,\"name\":\"" + value + "\"}").getBytes(StandardCharsets.UTF_8));
                    }
                });
        String digits = repeated("1234567890", 1000);
        compareTexts(
                products(),
                Arrays.asList(
                        insert("{\"id\":" + digits + "}"),
                        insert("{\"id\":\"" + digits + "\"}"),
                        insert("{\"weight\":" + digits + "}"),
                        insert("{\"weight\":0." + digits + "}"),
                        insert("{\"weight\":\"0." + digits + "\"}"),
                        insert("{\"weight\":1e-9999}"),
                        insert("{\"weight\":\"1e-9999\"}"),
                        insert("{\"weight\":\"1e9999\"}"),
                        insert("{\"name\":" + digits + "}"),
                        insert("{\"" + digits + "\":\"unknown\",\"id\":\"5\"}"),
                        "{\"" + digits + "\":0," + insert("{\"id\":\"5\"}").substring(1)));
    }

    @Test
    void deepNesting() throws Exception {
        int levels = 100_000;
        String arrays = repeated("[", levels) + repeated("]", levels);
        String objects = repeated("{\"a\":", levels) + "1" + repeated("}", levels);
        List<String> messages = new ArrayList<>();
        for (String deep : new String[] {arrays, objects}) {
            messages.add(deep);
            messages.add("{\"unread\":" + deep + "," + insert("{\"id\":\"5\"}").substring(1));
            messages.add(insert("{\"unread\":" + deep + ",\"id\":\"5\"}"));
            messages.add(insert("{\"name\":" + deep + "}"));
            messages.add(insert("{\"id\":" + deep + "}"));
            messages.add(insert(deep));
            messages.add(deep.substring(0, deep.length() / 2));
        }
        compareTexts(products(), messages);
    }

    @Test
    void tenThousandColumns() throws Exception {
        int columns = 10_000;
        DataTypes.Field[] fields = new DataTypes.Field[columns];
        StringBuilder row = new StringBuilder();
        List<String> reversed = new ArrayList<>();
        for (int i = 0; i < columns; i++) {
            fields[i] = DataTypes.FIELD(i == 0 ? "id" : "column_" + i, i % 2 == 0 ? DataTypes.BIGINT() : DataTypes.STRING());
            String member = "\"" + (i == 0 ? "id" : "column_" + i) + "\":\"" + i + "\"";
            row.append(i == 0 ? "{" : ",").append(member);
            reversed.add(0, member);
        }
        DataType wide = DataTypes.ROW(fields).notNull();
        compareTexts(
                wide,
                Arrays.asList(
                        insert(row + "}"),
                        insert("{" + String.join(",", reversed) + "}"),
                        insert(row + ",\"column_1\":\"last\"}"),
                        "{\"data\":[" + row + "}],\"old\":[{\"column_9999\":\"0\"}],\"type\":\"UPDATE\"}"));
        compareTexts(products(), Collections.singletonList(insert(row + "}")));
    }

    @Test
    void manyRowsAndDuplicateMembers() throws Exception {
        String row = "{\"id\":\"1\",\"name\":\"n\"}";
        String rows = repeated(row + ",", 5_000) + row;
        compareTexts(
                products(),
                Arrays.asList(
                        insert(rows),
                        insert(rows + ",null"),
                        insert(rows + ",{\"id\":\"x\"}"),
                        "{\"data\":[" + rows + "],\"old\":[" + rows.replace("\"n\"", "\"o\"") + "],\"type\":\"UPDATE\"}",
                        "{\"data\":null,\"type\":\"DELETE\"," + insert(row).substring(1),
                        "{\"type\":\"DELETE\",\"data\":[],\"data\":[" + row + "]}",
                        insert("{\"id\":\"1\",\"id\":\"2\",\"name\":\"a\",\"name\":null}"),
                        insert("{\"id\":\"x\",\"id\":\"2\"}"),
                        "{" + repeated("\"type\":\"UPDATE\",", 10_000) + insert(row).substring(1)));
    }

    /** What the decoder keeps does not grow with bad messages: direct memory is bounded by the largest one. */
    @Test
    void badMessagesLeaveNoMemoryBehind() throws Exception {
        byte[] cut = insert("{\"name\":\"" + repeated("x", 4 << 20)).getBytes(StandardCharsets.UTF_8);
        CanalTable table = CanalTable.of(products()).with("ignore-parse-errors", "true");
        try (TableDecoder decoder = new TableDecoder(table, nativeLib)) {
            assertTrue(decoder.isNative(), "no native decoder");
            // The Java heap reaches its size first.
            for (int i = 0; i < 100; i++) {
                decoder.decode(cut);
            }
            long before = residentKilobytes();
            for (int i = 0; i < 200; i++) {
                decoder.decode(cut);
            }
            long grown = residentKilobytes() - before;
            assertTrue(grown < 400 << 10, "200 broken messages of 4 MiB left " + grown + " KiB of the process behind");
        }
    }

    private static long residentKilobytes() throws Exception {
        System.gc();
        for (String line : Files.readAllLines(Paths.get("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IllegalStateException("/proc/self/status has no VmRSS");
    }
}

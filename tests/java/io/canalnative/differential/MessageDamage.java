package io.canalnative.differential;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Takes a well-formed message and spoils it, or writes it in a way that Canal does not. */
public final class MessageDamage {

    private static final String[] ENCODINGS = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"};

    /** Overlong forms, surrogates, lead bytes without continuation, code points beyond the last. */
    private static final int[][] BAD_UTF8 = {
        {0xC0, 0x80}, {0xC1, 0xBF}, {0xE0, 0x80, 0x80}, {0xED, 0xA0, 0x80}, {0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80}, {0xF0, 0x80, 0x80, 0x80},
        {0xF4, 0x90, 0x80, 0x80}, {0xF8, 0x88, 0x80, 0x80, 0x80}, {0xFF}, {0x80}, {0xC3}, {0xE4, 0xB8}, {0xF0, 0x9F, 0x98}, {0xC0, 0xA2},
    };

    private static final String[] TAILS = {" ", "\n", "x", "}", "{}", "null", "\u0000", "{\"type\":\"DELETE\"}", "é", "]"};

    private final Random random;

    public MessageDamage(Random random) {
        this.random = random;
    }

    /** The message, spoiled. */
    public byte[] of(String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        switch (random.nextInt(12)) {
            case 0:
                return Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            case 1:
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                return bytes;
            case 2:
                int at = random.nextInt(bytes.length);
                return splice(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(3)), new byte[0]);
            case 3:
                return splice(bytes, random.nextInt(bytes.length), -1, new byte[] {(byte) " \n\"\\{}[],:0-.eEtnu".charAt(random.nextInt(18))});
            case 4:
                return badUtf8(bytes);
            case 5:
                return message.getBytes(Charset.forName(ENCODINGS[random.nextInt(ENCODINGS.length)]));
            case 6:
                return splice(bytes, 0, -1, new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF});
            case 7:
                return splice(bytes, bytes.length, -1, TAILS[random.nextInt(TAILS.length)].getBytes(StandardCharsets.UTF_8));
            case 8:
                return splice(bytes, 0, -1, " \t\r\n".substring(0, 1 + random.nextInt(4)).getBytes(StandardCharsets.UTF_8));
            case 9:
                return nested(message).getBytes(StandardCharsets.UTF_8);
            case 10:
                int from = random.nextInt(bytes.length);
                return splice(bytes, random.nextInt(bytes.length), -1, Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + random.nextInt(20))));
            default:
                return replaced(message).getBytes(StandardCharsets.UTF_8);
        }
    }

    /** Bytes with {@code [from, to)} replaced; {@code to} below {@code from} only inserts. */
    private static byte[] splice(byte[] bytes, int from, int to, byte[] by) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, from);
        out.write(by, 0, by.length);
        int rest = Math.max(from, to);
        out.write(bytes, rest, bytes.length - rest);
        return out.toByteArray();
    }

    private byte[] badUtf8(byte[] bytes) {
        int[] bad = BAD_UTF8[random.nextInt(BAD_UTF8.length)];
        byte[] inserted = new byte[bad.length];
        for (int i = 0; i < bad.length; i++) {
            inserted[i] = (byte) bad[i];
        }
        int at = random.nextInt(bytes.length);
        while (at < bytes.length - 1 && bytes[at] != '"') {
            at++;
        }
        return splice(bytes, at + 1, -1, inserted);
    }

    private String nested(String message) {
        int depth = random.nextInt(8) == 0 ? 1200 : 1 + random.nextInt(70);
        StringBuilder value = new StringBuilder();
        for (int i = 0; i < depth; i++) {
            value.append(random.nextBoolean() ? "[" : "{\"id\":");
        }
        String opened = value.toString();
        value.append("1");
        for (int i = opened.length() - 1; i >= 0; i--) {
            value.append(opened.charAt(i) == '[' ? "]" : opened.charAt(i) == '{' ? "}" : "");
        }
        int place = message.indexOf('{', random.nextInt(message.length()));
        boolean empty = place < 0 || message.startsWith("{}", place);
        String member = "\"" + (random.nextBoolean() ? "deep" : "c0") + "\":" + value;
        return empty ? message : message.substring(0, place + 1) + member + "," + message.substring(place + 1);
    }

    private String replaced(String message) {
        String[][] changes = {
            {"null", "nul"}, {"null", "NULL"}, {"\":", "\" "}, {",", ",,"}, {"]", ",]"}, {"}", ",}"}, {"\"type\"", "'type'"}, {"\"", "\\\""},
            {":", ": /* c */"}, {"1", "01"}, {"1", "+1"}, {"1", "1."}, {"1", ".1"}, {"1", "NaN"}, {"\"", "\"\\q"}, {"\"", "\"\\u12g4"}, {"\"", "\"\\u12"},
            {"false", "False"}, {"\"data\"", "\"Data\""}, {"\"data\"", "\"d\\u0061ta\""}, {"\"type\"", "\"\\u0074ype\""}, {"INSERT", "INS\\u0045RT"},
        };
        String[] change = changes[random.nextInt(changes.length)];
        int place = message.indexOf(change[0], random.nextInt(message.length()));
        return place < 0 ? message : message.substring(0, place) + change[1] + message.substring(place + change[0].length());
    }
}

package io.canalnative.differential;

/** JSON text of strings, and messages as one printable line. */
public final class MessageText {

    private MessageText() {}

    /** A JSON string of ASCII characters only; lone surrogates keep their value. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7F) {
                quoted.append(c);
            } else {
                quoted.append("\\u");
                for (int shift = 12; shift >= 0; shift -= 4) {
                    quoted.append(Character.forDigit(c >> shift & 15, 16));
                }
            }
        }
        return quoted.append('"').toString();
    }

    /** The bytes of a message, printable and unambiguous: anything but ASCII, and the backslash's {@code x}, as {@code \xNN}. */
    public static String printable(byte[] message) {
        StringBuilder text = new StringBuilder(message.length);
        int shown = Math.min(message.length, 4000);
        for (int i = 0; i < shown; i++) {
            char c = (char) (message[i] & 0xFF);
            boolean escapeOfOurs = c == '\\' && i + 1 < message.length && message[i + 1] == 'x';
            text.append(c >= ' ' && c < 0x7F && !escapeOfOurs ? String.valueOf(c) : String.format("\\x%02x", (int) c));
        }
        return shown == message.length ? text.toString() : text + "… (" + message.length + " bytes)";
    }
}

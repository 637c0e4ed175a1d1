package io.canalnative.differential;

import org.apache.flink.formats.json.JsonFormatOptions;

/** Which flink-json the tests run beside. */
public final class FlinkVersion {

    private static final int[] RUNNING = parse(text());

    private FlinkVersion() {}

    /** The version as the manifest of flink-json's jar states it, such as {@code 1.20.3}. */
    public static String text() {
        String stated = JsonFormatOptions.class.getPackage().getImplementationVersion();
        if (stated == null) {
            throw new IllegalStateException("flink-json on the class path states no version; run the tests with its jar");
        }
        return stated;
    }

    /** Whether it is that version or a later one; {@code "2.1"} holds for 2.1.0 too. */
    public static boolean isAtLeast(String version) {
        int[] asked = parse(version);
        return RUNNING[0] != asked[0] ? RUNNING[0] > asked[0] : RUNNING[1] >= asked[1];
    }

    private static int[] parse(String version) {
        String[] parts = version.split("\\.");
        return new int[] {Integer.parseInt(parts[0]), Integer.parseInt(parts[1])};
    }
}

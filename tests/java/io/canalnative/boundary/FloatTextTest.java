package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/**
 * The text of FLOAT and DOUBLE on this JVM: what the native encoder writes is what {@code toString} prints, and what it
 * does not write is rare. {@code native/src/text/float.rs} says what was compared beyond this.
 */
class FloatTextTest {

    /** A prime: floats of every exponent, with all kinds of mantissas. */
    private static final int FLOAT_STEP = 4_099;
    private static final int DOUBLES = 1_000_000;

    private static final boolean SHORTEST = Double.toString(2e23).equals("2.0E23");

    @Test
    void floats() throws Exception {
        int delegated = 0;
        int compared = 0;
        try (EncoderCalls encoder = new EncoderCalls("{\"root\":\"FLOAT\"}", SHORTEST ? "shortest" : "jdk18")) {
            for (long bits = 0; bits < 1L << 32; bits += FLOAT_STEP) {
                float value = Float.intBitsToFloat((int) bits);
                delegated += compare(encoder, bits, Float.toString(value), Float.isNaN(value) || Float.isInfinite(value));
                compared++;
            }
        }
        // 1/160 are in the binades where old JDKs round wrongly.
        assertTrue(delegated <= (SHORTEST ? 0 : compared / 100), delegated + " of " + compared);
    }

    @Test
    void doubles() throws Exception {
        int delegated = 0;
        try (EncoderCalls encoder = new EncoderCalls("{\"root\":\"DOUBLE\"}", SHORTEST ? "shortest" : "jdk18")) {
            for (int i = 0; i < DOUBLES; i++) {
                double value = value(i);
                long bits = Double.doubleToRawLongBits(value);
                delegated += compare(encoder, bits, Double.toString(value), Double.isNaN(value) || Double.isInfinite(value));
            }
        }
        // Half of them near the powers of two.
        assertTrue(delegated <= (SHORTEST ? 0 : DOUBLES / 20), delegated + " of " + DOUBLES);
    }

    /** What MySQL's columns hold is never delegated. */
    @Test
    void pricesAndMeasurements() throws Exception {
        String floatText = SHORTEST ? "shortest" : "jdk18";
        try (EncoderCalls doubles = new EncoderCalls("{\"root\":\"DOUBLE\"}", floatText);
                EncoderCalls floats = new EncoderCalls("{\"root\":\"FLOAT\"}", floatText)) {
            for (int i = 1; i < 300_000; i++) {
                for (int scale = 1; scale <= 100_000; scale *= 10) {
                    double value = (double) i / scale;
                    assertEquals(0, compare(doubles, Double.doubleToRawLongBits(value), Double.toString(value), false));
                    float narrow = (float) value;
                    assertEquals(0, compare(floats, Float.floatToRawIntBits(narrow) & 0xFFFFFFFFL, Float.toString(narrow), false));
                }
            }
        }
    }

    /** 1 if the row was delegated. */
    private static int compare(EncoderCalls encoder, long field, String text, boolean word) throws Exception {
        long result = encoder.encode(field);
        if (NativeCalls.status(result) == EncoderCalls.DELEGATE) {
            return 1;
        }
        String quote = word ? "\"" : "";
        assertEquals("{\"data\":[{\"c\":" + quote + text + quote + "}],\"type\":\"INSERT\"}", encoder.message(result));
        return 0;
    }

    /** Any bits, numbers of few digits, integers, powers of two and their neighbours, few bits, half-way decimals. */
    private static double value(long i) {
        long r = mix(i * 0x9E3779B97F4A7C15L);
        long s = mix(r);
        int small = (int) (s >>> 33);
        switch ((int) (i % 8)) {
            case 0:
                return Double.longBitsToDouble(r);
            case 1:
                return Double.parseDouble((r >>> 1) % pow(10, 1 + small % 17) + "e" + (small / 17 % 633 - 325));
            case 2:
                return Double.parseDouble((r >>> 1) % pow(10, 1 + small % 17) + "e" + (small / 17 % 41 - 20));
            case 3:
                return r >> (s & 63);
            case 4:
                return Double.longBitsToDouble(((long) (small % 2047) << 52) + (r >>> 60) - 8);
            case 5:
                return Double.longBitsToDouble(r & -1L << (small % 53));
            case 6:
                return (r >>> 1) % 1_000_000_000L / (double) pow(10, small % 6);
            default:
                double product = (1 + (r >>> (10 + small % 53))) * Math.pow(5, small / 53 % 24) * Math.pow(2, small / 2000 % 80);
                return Double.longBitsToDouble(Double.doubleToRawLongBits(product) + s % 2);
        }
    }

    private static long pow(long base, int exponent) {
        long power = 1;
        for (int i = 0; i < exponent; i++) {
            power *= base;
        }
        return power;
    }

    /** SplitMix64's finalizer. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}

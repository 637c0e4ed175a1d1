package io.canalnative.bench;

import java.util.Locale;

/** What a workload is meant to reach, and whether it did. */
final class Goal {

    /** A {@link Use}'s title, or one of {@link Comparison}. */
    final String use;
    private final double leastRatio;
    private final double mostAllocatedPercent;

    private Goal(String use, double leastRatio, double mostAllocatedPercent) {
        this.use = use;
        this.leastRatio = leastRatio;
        this.mostAllocatedPercent = mostAllocatedPercent;
    }

    /** So many times stock's CPU time or more. */
    static Goal ratio(Use use, double least) {
        return ratio(use.title, least);
    }

    /** The same for a use that {@link Use} does not have. */
    static Goal ratio(String use, double least) {
        return new Goal(use, least, Double.NaN);
    }

    /** So much of what stock allocates or less, rows discarded. */
    static Goal allocated(double mostPercent) {
        return new Goal(Use.DISCARDED.title, Double.NaN, mostPercent);
    }

    /** The goals file's line. */
    String line(String workload, Measurement measured) {
        boolean ofRatio = Double.isNaN(mostAllocatedPercent);
        double found = ofRatio ? measured.ratio() : measured.allocatedPercent();
        return ofRatio
                ? line(workload + ", " + use, number("≥ %s×", leastRatio), String.format(Locale.ROOT, "%.2f×", found), found >= leastRatio)
                : line(workload + ", allocated bytes", number("≤ %s %%", mostAllocatedPercent), String.format(Locale.ROOT, "%.1f %%", found), found <= mostAllocatedPercent);
    }

    /** One line of a goals file: what, wanted, found, and met or missed, with tabs between. */
    static String line(String what, String wanted, String found, boolean met) {
        return String.join("\t", what, wanted, found, met ? "met" : "missed") + "\n";
    }

    private static String number(String form, double value) {
        return String.format(Locale.ROOT, form, value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value));
    }
}

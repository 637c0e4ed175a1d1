package io.canalnative.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A bar for each workload and use, as long as native is faster; where it ends at 1 both are equal. */
final class RatioBars {

    private static final List<Use> SHOWN = Arrays.asList(Use.DISCARDED, Use.READ, Use.SERIALISED);
    private static final int WIDTH = 720;
    private static final int LEFT = 220;
    private static final int RIGHT = 60;
    private static final int TOP = 56;
    private static final int BAR = 15;
    private static final int GAP = 12;

    private final String title;
    private final Map<String, Map<Use, Double>> ratios = new LinkedHashMap<>();

    RatioBars(String title) {
        this.title = title;
    }

    /** Kept if the use is one of the three that are shown: rows discarded, read, serialised. */
    void add(String workload, String use, double ratio) {
        for (Use one : SHOWN) {
            if (one.title.equals(use)) {
                ratios.computeIfAbsent(workload, name -> new LinkedHashMap<>()).put(one, ratio);
            }
        }
    }

    /** The image. */
    String svg() {
        int bars = ratios.values().stream().mapToInt(Map::size).sum();
        int height = TOP + bars * BAR + ratios.size() * GAP + 24;
        double most = ratios.values().stream().flatMap(of -> of.values().stream()).mapToDouble(Double::doubleValue).max().orElse(1);
        double scale = (WIDTH - LEFT - RIGHT) / Math.max(most, 1);
        Drawing drawing = new Drawing(WIDTH, height, title);
        double legend = LEFT;
        for (int use = 0; use < SHOWN.size(); use++) {
            drawing.bar(legend, 31, 10, 10, use + 1);
            String name = (use == 0 ? "rows " : "") + SHOWN.get(use).title;
            drawing.text(legend + 15, 40, "start", "", name);
            legend += 36 + 6.5 * name.length();
        }
        double y = TOP;
        for (Map.Entry<String, Map<Use, Double>> of : ratios.entrySet()) {
            List<Use> uses = new ArrayList<>(of.getValue().keySet());
            drawing.text(LEFT - 8, y + uses.size() * BAR / 2.0 + 4, "end", "", of.getKey());
            for (Use use : uses) {
                double ratio = of.getValue().get(use);
                drawing.bar(LEFT, y, ratio * scale, BAR - 2, SHOWN.indexOf(use) + 1);
                drawing.text(LEFT + ratio * scale + 5, y + BAR - 4, "start", "", String.format(Locale.ROOT, "%.1f×", ratio));
                y += BAR;
            }
            y += GAP;
        }
        drawing.line(LEFT + scale, TOP - 4, LEFT + scale, y, "axis");
        drawing.text(LEFT + scale, y + 12, "middle", "", "1× Flink's codec");
        return drawing.svg();
    }
}

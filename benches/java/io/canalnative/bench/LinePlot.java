package io.canalnative.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** Lines through points, both axes logarithmic, with a legend. */
final class LinePlot {

    private static final int WIDTH = 640;
    private static final int HEIGHT = 360;
    private static final int LEFT = 70;
    private static final int RIGHT = 20;
    private static final int LEGEND = 18;
    private static final int BOTTOM = 50;
    /** Room that the label of a tick needs. */
    private static final int LABEL = 36;
    private static final double[] STEPS = {1, 2, 5};

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<String> names = new ArrayList<>();
    private final List<double[]> xs = new ArrayList<>();
    private final List<double[]> ys = new ArrayList<>();

    LinePlot(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** A line; x and y are positive, x rises. */
    void add(String name, double[] x, double[] y) {
        names.add(name);
        xs.add(x);
        ys.add(y);
    }

    /** The image; there must be a line. */
    String svg() {
        // Below the title, with the legend in two columns.
        int top = 36 + (names.size() + 1) / 2 * LEGEND;
        TreeSet<Double> allX = values(xs);
        TreeSet<Double> allY = values(ys);
        Axis x = new Axis(allX.first(), allX.last(), LEFT, WIDTH - RIGHT);
        Axis y = new Axis(below(allY.first()), above(allY.last()), HEIGHT - BOTTOM, top);
        Drawing drawing = new Drawing(WIDTH, HEIGHT, title);
        double room = 0;
        for (double tick : allX) {
            if (x.at(tick) >= room) {
                drawing.line(x.at(tick), top, x.at(tick), HEIGHT - BOTTOM, "grid");
                drawing.text(x.at(tick), HEIGHT - BOTTOM + 16, "middle", "", number(tick));
                room = x.at(tick) + LABEL;
            }
        }
        for (double tick = y.low; tick <= y.high * 1.001; tick = above(tick * 1.001)) {
            drawing.line(LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick), "grid");
            drawing.text(LEFT - 6, y.at(tick) + 4, "end", "", number(tick));
        }
        drawing.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "axis");
        drawing.line(LEFT, top, LEFT, HEIGHT - BOTTOM, "axis");
        drawing.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12, "middle", "", xLabel);
        drawing.upright(16, (top + HEIGHT - BOTTOM) / 2.0, yLabel);
        for (int line = 0; line < names.size(); line++) {
            drawing.path(x.at(xs.get(line)), y.at(ys.get(line)), line);
            double column = LEFT + line % 2 * (WIDTH - LEFT - RIGHT) / 2.0;
            drawing.point(column + 6, 36 + line / 2 * LEGEND, line);
            drawing.text(column + 16, 40 + line / 2 * LEGEND, "start", "", names.get(line));
        }
        return drawing.svg();
    }

    private static TreeSet<Double> values(List<double[]> of) {
        TreeSet<Double> values = new TreeSet<>();
        of.forEach(some -> {
            for (double value : some) {
                values.add(value);
            }
        });
        return values;
    }

    /** The next of 1, 2, 5, 10, 20 … that is not above the value. */
    private static double below(double value) {
        double decade = Math.pow(10, Math.floor(Math.log10(value)));
        double found = decade;
        for (double step : STEPS) {
            found = step * decade <= value ? step * decade : found;
        }
        return found;
    }

    private static double above(double value) {
        double decade = Math.pow(10, Math.floor(Math.log10(value)));
        for (double step : STEPS) {
            if (step * decade >= value) {
                return step * decade;
            }
        }
        return 10 * decade;
    }

    /** 0.05, 2, 500, 20k, 2M. */
    private static String number(double value) {
        if (value >= 1e6) {
            return plain(value / 1e6) + "M";
        }
        return value >= 1e4 ? plain(value / 1e3) + "k" : plain(value);
    }

    private static String plain(double value) {
        return Math.abs(value - Math.rint(value)) < 1e-6 * value ? String.format(Locale.ROOT, "%,d", Math.round(value)) : String.format(Locale.ROOT, "%.3g", value).replaceAll("(\\.\\d*?)0+$", "$1");
    }

    /** A logarithmic axis from `low` at `from` to `high` at `to`. */
    private static final class Axis {
        final double low;
        final double high;
        private final double from;
        private final double to;

        Axis(double low, double high, double from, double to) {
            this.low = low;
            this.high = high;
            this.from = from;
            this.to = to;
        }

        double at(double value) {
            return high <= low ? (from + to) / 2 : from + (to - from) * Math.log(value / low) / Math.log(high / low);
        }

        double[] at(double[] values) {
            double[] places = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                places[i] = at(values[i]);
            }
            return places;
        }
    }
}

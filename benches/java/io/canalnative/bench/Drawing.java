package io.canalnative.bench;

import java.util.Locale;

/** An SVG image, readable on light and on dark background. The first series' colour is stock's, the second ours. */
final class Drawing {

    private static final String[] COLOURS = {"#c2571a", "#2a7fd4", "#7a5cc0", "#2f9e6e", "#b8860b", "#c0447a"};

    private final StringBuilder svg = new StringBuilder();

    Drawing(int width, int height, String title) {
        svg.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">%n"
                        + "<title>%s</title>%n"
                        + "<style>text{font:12px sans-serif;fill:#3c434b}.title{font-weight:bold;font-size:14px}.axis{stroke:#6e7781}.grid{stroke:#8b949e;stroke-opacity:.25}"
                        + "@media (prefers-color-scheme:dark){text{fill:#c9d1d9}.axis{stroke:#8b949e}}</style>%n",
                width, height, width, height, escaped(title)));
        text(width / 2.0, 18, "middle", "title", title);
    }

    /** @param anchor start, middle or end */
    void text(double x, double y, String anchor, String style, String text) {
        svg.append(String.format(
                Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>%n", x, y, anchor, style, escaped(text)));
    }

    /** Text that reads from bottom to top. */
    void upright(double x, double y, String text) {
        svg.append(String.format(
                Locale.ROOT, "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>%n", x, y, escaped(text)));
    }

    /** @param style axis or grid */
    void line(double x1, double y1, double x2, double y2, String style) {
        svg.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>%n", x1, y1, x2, y2, style));
    }

    /** A bar in the colour of a series. */
    void bar(double x, double y, double width, double height, int series) {
        svg.append(String.format(
                Locale.ROOT, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>%n", x, y, width, height, colour(series)));
    }

    /** A point of a series: a disc, a square or a ring by turns, so that colour is not needed. */
    void point(double x, double y, int series) {
        if (series % 3 == 0) {
            bar(x - 3.5, y - 3.5, 7, 7, series);
        } else {
            String fill = series % 3 == 1 ? colour(series) : "none";
            svg.append(String.format(
                    Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" stroke=\"%s\"/>%n", x, y, fill, colour(series)));
        }
    }

    /** A series' points, joined. */
    void path(double[] xs, double[] ys, int series) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < xs.length; i++) {
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", xs[i], ys[i]));
        }
        svg.append("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"").append(colour(series)).append("\" points=\"").append(points.toString().trim()).append("\"/>\n");
        for (int i = 0; i < xs.length; i++) {
            point(xs[i], ys[i], series);
        }
    }

    private static String colour(int series) {
        return COLOURS[series % COLOURS.length];
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** The whole image. */
    String svg() {
        return svg + "</svg>\n";
    }
}

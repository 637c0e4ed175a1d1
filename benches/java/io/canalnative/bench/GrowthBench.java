package io.canalnative.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * Whether what a byte costs stays the same as things grow: messages, columns, rows, tables, columns that nobody reads, and
 * subtasks.
 *
 * <p>Usage: {@code GrowthBench [--quick]}; {@code --quick} has fewer points. Writes build/bench/growth.md, growth.goals.tsv
 * and a plot for each, see {@link Section}. Blocks are few and short ({@code --quick} of {@link CodecBench}).
 */
public final class GrowthBench {

    /** Flat: nowhere dearer than this many times the cheapest smaller one. */
    private static final double FLAT = 1.5;

    private final boolean quick;
    private final Section section;

    private GrowthBench(boolean quick) throws Exception {
        this.quick = quick;
        this.section = new Section("growth");
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0 && !(args.length == 1 && args[0].equals("--quick"))) {
            System.err.println("Usage: GrowthBench [--quick]");
            System.exit(2);
        }
        GrowthBench bench = new GrowthBench(args.length == 1);
        bench.run();
        Path file = bench.section.write();
        System.out.println(bench.section);
        System.err.println("GrowthBench: written to " + file);
    }

    private void run() throws Exception {
        section.text("CPU time of decoding a byte of JSON, rows discarded; columns are BIGINT, STRING, DECIMAL and TIMESTAMP by turns. Flat means: nowhere dearer than "
                + FLAT + " times the cheapest smaller one, or than Flink's codec by as much. What a message costs however short it is makes a byte of short ones dear; "
                + "a byte of a row costs more than one of the envelope, which is most of a short message.\n\n");
        Series texts = new Series("one text", length -> new GrownMessages().texts(1, length));
        Series rows = new Series("rows of 4 columns", bytes -> new GrownMessages().columns(4).rows(Math.max(1, bytes / 95)));
        plot("size", "Messages from 200 B to 20 MB", "bytes a message", true,
                texts.over(20, 1_800, 20_000, 200_000, 2_000_000, 19_500_000), rows.over(1, 2_000, 20_000, 200_000, 2_000_000, 20_000_000));
        plot("columns", "Columns of the table", "columns", false,
                new Series("", count -> new GrownMessages().columns(count)).over(1, 3, 10, 30, 100, 300, 1_000));
        plot("rows", "Rows in a message", "rows a message", false,
                new Series("", count -> new GrownMessages().rows(count)).over(1, 10, 100, 1_000, 10_000));
        plot("tables", "Tables in one topic, each message of another one", "tables", false,
                new Series("all read", count -> new GrownMessages().tables(count)).over(1, 4, 16, 64, 500, 5_000),
                new Series("one of them read", count -> new GrownMessages().tables(count).included("orders_0")).over(1, 4, 16, 64, 500, 5_000));
        plot("projection", "Columns declared, of 300 in each message", "columns declared", false,
                new Series("", count -> new GrownMessages().columns(300).declared(count)).over(3, 10, 30, 100, 300));
        subtasks();
    }

    /** A family of messages by one number. */
    private static final class Series {
        final String name;
        final IntFunction<GrownMessages> messages;
        int[] sizes;

        Series(String name, IntFunction<GrownMessages> messages) {
            this.name = name;
            this.messages = messages;
        }

        Series over(int... of) {
            sizes = of;
            return this;
        }
    }

    private void plot(String id, String title, String label, boolean byBytes, Series... all) throws Exception {
        LinePlot plot = new LinePlot(title, label, "ns a byte");
        for (Series series : all) {
            int[] sizes = quick ? new int[] {series.sizes[0], series.sizes[series.sizes.length / 2], series.sizes[series.sizes.length - 1]} : series.sizes;
            double[] x = new double[sizes.length];
            double[][] y = new double[2][sizes.length];
            double[] message = new double[sizes.length];
            for (int i = 0; i < sizes.length; i++) {
                System.err.println("GrowthBench: " + title + ": " + series.name + " " + sizes[i] + " …");
                Workload workload = series.messages.apply(sizes[i]).workload(title + " " + sizes[i]);
                Measurement measured = decode(workload);
                double bytes = workload.averageBytes();
                x[i] = byBytes ? twoDigits(bytes) : sizes[i];
                y[0][i] = measured.stockNanos / bytes;
                y[1][i] = measured.nativeNanos / bytes;
                message[i] = measured.nativeNanos;
            }
            add(plot, title, series.name, x, y, id.equals("projection"));
            if (id.equals("rows")) {
                section.text(line(x, message) + "\n\n");
            }
        }
        section.plot(id, plot.svg(), title);
    }

    /** By the line through the first and the last point. */
    private static String line(double[] rows, double[] nanos) {
        int last = rows.length - 1;
        double each = (nanos[last] - nanos[0]) / (rows[last] - rows[0]);
        double once = nanos[0] - each * rows[0];
        double off = 0;
        for (int i = 0; i < rows.length; i++) {
            off = Math.max(off, Math.abs(nanos[i] / (once + each * rows[i]) - 1));
        }
        return String.format(Locale.ROOT, "A message takes %,.0f ns, and each row in it %,.0f ns; no point is further than %.0f %% from that: a row costs the same however many there are, and its bytes more than those of the envelope.",
                once, each, 100 * off);
    }

    private Measurement decode(Workload workload) throws Exception {
        try (Codec stock = Codec.stock(workload);
                Codec nativeCodec = Codec.nativeCodec(workload)) {
            Equality.check(workload, stock, nativeCodec);
            Measurement measured = new Comparison(workload, stock, nativeCodec, true).decode();
            nativeCodec.requireNothingDelegated();
            return measured;
        }
    }

    /** Both lines into the plot, a table of their values, and the goal. Fewer declared columns must not cost more, more of them may. */
    private void add(LinePlot plot, String title, String name, double[] x, double[][] y, boolean mayRise) {
        String suffix = name.isEmpty() ? "" : ", " + name;
        plot.add("Flink's codec" + suffix, x, y[0]);
        plot.add("native" + suffix, x, y[1]);
        double stock = growth(y[0]);
        double ours = growth(y[1]);
        section.text(String.format(Locale.ROOT, "%s%s: %s\n\n", title, suffix, "Flink's codec rises " + times(stock) + ", native " + times(ours) + "."));
        section.text("| |" + cells(x, "%,.0f") + "\n|---|" + String.join("", java.util.Collections.nCopies(x.length, "---|")) + "\n");
        section.text("| Flink's codec |" + cells(y[0], "%.3f") + "\n| native |" + cells(y[1], "%.3f") + "\n\n");
        if (mayRise) {
            double few = y[1][0] / y[1][x.length - 1];
            section.goal(Goal.line(String.format(Locale.ROOT, "growth: a byte with %,.0f columns declared against %,.0f", x[0], x[x.length - 1]), "≤ 1×", times(few), few <= 1));
        } else {
            double most = Math.max(FLAT, stock);
            section.goal(Goal.line("growth: " + title + suffix, "≤ " + times(most), times(ours), ours <= most));
        }
    }

    private static String times(double factor) {
        return String.format(Locale.ROOT, "%.2f×", factor);
    }

    private static String cells(double[] values, String form) {
        StringBuilder cells = new StringBuilder();
        for (double value : values) {
            cells.append(' ').append(String.format(Locale.ROOT, form, value)).append(" |");
        }
        return cells.toString();
    }

    /** The most that a point lies above the lowest one before it; 1 where all fall. */
    private static double growth(double[] costs) {
        double lowest = costs[0];
        double growth = 1;
        for (double cost : costs) {
            growth = Math.max(growth, cost / lowest);
            lowest = Math.min(lowest, cost);
        }
        return growth;
    }

    private static double twoDigits(double value) {
        double unit = Math.pow(10, Math.floor(Math.log10(value)) - 1);
        return Math.rint(value / unit) * unit;
    }

    private void subtasks() throws Exception {
        String title = "Subtasks at once, CPU time of each";
        Workload workload = Corpus.PRODUCTS.workload();
        List<Integer> counts = quick ? Arrays.asList(1, 8) : Arrays.asList(1, 2, 4, 8);
        double[] x = new double[counts.size()];
        double[][] y = new double[2][counts.size()];
        for (int i = 0; i < x.length; i++) {
            System.err.println("GrowthBench: " + title + ": " + counts.get(i) + " …");
            x[i] = counts.get(i);
            List<List<Codec>> codecs = Arrays.asList(Subtasks.codecs(workload, counts.get(i), true), Subtasks.codecs(workload, counts.get(i), false));
            List<List<Double>> nanos = Arrays.asList(new ArrayList<>(), new ArrayList<>());
            for (int turn = -4; turn < (quick ? 6 : 14); turn++) {
                // Stock, native, native, stock: neither always runs in the other's wake. The first turns warm up.
                int codec = (turn + 5) / 2 % 2;
                double found = Subtasks.nanosAMessage(workload, codecs.get(codec));
                if (turn >= 0) {
                    nanos.get(codec).add(found);
                }
            }
            for (List<Codec> of : codecs) {
                for (Codec codec : of) {
                    codec.close();
                }
            }
            for (int codec = 0; codec < 2; codec++) {
                y[codec][i] = nanos.get(codec).stream().sorted().skip(nanos.get(codec).size() / 2).findFirst().get() / workload.averageBytes();
            }
        }
        LinePlot plot = new LinePlot(title, "subtasks", "ns a byte");
        add(plot, title, "", x, y, false);
        section.plot("subtasks", plot.svg(), title);
    }
}

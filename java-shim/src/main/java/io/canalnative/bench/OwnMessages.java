package io.canalnative.bench;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;

import io.canalnative.NativeDecoder;
import io.canalnative.NativeLibrary;
import io.canalnative.NativeLibraryException;

/** The verb {@code bench} of the jar: both codecs on messages and a table of the user's. */
public final class OwnMessages {

    /** Read at most; more would tell nothing new. */
    private static final int MOST_MESSAGES = 100_000;
    private static final long MOST_BYTES = 200_000_000;
    private static final int FEW = 200;

    private final TableDdl table;
    private final List<byte[]> messages;
    private final PrintStream out;
    /** Messages that both codecs read, and line numbers of those that are special, from 1. */
    private final List<byte[]> read = new ArrayList<>();
    private final List<Integer> corrected = new ArrayList<>();
    private final List<Integer> refused = new ArrayList<>();
    private final List<Integer> refusedByBoth = new ArrayList<>();
    private long rows;

    private OwnMessages(TableDdl table, List<byte[]> messages, PrintStream out) {
        this.table = table;
        this.messages = messages;
        this.out = out;
    }

    /**
     * Compares, and prints what was found.
     *
     * @return 0, or 1 where rows differ that should not, or nothing could be compared
     */
    public static int run(File ddl, File messages, boolean quick) throws Exception {
        try {
            NativeLibrary.load();
            TableDdl table = new TableDdl(new String(Files.readAllBytes(ddl.toPath()), StandardCharsets.UTF_8));
            OwnMessages own = new OwnMessages(table, lines(messages), System.out);
            own.describe(messages);
            own.compareRows();
            own.measure(quick);
            return 0;
        } catch (TableDdl.Refusal | NativeLibraryException e) {
            System.err.println("canal-native: " + e.getMessage());
            return 1;
        }
    }

    private static List<byte[]> lines(File file) throws IOException, TableDdl.Refusal {
        List<byte[]> lines = new ArrayList<>();
        long bytes = 0;
        try (InputStream raw = new BufferedInputStream(new FileInputStream(file), 1 << 16);
                InputStream in = file.getName().endsWith(".gz") ? new BufferedInputStream(new GZIPInputStream(raw), 1 << 16) : raw) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            int next = 0;
            while (next >= 0 && lines.size() < MOST_MESSAGES && bytes < MOST_BYTES) {
                next = in.read();
                if (next >= 0 && next != '\n') {
                    line.write(next);
                } else if (line.size() > 0) {
                    lines.add(line.toByteArray());
                    bytes += line.size();
                    line.reset();
                }
            }
        }
        if (lines.isEmpty()) {
            throw new TableDdl.Refusal("--messages: " + file + " has no messages; it has to have one a line");
        }
        return lines;
    }

    private void describe(File file) throws Exception {
        out.printf("canal-native %s (%s) and flink-json %s on %s %s%n", NativeDecoder.version(), NativeDecoder.cpuPath(), Codec.stockVersion(),
                System.getProperty("java.vm.name"), System.getProperty("java.runtime.version"));
        out.printf("table %s: %d columns, metadata %s, options %s%n", table.name, table.columns.getChildren().size(), table.metadata, table.options);
        if (!table.nativeOptions.isEmpty() || !table.nativeMetadata.isEmpty()) {
            out.printf("  only this codec has, and so Flink's is without: options %s, metadata %s (not compared)%n", table.nativeOptions, table.nativeMetadata);
        }
        out.printf(Locale.ROOT, "%s: %,d messages%s, %,.0f bytes on average%n", file, messages.size(), messages.size() == MOST_MESSAGES ? " (the first; more are not read)" : "",
                messages.stream().mapToInt(message -> message.length).average().orElse(0));
    }

    private Workload workload(Map<String, String> more) {
        Map<String, String> options = new LinkedHashMap<>(table.options);
        options.putAll(more);
        return new Workload(table.name, table.columns, table.metadata, options, () -> read);
    }

    /** Sorts the messages by what the codecs make of them. */
    private void compareRows() throws Exception {
        try (Codec stock = Codec.stock(workload(Collections.emptyMap()));
                Codec exact = Codec.nativeCodec(workload(Collections.singletonMap("semantics", "flink")));
                Codec own = Codec.nativeCodec(workload(table.nativeOptions))) {
            String first = null;
            for (int i = 0; i < messages.size(); i++) {
                byte[] message = messages.get(i);
                Outcome expected = new Outcome(message, stock, false);
                for (boolean binary : new boolean[] {false, true}) {
                    Outcome found = new Outcome(message, exact, binary);
                    if (!found.equals(expected)) {
                        throw new TableDdl.Refusal("line " + (i + 1) + ": under 'semantics' = 'flink' the rows differ, which is a bug of canal-native; please report it with the "
                                + "table and this message:\n" + new String(message, StandardCharsets.UTF_8) + "\nFlink's codec: " + expected + "\ncanal-native:  " + found);
                    }
                }
                Outcome found = new Outcome(message, own, false);
                if (expected.failure == null && found.failure == null) {
                    read.add(message);
                    rows += found.rows.size();
                } else {
                    (found.failure == null ? refused : refusedByBoth).add(i + 1);
                    first = first == null ? "line " + (i + 1) + ": " + (expected.failure == null ? found : expected).failure : first;
                }
                if (expected.failure == null && !found.equals(expected)) {
                    corrected.add(i + 1);
                }
            }
            if (read.isEmpty()) {
                throw new TableDdl.Refusal("none of the " + messages.size() + " messages is read by both codecs, so there is nothing to measure; the first, " + first);
            }
            say(own.delegated(), first);
        }
    }

    private void say(long delegated, String first) {
        out.printf(Locale.ROOT, "%nrows: under 'semantics' = 'flink' all are equal to those of Flink's codec, value by value, as generic and as binary rows%n");
        out.printf(Locale.ROOT, "      as the table is declared they are equal for %,d messages, other for %,d%s%n", messages.size() - corrected.size() - refused.size() - refusedByBoth.size(),
                corrected.size(), corrected.isEmpty() ? "" : " (the README's list of differences says why; lines " + some(corrected) + ")");
        if (!refused.isEmpty() || !refusedByBoth.isEmpty()) {
            out.printf(Locale.ROOT, "      refused by Flink's codec only: %,d %s; as the table is declared by this one too: %,d %s. They are not measured. The first, %s%n", refused.size(),
                    some(refused), refusedByBoth.size(), some(refusedByBoth), first);
        }
        out.printf(Locale.ROOT, "      handed to Flink's codec by this one: %,d of %,d%n", delegated, messages.size());
        if (read.size() < FEW) {
            out.printf(Locale.ROOT, "      fewer than %d messages: processors learn them by heart, and both codecs look faster than they are%n", FEW);
        }
    }

    private static String some(List<Integer> lines) {
        return lines.size() > 8 ? lines.subList(0, 8) + " …" : lines.isEmpty() ? "" : lines.toString();
    }

    private void measure(boolean quick) throws Exception {
        out.printf(Locale.ROOT, "%nCPU time and allocated bytes of decoding a message; %,d messages, %,d rows; \"no codec\" is the same use of rows that are ready%n%n%s", read.size(), rows, Comparison.HEADER);
        try (Codec stock = Codec.stock(workload(Collections.emptyMap()));
                Codec own = Codec.nativeCodec(workload(table.nativeOptions))) {
            Comparison comparison = new Comparison(workload(Collections.emptyMap()), stock, own, quick);
            for (Use use : Use.values()) {
                if (use == Use.GENERIC || !table.genericRows) {
                    comparison.decode(use, (title, bytes, measured) -> out.print(Comparison.row(table.name, title, bytes, measured)));
                }
            }
        }
        if (table.genericRows) {
            out.println("\nThis table has a key format or metadata of the connector, with which Flink's Kafka source takes generic rows only.");
        }
    }

    /** Rows, and the failure behind them. */
    private static final class Outcome {
        List<String> rows = Collections.emptyList();
        String failure;

        Outcome(byte[] message, Codec codec, boolean binary) throws Exception {
            try {
                rows = Equality.rows(message, codec, binary);
            } catch (IOException | RuntimeException e) {
                Throwable deepest = e;
                while (deepest.getCause() != null) {
                    deepest = deepest.getCause();
                }
                failure = deepest.toString();
            }
        }

        boolean equals(Outcome other) {
            return rows.equals(other.rows) && (failure == null) == (other.failure == null);
        }

        @Override
        public String toString() {
            return failure == null ? rows.toString() : failure;
        }
    }
}

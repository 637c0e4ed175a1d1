package io.canalnative.differential;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.RowType;

/**
 * flink-json and the native codec on one table: both modes, both semantics, both row forms. Differences are collected,
 * so that one run shows them all.
 */
public final class Comparison implements AutoCloseable {

    /** Counts over any number of tables. */
    public static final class Counts {
        /** Messages times modes times semantics. */
        public long cases;
        /** Rows that flink-json emitted in them. */
        public long rows;
        /** Cases whose exceptions were compared. */
        public long failures;
        /** Binary rows compared byte for byte. */
        public long binaryRows;
        /** Messages that the native decoder handed to flink-json, by semantics. */
        public final Map<String, Long> delegated = new java.util.TreeMap<>();
        /** Listed differences under {@code canal}. */
        public final Map<Correction, Long> corrections = new EnumMap<>(Correction.class);
        /** Differences about names that Jackson mistakes for others: see {@link #hasNameThatJacksonMistakes}. */
        public long mistakenNames;
        /** Differences that are none of the list, with what is needed to see them again. */
        public final List<String> differences = new ArrayList<>();

        /** System property {@code canalnative.differential.reports}: how many differences are reported in full. */
        private static final int KEPT = Integer.getInteger("canalnative.differential.reports", 20);
        private long found;

        void differs(String report) {
            found++;
            if (differences.size() < KEPT) {
                differences.add(report);
            }
        }

        /** Differences that are none of the list. */
        public long found() {
            return found;
        }

        @Override
        public String toString() {
            return String.format(
                    "%,d cases, %,d rows, %,d exceptions compared, %,d binary rows byte for byte; delegated %s; listed differences under canal %s; "
                            + "mistaken names %,d; other differences %,d",
                    cases, rows, failures, binaryRows, delegated, corrections, mistakenNames, found);
        }
    }

    private final CanalTable table;
    private final Counts counts;
    private final TableDecoder[] stock = new TableDecoder[2];
    private final TableDecoder[] flink = new TableDecoder[2];
    private final TableDecoder[] canal = new TableDecoder[2];
    private final RowDataSerializer canonical;
    private String origin = "";

    private Comparison(CanalTable table, LibDirectory stockLib, LibDirectory nativeLib, Counts counts) throws Exception {
        this.table = table;
        this.counts = counts;
        for (int lenient = 0; lenient < 2; lenient++) {
            CanalTable mode = table.with("ignore-parse-errors", String.valueOf(lenient == 1));
            stock[lenient] = new TableDecoder(mode, stockLib);
            flink[lenient] = new TableDecoder(mode.with("semantics", "flink"), nativeLib);
            canal[lenient] = new TableDecoder(mode, nativeLib);
        }
        this.canonical = table.metadata.isEmpty() ? serializer(table.physical()) : null;
    }

    private static RowDataSerializer serializer(RowType type) {
        try {
            return new RowDataSerializer(type);
        } catch (IllegalArgumentException e) {
            // A NULL column: Flink has no serializer for its rows.
            return null;
        }
    }

    /**
     * The comparison for a table, or null where no decoder can be made of it; then both codecs must give the same
     * reason.
     */
    public static Comparison of(CanalTable table, LibDirectory stockLib, LibDirectory nativeLib, Counts counts) throws Exception {
        List<String> stockRefusal = refusal(table, stockLib);
        if (stockRefusal.isEmpty()) {
            return new Comparison(table, stockLib, nativeLib, counts);
        }
        List<String> nativeRefusal = refusal(table, nativeLib);
        if (!stockRefusal.equals(nativeRefusal)) {
            counts.differs(table + "\n  stock refuses: " + stockRefusal + "\n  native refuses: " + nativeRefusal);
        }
        return null;
    }

    private static List<String> refusal(CanalTable table, LibDirectory lib) {
        try {
            table.decoder(lib);
            return Collections.emptyList();
        } catch (RuntimeException e) {
            return Outcome.chain(e);
        }
    }

    /** Whether the decoders under test are native ones, and not flink-json's in their place. */
    public boolean isNative() {
        return flink[0].isNative() && canal[0].isNative();
    }

    /** What the reports say about where a message is from: a seed, a file and line. */
    public void from(String where) {
        this.origin = where;
    }

    /** Decodes a message in every way there is. */
    public void decode(byte[] message) {
        Outcome[] expected = {stock[0].decode(message), null};
        List<RowData> strictRows = new ArrayList<>(stock[0].rows());
        expected[1] = stock[1].decode(message);
        List<RowData> lenientRows = new ArrayList<>(stock[1].rows());
        for (int mode = 0; mode < 2; mode++) {
            counts.rows += expected[mode].rows.size();
            counts.failures += expected[mode].failed() ? 1 : 0;
            underFlink(message, mode, expected[mode], mode == 0 ? strictRows : lenientRows);
        }
        CanalReading reading = CanalReading.of(message, table.physical());
        Outcome strict = reading.corrections.isEmpty() ? expected[0] : stock[0].decode(reading.message);
        List<RowData> rows = reading.corrections.isEmpty() ? strictRows : new ArrayList<>(stock[0].rows());
        for (int mode = 0; mode < 2; mode++) {
            underCanal(message, mode, expected[mode], reading, strict, rows);
        }
    }

    private void underFlink(byte[] message, int mode, Outcome expected, List<RowData> stockRows) {
        counts.cases++;
        Outcome actual = flink[mode].decode(message);
        if (!actual.isSame(expected)) {
            report("semantics=flink " + name(mode), message, expected, actual);
        } else if (!isGeneric(flink[mode].rows())) {
            report("semantics=flink " + name(mode) + ": not GenericRowData", message, expected, actual);
        }
        compareBinary("semantics=flink " + name(mode), flink[mode], message, expected, stockRows);
    }

    private static boolean isGeneric(List<RowData> rows) {
        return rows.stream().allMatch(row -> row.getClass() == GenericRowData.class);
    }

    private void compareBinary(String what, TableDecoder decoder, byte[] message, Outcome expected, List<RowData> stockRows) {
        Outcome binary = decoder.decodeBinary(message);
        if (!binary.rows.equals(expected.rows) || binary.failed() != expected.failed()) {
            report(what + " binary rows", message, expected, binary);
            return;
        }
        for (int i = 0; canonical != null && i < decoder.rows().size(); i++) {
            RowData row = decoder.rows().get(i);
            if (row instanceof BinaryRowData) {
                counts.binaryRows++;
                BinaryRowData wanted = canonical.toBinaryRow(stockRows.get(i));
                if (!wanted.equals(row)) {
                    String bytes = "\n  stock bytes: " + bytes(wanted) + "\n  native bytes: " + bytes((BinaryRowData) row);
                    report(what + " bytes of row " + i + bytes, message, expected, binary);
                }
            }
        }
    }

    private static String bytes(BinaryRowData row) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < row.getSizeInBytes(); i++) {
            text.append(i % 8 == 0 ? " " : "").append(String.format("%02x", row.getSegments()[0].get(row.getOffset() + i)));
        }
        return text.length() > 2000 ? text.substring(0, 2000) + "…" : text.toString();
    }

    private void underCanal(byte[] message, int mode, Outcome stockSays, CanalReading reading, Outcome strict, List<RowData> strictRows) {
        counts.cases++;
        boolean lenient = mode == 1;
        Outcome expected = lenient && strict.failed() ? new Outcome(Collections.emptyList(), Collections.emptyList()) : strict;
        Outcome actual = canal[mode].decode(message);
        if (!actual.rows.equals(expected.rows) || !sameFailure(message, actual, stockSays, expected, reading.corrections)) {
            report("semantics=canal " + name(mode) + " " + reading.corrections, message, expected, actual);
            return;
        }
        if (!actual.isSame(stockSays)) {
            for (Correction correction : reading.corrections) {
                counts.corrections.merge(correction, 1L, Long::sum);
            }
            if (lenient && strict.failed() && !stockSays.rows.isEmpty()) {
                counts.corrections.merge(Correction.DROPPED_WHOLE, 1L, Long::sum);
            }
        }
        compareBinary("semantics=canal " + name(mode), canal[mode], message, expected, strictRows);
    }

    /** A failure names the message itself; where nothing was corrected, its causes are flink-json's own. */
    private static boolean sameFailure(byte[] message, Outcome actual, Outcome stockSays, Outcome expected, Set<Correction> corrections) {
        if (!expected.failed() || !actual.failed()) {
            return expected.failed() == actual.failed();
        }
        if (corrections.isEmpty()) {
            return actual.sameErrors(stockSays);
        }
        String corrupt = "java.io.IOException: Corrupt Canal JSON message '" + new String(message) + "'.";
        return actual.errors.get(0).equals(corrupt) && actual.errors.size() > 1;
    }

    private static String name(int mode) {
        return mode == 0 ? "strict" : "lenient";
    }

    private void report(String what, byte[] message, Outcome expected, Outcome actual) {
        if (message != null && hasNameThatJacksonMistakes(message)) {
            counts.mistakenNames++;
            return;
        }
        counts.differs(
                what + " (" + origin + ")\n  " + table + "\n  message: " + (message == null ? "null" : MessageText.printable(message)) + "\n  expected:" + expected
                        + "\n  native:" + actual);
    }

    /**
     * Whether a string begins with the byte 0xFF. Jackson pads the bytes of a name with 0xFF when it looks it up, so it takes
     * such a name for one that it has read before, or reports broken UTF-8 if it has not: flink-json's answer depends on
     * the messages before this one.
     */
    private static boolean hasNameThatJacksonMistakes(byte[] message) {
        for (int i = 1; i < message.length; i++) {
            if (message[i] == (byte) 0xFF && message[i - 1] == '"') {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        for (int mode = 0; mode < 2; mode++) {
            for (TableDecoder decoder : new TableDecoder[] {flink[mode], canal[mode]}) {
                String semantics = decoder == flink[mode] ? "flink" : "canal";
                // Each message was decoded twice, for the two row forms.
                counts.delegated.merge(semantics, decoder.counter("delegated") / 2, Long::sum);
                decoder.close();
            }
            stock[mode].close();
        }
    }
}

package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.formats.json.canal.CanalJsonDecodingFormat;
import org.apache.flink.formats.json.canal.CanalJsonFormatFactory;
import org.apache.flink.formats.json.canal.CanalJsonSerializationSchema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** The factory's options, checks and texts against those of flink-json's own factory, loaded from its jar. */
class CanalNativeFormatFactoryTest {

    private static final String STOCK = "org.apache.flink.formats.json.canal.CanalJsonFormatFactory";

    private final CanalNativeFormatFactory factory = new CanalJsonFormatFactory();

    private static DeserializationFormatFactory stock() throws Exception {
        IsolatedClasses flinkJson = new IsolatedClasses("org.apache.flink.formats.json", null, CanalJsonDecodingFormat.class);
        return flinkJson.instance(STOCK, DeserializationFormatFactory.class);
    }

    private static Configuration options(String... keysAndValues) {
        Configuration options = new Configuration();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            options.setString(keysAndValues[i], keysAndValues[i + 1]);
        }
        return options;
    }

    @Test
    void identifiersAndServices() throws Exception {
        assertEquals("canal-json", CanalJsonFormatFactory.IDENTIFIER);
        assertEquals("canal-json", factory.factoryIdentifier());
        assertEquals("canal-json-native", new CanalJsonNativeFormatFactory().factoryIdentifier());
        List<String> services = new ArrayList<>();
        for (java.net.URL url :
                java.util.Collections.list(
                        getClass().getClassLoader().getResources("META-INF/services/org.apache.flink.table.factories.Factory"))) {
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(url.openStream(), StandardCharsets.UTF_8))) {
                lines.lines().forEach(services::add);
            }
        }
        assertTrue(services.contains(STOCK), services.toString());
        assertTrue(services.contains(CanalJsonNativeFormatFactory.class.getName()), services.toString());
    }

    @Test
    void flinksEightOptionsAndOurs() throws Exception {
        Map<String, ConfigOption<?>> ours = byKey(factory);
        byKey(stock()).forEach((key, option) -> assertEquals(option, ours.remove(key), key));
        assertEquals(
                Arrays.asList(
                        "codec", "ddl", "encode.database", "encode.envelope", "encode.pk-names", "encode.table", "encode.update", "semantics",
                        "zero-date"),
                new ArrayList<>(ours.keySet()));
        assertTrue(factory.requiredOptions().isEmpty());
        assertTrue(factory.forwardOptions().isEmpty());
    }

    private static Map<String, ConfigOption<?>> byKey(DeserializationFormatFactory factory) {
        Map<String, ConfigOption<?>> options = new TreeMap<>();
        factory.optionalOptions().forEach(option -> options.put(option.key(), option));
        return options;
    }

    @Test
    void badValuesFailWithFlinksWords() throws Exception {
        String[][] bad = {
            {"ignore-parse-errors", "abc"},
            {"ignore-parse-errors", "true", "fail-on-missing-field", "true"},
            {"ignore-parse-errors", "true", "fail-on-missing-field", "true", "timestamp-format.standard", "sql"},
            {"timestamp-format.standard", "sql"},
            {"map-null-key.mode", "nope"},
            {"map-null-key.mode", "nope", "timestamp-format.standard", "x"},
            {"encode.decimal-as-plain-number", "2"},
            {"encode.ignore-null-fields", ""},
        };
        DeserializationFormatFactory stock = stock();
        int failed = 0;
        for (String[] pairs : bad) {
            String decoding = failure(() -> stock.createDecodingFormat(null, options(pairs)));
            assertEquals(decoding, failure(() -> factory.createDecodingFormat(null, options(pairs))), Arrays.toString(pairs));
            String encoding = failure(() -> ((SerializationFormatFactory) stock).createEncodingFormat(null, options(pairs)));
            assertEquals(encoding, failure(() -> factory.createEncodingFormat(null, options(pairs))), Arrays.toString(pairs));
            failed += (decoding == null ? 0 : 1) + (encoding == null ? 0 : 1);
        }
        assertEquals(14, failed);
    }

    private static String failure(org.junit.jupiter.api.function.ThrowingSupplier<?> action) {
        try {
            action.get();
            return null;
        } catch (Throwable t) {
            StringBuilder chain = new StringBuilder();
            for (Throwable cause = t; cause != null; cause = cause.getCause()) {
                chain.append(cause.getClass().getName()).append(": ").append(cause.getMessage()).append('\n');
            }
            return chain.toString();
        }
    }

    @Test
    void ownOptionsRefuseOtherValues() {
        for (String[] pair : new String[][] {{"semantics", "Canal", "[canal, flink]"}, {"codec", "rust", "[native, flink]"}, {"ddl", "Emit", "[skip, emit, fail]"}, {"zero-date", "NULL", "[fail, null, epoch]"}}) {
            String expected =
                    "Unsupported value '" + pair[1] + "' for " + pair[0] + ". Supported values are " + pair[2] + ".";
            Configuration options = options(pair[0], pair[1]);
            assertEquals(
                    expected,
                    assertThrows(ValidationException.class, () -> factory.createDecodingFormat(null, options)).getMessage());
            assertEquals(
                    expected,
                    assertThrows(ValidationException.class, () -> factory.createEncodingFormat(null, options)).getMessage());
        }
    }

    @Test
    void optionsWithoutEffectAreRefusedForSources() {
        for (String[] ours : new String[][] {{"ddl", "emit"}, {"ddl", "fail"}, {"zero-date", "null"}, {"zero-date", "epoch"}}) {
            for (String reader : new String[] {"semantics", "codec"}) {
                Configuration options = options(ours[0], ours[1], reader, "flink");
                assertEquals(
                        "'canal-json." + ours[0] + "' = '" + ours[1] + "' has no effect under 'canal-json." + reader + "' = 'flink', where messages "
                                + "mean what Flink's codec makes of them. Remove one of the two options.",
                        assertThrows(ValidationException.class, () -> factory.createDecodingFormat(null, options)).getMessage());
                factory.createEncodingFormat(null, options);
            }
        }
    }

    @Test
    void codecFlinkIsFlinksOwnFormat() {
        DecodingFormat<?> format = factory.createDecodingFormat(null, options("codec", "flink"));
        assertSame(CanalJsonDecodingFormat.class, format.getClass());
        assertSame(CanalNativeDecodingFormat.class, factory.createDecodingFormat(null, options("codec", "native")).getClass());
    }

    @Test
    void flinksMetadataAndSevenMore() throws Exception {
        DecodingFormat<?> stock = stock().createDecodingFormat(null, options());
        DecodingFormat<?> ours = factory.createDecodingFormat(null, options());
        Map<String, DataType> listed = ours.listReadableMetadata();
        assertEquals(
                Arrays.asList("type", "sql", "is-ddl", "gtid", "id", "old", "raw"),
                new ArrayList<>(listed.keySet()).subList(6, listed.size()));
        listed.keySet().removeIf(key -> CanalMetadata.of(key) != null);
        assertEquals(stock.listReadableMetadata(), listed);
        assertEquals(new ArrayList<>(stock.listReadableMetadata().keySet()), new ArrayList<>(listed.keySet()));
        DecodingFormat<?> flinks = factory.createDecodingFormat(null, options("codec", "flink"));
        assertEquals(stock.listReadableMetadata(), flinks.listReadableMetadata());
        assertEquals(stock.getChangelogMode(), ours.getChangelogMode());
    }

    @Test
    void sinksAreEncodedHereUnlessTheCodecIsFlinks() throws Exception {
        EncodingFormat<?> format = factory.createEncodingFormat(null, options());
        assertEquals(
                ((SerializationFormatFactory) stock()).createEncodingFormat(null, options()).getChangelogMode(), format.getChangelogMode());
        DataType columns = DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT()));
        assertSame(CanalSerializationSchema.class, format.createRuntimeEncoder(null, columns).getClass());
        assertSame(
                CanalJsonSerializationSchema.class,
                factory.createEncodingFormat(null, options("codec", "flink")).createRuntimeEncoder(null, columns).getClass());
    }

    @Test
    void updatesAskForNoRowBefore() {
        assertEquals(
                ChangelogMode.newBuilder()
                        .addContainedKind(RowKind.INSERT).addContainedKind(RowKind.UPDATE_AFTER).addContainedKind(RowKind.DELETE).build(),
                factory.createEncodingFormat(null, options("encode.update", "update")).getChangelogMode());
    }

    /** Without the row before, a reader knows by the key alone which row an UPDATE replaces. */
    @Test
    void updatesNeedAKey() {
        Configuration updates = options("encode.update", "update");
        String refused =
                assertThrows(ValidationException.class, () -> CanalNativeOptions.encoding(updates, Collections::emptyList)).getMessage();
        assertTrue(refused.startsWith("'encode.update' = 'update' needs a PRIMARY KEY in the table"), refused);
        assertTrue(CanalNativeOptions.encoding(updates, () -> Collections.singletonList("id")).updates);
    }

    @Test
    void encodingOptionsThatDoNotGoTogetherAreRefused() {
        String[][] bad = {
            {"encode.update", "upsert", "Unsupported value 'upsert' for encode.update. Supported values are [delete-insert, update]."},
            {"encode.envelope", "canal", "Unsupported value 'canal' for encode.envelope. Supported values are [flink, full]."},
            {"encode.envelope", "full", "encode.table", "t",
                "'encode.envelope' = 'full' needs 'encode.database', the name that the messages shall state."},
            {"encode.envelope", "full", "encode.database", "d",
                "'encode.envelope' = 'full' needs 'encode.table', the name that the messages shall state."},
            {"encode.pk-names", "id", "'encode.pk-names' has no effect without 'encode.envelope' = 'full'."},
            {"encode.envelope", "full", "encode.database", "d", "encode.table", "t", "encode.pk-names", "id", "timestamp-format.standard", "ISO-8601",
                "'timestamp-format.standard' = 'ISO-8601' does not go with 'encode.envelope' = 'full', where timestamps are as Canal writes "
                        + "them: 2020-01-31 10:11:12.123."},
            {"encode.update", "update", "codec", "flink",
                "'encode.update' = 'update' goes with 'codec' = 'native' only: Flink's own codec does not have it."},
        };
        for (String[] pairs : bad) {
            Configuration options = options(Arrays.copyOf(pairs, pairs.length - 1));
            assertEquals(
                    pairs[pairs.length - 1],
                    assertThrows(ValidationException.class, () -> factory.createEncodingFormat(null, options)).getMessage());
        }
        EncodingFormat<?> format =
                factory.createEncodingFormat(
                        null, options("encode.envelope", "full", "encode.database", "d", "encode.table", "t", "encode.pk-names", "id;b"));
        DataType columns = DataTypes.ROW(DataTypes.FIELD("id", DataTypes.INT()));
        assertEquals(
                "'encode.pk-names', by default the table's PRIMARY KEY, names 'b', but the messages have the columns [id] only. Set "
                        + "'encode.pk-names' to columns among these, or write that column too (see 'value.fields-include').",
                assertThrows(ValidationException.class, () -> format.createRuntimeEncoder(null, columns)).getMessage());
    }

    @Test
    void aMissingFlinkJsonIsExplained() throws Exception {
        IsolatedClasses withoutFlinkJson =
                new IsolatedClasses("io.canalnative", "org.apache.flink.formats.json", CanalNativeFormatFactory.class);
        DeserializationFormatFactory door =
                withoutFlinkJson.instance(CanalJsonNativeFormatFactory.class.getName(), DeserializationFormatFactory.class);
        assertEquals("canal-json-native", door.factoryIdentifier());
        assertTrue(withoutFlinkJson.askedForHidden.isEmpty(), "loaded early: " + withoutFlinkJson.askedForHidden);
        ValidationException e =
                assertThrows(ValidationException.class, () -> door.createDecodingFormat(null, options()));
        assertTrue(e.getMessage().contains("needs flink-json") && e.getMessage().contains("lib/"), e.getMessage());
        assertThrows(ValidationException.class, () -> ((SerializationFormatFactory) door).createEncodingFormat(null, options()));
        assertNotNull(assertThrows(ValidationException.class, door::optionalOptions).getMessage());
    }
}

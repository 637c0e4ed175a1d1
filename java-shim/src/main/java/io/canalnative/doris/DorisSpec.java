package io.canalnative.doris;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.canalnative.row.RowColumns;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** Writes the specifications as the native side reads them: {@code WriterSpec} and {@code CommitterSpec} in native/src/doris/spec.rs. */
final class DorisSpec {

    static final ObjectMapper JSON = new ObjectMapper();

    /** Of the loads of bad rows, which are few. */
    private static final long BAD_ROWS_BYTES = 8L << 20;

    private DorisSpec() {}

    /** @param restored what restored checkpoints kept of such writers */
    static byte[] writer(DorisTarget target, LabelParts label, List<byte[]> restored) throws IOException {
        DorisSettings settings = target.settings;
        ObjectNode spec = access(settings);
        table(spec, settings.table);
        spec.set("fields", RowColumns.json(target.columns));
        ArrayNode keys = spec.putArray("keys");
        for (int key : target.keys) {
            keys.add(key);
        }
        spec.put("format", settings.properties.format);
        ObjectNode properties = spec.putObject("properties");
        settings.properties.headers.forEach(properties::put);
        spec.put("delete", settings.delete);
        spec.put("binary", settings.binary);
        zone(spec, target.zone);
        spec.put("maxRows", settings.maxRows);
        spec.put("maxBytes", settings.maxBytes);
        spec.put("memoryBytes", settings.memoryBytes);
        spec.put("inFlight", settings.inFlight);
        spec.put("intervalMillis", settings.twoPhase ? 0 : settings.intervalMillis);
        spec.put("badRows", settings.badRows.name().toLowerCase(Locale.ROOT));
        loads(spec, settings, label, restored);
        return bytes(spec);
    }

    /** The writer of bad rows to the side table. */
    static byte[] badRowWriter(DorisTarget target, LabelParts label, List<byte[]> restored) throws IOException {
        DorisSettings settings = target.settings;
        ObjectNode spec = access(settings);
        table(spec, settings.badRowsTable);
        spec.set("fields", RowColumns.json(BadRowTable.COLUMNS));
        spec.putArray("keys");
        spec.put("format", "json");
        spec.putObject("properties");
        spec.put("delete", false);
        zone(spec, target.zone);
        spec.put("maxRows", settings.maxRows);
        spec.put("maxBytes", BAD_ROWS_BYTES);
        spec.put("memoryBytes", BAD_ROWS_BYTES);
        spec.put("inFlight", 1);
        spec.put("badRows", "fail");
        loads(spec, settings, label, restored);
        return bytes(spec);
    }

    static byte[] committer(DorisSettings settings) {
        return bytes(access(settings));
    }

    private static ObjectNode access(DorisSettings settings) {
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        settings.fenodes.forEach(spec.putArray("fenodes")::add);
        settings.benodes.forEach(spec.putArray("benodes")::add);
        spec.put("autoRedirect", settings.autoRedirect);
        spec.put("username", settings.username);
        spec.put("password", settings.password.reveal());
        ObjectNode rewrite = spec.putObject("hostRewrite");
        for (Map.Entry<String, String> pair : settings.hostRewrite.entrySet()) {
            rewrite.put(pair.getKey(), pair.getValue());
        }
        spec.put("connectTimeoutMillis", settings.connectTimeoutMillis);
        if (settings.tls) {
            ObjectNode tls = spec.putObject("tls");
            if (!settings.tlsAuthorities.isEmpty()) {
                tls.put("ca", settings.tlsAuthorities);
            }
            tls.put("anyName", settings.tlsAnyName);
        }
        return spec;
    }

    private static void table(ObjectNode spec, TableName table) {
        spec.put("database", table.database);
        spec.put("table", table.table);
    }

    private static void zone(ObjectNode spec, SessionZone zone) {
        ArrayNode pairs = spec.putArray("zone");
        zone.transitions().forEach(pair -> pairs.addArray().add(pair[0]).add(pair[1]));
    }

    /** What all writers of a sink have in common. */
    private static void loads(ObjectNode spec, DorisSettings settings, LabelParts label, List<byte[]> restored) throws IOException {
        spec.put("twoPhase", settings.twoPhase);
        spec.put("maxRetries", settings.maxRetries);
        spec.put("loadTimeoutSeconds", settings.properties.timeoutSeconds);
        spec.put("compress", settings.properties.compression);
        label.write(spec.putObject("label"), settings.labelPrefix);
        ArrayNode states = spec.putArray("restored");
        for (byte[] state : restored) {
            states.add(JSON.readTree(state));
        }
    }

    private static byte[] bytes(ObjectNode spec) {
        return spec.toString().getBytes(StandardCharsets.UTF_8);
    }
}

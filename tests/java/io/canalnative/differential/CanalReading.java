package io.canalnative.differential;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.json.JsonReadFeature;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/**
 * What {@code semantics = canal} makes of a message, said as another message: one that flink-json, in strict mode,
 * reads as Canal means the first. Written from the manual's list, apart from the code under test.
 */
final class CanalReading {

    private static final Set<String> WITHOUT_ROWS =
            new HashSet<>(
                    Arrays.asList(
                            "CREATE", "ALTER", "ERASE", "RENAME", "TRUNCATE", "CINDEX", "DINDEX", "QUERY", "GTID", "XACOMMIT", "XAROLLBACK", "MHEARTBEAT"));

    private static final Set<String> BINARY =
            new HashSet<>(
                    Arrays.asList(
                            "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point", "linestring", "polygon",
                            "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection"));

    private static final JsonFactory JSON =
            JsonFactory.builder().enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS).build();

    /** The message to be read in place of the original. */
    final byte[] message;
    /** The corrections that were applied to it. */
    final Set<Correction> corrections = EnumSet.noneOf(Correction.class);

    private final RowType physical;

    private CanalReading(byte[] original, RowType physical) {
        this.physical = physical;
        this.message = rewritten(original);
    }

    /** The reading of a message for a table with these physical columns. */
    static CanalReading of(byte[] message, RowType physical) {
        return new CanalReading(message, physical);
    }

    private byte[] rewritten(byte[] original) {
        if (original == null) {
            return null;
        }
        try (JsonParser parser = JSON.createParser(original)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return original;
            }
            Map<String, String> members = object(parser);
            rewrite(members);
            return corrections.isEmpty() ? original : text(members).getBytes(StandardCharsets.UTF_8);
        } catch (IOException malformed) {
            return original;
        }
    }

    private void rewrite(Map<String, String> members) throws IOException {
        String type = members.get("type");
        if (type == null || type.equals("null")) {
            return;
        }
        String name = type.startsWith("\"") ? string(type) : type;
        if (name.equals("INIT")) {
            corrections.add(Correction.INIT_IS_INSERT);
            members.put("type", "\"INSERT\"");
        } else if (!Arrays.asList("INSERT", "UPDATE", "DELETE").contains(name)) {
            withoutRows(name, members);
            return;
        }
        convertImages(members);
        if (name.equals("UPDATE")) {
            completeBeforeImages(members);
        }
    }

    private void withoutRows(String name, Map<String, String> members) {
        String data = members.getOrDefault("data", "null");
        if (!WITHOUT_ROWS.contains(name) && !"true".equals(members.get("isDdl")) && !data.equals("null")) {
            corrections.add(Correction.CLEARER_CAUSE);
            return;
        }
        corrections.add(Correction.EVENT_WITHOUT_ROWS);
        members.keySet().retainAll(Arrays.asList("database", "table"));
        members.put("type", "\"CREATE\"");
    }

    private void convertImages(Map<String, String> members) throws IOException {
        Set<String> binary = binaryColumns(members.get("mysqlType"));
        for (String name : new String[] {"data", "old"}) {
            String images = members.get(name);
            if (images == null || !images.startsWith("[")) {
                continue;
            }
            List<String> converted = new ArrayList<>();
            for (String image : array(images)) {
                converted.add(image.startsWith("{") ? convertImage(image, binary) : image);
            }
            members.put(name, "[" + String.join(",", converted) + "]");
        }
    }

    private String convertImage(String image, Set<String> binary) throws IOException {
        Map<String, String> values = object(image);
        for (RowType.RowField field : physical.getFields()) {
            String value = values.get(field.getName());
            if (value == null) {
                continue;
            }
            String plain = value.startsWith("\"") ? string(value) : value;
            if (field.getType().is(LogicalTypeRoot.BOOLEAN) && plain.trim().equals("1")) {
                corrections.add(Correction.BOOLEAN_ONE);
                values.put(field.getName(), "true");
            }
            if (binary.contains(field.getName()) && value.startsWith("\"")) {
                corrections.add(Correction.BINARY_TEXT);
                values.put(field.getName(), base64(plain, value));
            }
        }
        return text(values);
    }

    private Set<String> binaryColumns(String mysqlType) throws IOException {
        Set<String> columns = new HashSet<>();
        if (mysqlType == null || !mysqlType.startsWith("{")) {
            return columns;
        }
        Map<String, String> types = object(mysqlType);
        for (RowType.RowField field : physical.getFields()) {
            boolean bytes = field.getType().is(LogicalTypeRoot.BINARY) || field.getType().is(LogicalTypeRoot.VARBINARY);
            String type = types.getOrDefault(field.getName(), "null");
            if (bytes && type.startsWith("\"") && BINARY.contains(string(type).split("[^A-Za-z]", 2)[0].toLowerCase(Locale.ROOT))) {
                columns.add(field.getName());
            }
        }
        return columns;
    }

    private static String base64(String text, String otherwise) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xFF) {
                return otherwise;
            }
        }
        return MessageText.quote(Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private void completeBeforeImages(Map<String, String> members) throws IOException {
        String data = members.getOrDefault("data", "null");
        String old = members.getOrDefault("old", "null");
        if (!data.startsWith("[") || array(data).isEmpty()) {
            return;
        }
        List<String> after = array(data);
        List<String> before = old.startsWith("[") ? array(old) : new ArrayList<>();
        List<String> first = before.subList(0, Math.min(before.size(), after.size()));
        if (before.size() < after.size() || first.contains("null")) {
            corrections.add(Correction.CLEARER_CAUSE);
            return;
        }
        for (int i = 0; i < after.size(); i++) {
            if (before.get(i).startsWith("{") && after.get(i).startsWith("{")) {
                before.set(i, completed(before.get(i), object(after.get(i))));
            }
        }
        String completed = "[" + String.join(",", before) + "]";
        // Rows of one UPDATE are read one by one, so even where no image changes, another of several errors may come first.
        if (after.size() > 1 || !completed.equals(old)) {
            corrections.add(Correction.BEFORE_IMAGE_BY_INDEX);
            members.put("old", completed);
        }
    }

    private String completed(String image, Map<String, String> after) throws IOException {
        Map<String, String> before = object(image);
        for (String column : physical.getFieldNames()) {
            if (!before.containsKey(column)) {
                before.put(column, after.getOrDefault(column, "null"));
            }
        }
        return text(before);
    }

    // Values stay as text, so that numbers keep their form. A value's first character tells its kind.

    private static Map<String, String> object(String json) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            return object(parser);
        }
    }

    private static Map<String, String> object(JsonParser parser) throws IOException {
        Map<String, String> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.getCurrentName();
            parser.nextToken();
            members.put(name, value(parser));
        }
        return members;
    }

    private static List<String> array(String json) throws IOException {
        List<String> elements = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                elements.add(value(parser));
            }
        }
        return elements;
    }

    private static String string(String json) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            return parser.getText();
        }
    }

    /** The JSON text of the value the parser stands at, without white space and in ASCII. */
    private static String value(JsonParser parser) throws IOException {
        StringBuilder text = new StringBuilder();
        int depth = 0;
        boolean first = true;
        do {
            JsonToken token = parser.currentToken();
            boolean end = token == JsonToken.END_OBJECT || token == JsonToken.END_ARRAY;
            text.append(first || end ? "" : ",");
            first = token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY || token == JsonToken.FIELD_NAME;
            depth += token.isStructStart() ? 1 : end ? -1 : 0;
            boolean quoted = token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME;
            text.append(quoted ? MessageText.quote(parser.getText()) : parser.getText());
            text.append(token == JsonToken.FIELD_NAME ? ":" : "");
        } while ((depth > 0 || text.charAt(text.length() - 1) == ':') && parser.nextToken() != null);
        return text.toString();
    }

    private static String text(Map<String, String> members) {
        List<String> parts = new ArrayList<>();
        members.forEach((name, value) -> parts.add(MessageText.quote(name) + ":" + value));
        return "{" + String.join(",", parts) + "}";
    }
}

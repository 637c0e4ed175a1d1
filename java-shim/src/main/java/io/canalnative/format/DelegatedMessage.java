package io.canalnative.format;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import io.canalnative.format.JsonText.NumberText;
import io.canalnative.row.RowColumns;

import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/**
 * A message as Canal means it, in a form that flink-json reads rightly.
 *
 * <p>Used under canal semantics for messages that the native decoder hands on. It applies what the native decoder
 * applies itself: event types, before images joined by index, {@code "1"} as true, binary columns written as one
 * ISO-8859-1 character a byte, dates of zeros. Everything else is left to flink-json, errors included.
 */
final class DelegatedMessage {

    /** MySQL types whose values Canal writes as one ISO-8859-1 character for each byte. */
    private static final Set<String> BINARY_TYPES =
            new HashSet<>(
                    Arrays.asList(
                            "binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob", "geometry", "point",
                            "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                            "geometrycollection", "geomcollection"));

    /** What flink-json reads of a message beside data and old. */
    private static final List<String> READ_BY_FLINK =
            Arrays.asList("type", "database", "table", "sqlType", "pkNames", "ts", "es");

    /** Messages for flink-json, whose rows together are the message's; empty for the other two outcomes. */
    final List<byte[]> messages;
    /** Another database or table. */
    final boolean filtered;
    /** The kind of an event without rows, or null. */
    final EventKind skipped;
    /** What flink-json does not give of the metadata, as it was before the message was rewritten; null if nothing is requested. */
    final DelegatedMetadata.Values metadata;
    /** The one row is a schema change. */
    final boolean schemaChange;

    private DelegatedMessage(
            List<byte[]> messages, boolean filtered, EventKind skipped, DelegatedMetadata.Values metadata, boolean schemaChange) {
        this.messages = messages;
        this.filtered = filtered;
        this.skipped = skipped;
        this.metadata = metadata;
        this.schemaChange = schemaChange;
    }

    private static DelegatedMessage rows(byte[] message, DelegatedMetadata.Values metadata) {
        return new DelegatedMessage(Collections.singletonList(message), false, null, metadata, false);
    }

    private static DelegatedMessage skipped(EventKind kind) {
        return new DelegatedMessage(Collections.emptyList(), false, kind, null, false);
    }

    private static DelegatedMessage filtered() {
        return new DelegatedMessage(Collections.emptyList(), true, null, null, false);
    }

    /** Rewrites messages for one table. */
    static final class Rewriter {
        private final Pattern database;
        private final Pattern table;
        private final List<String> columns;
        private final List<String> booleans = new ArrayList<>();
        private final List<String> binaries = new ArrayList<>();
        private final List<DateColumn> dates = new ArrayList<>();
        private final boolean exactFractions;
        /** Null if flink-json gives all metadata that is requested. */
        private final DelegatedMetadata metadata;
        private final DdlHandling ddl;

        Rewriter(RowType physical, Pattern database, Pattern table, DelegatedMetadata metadata, DecodingOptions options) {
            this.ddl = options.ddl;
            this.database = database;
            this.table = table;
            this.metadata = metadata;
            this.columns = physical.getFieldNames();
            for (RowType.RowField field : physical.getFields()) {
                LogicalTypeRoot root = field.getType().getTypeRoot();
                if (root == LogicalTypeRoot.BOOLEAN) {
                    booleans.add(field.getName());
                } else if (root == LogicalTypeRoot.BINARY || root == LogicalTypeRoot.VARBINARY) {
                    binaries.add(field.getName());
                } else if (options.zeroDate != ZeroDate.FAIL && ZeroDate.pattern(root, options.iso8601) != null) {
                    dates.add(new DateColumn(field.getName(), root, options));
                }
            }
            this.exactFractions = RowColumns.contains(physical, LogicalTypeRoot.DECIMAL);
        }

        /**
         * Reads a message and says what to do with it.
         *
         * @throws IOException for malformed JSON (as flink-json's parser words it), for an unknown event with rows, and
         *     for an UPDATE without its before images
         */
        DelegatedMessage rewrite(byte[] message) throws IOException {
            Object root = JsonText.read(message);
            if (!(root instanceof Map)) {
                return rows(message, null);
            }
            @SuppressWarnings("unchecked")
            Map<String, Object> envelope = (Map<String, Object>) root;
            boolean nameless = database != null && !envelope.containsKey("database");
            if (!nameless && database != null && !database.matcher(asText(envelope.get("database"))).matches()) {
                return filtered();
            }
            nameless |= table != null && !envelope.containsKey("table");
            if (!nameless && table != null && !table.matcher(asText(envelope.get("table"))).matches()) {
                return filtered();
            }
            if (nameless || envelope.get("type") == null) {
                // flink-json fails for these; its exception is the one to report.
                return rows(message, null);
            }
            return ofType(asText(envelope.get("type")), message, envelope);
        }

        private DelegatedMessage ofType(String type, byte[] message, Map<String, Object> envelope) throws IOException {
            switch (type) {
                case "INIT":
                case "INSERT":
                case "DELETE":
                case "UPDATE":
                    DelegatedMetadata.Values values = metadata == null ? null : metadata.read(message, envelope, false);
                    convert(envelope);
                    if (type.equals("UPDATE")) {
                        return new DelegatedMessage(splitUpdate(envelope), false, null, values, false);
                    }
                    if (type.equals("INIT")) {
                        envelope.put("type", "INSERT");
                    }
                    return rows(JsonText.write(envelope), values);
                default:
                    return statement(kindOfStatement(type, envelope), message, envelope);
            }
        }

        private DelegatedMessage statement(EventKind kind, byte[] message, Map<String, Object> envelope) throws IOException {
            // Canal reports CREATE DATABASE and the like as QUERY with isDdl; without it, QUERY is statement text.
            boolean schemaChange = kind == EventKind.DDL || kind == EventKind.QUERY && Boolean.TRUE.equals(envelope.get("isDdl"));
            if (ddl == DdlHandling.SKIP || !schemaChange) {
                return skipped(kind);
            }
            if (ddl == DdlHandling.FAIL) {
                throw new SchemaChangeException(envelope.get("database"), envelope.get("table"), envelope.get("sql"));
            }
            DelegatedMetadata.Values values = metadata == null ? null : metadata.read(message, envelope, false);
            Map<String, Object> one = readByFlink(envelope);
            one.put("type", "INSERT");
            one.put("data", Collections.singletonList(Collections.emptyMap()));
            return new DelegatedMessage(Collections.singletonList(JsonText.write(one)), false, null, values, true);
        }

        private static EventKind kindOfStatement(String type, Map<String, Object> envelope) throws IOException {
            EventKind kind = EventKind.ofType(type);
            if (kind != null) {
                return kind;
            }
            if (Boolean.TRUE.equals(envelope.get("isDdl"))) {
                return EventKind.DDL;
            }
            if (envelope.get("data") == null) {
                return EventKind.OTHER;
            }
            throw new IOException(
                    String.format(
                            "Unknown \"type\" value \"%s\" of a message with \"data\". Known are INSERT, UPDATE, DELETE and INIT; "
                                    + "set 'canal-json.ignore-parse-errors' = 'true' to drop and count such messages",
                            type));
        }

        private void convert(Map<String, Object> envelope) {
            List<String> latin1 = latin1Columns(envelope.get("mysqlType"));
            for (String images : new String[] {"data", "old"}) {
                if (envelope.get(images) instanceof List) {
                    for (Object image : (List<?>) envelope.get(images)) {
                        convertImage(image, latin1);
                    }
                }
            }
        }

        private List<String> latin1Columns(Object mysqlType) {
            List<String> found = new ArrayList<>();
            if (mysqlType instanceof Map) {
                for (String column : binaries) {
                    Object type = ((Map<?, ?>) mysqlType).get(column);
                    if (type instanceof String && isBinary((String) type)) {
                        found.add(column);
                    }
                }
            }
            return found;
        }

        private void convertImage(Object image, List<String> latin1) {
            if (!(image instanceof Map)) {
                return;
            }
            @SuppressWarnings("unchecked")
            Map<String, Object> values = (Map<String, Object>) image;
            for (String column : booleans) {
                Object value = values.get(column);
                boolean text = value instanceof String && ((String) value).trim().equals("1");
                if (text || value instanceof NumberText && ((NumberText) value).text.equals("1")) {
                    values.put(column, Boolean.TRUE);
                }
            }
            for (DateColumn column : dates) {
                Object value = values.get(column.name);
                if (value instanceof String && column.zero.matcher((String) value).matches()) {
                    values.put(column.name, column.replacement);
                }
            }
            for (String column : latin1) {
                Object value = values.get(column);
                if (value instanceof String) {
                    values.put(column, base64((String) value));
                }
            }
        }

        /** One message for each changed row, with every column in its before image. */
        private List<byte[]> splitUpdate(Map<String, Object> envelope) throws IOException {
            Object data = envelope.get("data");
            Object old = envelope.get("old");
            if (!(data instanceof List) || ((List<?>) data).isEmpty() || old != null && !(old instanceof List)) {
                return Collections.singletonList(JsonText.write(envelope));
            }
            List<?> after = (List<?>) data;
            checkBeforeImages(after.size(), (List<?>) old);
            List<?> before = (List<?>) old;
            List<byte[]> messages = new ArrayList<>(after.size());
            for (int i = 0; i < after.size(); i++) {
                Map<String, Object> one = i == 0 ? envelope : readByFlink(envelope);
                one.put("data", Collections.singletonList(after.get(i)));
                // Elements of old beyond data stay, behind the last: flink-json checks their values as well.
                int end = i == after.size() - 1 ? before.size() : i + 1;
                List<Object> images = new ArrayList<>(before.subList(i, end));
                images.set(0, complete(images.get(0), after.get(i)));
                one.put("old", images);
                messages.add(JsonText.write(one));
            }
            return messages;
        }

        private static void checkBeforeImages(int rows, List<?> old) throws IOException {
            if (old == null) {
                throw new IOException("The UPDATE has no \"old\": its " + rows + " row(s) have no before image");
            }
            if (old.size() < rows) {
                throw new IOException(
                        "\"old\" of the UPDATE has " + old.size() + " before image(s) for the " + rows + " row(s) in \"data\"");
            }
            int missing = old.subList(0, rows).indexOf(null);
            if (missing >= 0) {
                throw new IOException("\"old\"[" + missing + "] of the UPDATE is null: row " + missing + " has no before image");
            }
        }

        private static Map<String, Object> readByFlink(Map<String, Object> envelope) {
            Map<String, Object> one = new LinkedHashMap<>();
            for (String member : READ_BY_FLINK) {
                if (envelope.containsKey(member)) {
                    one.put(member, envelope.get(member));
                }
            }
            return one;
        }

        private Object complete(Object before, Object after) {
            if (!(before instanceof Map) || !(after instanceof Map)) {
                return before;
            }
            Map<String, Object> complete = new LinkedHashMap<>();
            ((Map<?, ?>) before).forEach((name, value) -> complete.put((String) name, value));
            for (String column : columns) {
                if (!complete.containsKey(column) && ((Map<?, ?>) after).containsKey(column)) {
                    complete.put(column, ((Map<?, ?>) after).get(column));
                }
            }
            return complete;
        }

        /** A member's text as Jackson's {@code asText} gives it in flink-json, where patterns and types are compared with it. */
        private String asText(Object value) {
            if (value instanceof NumberText) {
                NumberText number = (NumberText) value;
                if (number.integer) {
                    return new BigInteger(number.text).toString();
                }
                return exactFractions
                        ? new BigDecimal(number.text).stripTrailingZeros().toString()
                        : Double.toString(Double.parseDouble(number.text));
            }
            return value instanceof Map || value instanceof List ? "" : String.valueOf(value);
        }
    }

    /** A column in which a date of zeros is replaced. */
    private static final class DateColumn {
        final String name;
        final Pattern zero;
        /** Null for NULL. */
        final String replacement;

        DateColumn(String name, LogicalTypeRoot root, DecodingOptions options) {
            this.name = name;
            this.zero = ZeroDate.pattern(root, options.iso8601);
            this.replacement = options.zeroDate.replacement(root, options.iso8601);
        }
    }

    static boolean isBinary(String mysqlType) {
        int letters = 0;
        while (letters < mysqlType.length() && isLetter(mysqlType.charAt(letters))) {
            letters++;
        }
        return BINARY_TYPES.contains(mysqlType.substring(0, letters).toLowerCase(Locale.ROOT));
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    /** Base64 of one byte a character; text with a character that is no byte stays, and flink-json reports it. */
    private static String base64(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = text.charAt(i);
            if (c > 0xFF) {
                return text;
            }
            bytes[i] = (byte) c;
        }
        return Base64.getEncoder().encodeToString(bytes);
    }
}

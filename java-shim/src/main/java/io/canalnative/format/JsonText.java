package io.canalnative.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonEncoding;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.json.JsonReadFeature;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.json.JsonWriteFeature;

/**
 * A JSON document as plain Java objects, read as leniently as flink-json reads (the same parser and settings, any UTF,
 * what follows the document is ignored, the last of equal names counts) and written so that flink-json reads the same
 * values again: numbers keep their text, characters beyond ASCII are escaped, so lone surrogates survive.
 *
 * <p>Objects are LinkedHashMaps, arrays ArrayLists, strings Strings, numbers {@link NumberText}, and {@code true},
 * {@code false} and {@code null} Java's. Neither direction recurses, so nesting is not limited by the stack.
 */
final class JsonText {

    /** What {@link #read} returns for a document without any value. */
    static final Object NOTHING = new Object();

    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                    .build();
    private static final JsonFactory READABLE = new JsonFactory();

    private JsonText() {}

    /** A number as it stands in the document. */
    static final class NumberText {
        final String text;
        final boolean integer;

        NumberText(String text, boolean integer) {
            this.text = text;
            this.integer = integer;
        }
    }

    static Object read(byte[] message) throws IOException {
        try (JsonParser parser = FACTORY.createParser(message)) {
            Deque<Object> open = new ArrayDeque<>();
            Deque<String> names = new ArrayDeque<>();
            JsonToken token = parser.nextToken();
            while (token != null) {
                Object value = null;
                switch (token) {
                    case FIELD_NAME:
                        names.push(parser.getCurrentName());
                        token = parser.nextToken();
                        continue;
                    case START_OBJECT:
                        open.push(new LinkedHashMap<String, Object>());
                        token = parser.nextToken();
                        continue;
                    case START_ARRAY:
                        open.push(new ArrayList<>());
                        token = parser.nextToken();
                        continue;
                    case END_OBJECT:
                    case END_ARRAY:
                        value = open.pop();
                        break;
                    default:
                        value = scalar(parser, token);
                }
                if (open.isEmpty()) {
                    return value;
                }
                add(open.peek(), names, value);
                token = parser.nextToken();
            }
            return NOTHING;
        }
    }

    private static Object scalar(JsonParser parser, JsonToken token) throws IOException {
        switch (token) {
            case VALUE_STRING:
                return parser.getText();
            case VALUE_NUMBER_INT:
            case VALUE_NUMBER_FLOAT:
                return new NumberText(parser.getText(), token == JsonToken.VALUE_NUMBER_INT);
            case VALUE_TRUE:
                return Boolean.TRUE;
            case VALUE_FALSE:
                return Boolean.FALSE;
            default:
                return null;
        }
    }

    @SuppressWarnings("unchecked")
    private static void add(Object container, Deque<String> names, Object value) {
        if (container instanceof Map) {
            ((Map<String, Object>) container).put(names.pop(), value);
        } else {
            ((List<Object>) container).add(value);
        }
    }

    static byte[] write(Object root) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = FACTORY.createGenerator(bytes, JsonEncoding.UTF8)) {
            write(json, root);
        }
        return bytes.toByteArray();
    }

    /** A value as JSON for people: characters beyond ASCII as they are. */
    static String text(Object value) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = READABLE.createGenerator(text)) {
            write(json, value);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, Object root) throws IOException {
        Deque<Iterator<?>> open = new ArrayDeque<>();
        begin(json, root, open);
        while (!open.isEmpty()) {
            Iterator<?> members = open.peek();
            if (!members.hasNext()) {
                open.pop();
                end(json);
                continue;
            }
            Object member = members.next();
            if (member instanceof Map.Entry) {
                json.writeFieldName((String) ((Map.Entry<?, ?>) member).getKey());
                member = ((Map.Entry<?, ?>) member).getValue();
            }
            begin(json, member, open);
        }
    }

    private static void end(JsonGenerator json) throws IOException {
        if (json.getOutputContext().inObject()) {
            json.writeEndObject();
        } else {
            json.writeEndArray();
        }
    }

    private static void begin(JsonGenerator json, Object value, Deque<Iterator<?>> open) throws IOException {
        if (value instanceof Map) {
            json.writeStartObject();
            open.push(((Map<?, ?>) value).entrySet().iterator());
        } else if (value instanceof List) {
            json.writeStartArray();
            open.push(((List<?>) value).iterator());
        } else if (value instanceof String) {
            json.writeString((String) value);
        } else if (value instanceof NumberText) {
            json.writeNumber(((NumberText) value).text);
        } else if (value instanceof Boolean) {
            json.writeBoolean((Boolean) value);
        } else {
            json.writeNull();
        }
    }
}

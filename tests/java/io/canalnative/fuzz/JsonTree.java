package io.canalnative.fuzz;

import java.util.ArrayList;
import java.util.List;

/** JSON text taken apart, to be changed and written again; scalars and names stay as they were written. */
final class JsonTree {

    /** Names of an object's members with their quotes, as many as {@link #children}; null for anything else. */
    final List<String> names;
    /** Members' values or elements; null for a scalar. */
    final List<JsonTree> children;
    /** A scalar's text. */
    String text;

    private JsonTree(List<String> names, List<JsonTree> children, String text) {
        this.names = names;
        this.children = children;
        this.text = text;
    }

    static JsonTree scalar(String text) {
        return new JsonTree(null, null, text);
    }

    /** Reads a well-formed document. */
    static JsonTree of(String json) {
        return new Reader(json).value();
    }

    boolean isObject() {
        return names != null;
    }

    boolean isArray() {
        return names == null && children != null;
    }

    boolean isText() {
        return text != null && text.startsWith("\"");
    }

    /** The value of a member, null where there is none. */
    JsonTree member(String name) {
        int at = names == null ? -1 : names.indexOf("\"" + name + "\"");
        return at < 0 ? null : children.get(at);
    }

    /** Every value in it, itself first. */
    void collect(List<JsonTree> into) {
        into.add(this);
        if (children != null) {
            children.forEach(child -> child.collect(into));
        }
    }

    JsonTree copy() {
        List<JsonTree> copies = children == null ? null : new ArrayList<>();
        if (children != null) {
            children.forEach(child -> copies.add(child.copy()));
        }
        return new JsonTree(names == null ? null : new ArrayList<>(names), copies, text);
    }

    @Override
    public String toString() {
        StringBuilder json = new StringBuilder();
        write(json);
        return json.toString();
    }

    private void write(StringBuilder json) {
        if (children == null) {
            json.append(text);
            return;
        }
        json.append(isObject() ? '{' : '[');
        for (int i = 0; i < children.size(); i++) {
            json.append(i == 0 ? "" : ",");
            if (isObject()) {
                json.append(names.get(i)).append(':');
            }
            children.get(i).write(json);
        }
        json.append(isObject() ? '}' : ']');
    }

    private static final class Reader {
        private final String json;
        private int at;

        Reader(String json) {
            this.json = json;
        }

        JsonTree value() {
            char first = next();
            if (first != '{' && first != '[') {
                return scalar(token());
            }
            List<String> names = first == '{' ? new ArrayList<>() : null;
            List<JsonTree> children = new ArrayList<>();
            at++;
            while (next() != '}' && next() != ']') {
                if (names != null) {
                    names.add(token());
                    next();
                    at++;
                }
                children.add(value());
                at += next() == ',' ? 1 : 0;
            }
            at++;
            return new JsonTree(names, children, null);
        }

        private char next() {
            while (Character.isWhitespace(json.charAt(at))) {
                at++;
            }
            return json.charAt(at);
        }

        private String token() {
            int start = at;
            if (json.charAt(at) != '"') {
                while (at < json.length() && ",:]} \n\r\t".indexOf(json.charAt(at)) < 0) {
                    at++;
                }
                return json.substring(start, at);
            }
            for (at++; json.charAt(at) != '"'; at++) {
                at += json.charAt(at) == '\\' ? 1 : 0;
            }
            return json.substring(start, ++at);
        }
    }
}

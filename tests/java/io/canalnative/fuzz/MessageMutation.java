package io.canalnative.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.canalnative.differential.CanalTable;
import io.canalnative.differential.ValueGenerator;

import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/** Changes messages as a tree of values: what stays is as a real server wrote it. */
final class MessageMutation {

    private static final String[] EVENTS = {
        "INSERT", "UPDATE", "DELETE", "INIT", "ALTER", "CREATE", "QUERY", "TRUNCATE", "GTID", "XACOMMIT", "MHEARTBEAT", "update",
        "REPLACE", "",
    };

    private static final String[] EDGES = {
        "0", "-0", "1", "127", "128", "-129", "32768", "65535", "2147483647", "2147483648", "-2147483649", "9223372036854775807",
        "9223372036854775808", "-9223372036854775809", "18446744073709551615", "1e400", "-1e-400", "1.0", "0.1e1", "1E+2",
        "99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001", "3.4028236e38", "4.9e-324",
        "1.7976931348623159e308",
    };

    private static final List<String> MEMBERS =
            Arrays.asList("data", "old", "database", "table", "mysqlType", "sqlType", "pkNames", "ts", "es", "isDdl", "type", "sql");

    private final Random random;
    private final ValueGenerator values;
    private final Map<String, LogicalType> columns = new HashMap<>();

    MessageMutation(Random random, CanalTable table) {
        this.random = random;
        this.values = new ValueGenerator(random, "ISO-8601".equals(table.options.get("timestamp-format.standard")));
        for (RowType.RowField field : ((RowType) table.columns.getLogicalType()).getFields()) {
            columns.put("\"" + field.getName() + "\"", field.getType());
        }
    }

    /** The message with one to four changes; parts of {@code other} may get into it. */
    String mutated(String message, String other) {
        values.changeOddity();
        JsonTree tree = JsonTree.of(message);
        for (int changes = random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(4); changes > 0; changes--) {
            change(tree, other);
        }
        return tree.toString();
    }

    private void change(JsonTree tree, String other) {
        switch (random.nextInt(8)) {
            case 0:
                setMember(tree, "type", JsonTree.scalar(values.text(EVENTS[random.nextInt(random.nextInt(3) == 0 ? EVENTS.length : 3)])));
                break;
            case 1:
                spliceRows(tree, JsonTree.of(other));
                break;
            case 2:
                replaceMember(tree, JsonTree.of(other));
                break;
            case 3:
                changeImages(tree);
                break;
            default:
                List<JsonTree> all = new ArrayList<>();
                JsonTree part = random.nextInt(3) == 0 ? tree : tree.member(pick(MEMBERS));
                (part == null ? tree : part).collect(all);
                JsonTree node = pick(all);
                if (node.children == null) {
                    changeScalar(node, null);
                } else {
                    changeChildren(node);
                }
        }
    }

    private static void setMember(JsonTree tree, String name, JsonTree value) {
        int at = tree.isObject() ? tree.names.indexOf("\"" + name + "\"") : -1;
        if (at >= 0) {
            tree.children.set(at, value);
        }
    }

    /** A member as the other message has it. */
    private void replaceMember(JsonTree tree, JsonTree other) {
        String name = pick(MEMBERS);
        JsonTree value = other.member(name);
        if (value != null) {
            setMember(tree, name, value);
        }
    }

    /** Rows of the other message, or the message's own ones again, behind its rows. */
    private void spliceRows(JsonTree tree, JsonTree other) {
        for (String name : new String[] {"data", "old"}) {
            JsonTree to = tree.member(name);
            JsonTree from = (random.nextInt(3) == 0 ? tree.copy() : other).member(name);
            if (to != null && from != null && to.isArray() && from.isArray() && random.nextInt(8) > 0) {
                from.children.forEach(image -> to.children.add(random.nextInt(to.children.size() + 1), image));
            }
        }
    }

    /** New values, by the columns' types, in some of the images' members; and before images that lack some. */
    private void changeImages(JsonTree tree) {
        for (String name : new String[] {"data", "old"}) {
            JsonTree images = tree.member(name);
            if (images == null || !images.isArray()) {
                continue;
            }
            for (JsonTree image : images.children) {
                for (int i = 0; image.isObject() && i < image.children.size(); i++) {
                    if (random.nextInt(6) == 0) {
                        changeScalar(image.children.get(i), columns.get(image.names.get(i)));
                    } else if (name.equals("old") && random.nextInt(6) == 0) {
                        image.names.remove(i);
                        image.children.remove(i--);
                    }
                }
            }
        }
    }

    /** Changes a scalar, or any value whose column is known. */
    private void changeScalar(JsonTree node, LogicalType column) {
        if (node.children != null) {
            return;
        }
        switch (random.nextInt(9)) {
            case 0:
                node.text = values.anything();
                break;
            case 1:
                node.text = EDGES[random.nextInt(EDGES.length)];
                break;
            case 2:
                node.text = values.text(EDGES[random.nextInt(EDGES.length)]);
                break;
            case 3:
                // Text without its quotes where that is JSON still; a number or word as text.
                boolean bare = node.text.matches("\"(-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?|true|false|null)\"");
                node.text = bare ? node.text.substring(1, node.text.length() - 1) : node.isText() ? node.text : "\"" + node.text + "\"";
                break;
            case 4:
                node.text = nested(node.text);
                break;
            case 5:
            case 6:
                node.text = edited(node.text);
                break;
            default:
                LogicalType type = column == null && !columns.isEmpty() ? pick(new ArrayList<>(columns.values())) : column;
                node.text = type == null ? "null" : values.value(type, pick(Arrays.asList(ValueGenerator.Dialect.values())));
        }
    }

    /** A text with one character changed, dropped or added, or written as an escape. */
    private String edited(String text) {
        if (!text.startsWith("\"") || text.length() < 3) {
            return text;
        }
        int at = 1 + random.nextInt(text.length() - 2);
        char c = text.charAt(at);
        if (text.lastIndexOf('\\') >= 0 || Character.isSurrogate(c)) {
            return text;
        }
        String[] by = {
            "", String.format("\\u%04x", (int) c), c + "0", c + " ", "\u00e4", "\\n", "\ud83d\ude00", "-", ".", ":", "9", "T", "Z",
            c + "" + c, "\\ud800", "/",
        };
        return text.substring(0, at) + by[random.nextInt(by.length)] + text.substring(at + 1);
    }

    private String nested(String text) {
        int depth = random.nextInt(12) == 0 ? 1_100 : 1 + random.nextInt(70);
        StringBuilder opened = new StringBuilder();
        StringBuilder closed = new StringBuilder();
        for (int i = 0; i < depth; i++) {
            boolean array = random.nextBoolean();
            opened.append(array ? "[" : "{\"id\":");
            closed.insert(0, array ? ']' : '}');
        }
        return opened + text + closed;
    }

    private void changeChildren(JsonTree node) {
        int size = node.children.size();
        if (size == 0) {
            return;
        }
        int at = random.nextInt(size);
        switch (random.nextInt(7)) {
            case 0:
                node.children.remove(at);
                if (node.isObject()) {
                    node.names.remove(at);
                }
                break;
            case 1:
                duplicate(node, at, random.nextInt(size + 1));
                break;
            case 2:
                swap(node, at, random.nextInt(size));
                break;
            case 3:
                rename(node, at);
                break;
            case 4:
                for (int i = size - 1; i > 0; i--) {
                    swap(node, i, random.nextInt(i + 1));
                }
                break;
            case 5:
                node.children.set(at, node.children.get(random.nextInt(size)).copy());
                break;
            default:
                node.children.set(at, JsonTree.scalar(values.anything()));
        }
    }

    private void duplicate(JsonTree node, int at, int to) {
        boolean changed = random.nextBoolean();
        node.children.add(to, changed ? JsonTree.scalar(values.anything()) : node.children.get(at).copy());
        if (node.isObject()) {
            node.names.add(to, node.names.get(at));
        }
    }

    private static void swap(JsonTree node, int one, int two) {
        Collections.swap(node.children, one, two);
        if (node.isObject()) {
            Collections.swap(node.names, one, two);
        }
    }

    /** Another name: of another member, of a column, or the same one with an escape or in capitals. */
    private void rename(JsonTree node, int at) {
        if (!node.isObject()) {
            return;
        }
        String name = node.names.get(at);
        switch (random.nextInt(5)) {
            case 0:
                node.names.set(at, pick(node.names));
                break;
            case 1:
                node.names.set(at, columns.isEmpty() ? name : values.text(unquoted(pick(new ArrayList<>(columns.keySet())))));
                break;
            case 2:
                node.names.set(at, name.toUpperCase());
                break;
            case 3:
                node.names.set(at, edited(name));
                break;
            default:
                node.names.set(at, name + (random.nextBoolean() ? " " : "\n"));
        }
    }

    private static String unquoted(String quoted) {
        return quoted.substring(1, quoted.length() - 1);
    }

    private <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}

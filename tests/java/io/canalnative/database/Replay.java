package io.canalnative.database;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

/** What the captured messages leave in a table, as Canal's texts: each change done to a map. */
final class Replay {

    private final TreeMap<List<String>, JsonNode> rows =
            new TreeMap<>((a, b) -> {
                for (int i = 0; i < a.size(); i++) {
                    String x = a.get(i);
                    String y = b.get(i);
                    boolean numbers = x.matches("-?\\d+") && y.matches("-?\\d+");
                    int order = numbers ? Long.compare(Long.parseLong(x), Long.parseLong(y)) : x.compareTo(y);
                    if (order != 0) {
                        return order;
                    }
                }
                return 0;
            });

    private Replay() {}

    static Replay of(String table, String... keys) throws IOException {
        Replay replay = new Replay();
        for (byte[] text : Messages.ORDERS) {
            JsonNode message = DatabaseSpec.JSON.readTree(text);
            if (!message.path("table").asText().equals(table) || !message.path("data").isArray()) {
                continue;
            }
            for (int i = 0; i < message.get("data").size(); i++) {
                JsonNode after = message.get("data").get(i);
                if (message.get("type").asText().equals("UPDATE")) {
                    replay.rows.remove(key(message.get("old").get(i), after, keys));
                }
                if (message.get("type").asText().equals("DELETE")) {
                    replay.rows.remove(key(after, after, keys));
                } else {
                    replay.rows.put(key(after, after, keys), after);
                }
            }
        }
        return replay;
    }

    private static List<String> key(JsonNode first, JsonNode second, String[] keys) {
        List<String> key = new ArrayList<>();
        for (String name : keys) {
            key.add((first.has(name) ? first : second).get(name).asText());
        }
        return key;
    }

    /** A column's texts in the order of the keys. */
    List<String> column(String name) {
        return rows.entrySet().stream().map(Map.Entry::getValue).map(row -> row.get(name).isNull() ? null : row.get(name).asText()).collect(Collectors.toList());
    }

    /** The same of rows that were read. */
    static List<String> column(List<List<String>> rows, int index) {
        return rows.stream().map(row -> row.get(index)).collect(Collectors.toList());
    }
}

package io.canalnative.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.canalnative.differential.TestData;

/** What real servers wrote (tests/data/canal/captured): one topic a set, each with the columns of its tables. */
final class RealTopics {

    /** One set. */
    static final class Topic {
        final String name;
        /** All messages in their order. */
        final List<String> messages = new ArrayList<>();
        /** {@code database.table} → its messages. */
        final Map<String, List<String>> byTable = new LinkedHashMap<>();
        /** {@code database.table} → column → SQL type. */
        final Map<String, Map<String, String>> columns;
        final List<String> tables;

        private Topic(String name, Map<String, Map<String, String>> columns) throws Exception {
            this.name = name;
            this.columns = columns;
            for (byte[] line : TestData.lines(TestData.path("canal/captured/" + name + ".jsonl.gz"))) {
                String message = new String(line, StandardCharsets.UTF_8);
                JsonTree tree = JsonTree.of(message);
                String table = text(tree.member("database")) + "." + text(tree.member("table"));
                messages.add(message);
                byTable.computeIfAbsent(table, t -> new ArrayList<>()).add(message);
            }
            tables = new ArrayList<>(columns.keySet());
            tables.retainAll(byTable.keySet());
        }

        private static String text(JsonTree name) {
            return name == null ? "" : name.text.replace("\"", "");
        }
    }

    final List<Topic> topics = new ArrayList<>();

    RealTopics() throws Exception {
        for (Map.Entry<String, Map<String, Map<String, String>>> set : TestData.capturedSchemas().entrySet()) {
            topics.add(new Topic(set.getKey(), set.getValue()));
        }
    }
}

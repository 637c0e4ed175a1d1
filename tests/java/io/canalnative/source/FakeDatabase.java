package io.canalnative.source;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.canalnative.SourceRows;
import io.canalnative.SourceTables;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** Tables of a database {@code shop} with a key {@code id} from 0 on and a text, in ranges and messages of few rows. It can be made to fail. */
final class FakeDatabase implements SourceTables {
    private static final long serialVersionUID = 1L;

    static final int ROWS_OF_RANGE = 20;
    static final int ROWS_OF_MESSAGE = 6;
    private static final ObjectMapper JSON = new ObjectMapper();
    /** What the copies of one database that a job has share. */
    private static final Map<Integer, Behaviour> ALL = new ConcurrentHashMap<>();
    private static final AtomicInteger NEXT = new AtomicInteger();

    private final int id = NEXT.incrementAndGet();

    static final class Behaviour {
        final Map<String, Integer> tables = Collections.synchronizedMap(new LinkedHashMap<>());
        final Map<String, String> refused = new ConcurrentHashMap<>();
        final Map<String, String> refusedLater = new ConcurrentHashMap<>();
        /** {@code table number}: how often reading that range fails after its first message. */
        final Map<String, AtomicInteger> failing = new ConcurrentHashMap<>();
        /** Ranges as they are opened, {@code table number}. */
        final List<String> opened = Collections.synchronizedList(new ArrayList<>());
        final AtomicInteger open = new AtomicInteger();
        /** Each row has it, so that a row shows when it was read. */
        final AtomicInteger version = new AtomicInteger(1);
        /** Reading waits until it is interrupted. */
        volatile boolean stuck;
        volatile String unreachable;
        final AtomicInteger refusals = new AtomicInteger();
    }

    FakeDatabase() {
        ALL.put(id, new Behaviour());
    }

    Behaviour behaviour() {
        return ALL.get(id);
    }

    FakeDatabase with(String table, int rows) {
        behaviour().tables.put(table, rows);
        return this;
    }

    @Override
    public byte[] tables(byte[] spec) {
        reach();
        ObjectNode answer = JSON.createObjectNode().put("server", "8.0.33");
        answer.putObject("position").put("gtid", "").put("file", "binlog.000003").put("offset", 157);
        ArrayNode tables = answer.putArray("tables");
        behaviour().tables.forEach((table, rows) -> tables.addObject().put("database", "shop").put("table", table).put("rows", rows).put("message", definition(table)).put("more", 1.5));
        ArrayNode refused = answer.putArray("refused");
        behaviour().refused.forEach((table, reason) -> refused.addObject().put("table", table).put("reason", reason));
        return answer.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void reach() {
        String why = behaviour().unreachable;
        if (why != null) {
            behaviour().refusals.incrementAndGet();
            throw new IllegalStateException(why);
        }
    }

    static String definition(String table) {
        ObjectNode message = JSON.createObjectNode().put("database", "shop").put("table", table).put("type", "CREATE").put("isDdl", true).put("es", 1_700_000_000_000L);
        message.put("sql", "CREATE TABLE `" + table + "` (`id` int NOT NULL COMMENT 'the key', `v` varchar(20) NOT NULL, `version` int, PRIMARY KEY (`id`)) COMMENT='by its definition'");
        return message.toString();
    }

    @Override
    public byte[] ranges(byte[] spec, byte[] table) {
        reach();
        JsonNode of = read(table);
        String name = of.get("table").asText();
        if (of.get("more").asDouble() != 1.5) {
            throw new IllegalArgumentException("the table came otherwise than it was listed");
        }
        if (behaviour().refusedLater.containsKey(name)) {
            return JSON.createObjectNode().put("refused", behaviour().refusedLater.get(name)).toString().getBytes(StandardCharsets.UTF_8);
        }
        ArrayNode ranges = JSON.createArrayNode();
        int rows = behaviour().tables.get(name);
        for (int from = 0; from < rows; from += ROWS_OF_RANGE) {
            ranges.addObject().put("table", name).put("number", ranges.size() - 1).put("from", from).put("to", Math.min(rows, from + ROWS_OF_RANGE));
        }
        return ranges.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public SourceRows open(byte[] spec, byte[] range) {
        JsonNode of = read(range);
        String name = of.get("table").asText() + " " + of.get("number").asInt();
        behaviour().opened.add(name);
        behaviour().open.incrementAndGet();
        return new Rows(behaviour(), name, of.get("table").asText(), of.get("from").asInt(), of.get("to").asInt());
    }

    private static JsonNode read(byte[] json) {
        try {
            return JSON.readTree(json);
        } catch (java.io.IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static final class Rows implements SourceRows {
        private final Behaviour behaviour;
        private final String name;
        private final String table;
        private final int from;
        private final int to;
        private int next;

        Rows(Behaviour behaviour, String name, String table, int from, int to) {
            this.behaviour = behaviour;
            this.name = name;
            this.table = table;
            this.from = from;
            this.to = to;
            this.next = from;
        }

        @Override
        public byte[] next() {
            while (behaviour.stuck) {
                try {
                    Thread.sleep(10);
                } catch (InterruptedException e) {
                    throw new IllegalStateException("cancelled");
                }
            }
            AtomicInteger failures = behaviour.failing.get(name);
            if (next > from && failures != null && failures.getAndDecrement() > 0) {
                behaviour.version.incrementAndGet();
                throw new IllegalStateException("the connection is lost");
            }
            if (next == to) {
                return null;
            }
            ObjectNode message = JSON.createObjectNode().put("database", "shop").put("table", table).put("type", "INSERT").put("isDdl", false).put("es", 1_700_000_000_000L);
            message.putObject("mysqlType").put("id", "int").put("v", "varchar(20)").put("version", "int");
            message.putArray("pkNames").add("id");
            message.putNull("old");
            ArrayNode data = message.putArray("data");
            for (int row = 0; row < ROWS_OF_MESSAGE && next < to; row++, next++) {
                data.addObject().put("id", String.valueOf(next)).put("v", "of " + next).put("version", String.valueOf(behaviour.version.get()));
            }
            return message.toString().getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public long rows() {
            return next - from;
        }

        @Override
        public void close() {
            behaviour.open.decrementAndGet();
        }
    }
}

package io.canalnative.source;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.canalnative.SourceLog;
import io.canalnative.SourceRows;
import io.canalnative.SourceTables;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** Tables of a database {@code shop} with a key {@code id} from 0 on and a text, in ranges and messages of few rows. It can be made to fail. */
final class FakeDatabase implements SourceTables {
    private static final long serialVersionUID = 1L;

    static final long LOG_BASE = 1L << 44;
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
        /** Tables that are dropped after they were listed. */
        final Set<String> gone = ConcurrentHashMap.newKeySet();
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
        /** Where the log stood when the tables were listed: the number of changes. */
        volatile int listedAt;
        /** The log: a change each. At each odd one a transaction is under way. */
        final List<String> log = Collections.synchronizedList(new ArrayList<>());
        /** Where the log was opened, with the definitions that came. */
        final List<String> logOpened = Collections.synchronizedList(new ArrayList<>());
        /** What the log was told not to be needed any more. */
        final BlockingQueue<Integer> confirmed = new LinkedBlockingQueue<>();
        /** So often the connection to the log is lost after something was read. */
        final AtomicInteger logFailures = new AtomicInteger();

        /** Appends a change that makes a row of that value of the table. */
        void change(String table, int id, String value) {
            log.add(table + " " + id + " " + value);
        }
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
        JsonNode selected = read(spec).path("names").path("include");
        behaviour().tables.forEach((table, rows) -> {
            if (selected.isMissingNode() || selected.toString().contains('"' + table + '"')) {
                tables.addObject().put("database", "shop").put("table", table).put("rows", rows).put("message", definition(table)).put("more", 1.5);
            }
        });
        answer.putObject("log").put("definitions", "of 0").putObject("position").put("file", "binlog.000003").put("offset", behaviour().listedAt);
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

    @Override
    public SourceLog log(byte[] spec, byte[] position, byte[] definitions) {
        int offset = read(position).get("offset").asInt();
        behaviour().logOpened.add(offset + " " + read(definitions).asText());
        behaviour().open.incrementAndGet();
        return new Log(behaviour(), offset);
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
            if (next > from && !isGone() && failures != null && failures.getAndDecrement() > 0) {
                behaviour.version.incrementAndGet();
                throw new IllegalStateException("the connection is lost");
            }
            if (next == to || isGone()) {
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
        public boolean isGone() {
            return behaviour.gone.contains(table);
        }

        @Override
        public void close() {
            behaviour.open.decrementAndGet();
        }
    }

    /** Two changes at a time. Definitions change at each tenth. */
    private static final class Log implements SourceLog {
        private final Behaviour behaviour;
        private int next;

        Log(Behaviour behaviour, int next) {
            this.behaviour = behaviour;
            this.next = next;
        }

        @Override
        public byte[] next(long millis) {
            if (behaviour.log.size() <= next) {
                pause();
                return null;
            }
            if (behaviour.logFailures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new IllegalStateException("the connection to the log is lost");
            }
            ByteArrayOutputStream batch = new ByteArrayOutputStream();
            for (int end = Math.min(next + 2, behaviour.log.size()); next < end; next++) {
                byte[] message = message(behaviour.log.get(next).split(" "));
                ByteBuffer head = ByteBuffer.allocate(12).putInt(message.length).putLong(LOG_BASE + next);
                batch.write(head.array(), 0, 12);
                batch.write(message, 0, message.length);
            }
            return batch.toByteArray();
        }

        private void pause() {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                throw new IllegalStateException("cancelled");
            }
        }

        private byte[] message(String[] change) {
            ObjectNode message = JSON.createObjectNode().put("database", "shop").put("table", change[0]).put("type", "INSERT").put("isDdl", false).put("es", 1_700_000_000_000L);
            message.putObject("mysqlType").put("id", "int").put("v", "varchar(20)").put("version", "int");
            message.putArray("pkNames").add("id");
            message.putNull("old");
            message.putArray("data").addObject().put("id", change[1]).put("v", change[2]).put("version", "0");
            return message.toString().getBytes(StandardCharsets.UTF_8);
        }

        /** The last one before which no transaction was under way. */
        @Override
        public byte[] position() {
            return JSON.createObjectNode().put("file", "binlog.000003").put("offset", next / 2 * 2).put("time", 1_700_000_000_000L).toString().getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean reached(byte[] position) {
            return next / 2 * 2 >= read(position).get("offset").asInt();
        }

        @Override
        public long version() {
            return next / 10;
        }

        @Override
        public void confirm(byte[] position) {
            behaviour.confirmed.add(read(position).get("offset").asInt());
        }

        @Override
        public byte[] definitions() {
            return ("\"of " + next / 10 + "\"").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void close() {
            behaviour.open.decrementAndGet();
        }
    }
}

package io.canalnative.doris;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.canalnative.DorisLoads;
import io.canalnative.DorisTransactions;
import io.canalnative.NativeException;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.data.binary.BinaryRowData;
import org.apache.flink.types.RowKind;

/**
 * A Doris in memory behind the natives' interfaces: rows are visible when their load is committed. Serialisable, as a sink's backend is; all
 * copies of one are the same Doris.
 */
final class FakeDoris implements DorisBackend {
    private static final long serialVersionUID = 1L;

    private static final AtomicInteger NEXT = new AtomicInteger();
    private static final Map<Integer, State> STATES = new ConcurrentHashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    private final int id = NEXT.incrementAndGet();

    FakeDoris() {
        STATES.put(id, new State());
    }

    State state() {
        return STATES.get(id);
    }

    @Override
    public DorisLoads loads(byte[] spec) {
        Loads loads = new Loads(state(), spec);
        synchronized (state()) {
            state().writers.add(loads);
        }
        return loads;
    }

    @Override
    public DorisTransactions transactions(byte[] spec) {
        return new Transactions(state());
    }

    /** What the cluster holds, and how it shall behave. Used under its own lock. */
    static final class State {
        final List<Loads> writers = new ArrayList<>();
        final Map<String, List<String>> precommitted = new TreeMap<>();
        final List<String> visible = new ArrayList<>();
        final List<String> calls = new ArrayList<>();
        /** Outcomes that the next commits have, before they succeed. */
        final List<Integer> outcomes = new ArrayList<>();
        int commitCalls;
        /** So many calls of await say no before one says yes. */
        int awaits;
        int nextTransaction = 1;

        synchronized List<String> visible() {
            List<String> sorted = new ArrayList<>(visible);
            sorted.sort(null);
            return sorted;
        }
    }

    /** Rows of (BIGINT, STRING), or of texts in the second of four columns for bad rows, as {@code kind(id, text)}. */
    static final class Loads implements DorisLoads {
        final State state;
        final JsonNode spec;
        final int arity;
        private ByteBuffer input = ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN);
        private List<String> open = new ArrayList<>();
        private final List<String> committables = new ArrayList<>();
        private int awaitsLeft;
        private boolean waiting;
        String badRow = "";
        String refused = "[]";
        String failure;
        int full;
        int rows;
        int loads;
        boolean closed;

        Loads(State state, byte[] spec) {
            this.state = state;
            try {
                this.spec = JSON.readTree(spec);
            } catch (java.io.IOException e) {
                throw new IllegalArgumentException(e);
            }
            this.arity = this.spec.get("fields").size();
        }

        String table() {
            return spec.get("table").asText();
        }

        @Override
        public ByteBuffer input() {
            return input;
        }

        @Override
        public ByteBuffer grow(int capacity, int used) {
            ByteBuffer larger = ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < used; i++) {
                larger.put(i, input.get(i));
            }
            input = larger;
            return larger;
        }

        @Override
        public long write(int from, int to) {
            int at = from;
            while (at < to) {
                int outcome = write(at);
                if (outcome != TAKEN) {
                    return (long) outcome << 32 | at;
                }
                at += ROW_HEAD + input.getInt(at);
            }
            return to;
        }

        private int write(int at) {
            if (failure != null) {
                throw new NativeException(failure);
            }
            if (full > 0) {
                full--;
                return FULL;
            }
            byte[] bytes = new byte[input.getInt(at)];
            byte kind = (byte) input.getInt(at + 4);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = input.get(at + ROW_HEAD + i);
            }
            BinaryRowData row = new BinaryRowData(arity);
            row.pointTo(MemorySegmentFactory.wrap(bytes), 0, bytes.length);
            String text = arity == 2 ? row.getLong(0) + "," + row.getString(1) : row.getString(1) + "|" + row.getString(2) + "|" + row.getString(3);
            if (arity == 2 && text.contains("bad")) {
                badRow = "column 'name': too long";
                return BAD;
            }
            open.add(RowKind.fromByteValue(kind).shortString() + "(" + text + ")");
            rows++;
            return TAKEN;
        }

        @Override
        public String badRow() {
            return badRow;
        }

        @Override
        public byte[] refused() {
            String taken = refused;
            refused = "[]";
            return taken.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void flush() {
            synchronized (state) {
                state.calls.add("flush " + table());
                if (open.isEmpty()) {
                    return;
                }
                loads++;
                if (spec.get("twoPhase").asBoolean()) {
                    int transaction = state.nextTransaction++;
                    String label = "label" + transaction;
                    state.precommitted.put(label, open);
                    committables.add(
                            String.format("{\"v\":1,\"database\":\"shop\",\"table\":\"%s\",\"label\":\"%s\",\"txn\":%d,\"rows\":%d,\"bytes\":9}",
                                    table(), label, transaction, open.size()));
                } else {
                    state.visible.addAll(open);
                }
                open = new ArrayList<>();
            }
        }

        /** As at the configured interval; how it is stretched is the native side's affair. */
        @Override
        public void tick() {
            synchronized (state) {
                state.calls.add("tick " + table());
                flush();
            }
        }

        @Override
        public boolean await(int what, long millis) {
            if (failure != null) {
                throw new NativeException(failure);
            }
            synchronized (state) {
                state.calls.add((what == ROOM ? "room " : "settled ") + table());
                if (!waiting) {
                    awaitsLeft = state.awaits;
                }
                waiting = awaitsLeft-- > 0;
                return !waiting;
            }
        }

        @Override
        public byte[] committables() {
            String all = committables.toString();
            committables.clear();
            return all.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public byte[] state() {
            return ("{\"next\":" + loads + ",\"table\":\"" + table() + "\"}").getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public void metrics(long[] values) {
            values[METRICS.indexOf("rows")] = rows;
            values[METRICS.indexOf("bytes")] = 10L * rows;
            values[METRICS.indexOf("loads")] = loads;
            values[METRICS.indexOf("lastLoadMillis")] = 30;
            values[METRICS.indexOf("inFlight")] = 2;
            values[METRICS.indexOf("flushIntervalMillis")] = 4000;
        }

        /** The first load took 5 ms, the others some 1,000. */
        @Override
        public void latency(long[] counts) {
            counts[5] = Math.min(loads, 1);
            counts[8 * 7 + 7] = Math.max(loads - 1, 0);
        }

        @Override
        public String lastLabel() {
            return "label" + loads;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private static final class Transactions implements DorisTransactions {
        private final State state;

        Transactions(State state) {
            this.state = state;
        }

        @Override
        public int commit(byte[] committable, long millis) {
            synchronized (state) {
                state.commitCalls++;
                int outcome = state.outcomes.isEmpty() ? COMMITTED : state.outcomes.remove(0);
                if (outcome == COMMITTED) {
                    try {
                        List<String> rows = state.precommitted.remove(JSON.readTree(committable).get("label").asText());
                        state.visible.addAll(rows == null ? new ArrayList<>() : rows);
                    } catch (java.io.IOException e) {
                        throw new IllegalArgumentException(e);
                    }
                }
                return outcome;
            }
        }

        @Override
        public String reason() {
            return "Doris does not know it any more: transaction [7] not found";
        }

        @Override
        public void close() {}
    }
}

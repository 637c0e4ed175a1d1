package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.canalnative.differential.CanalTable;
import io.canalnative.differential.LibDirectory;
import io.canalnative.differential.Outcome;
import io.canalnative.differential.RowGenerator;
import io.canalnative.differential.TableDecoder;
import io.canalnative.differential.TableEncoder;
import io.canalnative.differential.TestData;

import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

/** Eight subtasks at once, four in each of two class loaders: each one's results are those of one alone. */
class ParallelTest {

    private static final int SUBTASKS = 8;
    private static final int ROUNDS = 4;
    /** That one subtask may be behind another. */
    private static final int MINUTES = 5;

    /** One subtask's work; it waits for the others where it begins, and where it ends. */
    private interface Work {
        List<Outcome> in(LibDirectory lib, CyclicBarrier start) throws Exception;
    }

    private static void everySubtask(List<Outcome> expected, Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(SUBTASKS);
        CyclicBarrier start = new CyclicBarrier(SUBTASKS);
        try (LibDirectory one = LibDirectory.withNativeCodec();
                LibDirectory other = LibDirectory.withNativeCodec()) {
            List<Future<List<Outcome>>> subtasks = new ArrayList<>();
            for (int i = 0; i < SUBTASKS; i++) {
                LibDirectory lib = i % 2 == 0 ? one : other;
                Callable<List<Outcome>> subtask = () -> work.in(lib, start);
                subtasks.add(threads.submit(subtask));
            }
            for (Future<List<Outcome>> subtask : subtasks) {
                List<Outcome> outcomes = subtask.get();
                assertEquals(ROUNDS * expected.size(), outcomes.size());
                for (int i = 0; i < outcomes.size(); i++) {
                    Outcome wanted = expected.get(i % expected.size());
                    assertTrue(outcomes.get(i).isSame(wanted), i + ": " + outcomes.get(i) + " instead of " + wanted);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void decoders() throws Exception {
        Map<String, String> columns = TestData.capturedSchemas().get("mysql80").get("types_dev.t_int");
        CanalTable table =
                CanalTable.of(TestData.columns(columns)).withMetadata(Arrays.asList("table", "sql-type", "pk-names", "event-timestamp"))
                        .with("semantics", "flink").with("table.include", "t_.*|.*s");
        List<byte[]> messages = TestData.lines(TestData.path("canal/captured/mysql80.jsonl.gz")).subList(0, 600);
        List<Outcome> expected = new ArrayList<>();
        try (LibDirectory stock = LibDirectory.stock();
                TableDecoder decoder = new TableDecoder(without(table, "semantics"), stock)) {
            messages.forEach(message -> expected.add(decoder.decode(message)));
        }
        assertTrue(expected.stream().filter(outcome -> !outcome.rows.isEmpty()).count() > 100, "hardly any row");
        everySubtask(
                expected,
                (lib, start) -> {
                    List<Outcome> outcomes = new ArrayList<>();
                    try (TableDecoder decoder = new TableDecoder(table, lib)) {
                        assertTrue(decoder.isNative(), "the native codec is not in use");
                        start.await();
                        for (int round = 0; round < ROUNDS; round++) {
                            messages.forEach(message -> outcomes.add(decoder.decode(message)));
                        }
                        // A class loader is released when all tasks of it have ended, and frees what no task has begun to use.
                        start.await(MINUTES, TimeUnit.MINUTES);
                    }
                    return outcomes;
                });
    }

    private static CanalTable without(CanalTable table, String option) {
        Map<String, String> options = new java.util.LinkedHashMap<>(table.options);
        options.remove(option);
        return new CanalTable(table.columns, table.projection, table.metadata, options);
    }

    @Test
    void encoders() throws Exception {
        Map<String, String> columns = TestData.capturedSchemas().get("mysql80").get("types_dev.t_int");
        CanalTable table = CanalTable.of(TestData.columns(columns));
        RowGenerator generator = new RowGenerator(new Random(8), false);
        List<RowData> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            rows.add(generator.row(table.physical()));
        }
        List<Outcome> expected = new ArrayList<>();
        try (LibDirectory stock = LibDirectory.stock();
                TableEncoder encoder = new TableEncoder(table, stock)) {
            rows.forEach(row -> expected.add(encoder.encode(row)));
        }
        everySubtask(
                expected,
                (lib, start) -> {
                    List<Outcome> outcomes = new ArrayList<>();
                    try (TableEncoder encoder = new TableEncoder(table, lib)) {
                        assertTrue(encoder.isNative(), "the native codec is not in use");
                        start.await();
                        for (int round = 0; round < ROUNDS; round++) {
                            rows.forEach(row -> outcomes.add(encoder.encode(row)));
                        }
                        start.await(MINUTES, TimeUnit.MINUTES);
                    }
                    return outcomes;
                });
    }
}

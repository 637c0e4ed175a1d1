package io.canalnative.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import com.alibaba.otter.canal.protocol.CanalEntry;
import com.alibaba.otter.canal.protocol.CanalPacket;
import io.canalnative.NativeDecoder;

import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.util.Collector;
import org.apache.flink.util.InstantiationUtil;

/**
 * The same events to rows in three ways, in one process: packets by Canal's own classes and {@link CanalRows}, packets by {@code
 * canal-protobuf}, flat messages by {@code canal-json}. Measured as {@link CodecBench} does; costs are of a row.
 *
 * <p>Usage: {@code PacketBench [--quick]}. The events are those of tests/data/bench, as many entries in a packet as make {@value #PACKET_BYTES} bytes: a Canal
 * server gathers so much for one ({@code canal.mq.canalBatchSize}, 50 KB), and half of the captured packets have more. Before a workload is timed,
 * the rows of all three must be equal. The table is also written to build/bench/packet.md.
 */
public final class PacketBench {

    private static final int PACKET_BYTES = 50_000;

    private PacketBench() {}

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        boolean quick = Arrays.asList(args).contains("--quick");
        StringBuilder table = new StringBuilder();
        for (Corpus corpus : EnumSet.of(Corpus.PRODUCTS, Corpus.WIDE, Corpus.BATCH)) {
            System.err.println("PacketBench: " + corpus + " …");
            measure(corpus.workload(), quick, table);
        }
        String text =
                "# Packets: Canal's classes, canal-protobuf, canal-json\n\nCPU time and allocated bytes per row; how, says the documentation of "
                        + "`benches/java/io/canalnative/bench/PacketBench.java`.\n\n- command: `PacketBench" + (quick ? " --quick" : "") + "`\n- machine: "
                        + Machine.cpu() + ", " + Runtime.getRuntime().availableProcessors() + " processors\n- JVM: "
                        + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + "\n- versions: canal.protocol "
                        + System.getProperty("bench.canal") + ", canal-native " + NativeDecoder.version() + " (" + NativeDecoder.cpuPath() + ")\n\n"
                        + "| workload | rows | bytes a row: flat, packet | Canal's classes ns | canal-protobuf ns | ratio | canal-json ns | canal-protobuf ns | ratio | "
                        + "Canal's classes B allocated | canal-protobuf B |\n|---|---|---|---|---|---|---|---|---|---|---|\n" + table;
        System.out.println(text);
        Path file = Paths.get(System.getProperty(Corpus.ROOT, ""), "build", "bench", "packet.md").toAbsolutePath();
        Files.createDirectories(file.getParent());
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void measure(Workload workload, boolean quick, StringBuilder table) throws Exception {
        List<byte[]> messages = workload.messages();
        List<byte[]> packets = new ArrayList<>();
        List<List<byte[]>> batches = new ArrayList<>();
        int entries = Math.max(1, PACKET_BYTES / packet(messages.subList(0, 1)).length);
        for (int from = 0; from < messages.size(); from += entries) {
            List<byte[]> batch = messages.subList(from, Math.min(from + entries, messages.size()));
            batches.add(batch);
            packets.add(packet(batch));
        }
        RowType type = (RowType) workload.columns.getLogicalType();
        CanalRows canal = new CanalRows(type);
        DeserializationSchema<RowData> protobuf = decoder("canal-protobuf", workload.columns);
        DeserializationSchema<RowData> json = decoder("canal-json", workload.columns);
        double rows = (double) check(type, packets, batches, canal, protobuf, json) / packets.size();
        for (Use use : new Use[] {Use.DISCARDED, Use.SERIALISED, Use.GENERIC}) {
            Collector<RowData> out = use.collector(type);
            Measurement.Work ours = work(packets.size(), i -> protobuf.deserialize(packets.get(i), out));
            Measurement byCanal = Measurement.of(work(packets.size(), i -> canal.decode(packets.get(i), out)), ours, quick);
            Measurement byJson =
                    Measurement.of(
                            work(
                                    packets.size(),
                                    i -> {
                                        for (byte[] message : batches.get(i)) {
                                            json.deserialize(message, out);
                                        }
                                    }),
                            ours,
                            quick);
            table.append(
                    String.format(
                            Locale.ROOT,
                            "| %s | %s | %.0f, %.0f | %.0f | %.0f | %.1f× ± %.0f %% | %.0f | %.0f | %.2f× ± %.0f %% | %,.0f | %,.0f |%n",
                            workload.name, use.title, bytes(messages) / rows / packets.size(), bytes(packets) / rows / packets.size(),
                            byCanal.stockNanos / rows, byCanal.nativeNanos / rows, byCanal.stockNanos / byCanal.nativeNanos, byCanal.spreadPercent,
                            byJson.stockNanos / rows, byJson.nativeNanos / rows, byJson.stockNanos / byJson.nativeNanos, byJson.spreadPercent,
                            byCanal.stockBytes / rows, byCanal.nativeBytes / rows));
        }
    }

    private interface Step {
        void run(int index) throws Exception;
    }

    private static Measurement.Work work(int size, Step step) {
        return new Measurement.Work() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public void run(int index) throws Exception {
                step.run(index);
            }
        };
    }

    private static double bytes(List<byte[]> all) {
        return all.stream().mapToLong(one -> one.length).sum();
    }

    /** Holds the rows of all three against each other; their number. */
    private static int check(
            RowType type, List<byte[]> packets, List<List<byte[]>> batches, CanalRows canal, DeserializationSchema<RowData> protobuf,
            DeserializationSchema<RowData> json)
            throws Exception {
        RowDataSerializer serializer = new RowDataSerializer(type);
        int rows = 0;
        for (int i = 0; i < packets.size(); i++) {
            Rows byCanal = new Rows(serializer);
            Rows byProtobuf = new Rows(serializer);
            Rows byJson = new Rows(serializer);
            canal.decode(packets.get(i), byCanal);
            protobuf.deserialize(packets.get(i), byProtobuf);
            for (byte[] message : batches.get(i)) {
                json.deserialize(message, byJson);
            }
            if (!byCanal.rows.equals(byProtobuf.rows) || !byJson.rows.equals(byProtobuf.rows)) {
                throw new IllegalStateException("The rows of packet " + i + " differ");
            }
            rows += byCanal.rows.size();
        }
        return rows;
    }

    private static final class Rows implements Collector<RowData> {
        final List<RowData> rows = new ArrayList<>();
        private final RowDataSerializer serializer;

        Rows(RowDataSerializer serializer) {
            this.serializer = serializer;
        }

        @Override
        public void collect(RowData row) {
            rows.add(serializer.toBinaryRow(row).copy());
        }

        @Override
        public void close() {}
    }

    private static DeserializationSchema<RowData> decoder(String format, DataType columns) throws Exception {
        DeserializationFormatFactory factory =
                FactoryUtil.discoverFactory(PacketBench.class.getClassLoader(), DeserializationFormatFactory.class, format);
        @SuppressWarnings("unchecked")
        ProjectableDecodingFormat<DeserializationSchema<RowData>> decoding =
                (ProjectableDecodingFormat<DeserializationSchema<RowData>>) factory.createDecodingFormat(null, new Configuration());
        int[][] all = new int[((RowType) columns.getLogicalType()).getFieldCount()][];
        for (int i = 0; i < all.length; i++) {
            all[i] = new int[] {i};
        }
        DeserializationSchema<RowData> decoder =
                InstantiationUtil.clone(decoding.createRuntimeDecoder(ScanRuntimeProviderContext.INSTANCE, columns, all));
        decoder.open(null);
        return decoder;
    }

    /** Flat messages as the packet that they came from, their entries between nothing: a server may leave transactions out. */
    private static byte[] packet(List<byte[]> messages) throws IOException {
        CanalPacket.Messages.Builder packet = CanalPacket.Messages.newBuilder().setBatchId(1);
        for (byte[] message : messages) {
            packet.addMessages(entry(new ObjectMapper().readTree(message)).toByteString());
        }
        return CanalPacket.Packet.newBuilder().setType(CanalPacket.PacketType.MESSAGES).setBody(packet.build().toByteString()).build().toByteArray();
    }

    private static CanalEntry.Entry entry(JsonNode flat) {
        CanalEntry.EventType type = CanalEntry.EventType.valueOf(flat.get("type").asText());
        CanalEntry.RowChange.Builder change = CanalEntry.RowChange.newBuilder().setTableId(4711).setEventType(type).setIsDdl(false);
        for (int i = 0; i < flat.get("data").size(); i++) {
            CanalEntry.RowData.Builder row = CanalEntry.RowData.newBuilder();
            JsonNode after = flat.get("data").get(i);
            JsonNode old = type == CanalEntry.EventType.UPDATE ? flat.get("old").get(i) : null;
            if (old != null) {
                ObjectNode before = after.deepCopy();
                for (Iterator<Map.Entry<String, JsonNode>> names = old.fields(); names.hasNext(); ) {
                    Map.Entry<String, JsonNode> member = names.next();
                    before.set(member.getKey(), member.getValue());
                }
                columns(flat, before, name -> false).forEach(row::addBeforeColumns);
            }
            columns(flat, after, name -> old == null || old.has(name)).forEach(row::addAfterColumns);
            change.addRowDatas(row);
        }
        CanalEntry.Header header =
                CanalEntry.Header.newBuilder().setVersion(1).setLogfileName("mysql-bin.000001").setLogfileOffset(123456789).setServerId(1)
                        .setServerenCode("UTF-8").setExecuteTime(flat.get("es").asLong()).setSourceType(CanalEntry.Type.MYSQL)
                        .setSchemaName(flat.get("database").asText()).setTableName(flat.get("table").asText()).setEventLength(500)
                        .setEventType(type).addProps(CanalEntry.Pair.newBuilder().setKey("rowsCount").setValue("1")).build();
        return CanalEntry.Entry.newBuilder().setHeader(header).setEntryType(CanalEntry.EntryType.ROWDATA)
                .setStoreValue(change.build().toByteString()).build();
    }

    private static List<CanalEntry.Column> columns(JsonNode flat, JsonNode image, java.util.function.Predicate<String> updated) {
        List<CanalEntry.Column> columns = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        flat.get("pkNames").forEach(key -> keys.add(key.asText()));
        for (Iterator<String> names = flat.get("mysqlType").fieldNames(); names.hasNext(); ) {
            String name = names.next();
            CanalEntry.Column.Builder column =
                    CanalEntry.Column.newBuilder().setIndex(columns.size()).setSqlType(flat.get("sqlType").get(name).asInt()).setName(name)
                            .setIsKey(keys.contains(name)).setUpdated(updated.test(name)).setMysqlType(flat.get("mysqlType").get(name).asText());
            JsonNode value = image.get(name);
            columns.add(value == null || value.isNull() ? column.setIsNull(true).build() : column.setIsNull(false).setValue(value.asText()).build());
        }
        return columns;
    }
}

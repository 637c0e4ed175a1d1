import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

import io.canalnative.NativeSourceTables;
import io.canalnative.SourceRows;
import io.canalnative.SourceTables;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * Reads all tables of a source as a data job does, throws the messages away, and says what that costs: the CPU time of the reading thread, in which the connection, the
 * decoding and the writing of messages are. The server's own is not in it.
 *
 * <p>{@code java -cp canal-native-flink-….jar:$FLINK_HOME/lib/* benches/source/ReadTable.java '{"kind": "postgres", "host": …}' [times]}, with the specification that
 * native/src/snapshot/spec.rs documents. tests/cluster/whole_postgres.py runs it on its table of a million rows.
 */
public final class ReadTable {

    public static void main(String[] args) throws Exception {
        byte[] spec = args[0].getBytes(StandardCharsets.UTF_8);
        ObjectMapper json = new ObjectMapper();
        SourceTables source = new NativeSourceTables();
        JsonNode tables = json.readTree(source.tables(spec)).get("tables");
        for (int time = args.length > 1 ? Integer.parseInt(args[1]) : 3; time > 0; time--) {
            long rows = 0;
            long bytes = 0;
            long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            long began = System.nanoTime();
            for (JsonNode table : tables) {
                for (JsonNode range : json.readTree(source.ranges(spec, json.writeValueAsBytes(table)))) {
                    try (SourceRows reading = source.open(spec, json.writeValueAsBytes(range))) {
                        for (byte[] message = reading.next(); message != null; message = reading.next()) {
                            bytes += message.length;
                        }
                        rows += reading.rows();
                    }
                }
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            double used = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu) / 1e9;
            System.out.printf(Locale.ROOT, "%,d rows, %,d bytes of messages: %.2f s, %.2f s of CPU, %,.0f rows per second of CPU%n", rows, bytes, seconds, used, rows / used);
        }
    }

    private ReadTable() {}
}

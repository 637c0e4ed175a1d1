package io.canalnative.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;

import io.canalnative.differential.CanalTable;
import io.canalnative.differential.MessageDamage;
import io.canalnative.differential.MessageGenerator;
import io.canalnative.differential.SchemaGenerator;
import io.canalnative.differential.TestData;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/** A table and the messages of its topic; the same for the same seed. */
final class FuzzCase {

    private static final int MESSAGES = 30;
    private static final Pattern LARGE_EXPONENT = Pattern.compile("[eE][+-]?\\d{6,}");

    final CanalTable table;
    final List<byte[]> messages;

    FuzzCase(CanalTable table, List<byte[]> messages) {
        this.table = table;
        this.messages = messages;
    }

    /** Three of four cases are made of real messages, the others are generated as a whole. */
    static FuzzCase of(long seed, RealTopics real) {
        Random random = new Random(seed);
        // Neighbouring seeds begin alike.
        random.nextLong();
        FuzzCase next = random.nextInt(4) > 0 ? new FromReal(random, real).next() : generated(random);
        next.messages.removeIf(message -> dependsOnJacksonsMemory(message) || takesHours(message));
        return next;
    }

    /** flink-json reads 1e999999999 into a DECIMAL by computing all its digits. */
    private static boolean takesHours(byte[] message) {
        return LARGE_EXPONENT.matcher(new String(message, StandardCharsets.ISO_8859_1)).find();
    }

    /**
     * Jackson finds known names by words of four bytes, the last one filled up with 0xFF from the front: once it has read
     * {@code "old"}, it takes the broken {@code "\xFFold"} for it. What flink-json makes of such a message depends on every
     * message that it has read, and the native codec hands it only some.
     */
    private static boolean dependsOnJacksonsMemory(byte[] message) {
        for (int i = 0; i < message.length; i++) {
            for (int next = i + 1; message[i] == (byte) 0xFF && next < Math.min(i + 5, message.length); next++) {
                if (message[next] == '"') {
                    return true;
                }
            }
        }
        return false;
    }

    private static FuzzCase generated(Random random) {
        CanalTable table = new SchemaGenerator(random).table();
        MessageGenerator generator = new MessageGenerator(random, table);
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            messages.add(generator.message());
        }
        return new FuzzCase(table, messages);
    }

    /** One table of a captured topic, its columns changed a little, and messages of that topic, some of them mutated. */
    private static final class FromReal {
        private final Random random;
        private final SchemaGenerator schemas;
        private final RealTopics.Topic topic;
        private final String name;

        FromReal(Random random, RealTopics real) {
            this.random = random;
            this.schemas = new SchemaGenerator(random);
            this.topic = pick(real.topics);
            this.name = pick(topic.tables);
        }

        FuzzCase next() {
            CanalTable table = table();
            MessageMutation mutation = new MessageMutation(random, table);
            MessageDamage damage = new MessageDamage(random);
            // How much of the topic is as it was.
            int untouched = pick(Arrays.asList(1, 4, 8));
            List<byte[]> messages = new ArrayList<>();
            for (int i = 0; i < MESSAGES; i++) {
                String message = message();
                if (random.nextInt(10) >= untouched) {
                    message = mutation.mutated(message, message());
                    messages.add(random.nextInt(8) == 0 ? damage.of(message) : message.getBytes(StandardCharsets.UTF_8));
                } else {
                    messages.add(message.getBytes(StandardCharsets.UTF_8));
                }
            }
            return new FuzzCase(table, messages);
        }

        private String message() {
            return pick(random.nextInt(3) > 0 ? topic.byTable.get(name) : topic.messages);
        }

        private CanalTable table() {
            Map<String, String> names = topic.columns.get(name);
            int oddity = pick(Arrays.asList(3, 10, 1000));
            List<DataTypes.Field> fields = new ArrayList<>();
            names.forEach(
                    (column, sql) -> {
                        if (random.nextInt(oddity) > 0) {
                            fields.add(DataTypes.FIELD(column, TestData.type(sql)));
                        } else if (random.nextInt(4) > 0) {
                            DataType other = random.nextInt(4) == 0 ? DataTypes.STRING() : schemas.scalar();
                            fields.add(DataTypes.FIELD(column, random.nextInt(10) == 0 ? notNull(other) : other));
                        }
                    });
            if (fields.isEmpty() || random.nextInt(12) == 0) {
                fields.add(DataTypes.FIELD("nobody's column", DataTypes.INT()));
            }
            if (random.nextInt(6) == 0) {
                Collections.shuffle(fields, random);
            }
            DataType columns = DataTypes.ROW(fields.toArray(new DataTypes.Field[0])).notNull();
            List<String> metadata = random.nextInt(3) == 0 ? schemas.metadata() : Collections.emptyList();
            return new CanalTable(columns, schemas.projection(fields.size()), metadata, options());
        }

        private static DataType notNull(DataType type) {
            return type.getLogicalType().is(LogicalTypeRoot.NULL) ? type : type.notNull();
        }

        private Map<String, String> options() {
            Map<String, String> options = new LinkedHashMap<>(schemas.options());
            String[] parts = name.split("\\.", 2);
            // Patterns that let some of the topic through, in place of the generator's.
            if (options.remove("database.include") != null) {
                String capitals = "(?i)" + parts[0].toUpperCase() + "|shop";
                options.put("database.include", pick(Arrays.asList(Pattern.quote(parts[0]), ".*", capitals)));
            }
            if (options.remove("table.include") != null || random.nextInt(3) == 0) {
                String quoted = Pattern.quote(parts[1]);
                options.put("table.include", pick(Arrays.asList(quoted, parts[1].charAt(0) + ".*", "(?i)" + quoted + "|.{1,5}")));
            }
            return options;
        }

        private <T> T pick(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }
    }
}

package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Collections;

import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

import io.canalnative.NativeLibrary;

/** The encoder from row to message: what only ours writes, and its life. Equality with flink-json: EncodeDifferentialTest. */
class CanalSerializationSchemaTest {

    private static final DataType PRODUCT =
            DataTypes.ROW(
                            DataTypes.FIELD("id", DataTypes.BIGINT()),
                            DataTypes.FIELD("name", DataTypes.STRING()),
                            DataTypes.FIELD("weight", DataTypes.DECIMAL(10, 2)))
                    .notNull();
    private static final String[] FULL = {
        "encode.envelope", "full", "encode.database", "inventory", "encode.table", "products", "encode.pk-names", "id"
    };

    private static GenericRowData product(RowKind kind, long id, String name) {
        return GenericRowData.ofKind(kind, id, StringData.fromString(name), DecimalData.fromUnscaledLong(1250, 10, 2));
    }

    private static SerializationSchema<RowData> encoder(SerializationFormatFactory factory, DataType type, String... options) {
        Configuration configuration = new Configuration();
        for (int i = 0; i < options.length; i += 2) {
            configuration.setString(options[i], options[i + 1]);
        }
        return factory.createEncodingFormat(null, configuration).createRuntimeEncoder(null, type);
    }

    private static SerializationSchema<RowData> opened(String... options) throws Exception {
        SerializationSchema<RowData> encoder = InstantiationUtil.clone(encoder(new CanalJsonNativeFormatFactory(), PRODUCT, options));
        encoder.open(null);
        return encoder;
    }

    private static String text(SerializationSchema<RowData> encoder, RowData row) {
        return new String(encoder.serialize(row), StandardCharsets.UTF_8);
    }

    @Test
    void anUpdateIsOneMessageWithoutTheRowBefore() throws Exception {
        SerializationSchema<RowData> encoder = opened("encode.update", "update");
        assertEquals(
                "{\"data\":[{\"id\":1,\"name\":\"scooter\",\"weight\":12.5}],\"old\":[{}],\"type\":\"UPDATE\"}",
                text(encoder, product(RowKind.UPDATE_AFTER, 1, "scooter")));
        assertEquals(
                "{\"data\":[{\"id\":1,\"name\":\"scooter\",\"weight\":12.5}],\"type\":\"INSERT\"}", text(encoder, product(RowKind.INSERT, 1, "scooter")));
        assertEquals(
                "{\"data\":[{\"id\":1,\"name\":\"scooter\",\"weight\":12.5}],\"type\":\"DELETE\"}", text(encoder, product(RowKind.DELETE, 1, "scooter")));
        IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> encoder.serialize(product(RowKind.UPDATE_BEFORE, 1, "scooter")));
        assertTrue(e.getMessage().contains("'encode.update' = 'delete-insert'"), e.getMessage());
    }

    @Test
    void anUpdateThatFlinksEncoderWritesIsAnUpdateToo() throws Exception {
        String halfAPair = "\ud83d";
        assertEquals(
                "{\"data\":[{\"id\":1,\"name\":\"\\uD83D\",\"weight\":12.5}],\"old\":[{}],\"type\":\"UPDATE\"}",
                text(opened("encode.update", "update"), product(RowKind.UPDATE_AFTER, 1, halfAPair)));
    }

    @Test
    void aFullEnvelopeIsReadBackAsTheSameRow() throws Exception {
        SerializationSchema<RowData> encoder = opened(FULL);
        DecodedTable table = new DecodedTable(PRODUCT, Collections.singletonList("database"));
        for (RowKind kind : new RowKind[] {RowKind.INSERT, RowKind.DELETE}) {
            String message = text(encoder, product(kind, 1, "scooter 😀"));
            assertEquals("[" + kind.shortString() + "(1,scooter 😀,12.50,inventory)]", table.generic(message).toString(), message);
        }
        assertEquals(0, table.count("delegated"));
    }

    @Test
    void aFullEnvelopeHasEveryMemberOfCanals() throws Exception {
        long before = System.currentTimeMillis();
        String message = text(opened(FULL), product(RowKind.INSERT, 1, "scooter"));
        long after = System.currentTimeMillis();
        long es = Long.parseLong(message.replaceAll(".*\"es\":(\\d+),.*", "$1"));
        assertTrue(es >= before && es <= after, message);
        assertEquals(
                "{\"data\":[{\"id\":\"1\",\"name\":\"scooter\",\"weight\":\"12.50\"}],\"database\":\"inventory\",\"es\":T,\"gtid\":\"\",\"id\":1,"
                        + "\"isDdl\":false,\"mysqlType\":{\"id\":\"bigint\",\"name\":\"text\",\"weight\":\"decimal(10,2)\"},\"old\":null,"
                        + "\"pkNames\":[\"id\"],\"sql\":\"\",\"sqlType\":{\"id\":-5,\"name\":2005,\"weight\":3},\"table\":\"products\",\"ts\":T,"
                        + "\"type\":\"INSERT\"}",
                message.replace(String.valueOf(es), "T"));
    }

    @Test
    void aRowThatAFullEnvelopeCannotHoldIsExplained() throws Exception {
        SerializationSchema<RowData> encoder = opened(FULL);
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> encoder.serialize(product(RowKind.INSERT, 1, "\ud83d")));
        assertTrue(e.getMessage().contains("inventory.products") && e.getMessage().contains("column 'name' ") && e.getMessage().contains("half a surrogate pair"), e.getMessage());
        assertTrue(text(encoder, product(RowKind.INSERT, 2, "next")).contains("next"));
    }

    @Test
    void isSerializableAndEqualByOptions() throws Exception {
        CanalJsonNativeFormatFactory factory = new CanalJsonNativeFormatFactory();
        SerializationSchema<RowData> encoder = encoder(factory, PRODUCT, FULL);
        SerializationSchema<RowData> copy = InstantiationUtil.clone(encoder);
        assertEquals(encoder, copy);
        assertEquals(encoder.hashCode(), copy.hashCode());
        assertNotEquals(encoder, encoder(factory, PRODUCT));
        assertNotEquals(encoder, encoder(factory, DataTypes.ROW(DataTypes.FIELD("id", DataTypes.BIGINT())).notNull()));
    }

    @Test
    void beforeOpenItFailsAsFlinks() throws Exception {
        SerializationSchema<RowData> encoder = encoder(new CanalJsonNativeFormatFactory(), PRODUCT);
        RuntimeException e = assertThrows(RuntimeException.class, () -> encoder.serialize(product(RowKind.INSERT, 1, "x")));
        assertEquals(encoder(new CanalJsonNativeFormatFactory(), PRODUCT, "codec", "flink").getClass(), stockClass(e));
    }

    /** The class in whose serialize an exception was thrown. */
    private static Class<?> stockClass(RuntimeException e) throws ClassNotFoundException {
        return Class.forName(e.getStackTrace()[0].getClassName());
    }

    @Test
    void whereTheLibraryDoesNotLoadFlinksEncoderWrites() throws Exception {
        String before = System.getProperty(NativeLibrary.PATH_PROPERTY);
        System.setProperty(NativeLibrary.PATH_PROPERTY, "/nowhere/libcanal_native.so");
        try {
            SerializationFormatFactory factory =
                    new IsolatedClasses("io.canalnative.", null, CanalNativeFormatFactory.class)
                            .instance(CanalJsonNativeFormatFactory.class.getName(), SerializationFormatFactory.class);
            SerializationSchema<RowData> encoder = encoder(factory, PRODUCT, "encode.update", "update");
            encoder.open(null);
            assertEquals(
                    "{\"data\":[{\"id\":1,\"name\":\"x\",\"weight\":12.5}],\"old\":[{}],\"type\":\"UPDATE\"}",
                    text(encoder, product(RowKind.UPDATE_AFTER, 1, "x")));
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> encoder(factory, PRODUCT, FULL).open(null));
            assertTrue(e.getMessage().startsWith("'encode.envelope' = 'full' needs the native library"), e.getMessage());
        } finally {
            if (before == null) {
                System.clearProperty(NativeLibrary.PATH_PROPERTY);
            } else {
                System.setProperty(NativeLibrary.PATH_PROPERTY, before);
            }
        }
    }
}

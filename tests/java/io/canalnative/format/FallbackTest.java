package io.canalnative.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.regex.PatternSyntaxException;

import io.canalnative.NativeLibrary;

import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

/** A decoder before open, and in a JVM where the native library cannot be loaded. */
class FallbackTest {

    private static final DataType TYPE =
            DataTypes.ROW(DataTypes.FIELD("id", DataTypes.BIGINT()), DataTypes.FIELD("name", DataTypes.STRING()));
    private static final byte[] INSERT =
            "{\"data\":[{\"id\":\"7\",\"name\":\"x\"}],\"type\":\"INSERT\"}".getBytes(StandardCharsets.UTF_8);

    private static DeserializationSchema<RowData> decoder(DeserializationFormatFactory factory, String... options) {
        return DecodedTable.decoder(factory, TYPE, Collections.emptyList(), options);
    }

    private static List<RowData> decode(DeserializationSchema<RowData> decoder, byte[] message) throws Exception {
        List<RowData> rows = new ArrayList<>();
        decoder.deserialize(message, new ListCollector<>(rows));
        return rows;
    }

    @Test
    void beforeOpen() throws Exception {
        DeserializationSchema<RowData> decoder = decoder(new CanalJsonNativeFormatFactory(), "ignore-parse-errors", "true");
        assertEquals(0, decode(decoder, null).size());
        assertEquals(0, decode(decoder, new byte[0]).size());
        assertThrows(NullPointerException.class, () -> decode(decoder, INSERT));
        RuntimeException e = assertThrows(RuntimeException.class, () -> decoder.deserialize(INSERT));
        assertEquals("Please invoke DeserializationSchema#deserialize(byte[], Collector<RowData>) instead.", e.getMessage());
    }

    @Test
    void isSerializableAndEqualByOptions() throws Exception {
        CanalJsonNativeFormatFactory factory = new CanalJsonNativeFormatFactory();
        DeserializationSchema<RowData> decoder = decoder(factory, "table.include", "a|b");
        DeserializationSchema<RowData> copy = InstantiationUtil.clone(decoder);
        assertEquals(decoder, copy);
        assertEquals(decoder.hashCode(), copy.hashCode());
        assertTrue(!decoder.equals(decoder(factory, "table.include", "a|c")));
        assertTrue(!decoder.equals(decoder(factory, "table.include", "a|b", "semantics", "flink")));
        assertEquals(decoder.getProducedType(), copy.getProducedType());
        assertTrue(!decoder.isEndOfStream(null));
    }

    @Test
    void badPatternsThrowFromTheConstructor() {
        assertThrows(PatternSyntaxException.class, () -> decoder(new CanalJsonNativeFormatFactory(), "database.include", "["));
    }

    @Test
    void javaDecodesWithTheSameSemanticsWhereTheLibraryDoesNotLoad() throws Exception {
        String before = System.getProperty(NativeLibrary.PATH_PROPERTY);
        System.setProperty(NativeLibrary.PATH_PROPERTY, "/nowhere/libcanal_native.so");
        try {
            DeserializationFormatFactory factory =
                    new IsolatedClasses("io.canalnative.", null, CanalNativeFormatFactory.class)
                            .instance(CanalJsonNativeFormatFactory.class.getName(), DeserializationFormatFactory.class);
            DeserializationSchema<RowData> decoder = decoder(factory);
            decoder.open(null);
            List<RowData> rows = decode(decoder, INSERT);
            assertEquals("[+I(7,x)]", rows.toString());
            assertSame(GenericRowData.class, rows.get(0).getClass());
            // Flink's codec fails for this event, and gives NULL for the unchanged columns of these before images.
            byte[] ddl = "{\"isDdl\":true,\"sql\":\"drop table t\",\"type\":\"ERASE\"}".getBytes(StandardCharsets.UTF_8);
            byte[] update =
                    "{\"data\":[{\"id\":\"1\",\"name\":\"a\"},{\"id\":\"2\",\"name\":\"b\"}],\"old\":[{\"id\":\"0\"},{\"name\":\"c\"}],\"type\":\"UPDATE\"}"
                            .getBytes(StandardCharsets.UTF_8);
            assertEquals(0, decode(decoder, ddl).size());
            assertEquals("[-U(0,a), +U(1,a), -U(2,c), +U(2,b)]", decode(decoder, update).toString());
            DeserializationSchema<RowData> flink = decoder(factory, "semantics", "flink");
            flink.open(null);
            assertEquals("[-U(0,null), +U(1,a), -U(null,c), +U(2,b)]", decode(flink, update).toString());
            DeserializationSchema<RowData> emitting =
                    DecodedTable.decoder(factory, TYPE, Arrays.asList("sql", "database", "is-ddl"), "ddl", "emit");
            emitting.open(null);
            assertEquals("[+I(null,null,drop table t,null,true)]", decode(emitting, ddl).toString());
        } finally {
            if (before == null) {
                System.clearProperty(NativeLibrary.PATH_PROPERTY);
            } else {
                System.setProperty(NativeLibrary.PATH_PROPERTY, before);
            }
        }
    }

    @Test
    void everyClassLoaderLoadsTheLibrary() throws Exception {
        for (int i = 0; i < 2; i++) {
            IsolatedClasses job = new IsolatedClasses("io.canalnative.", null, CanalNativeFormatFactory.class);
            // Throws where the library cannot be loaded a second time.
            job.loadClass(NativeLibrary.class.getName()).getMethod("load").invoke(null);
            DeserializationSchema<RowData> decoder =
                    decoder(job.instance(CanalJsonNativeFormatFactory.class.getName(), DeserializationFormatFactory.class));
            decoder.open(null);
            assertEquals("[+I(7,x)]", decode(decoder, INSERT).toString());
        }
    }
}

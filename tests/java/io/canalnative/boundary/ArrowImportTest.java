package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;

/**
 * The metadata dictionaries as Arrow's own Java library imports them: proof that the export is a legal one.
 *
 * <p>Not under {@code -Xcheck:jni}, which complains of class descriptors in arrow-c-data's own library.
 */
@DisabledIf("underCheckJni")
class ArrowImportTest {

    static boolean underCheckJni() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-Xcheck:jni");
    }

    private static final int TABLE = 0;
    private static final int SQL_TYPE = 1;
    private static final int PK_NAMES = 2;
    private static final int TIMESTAMP = 3;

    private BufferAllocator allocator;
    private long handle;

    @BeforeEach
    void open() throws Exception {
        allocator = new RootAllocator();
        handle = NativeCalls.open("table", "sql-type", "pk-names", "event-timestamp");
    }

    /** Closing the allocator fails if an imported buffer was not released. */
    @AfterEach
    void close() throws Exception {
        NativeCalls.close(handle);
        allocator.close();
    }

    private void decode(String table, String sqlType, String pkNames) throws Exception {
        String message =
                "{\"data\":[{\"s\":\"x\"}],\"es\":5,\"pkNames\":" + pkNames + ",\"sqlType\":" + sqlType + ",\"table\":" + table + ",\"type\":\"INSERT\"}";
        assertEquals(NativeCalls.ROWS, NativeCalls.status(NativeCalls.decode(handle, message)), message);
    }

    private FieldVector imported(int slot, int from) throws Exception {
        try (ArrowArray array = ArrowArray.allocateNew(allocator);
                ArrowSchema schema = ArrowSchema.allocateNew(allocator)) {
            NativeCalls.exportMetadata(handle, slot, from, array.memoryAddress(), schema.memoryAddress());
            FieldVector vector = Data.importVector(allocator, array, schema, null);
            if (vector instanceof MapVector) {
                // The validation of arrow-java 18.3.0 refuses every map, even one that it has built itself.
                ((MapVector) vector).getDataVector().validateFull();
            } else {
                vector.validateFull();
            }
            return vector;
        }
    }

    @Test
    void namesAreUtf8() throws Exception {
        decode("\"products\"", "null", "null");
        decode("\"\\u7528户😀\"", "null", "null");
        decode("\"\"", "null", "null");
        decode("\"products\"", "null", "null");
        try (VarCharVector names = (VarCharVector) imported(TABLE, 0)) {
            assertEquals(3, names.getValueCount());
            assertEquals("products", names.getObject(0).toString());
            assertEquals("用户😀", names.getObject(1).toString());
            assertEquals("", names.getObject(2).toString());
        }
    }

    @Test
    void sqlTypesAreMaps() throws Exception {
        decode("\"t\"", "{\"id\":-5,\"name\":12}", "null");
        decode("\"t\"", "{}", "null");
        decode("\"t\"", "{\"a\\\"b\":null,\"c\":93}", "null");
        try (MapVector maps = (MapVector) imported(SQL_TYPE, 0)) {
            assertEquals(3, maps.getValueCount());
            assertEquals("{id=-5, name=12}", entries(maps, 0).toString());
            assertEquals("{}", entries(maps, 1).toString());
            assertEquals("{a\"b=null, c=93}", entries(maps, 2).toString());
        }
    }

    private static Map<String, Integer> entries(MapVector maps, int index) {
        StructVector all = (StructVector) maps.getDataVector();
        VarCharVector keys = (VarCharVector) all.getChild("key");
        IntVector values = (IntVector) all.getChild("value");
        Map<String, Integer> entries = new TreeMap<>();
        for (int i = maps.getElementStartIndex(index); i < maps.getElementEndIndex(index); i++) {
            entries.put(keys.getObject(i).toString(), values.getObject(i));
        }
        return entries;
    }

    @Test
    void keyNamesAreLists() throws Exception {
        decode("\"t\"", "null", "[\"id\"]");
        decode("\"t\"", "null", "[]");
        decode("\"t\"", "null", "[\"a\",null,\"ü\"]");
        try (ListVector lists = (ListVector) imported(PK_NAMES, 0)) {
            assertEquals(3, lists.getValueCount());
            assertEquals("[\"id\"]", lists.getObject(0).toString());
            assertEquals("[]", lists.getObject(1).toString());
            List<?> mixed = lists.getObject(2);
            assertEquals("a", mixed.get(0).toString());
            assertNull(mixed.get(1));
            assertEquals("ü", mixed.get(2).toString());
        }
    }

    @Test
    void onlyWhatIsNewAndNothingAtAll() throws Exception {
        for (int i = 0; i < 1000; i++) {
            decode("\"table_" + i + "\"", "{\"c" + i + "\":" + i + "}", "[\"k" + i + "\"]");
        }
        for (int from : new int[] {0, 1, 999, 1000}) {
            try (VarCharVector names = (VarCharVector) imported(TABLE, from);
                    MapVector maps = (MapVector) imported(SQL_TYPE, from);
                    ListVector lists = (ListVector) imported(PK_NAMES, from)) {
                assertEquals(1000 - from, names.getValueCount());
                assertEquals(1000 - from, maps.getValueCount());
                assertEquals(1000 - from, lists.getValueCount());
                for (int i = from; i < 1000; i++) {
                    assertEquals("table_" + i, names.getObject(i - from).toString());
                    assertEquals("{c" + i + "=" + i + "}", entries(maps, i - from).toString());
                    assertEquals("[\"k" + i + "\"]", lists.getObject(i - from).toString());
                }
            }
        }
    }

    /** What was imported belongs to the importer: it outlives the dictionary and the decoder. */
    @Test
    void importedValuesOutliveTheDecoder() throws Exception {
        decode("\"first\"", "{\"id\":4}", "[\"id\"]");
        List<FieldVector> vectors = new ArrayList<>();
        for (int slot = TABLE; slot <= PK_NAMES; slot++) {
            vectors.add(imported(slot, 0));
        }
        for (int i = 0; i < 10_000; i++) {
            decode("\"other_" + i + "\"", "{}", "[]");
        }
        NativeCalls.close(handle);
        handle = NativeCalls.open();
        assertEquals("first", vectors.get(TABLE).getObject(0).toString());
        assertEquals("{id=4}", entries((MapVector) vectors.get(SQL_TYPE), 0).toString());
        assertEquals("[\"id\"]", vectors.get(PK_NAMES).getObject(0).toString());
        vectors.forEach(FieldVector::close);
    }

    @Test
    void slotsWithoutADictionary() throws Exception {
        decode("\"t\"", "{}", "[]");
        for (int[] request : new int[][] {{TIMESTAMP, 0}, {4, 0}, {-1, 0}, {TABLE, 2}, {TABLE, -1}}) {
            try (ArrowArray array = ArrowArray.allocateNew(allocator);
                    ArrowSchema schema = ArrowSchema.allocateNew(allocator)) {
                RuntimeException e =
                        assertThrows(
                                RuntimeException.class,
                                () -> NativeCalls.exportMetadata(handle, request[0], request[1], array.memoryAddress(), schema.memoryAddress()));
                assertTrue(e instanceof IllegalArgumentException, e.toString());
            }
        }
    }
}

package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.canalnative.differential.CanalTable;
import io.canalnative.differential.LibDirectory;
import io.canalnative.differential.Outcome;
import io.canalnative.differential.TableDecoder;

import org.apache.flink.table.api.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library in several class loaders of one JVM, and where it cannot be loaded. */
class LoaderTest {

    private static final byte[] MESSAGE = "{\"data\":[{\"s\":\"x\"}],\"table\":\"t\",\"type\":\"INSERT\"}".getBytes(StandardCharsets.UTF_8);

    @TempDir Path directory;

    private static CanalTable table() {
        return CanalTable.of(DataTypes.ROW(DataTypes.FIELD("s", DataTypes.STRING())).notNull());
    }

    @Test
    void eachClassLoaderHasItsOwnLibrary() throws Exception {
        List<LibDirectory> libs = new ArrayList<>();
        List<TableDecoder> decoders = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            libs.add(LibDirectory.withNativeCodec());
            decoders.add(new TableDecoder(table(), libs.get(i)));
            assertTrue(decoders.get(i).isNative(), "class loader " + i);
        }
        for (int closed = 0; closed < 4; closed++) {
            for (int i = closed; i < 4; i++) {
                assertEquals("[+I(\"x\")]", decoders.get(i).decode(MESSAGE).rows.toString(), "class loader " + i);
                assertEquals(closed + 1, decoders.get(i).counter("messages"));
                assertEquals(0, decoders.get(i).counter("delegated"));
            }
            decoders.get(closed).close();
            libs.get(closed).close();
        }
    }

    /** The jar's version is not the library's: messages are decoded in Java, and the job goes on. */
    @Test
    void aLibraryOfAnotherVersion() throws Exception {
        decodedInJava(LibDirectory.withoutLibrary(directory));
    }

    @Test
    void aTemporaryDirectoryThatCannotBeWritten() throws Exception {
        String property = "java.io.tmpdir";
        String before = System.getProperty(property);
        // A file, as permissions do not stop root. The test's own loader keeps the library it may have.
        System.setProperty(property, Files.createFile(directory.resolve("file")).toString());
        try (LibDirectory other = LibDirectory.withNativeCodec()) {
            TableDecoder first = new TableDecoder(table(), other);
            if (System.getProperty("canal.native.library") == null) {
                assertFalse(first.isNative(), "the library was unpacked below a file");
            }
            decodedInJava(LibDirectory.withNativeCodec());
            first.close();
        } finally {
            System.setProperty(property, before);
        }
    }

    private static void decodedInJava(LibDirectory lib) throws Exception {
        try (LibDirectory closed = lib;
                TableDecoder decoder = new TableDecoder(table(), closed)) {
            assertFalse(decoder.isNative(), "the native codec is in use");
            Outcome outcome = decoder.decode(MESSAGE);
            assertEquals("[+I(\"x\")]", outcome.rows.toString());
            assertEquals("[]", outcome.errors.toString());
            assertEquals(1, decoder.counter("messages"));
            assertEquals(1, decoder.counter("delegated"));
        }
    }
}

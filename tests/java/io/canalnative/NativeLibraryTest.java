package io.canalnative;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Why a library does not load, and what the user is told. */
class NativeLibraryTest {

    @TempDir Path directory;

    private static InputStream noLibrary() {
        return new ByteArrayInputStream("not an ELF file".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void platformsWithoutALibraryAreNamed() {
        assertDoesNotThrow(() -> NativeLibrary.checkPlatform("Linux", "amd64"));
        for (String[] other : new String[][] {{"Mac OS X", "aarch64"}, {"Linux", "aarch64"}, {"Windows 11", "amd64"}}) {
            NativeLibraryException e =
                    assertThrows(NativeLibraryException.class, () -> NativeLibrary.checkPlatform(other[0], other[1]));
            assertTrue(e.reason().contains(other[0]) && e.reason().contains(other[1]), e.getMessage());
            assertTrue(e.remedy().contains("'codec' = 'flink'"), e.getMessage());
        }
    }

    @Test
    void theOverrideMustBeTheAbsolutePathOfAFile() {
        for (String path : new String[] {"libcanal_native.so", directory.toString(), directory.resolve("none").toString()}) {
            NativeLibraryException e = assertThrows(NativeLibraryException.class, () -> NativeLibrary.loadOverride(path));
            assertTrue(e.reason().contains("'" + path + "'"), e.getMessage());
            assertTrue(e.remedy().contains("canal.native.library"), e.getMessage());
        }
    }

    @Test
    void aTemporaryDirectoryThatCannotBeWrittenIsNamed() throws Exception {
        String file = Files.createFile(directory.resolve("file")).toString();
        NativeLibraryException e =
                assertThrows(NativeLibraryException.class, () -> NativeLibrary.loadCopy(noLibrary(), file));
        assertTrue(e.reason().contains(file), e.getMessage());
        assertTrue(e.remedy().contains("java.io.tmpdir"), e.getMessage());
    }

    @Test
    void aLibraryThatDoesNotLoadLeavesNothingBehind() {
        NativeLibraryException e =
                assertThrows(NativeLibraryException.class, () -> NativeLibrary.loadCopy(noLibrary(), directory.toString()));
        assertTrue(e.getCause() instanceof UnsatisfiedLinkError);
        assertTrue(e.remedy().contains("noexec"), e.getMessage());
        assertArrayEquals(new String[0], directory.toFile().list());
    }

    @Test
    void jarAndLibraryMustBeOfOneVersion() {
        String jar = NativeLibrary.jarVersion();
        assertTrue(jar.matches("\\d+\\.\\d+\\.\\d+.*"), jar);
        assertDoesNotThrow(() -> NativeLibrary.checkVersion(jar));
        NativeLibraryException e = assertThrows(NativeLibraryException.class, () -> NativeLibrary.checkVersion("0.0.7"));
        assertEquals("The jar is version " + jar + " but the native library is version 0.0.7", e.reason());
    }
}

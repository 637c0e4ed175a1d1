package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import io.canalnative.NativeCodec;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** A library file that cannot be loaded: reason and remedy, flink-json decodes, and the JVM lives. Each in a JVM of its own. */
class LibraryFileTest {

    private static final String LIBRARY = "native/linux-x86_64/libcanal_native.so";

    @TempDir Path directory;

    private byte[] library() throws IOException {
        try (InputStream in = NativeCodec.class.getClassLoader().getResourceAsStream(LIBRARY)) {
            return in.readAllBytes();
        }
    }

    private static void refused(ChildJvm child, String... words) {
        assertEquals(0, child.exitCode, child.output);
        String[] lines = child.output.split("\n");
        List<String> refusals = new ArrayList<>(Arrays.asList(lines));
        refusals.removeIf(line -> !line.startsWith("refused: "));
        assertEquals(2, refusals.size(), child.output);
        assertEquals(refusals.get(0), refusals.get(1));
        for (String word : words) {
            assertTrue(refusals.get(0).contains(word), word + " in " + child.output);
        }
        assertTrue(child.output.contains("decoded: [+I(\"x\")] by flink-json"), child.output);
    }

    private ChildJvm withLibrary(Path file) throws Exception {
        return ChildJvm.run(Collections.emptyList(), directory, LoadProgram.class, "-Dcanal.native.library=" + file);
    }

    @Test
    void theJarsOwn() throws Exception {
        ChildJvm child = ChildJvm.run(Collections.emptyList(), directory, LoadProgram.class);
        assertEquals(0, child.exitCode, child.output);
        assertTrue(child.output.contains("loaded\nloaded\n") && child.output.contains("decoded: [+I(\"x\")] natively"), child.output);
    }

    /** Cut anywhere in what the linker maps, loading it would end the JVM with SIGBUS. */
    @Test
    void cutOff() throws Exception {
        byte[] whole = library();
        for (int length : new int[] {63, 1_000, whole.length - 100_000}) {
            Path file = directory.resolve("cut-" + length + ".so");
            Files.write(file, Arrays.copyOf(whole, length));
            refused(withLibrary(file), file.toString(), "canal.native.library");
        }
    }

    @Test
    void ofAnotherMachine() throws Exception {
        byte[] other = library();
        other[18] = (byte) 183; // AArch64
        Path file = Files.write(directory.resolve("aarch64.so"), other);
        refused(withLibrary(file), file.toString());
    }

    /** A library that loads, but has none of our natives: a copy of one of the JDK's. */
    @Test
    void ofSomethingElse() throws Exception {
        Path file = directory.resolve("other.so");
        Files.copy(Paths.get(System.getProperty("java.home"), "lib", "libprefs.so"), file);
        refused(withLibrary(file), "not canal-native's", "canal.native.library");
    }

    @Test
    void missing() throws Exception {
        Path file = directory.resolve("none.so");
        refused(withLibrary(file), file.toString(), "canal.native.library");
        Path tmp = directory.resolve("no such directory");
        ChildJvm child = ChildJvm.run(Collections.emptyList(), directory, LoadProgram.class, "-Djava.io.tmpdir=" + tmp);
        refused(child, tmp.toString(), "java.io.tmpdir");
    }

    /** Mounts an empty file system on the directory, for the command that follows and nobody else. */
    private static List<String> mounted(Path on, String options) {
        String mount = "mount -t tmpfs -o " + options + " canal-native-test '" + on + "' && exec \"$@\"";
        return Arrays.asList("unshare", "--mount", "sh", "-c", mount, "sh");
    }

    static boolean canMount() throws Exception {
        Path on = Files.createTempDirectory("canal-native-mount");
        List<String> command = new ArrayList<>(mounted(on, "ro"));
        command.add("true");
        try {
            return new ProcessBuilder(command).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } finally {
            Files.delete(on);
        }
    }

    @Test
    @EnabledIf("canMount")
    void temporaryDirectoriesOfNoUse() throws Exception {
        Path tmp = Files.createDirectory(directory.resolve("tmp"));
        String option = "-Djava.io.tmpdir=" + tmp;
        refused(ChildJvm.run(mounted(tmp, "noexec"), directory, LoadProgram.class, option), tmp.toString(), "noexec");
        refused(ChildJvm.run(mounted(tmp, "ro"), directory, LoadProgram.class, option), tmp.toString(), "Make the directory writable");
        refused(ChildJvm.run(mounted(tmp, "size=256k"), directory, LoadProgram.class, option), tmp.toString(), "room for some MiB");
    }
}

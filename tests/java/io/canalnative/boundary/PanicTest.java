package io.canalnative.boundary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bug in the native library: an exception that names it, and the decoder, its handle and the JVM are as before. */
class PanicTest {

    @TempDir Path directory;

    @Test
    void aPanicIsAnException() throws Exception {
        Path library = Paths.get(System.getProperty("canal.native.panics", "target/debug/examples/libpanics.so")).toAbsolutePath();
        assertTrue(Files.exists(library), library + " does not exist; `cargo build --example panics` makes it");
        ChildJvm child = ChildJvm.run(Collections.emptyList(), directory, PanicProgram.class, "-Dcanal.native.library=" + library);
        assertEquals(0, child.exitCode, child.output);
        String thrown =
                "thrown: io.canalnative.NativeException: panic in the native library: forced by a test (at tests/boundary/panics.rs:";
        assertEquals(3, child.output.split(Pattern.quote(thrown), -1).length - 1, child.output);
        assertEquals(3, child.output.split("\ndecoded: true\n", -1).length - 1, child.output);
        assertTrue(child.output.contains("\nclosed: "), child.output);
    }
}

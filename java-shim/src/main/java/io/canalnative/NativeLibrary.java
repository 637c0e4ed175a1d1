package io.canalnative;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the native library, once for each class loader, when it is first needed.
 *
 * <p>The library is a resource of the jar. A JVM refuses to load one file into two class loaders, so each class loader
 * unpacks it into a directory of its own below {@code java.io.tmpdir}, loads it, and deletes file and directory at
 * once (the mapping stays). The system property {@value #PATH_PROPERTY} names a library file to load instead.
 *
 * <p>The outcome, good or bad, is remembered. Never call this from a static initialiser of a factory: Flink
 * instantiates factories in clients that decode nothing.
 */
public final class NativeLibrary {

    /** System property: absolute path of a library to load instead of the jar's own. No default. */
    public static final String PATH_PROPERTY = "canal.native.library";

    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);

    private static final String RESOURCE = "native/linux-x86_64/libcanal_native.so";
    private static final String FILE_NAME = "libcanal_native.so";
    private static final String OTHER_CODEC_REMEDY =
            "Set the format's option 'codec' = 'flink' to use Flink's own codec, with Flink's semantics, without this warning";

    private static final int COPY_BYTES = 64 * 1024;
    private static final int MAX_NAMES = 100;

    private static boolean attempted;
    private static NativeLibraryException failure;

    private NativeLibrary() {}

    /**
     * Makes {@link NativeCodec} usable.
     *
     * @throws NativeLibraryException with the reason and the remedy, the same one at every call; the first failure is
     *     also logged, as one WARN
     */
    public static synchronized void load() throws NativeLibraryException {
        if (!attempted) {
            attempted = true;
            try {
                loadFile();
                checkVersion(libraryVersion());
            } catch (NativeLibraryException e) {
                failure = e;
                LOG.warn("The native Canal codec is not available; each message is decoded in Java, with the same rows but more CPU time. {}", e.getMessage(), e.getCause());
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static void loadFile() throws NativeLibraryException {
        String override = System.getProperty(PATH_PROPERTY);
        if (override != null) {
            loadOverride(override);
            return;
        }
        checkPlatform(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
        try (InputStream resource = NativeLibrary.class.getClassLoader().getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new NativeLibraryException(
                        "The jar has no resource '" + RESOURCE + "'",
                        "Use a jar built by './dev jar', or name a library file with -D" + PATH_PROPERTY + "=/path/" + FILE_NAME,
                        null);
            }
            loadCopy(resource, System.getProperty("java.io.tmpdir"));
        } catch (IOException e) {
            throw new NativeLibraryException("The resource '" + RESOURCE + "' is not readable: " + e, "Check the jar file", e);
        }
    }

    static void checkPlatform(String os, String arch) throws NativeLibraryException {
        boolean x86 = arch.equals("amd64") || arch.equals("x86_64");
        if (!os.toLowerCase(Locale.ROOT).startsWith("linux") || !x86) {
            throw new NativeLibraryException(
                    "The jar has no library for os.name '" + os + "', os.arch '" + arch + "', only for Linux on x86-64",
                    OTHER_CODEC_REMEDY + ", or name a library built for this platform with -D" + PATH_PROPERTY,
                    null);
        }
    }

    static void loadOverride(String path) throws NativeLibraryException {
        Path file = Paths.get(path);
        String remedy = "Correct or remove the system property " + PATH_PROPERTY;
        if (!file.isAbsolute() || !Files.isRegularFile(file)) {
            throw new NativeLibraryException(
                    "System property " + PATH_PROPERTY + " is '" + path + "', which is not the absolute path of a file", remedy, null);
        }
        checkComplete(file, remedy);
        try {
            System.load(path);
        } catch (UnsatisfiedLinkError e) {
            // Another class loader of this JVM has the file already; a copy is a different file to the JVM.
            if (!String.valueOf(e.getMessage()).contains("already loaded in another classloader")) {
                throw new NativeLibraryException("The library '" + path + "' does not load: " + e.getMessage(), remedy, e);
            }
            try (InputStream copy = Files.newInputStream(file)) {
                loadCopy(copy, System.getProperty("java.io.tmpdir"));
            } catch (IOException unreadable) {
                throw new NativeLibraryException("The library '" + path + "' is not readable: " + unreadable, remedy, unreadable);
            }
        }
    }

    static void loadCopy(InputStream library, String temporaryDirectory) throws NativeLibraryException {
        Path directory = null;
        Path file = null;
        try {
            directory = privateDirectory(Paths.get(temporaryDirectory));
            file = directory.resolve(FILE_NAME);
            copy(library, file);
            checkComplete(file, "Check the jar file, and the room below java.io.tmpdir '" + temporaryDirectory + "'");
            System.load(file.toAbsolutePath().toString());
        } catch (IOException e) {
            throw new NativeLibraryException(
                    "The library cannot be unpacked below java.io.tmpdir '" + temporaryDirectory + "': " + e,
                    "Make the directory writable with room for some MiB, or set -Djava.io.tmpdir (in Flink: env.java.opts.all)",
                    e);
        } catch (UnsatisfiedLinkError e) {
            throw new NativeLibraryException(
                    "The library does not load from '" + file + "': " + e.getMessage(),
                    "It needs glibc 2.17 or later and a java.io.tmpdir that is not mounted noexec. " + OTHER_CODEC_REMEDY,
                    e);
        } finally {
            delete(file);
            delete(directory);
        }
    }

    /**
     * A new directory that only its owner may enter. {@code Files.createTempDirectory} starts a secure random generator for its name, which takes a tenth
     * of a cold start; here a name that somebody has taken is refused by the file system, and the next one is tried.
     */
    private static Path privateDirectory(Path parent) throws IOException {
        if (!parent.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return Files.createTempDirectory(parent, "canal-native-");
        }
        FileAttribute<Set<PosixFilePermission>> owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        for (int tries = 1; ; tries++) {
            String name = "canal-native-" + Long.toHexString(System.nanoTime()) + Integer.toHexString(System.identityHashCode(new Object()));
            try {
                return Files.createDirectory(parent.resolve(name), owner);
            } catch (FileAlreadyExistsException e) {
                if (tries == MAX_NAMES) {
                    throw e;
                }
            }
        }
    }

    /** Copies in large pieces: in those of {@code Files.copy}, 8 KiB, it takes three times as long. */
    private static void copy(InputStream from, Path to) throws IOException {
        byte[] piece = new byte[COPY_BYTES];
        try (OutputStream out = Files.newOutputStream(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int length = from.read(piece); length >= 0; length = from.read(piece)) {
                out.write(piece, 0, length);
            }
        }
    }

    private static void delete(Path path) {
        if (path != null) {
            File file = path.toFile();
            if (!file.delete() && file.exists()) {
                file.deleteOnExit();
            }
        }
    }

    private static void checkComplete(Path file, String remedy) throws NativeLibraryException {
        try {
            long needed = ElfFile.mappedLength(file);
            if (Files.size(file) < needed) {
                throw new NativeLibraryException(
                        "The library '" + file + "' is cut off: it has " + Files.size(file) + " bytes of at least " + needed, remedy, null);
            }
        } catch (IOException e) {
            throw new NativeLibraryException("The library '" + file + "' is not readable, or cut off in its headers: " + e, remedy, e);
        }
    }

    private static String libraryVersion() throws NativeLibraryException {
        try {
            return NativeCodec.version();
        } catch (UnsatisfiedLinkError e) {
            throw new NativeLibraryException(
                    "The library that was loaded is not canal-native's: " + e.getMessage(),
                    "Correct or remove the system property " + PATH_PROPERTY,
                    e);
        }
    }

    static void checkVersion(String library) throws NativeLibraryException {
        String jar = jarVersion();
        if (!jar.equals(library)) {
            throw new NativeLibraryException(
                    "The jar is version " + jar + " but the native library is version " + library,
                    "Use jar and library of one build: remove the system property " + PATH_PROPERTY
                            + " if it is set, and older copies of the jar from lib/",
                    null);
        }
    }

    /** The jar's own version, from {@code io/canalnative/version.properties}. */
    public static String jarVersion() {
        Properties properties = new Properties();
        try (InputStream in = NativeLibrary.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new IllegalStateException("The jar's resource io/canalnative/version.properties is not readable", e);
        }
        return properties.getProperty("version", "unknown");
    }
}

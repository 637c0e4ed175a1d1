package io.canalnative.differential;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;

/**
 * A Flink {@code lib/} directory as a class loader: flink-json alone, or our jar before flink-json.
 *
 * <p>Child first for flink-json and for our packages, so each directory has its own factories, decoders and native
 * library; everything else (Flink's API, the rows, Jackson, the tests) comes from the test's class path.
 *
 * <p>System properties: {@value #JAR} and {@value #STOCK} name the two jars. Without them both are looked up on the
 * class path of the test.
 */
public final class LibDirectory extends URLClassLoader {

    /** System property: our jar, or a directory with its classes and resources. */
    public static final String JAR = "canal.native.jar";
    /** System property: flink-json's jar. */
    public static final String STOCK = "canal.native.stock";

    private static final String SERVICES = "META-INF/services/org.apache.flink.table.factories.Factory";
    private LibDirectory(List<URL> jars) {
        super(jars.toArray(new URL[0]), LibDirectory.class.getClassLoader());
    }

    /** flink-json only. */
    public static LibDirectory stock() {
        List<URL> jars = new ArrayList<>();
        jars.add(flinkJson());
        return new LibDirectory(jars);
    }

    /** Our jar, then flink-json. */
    public static LibDirectory withNativeCodec() {
        List<URL> jars = new ArrayList<>(nativeJar());
        jars.add(flinkJson());
        return new LibDirectory(jars);
    }

    /** The same behind a directory whose files hide those of the jars. */
    public static LibDirectory withNativeCodecBehind(Path directory) {
        List<URL> jars = new ArrayList<>();
        jars.add(url(directory.toFile()));
        jars.addAll(nativeJar());
        jars.add(flinkJson());
        return new LibDirectory(jars);
    }

    /** Our jar with a library that is refused for its version: {@code directory} is written to. */
    public static LibDirectory withoutLibrary(Path directory) throws IOException {
        Path version = directory.resolve("io/canalnative/version.properties");
        Files.createDirectories(version.getParent());
        Files.write(version, "version=0.0.7\n".getBytes(StandardCharsets.US_ASCII));
        return withNativeCodecBehind(directory);
    }

    private static URL flinkJson() {
        String named = System.getProperty(STOCK);
        return named != null ? url(new File(named)) : onClassPath("org/apache/flink/formats/json/JsonFormatFactory.class");
    }

    private static List<URL> nativeJar() {
        List<URL> places = new ArrayList<>();
        String named = System.getProperty(JAR);
        if (named != null) {
            places.add(url(new File(named)));
            return places;
        }
        places.add(onClassPath("io/canalnative/NativeCodec.class"));
        URL resources = onClassPath("io/canalnative/version.properties");
        if (!places.contains(resources)) {
            places.add(resources);
        }
        return places;
    }

    /** The class path entry that holds a resource. */
    private static URL onClassPath(String resource) {
        URL found = LibDirectory.class.getClassLoader().getResource(resource);
        if (found == null) {
            throw new IllegalStateException(resource + " is not on the class path; set -D" + JAR + " and -D" + STOCK);
        }
        try {
            String text = found.toString();
            String entry = text.substring(0, text.length() - resource.length());
            boolean inJar = entry.startsWith("jar:");
            return new File(new URI(inJar ? entry.substring(4, entry.length() - 2) : entry)).toURI().toURL();
        } catch (URISyntaxException | MalformedURLException e) {
            throw new IllegalStateException("Not a file: " + found, e);
        }
    }

    private static URL url(File file) {
        if (!file.exists()) {
            throw new IllegalStateException("No such file: " + file);
        }
        try {
            return file.toURI().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalStateException("Not a file: " + file, e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (isOfTheDirectory(name)) {
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                return known != null ? known : findClass(name);
            }
        }
        return super.loadClass(name, resolve);
    }

    private static boolean isOfTheDirectory(String name) {
        boolean tests = name.startsWith("io.canalnative.differential.") || name.startsWith("io.canalnative.boundary.")
                || name.startsWith("io.canalnative.fuzz.");
        return name.startsWith("org.apache.flink.formats.json.") || name.startsWith("io.canalnative.") && !tests;
    }

    @Override
    public URL getResource(String name) {
        return Optional.ofNullable(findResource(name)).orElseGet(() -> super.getResource(name));
    }

    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        return name.equals(SERVICES) ? findResources(name) : super.getResources(name);
    }
}

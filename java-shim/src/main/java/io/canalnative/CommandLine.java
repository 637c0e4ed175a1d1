package io.canalnative;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * {@code java -jar canal-native-flink-<version>.jar}: what the jar does outside of Flink. Needs a Flink distribution in
 * {@code $FLINK_HOME}, whose lib/ it puts behind itself on a class path, as a Flink with the jar in lib/ has it.
 */
public final class CommandLine {

    private static final String USAGE = "usage: java -jar canal-native-flink-<version>.jar <verb>\n"
            + "\n"
            + "  bench --ddl FILE --messages FILE [--quick]\n"
            + "             Flink's codec and this one side by side on messages of yours: are the rows equal, CPU time and allocated bytes\n"
            + "             per message. The Flink is the one in $FLINK_HOME, 1.20 or 2.x.\n"
            + "               --ddl       a CREATE TABLE statement with 'format' = 'canal-json'; the connector need not be there\n"
            + "               --messages  Canal's messages, one a line; a name that ends in .gz is unpacked\n"
            + "               --quick     fewer and shorter measurements\n"
            + "  --version  print the version\n"
            + "  --help     this text\n";

    private CommandLine() {}

    /** Ends with exit code 0; 1 where something failed or differs; 2 where the command is not understood. */
    public static void main(String[] args) throws Exception {
        System.exit(run(args));
    }

    private static int run(String[] args) throws Exception {
        List<String> rest = new ArrayList<>(Arrays.asList(args));
        String verb = rest.isEmpty() ? "" : rest.remove(0);
        if (verb.equals("--version") || verb.equals("--help")) {
            System.out.print(verb.equals("--help") ? USAGE : "canal-native " + version() + "\n");
            return 0;
        }
        if (!verb.equals("bench")) {
            return misunderstood(verb.isEmpty() ? "no verb" : "unknown verb '" + verb + "'");
        }
        boolean quick = rest.remove("--quick");
        Map<String, File> files = new HashMap<>();
        for (int i = 0; i < rest.size(); i += 2) {
            if (!Arrays.asList("--ddl", "--messages").contains(rest.get(i)) || i + 1 == rest.size()) {
                return misunderstood("'" + rest.get(i) + "' is no option of bench, or has no value");
            }
            files.put(rest.get(i), new File(rest.get(i + 1)));
        }
        if (files.size() < 2) {
            return misunderstood("bench needs --ddl and --messages");
        }
        for (Map.Entry<String, File> file : files.entrySet()) {
            if (!file.getValue().isFile()) {
                return failed(file.getKey() + ": there is no file " + file.getValue().getAbsolutePath());
            }
        }
        return bench(files.get("--ddl"), files.get("--messages"), quick);
    }

    private static int bench(File ddl, File messages, boolean quick) throws Exception {
        String home = System.getenv("FLINK_HOME");
        if (home == null || home.isEmpty()) {
            return failed("FLINK_HOME is not set; set it to the directory of a Flink 1.20 or 2.x distribution, the one with lib/flink-dist-….jar");
        }
        File[] jars = new File(home, "lib").listFiles((directory, name) -> name.endsWith(".jar") && !name.startsWith("canal-native"));
        for (String needed : new String[] {"flink-dist-", "flink-json-", "flink-table-planner"}) {
            if (jars == null || Arrays.stream(jars).noneMatch(jar -> jar.getName().startsWith(needed))) {
                return failed("FLINK_HOME is " + home + ", whose lib/ has no " + needed + "….jar; set it to a Flink distribution");
            }
        }
        Arrays.sort(jars);
        List<URL> urls = new ArrayList<>();
        urls.add(CommandLine.class.getProtectionDomain().getCodeSource().getLocation());
        for (File jar : jars) {
            urls.add(jar.toURI().toURL());
        }
        // Log4j's own complaint that it is not configured, and Flink's INFO lines, are not what was asked for.
        if (System.getProperty("log4j2.StatusLogger.level") == null) {
            System.setProperty("log4j2.StatusLogger.level", "OFF");
        }
        try (URLClassLoader flink = new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getSystemClassLoader().getParent())) {
            Thread.currentThread().setContextClassLoader(flink);
            Object code = flink.loadClass("io.canalnative.bench.OwnMessages")
                    .getMethod("run", File.class, File.class, boolean.class)
                    .invoke(null, ddl, messages, quick);
            return (Integer) code;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception) {
                throw (Exception) e.getCause();
            }
            throw e;
        }
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = CommandLine.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        }
        return properties.getProperty("version");
    }

    private static int failed(String problem) {
        System.err.println("canal-native: " + problem);
        return 1;
    }

    private static int misunderstood(String problem) {
        System.err.println("canal-native: " + problem + "\n\n" + USAGE);
        return 2;
    }
}

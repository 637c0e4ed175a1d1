package io.canalnative;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
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

    private static final String USAGE = "usage: canal-native <verb>, or java -jar canal-native-flink-<version>.jar <verb>\n"
            + "\n"
            + "  run JOB.yaml\n"
            + "             move the tables of a Canal topic, or of a database, into Doris, with a Flink in this process, until the input ends or Ctrl-C. State and\n"
            + "             log are kept beside the file, JOB.state and JOB.log; the next run goes on where this one stopped\n"
            + "  plan JOB.yaml\n"
            + "             read all messages that are there now, print the statements that Doris would get, and do nothing\n"
            + "  check JOB.yaml [--json]\n"
            + "             look at both sides: can they be reached, may the users do what they have to, is the log one that can be read, which tables\n"
            + "             could not be in Doris. Changes nothing\n"
            + "  status JOB.yaml [--json]\n"
            + "             how that job is: its stage, tables under way, what is left, how far it is behind, its last schema change and load\n"
            + "  pause JOB.yaml\n"
            + "             stop the process that runs the job, as Ctrl-C does; run goes on from there\n"
            + "  reset JOB.yaml TABLE…\n"
            + "             read tables anew, named as the source does, database.table: their rows in Doris are deleted, and read from the source again, while\n"
            + "             the job goes on to follow the changes of all tables. At once if the job runs here, else when it runs again\n"
            + "  verify JOB.yaml [--mode checksum|rows] [--table PATTERN] [--json] [--report FILE] [--html FILE] [--samples N] [--settle SECONDS]\n"
            + "             [--rows-per-second N] [--float-digits N] [--time-digits N] [--json-text] [--ignore-trailing-blanks] [--empty-is-null]\n"
            + "             [--doris-query HOST:PORT]\n"
            + "             compare each row of the source's tables with Doris, beside a running job or without one; exit code 0 only if all is equal. It goes\n"
            + "             on where it was stopped; its state is beside the file, JOB.verify, with its last report. verify --help says what the options are.\n"
            + "             On a cluster: flink run canal-native-flink-<version>.jar verify JOB.yaml ...\n"
            + "  correct JOB.yaml --report FILE [--apply] [--delete-surplus] [--audit FILE] [--doris-query HOST:PORT]\n"
            + "             say what would make right what verify found; with --apply do it: write the source's rows of now, and with --delete-surplus delete\n"
            + "             those that only Doris has. Each change is added to the audit file before it is made. correct --help says what the options are\n"
            + "  check-file JOB.yaml\n"
            + "             only say what is wrong with the file\n"
            + "  canal-to-doris JOB.yaml [--reset TABLE]…\n"
            + "             the same job on a cluster: flink run canal-native-flink-<version>.jar canal-to-doris JOB.yaml\n"
            + "  bench --ddl FILE --messages FILE [--quick]\n"
            + "             Flink's codec and this one side by side on messages of yours: are the rows equal, CPU time and allocated bytes\n"
            + "             per message. The Flink is the one in $FLINK_HOME, 1.20 or 2.x.\n"
            + "               --ddl       a CREATE TABLE statement with 'format' = 'canal-json'; the connector need not be there\n"
            + "               --messages  Canal's messages, one a line; a name that ends in .gz is unpacked\n"
            + "               --quick     fewer and shorter measurements\n"
            + "  --version  print the version\n"
            + "  --help     this text\n"
            + "\n"
            + "  FLINK_HOME              a Flink 1.20 or 2.x distribution, the one with lib/flink-dist-….jar\n"
            + "  CANAL_NATIVE_CLASSPATH  further jars, separated by colons, such as flink-sql-connector-kafka where lib/ has none\n"
            + "\n"
            + "Exit code 0: done. 1: something failed or differs. 2: the command or the job's file is not understood.\n";

    private static final String JOB = "io.canalnative.job.EmbeddedJob";
    private static final String CHECK = "io.canalnative.job.JobCheck";
    private static final String CORRECTION = "io.canalnative.job.Correction";
    private static final String VERIFICATION = "io.canalnative.job.Verification";
    private static final String RUNNING = "io.canalnative.job.RunningJob";

    private CommandLine() {}

    /** Ends with exit code 0; 1 where something failed or differs; 2 where the command is not understood. */
    public static void main(String[] args) throws Exception {
        // Flink's client has a class loader for it; on a class path that has Flink on it nobody would take the job over.
        boolean ofClient = CommandLine.class.getClassLoader() != ClassLoader.getSystemClassLoader();
        String ofCluster = args.length == 0 ? null : args[0].equals("canal-to-doris") ? "CanalToDoris" : args[0].equals("verify") ? "ClusterVerification" : null;
        if (ofCluster != null && ofClient && insideFlink()) {
            // Flink's client runs this program to get the job, and goes on after it.
            Method main = Class.forName("io.canalnative.job." + ofCluster).getMethod("main", String[].class);
            try {
                main.invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
            } catch (InvocationTargetException e) {
                throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
            }
            return;
        }
        System.exit(run(args));
    }

    private static boolean insideFlink() {
        try {
            Class.forName("org.apache.flink.streaming.api.environment.StreamExecutionEnvironment", false, CommandLine.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** The same, and gives the exit code. */
    static int run(String[] args) throws Exception {
        List<String> rest = new ArrayList<>(Arrays.asList(args));
        String verb = rest.isEmpty() ? "" : rest.remove(0);
        // verify and correct have options enough for a text of their own.
        if (rest.contains("--help") && !verb.equals("verify") && !verb.equals("correct")) {
            System.out.print(USAGE);
            return 0;
        }
        switch (verb) {
            case "--version":
                System.out.println("canal-native " + version());
                return 0;
            case "--help":
                System.out.print(USAGE);
                return 0;
            case "bench":
                return bench(rest);
            case "run":
            case "plan":
            case "check":
            case "check-file":
            case "status":
            case "pause":
                return job(verb, rest);
            case "reset":
                return reset(rest);
            case "verify":
                return verify(rest);
            case "correct":
                return correct(rest);
            case "canal-to-doris":
                return misunderstood("canal-to-doris is for a cluster's client: flink run canal-native-flink-<version>.jar canal-to-doris JOB.yaml. Without a cluster: canal-native run JOB.yaml");
            default:
                return misunderstood(verb.isEmpty() ? "no verb" : "unknown verb '" + verb + "'");
        }
    }

    private static int job(String verb, List<String> rest) throws Exception {
        boolean json = (verb.equals("status") || verb.equals("check")) && rest.remove("--json");
        if (rest.size() != 1) {
            return misunderstood(verb + " takes one argument, the job's file");
        }
        File file = new File(rest.get(0));
        if (!file.isFile()) {
            return failed("there is no file " + file.getAbsolutePath());
        }
        if (verb.equals("check-file")) {
            return withFlink(Arrays.asList("flink-dist-"), flink -> call(flink, JOB, "check", new Class<?>[] {String.class}, file.getPath()));
        }
        if (verb.equals("check")) {
            return withFlink(Arrays.asList("flink-dist-"), flink -> call(flink, CHECK, verb, new Class<?>[] {String.class, boolean.class}, file.getPath(), json));
        }
        if (verb.equals("status")) {
            return withFlink(Arrays.asList("flink-dist-"), flink -> call(flink, RUNNING, verb, new Class<?>[] {String.class, boolean.class}, file.getPath(), json));
        }
        if (verb.equals("pause")) {
            return withFlink(Arrays.asList("flink-dist-"), flink -> call(flink, RUNNING, verb, new Class<?>[] {String.class}, file.getPath()));
        }
        String log = logOf(file, ".log");
        return embedded(verb, file, log, flink -> call(flink, JOB, verb, new Class<?>[] {String.class, String.class}, file.getPath(), log));
    }

    private static int reset(List<String> rest) throws Exception {
        if (rest.size() < 2) {
            return misunderstood("reset takes the job's file, and the tables to read anew: canal-native reset JOB.yaml database.table");
        }
        File file = new File(rest.get(0));
        if (!file.isFile()) {
            return failed("there is no file " + file.getAbsolutePath());
        }
        String[] tables = rest.subList(1, rest.size()).toArray(new String[0]);
        return withFlink(Arrays.asList("flink-dist-"), flink -> call(flink, RUNNING, "reset", new Class<?>[] {String.class, String[].class}, file.getPath(), tables));
    }

    private static int verify(List<String> rest) throws Exception {
        if (rest.contains("--help")) {
            System.out.print(VerifyOptions.usage());
            return 0;
        }
        File file;
        try {
            file = new File(VerifyOptions.parse(rest).file);
        } catch (IllegalArgumentException e) {
            return misunderstood(e.getMessage(), VerifyOptions.usage());
        }
        if (!file.isFile()) {
            return failed("there is no file " + file.getAbsolutePath());
        }
        String log = logOf(file, ".verify.log");
        return embedded("verify", file, log, flink -> call(flink, VERIFICATION, "run", new Class<?>[] {String.class, String[].class}, log, rest.toArray(new String[0])));
    }

    private static int correct(List<String> rest) throws Exception {
        if (rest.contains("--help")) {
            System.out.print(CorrectOptions.usage());
            return 0;
        }
        File file;
        try {
            file = new File(CorrectOptions.parse(rest).file);
        } catch (IllegalArgumentException e) {
            return misunderstood(e.getMessage(), CorrectOptions.usage());
        }
        if (!file.isFile()) {
            return failed("there is no file " + file.getAbsolutePath());
        }
        return withFlink(Arrays.asList("flink-dist-"), flink -> call(flink, CORRECTION, "run", new Class<?>[] {String[].class}, (Object) rest.toArray(new String[0])));
    }

    /** Runs what has a Flink in this process. */
    private static int embedded(String verb, File file, String log, OnFlink program) throws Exception {
        for (String path : further()) {
            if (!new File(path).exists()) {
                return failed("CANAL_NATIVE_CLASSPATH names " + path + ", which is not there");
            }
        }
        if (System.getProperty("log4j2.configurationFile") == null && System.getProperty("log4j.configurationFile") == null) {
            System.setProperty("log4j2.configurationFile", CommandLine.class.getResource("job/log4j2.properties").toString());
        }
        System.setProperty("canal.native.log", log);
        return withFlink(Arrays.asList("flink-dist-"), flink -> {
            // Flink looks for its classes from threads of the JVM's own, which know the class path only.
            if (flink != CommandLine.class.getClassLoader()) {
                return failed(verb + " needs Flink on the class path of the JVM, where bin/canal-native puts it: FLINK_HOME=… bin/canal-native " + verb + " " + file);
            }
            return program.run(flink);
        });
    }

    private static String logOf(File job, String ending) {
        String name = job.getName();
        int point = name.lastIndexOf('.');
        return new File(job.getAbsoluteFile().getParentFile(), (point > 0 ? name.substring(0, point) : name) + ending).getPath();
    }

    private static List<String> further() {
        String paths = System.getenv("CANAL_NATIVE_CLASSPATH");
        return paths == null || paths.isEmpty() ? new ArrayList<>() : Arrays.asList(paths.split(File.pathSeparator));
    }

    private static int bench(List<String> rest) throws Exception {
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
        return withFlink(Arrays.asList("flink-dist-", "flink-json-", "flink-table-planner"), flink ->
                call(flink, "io.canalnative.bench.OwnMessages", "run", new Class<?>[] {File.class, File.class, boolean.class},
                        files.get("--ddl"), files.get("--messages"), quick));
    }

    /** What runs on a class path with Flink, and gives an exit code. */
    private interface OnFlink {
        int run(ClassLoader flink) throws Exception;
    }

    /** @param needed beginnings of names of jars that Flink's lib/ must have */
    private static int withFlink(List<String> needed, OnFlink program) throws Exception {
        String home = System.getenv("FLINK_HOME");
        if (home == null || home.isEmpty()) {
            return failed("FLINK_HOME is not set; set it to the directory of a Flink 1.20 or 2.x distribution, the one with lib/flink-dist-….jar");
        }
        File[] jars = new File(home, "lib").listFiles((directory, name) -> name.endsWith(".jar") && !name.startsWith("canal-native"));
        for (String one : needed) {
            if (jars == null || Arrays.stream(jars).noneMatch(jar -> jar.getName().startsWith(one))) {
                return failed("FLINK_HOME is " + home + ", whose lib/ has no " + one + "….jar; set it to a Flink distribution");
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
        if (insideFlink()) {
            return program.run(CommandLine.class.getClassLoader());
        }
        try (URLClassLoader flink = new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getSystemClassLoader().getParent())) {
            Thread.currentThread().setContextClassLoader(flink);
            return program.run(flink);
        }
    }

    private static int call(ClassLoader flink, String type, String method, Class<?>[] takes, Object... arguments) throws Exception {
        try {
            return (Integer) flink.loadClass(type).getMethod(method, takes).invoke(null, arguments);
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
        return misunderstood(problem, USAGE);
    }

    private static int misunderstood(String problem, String usage) {
        System.err.println("canal-native: " + problem + "\n\n" + usage);
        return 2;
    }
}

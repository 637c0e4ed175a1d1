package io.canalnative;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;

/** What {@code canal-native verify} was asked for. */
public final class VerifyOptions {

    /** The job's file. */
    public String file;
    /** The report goes to the standard output as JSON, and everything else to the standard error. */
    public boolean json;
    /** Pattern for {@code database.table}; null for all. */
    public String table;
    /** What is asked of the servers: {@code checksum} or {@code rows}. */
    public String mode = "checksum";
    /** Of all readers together; 0 for no limit. */
    public long rowsPerSecond;
    /** Where the report is written to as JSON; null for nowhere but the state's directory. */
    public String report;
    /** Where it is written to as a page; null for nowhere. */
    public String html;
    /** Differences of a table that are shown with their values. */
    public int samples = 20;
    /** Seconds in which a difference may go away; null: by whether the job runs. */
    public Long settle;
    /** Significant digits of FLOAT and DOUBLE; null for all bits. */
    public Integer floatDigits;
    /** Digits of a second's fraction that are compared; null for all. */
    public Integer timeDigits;
    /** JSON is compared as text. */
    public boolean jsonText;
    /** Blanks at the end of any text count for nothing. */
    public boolean ignoreTrailingBlanks;
    /** A text of nothing is NULL. */
    public boolean emptyIsNull;
    /** {@code host:port} of Doris' MySQL protocol; null: a front end is asked. */
    public String dorisQuery;

    private VerifyOptions() {}

    /** @throws IllegalArgumentException says what is not understood */
    public static VerifyOptions parse(List<String> arguments) {
        VerifyOptions options = new VerifyOptions();
        options.file = options.arguments().read(arguments);
        return options;
    }

    /** For {@code --help}: a line for each option, in the words of docs/verify.md. */
    public static String usage() {
        return new VerifyOptions().arguments().usage();
    }

    private Arguments arguments() {
        return new Arguments("verify")
                .option("--mode checksum|rows", "checksum", "sums first, and rows where these differ; or all rows", (option, value) -> {
                    if (!value.equals("checksum") && !value.equals("rows")) {
                        throw new IllegalArgumentException(option + " is '" + value + "'; it is checksum or rows");
                    }
                    mode = value;
                })
                .option("--table PATTERN", "all", "a regular expression for the whole of database.table in the source", (option, value) -> table = value)
                .option("--json", "", "the report as JSON on the standard output; everything else on the standard error", (option, value) -> json = true)
                .option("--report FILE", "", "the report as JSON in a file. The last one that came to its end is in JOB.verify/report.json in any case", (option, value) -> report = new File(value).getAbsolutePath())
                .option("--html FILE", "", "the report as a page with a chart: one file, which loads nothing", (option, value) -> html = new File(value).getAbsolutePath())
                .option("--samples N", "20", "differences of a table that are shown with their values", (option, value) -> samples = (int) Arguments.number(option, value, 0, 100_000))
                .option("--settle SECONDS", "60 while a process here runs the job, else 0", "for how long a difference may go away by itself. Give it where a cluster runs the job",
                        (option, value) -> settle = Arguments.number(option, value, 0, 86_400))
                .option("--rows-per-second N", "no limit", "rows of the source that all readers together compare in a second; a range that is summed up is waited for behind it",
                        (option, value) -> rowsPerSecond = Arguments.number(option, value, 1, Long.MAX_VALUE))
                .option("--float-digits N", "all bits", "FLOAT and DOUBLE are equal that have N significant digits in common", (option, value) -> floatDigits = (int) Arguments.number(option, value, 1, 17))
                .option("--time-digits N", "all", "DATETIME are equal that have N digits of the seconds' fraction in common, 0 to 6", (option, value) -> timeDigits = (int) Arguments.number(option, value, 0, 6))
                .option("--json-text", "by value", "JSON is compared as text", (option, value) -> jsonText = true)
                .option("--ignore-trailing-blanks", "of CHAR only", "blanks at the end of VARCHAR and STRING count for nothing, either", (option, value) -> ignoreTrailingBlanks = true)
                .option("--empty-is-null", "", "a text of nothing equals NULL: Oracle has no other, and somebody else's loads may have written the text", (option, value) -> emptyIsNull = true)
                .option("--doris-query HOST:PORT", "a front end is asked (SHOW FRONTENDS)", "the MySQL protocol of a front end", (option, value) -> dorisQuery = Arguments.address(option, value));
    }

    /**
     * Says before a verification what would be said after it: that a file it is to write cannot be. Nothing is made or changed.
     *
     * @throws IOException names the option, its file, and what to do
     */
    public void needWritable() throws IOException {
        needWritable("--report", report);
        needWritable("--html", html);
    }

    private static void needWritable(String option, String value) throws IOException {
        if (value == null) {
            return;
        }
        Path file = Paths.get(value);
        Path directory = file.getParent();
        String why = null;
        if (directory == null || Files.isDirectory(file)) {
            why = "it is a directory; name a file in it";
        } else if (Files.exists(file)) {
            why = Files.isWritable(file) ? null : "it may not be written to; permit it, or name another file";
        } else if (!Files.exists(directory)) {
            why = "there is no directory " + directory + "; make it, or name another file";
        } else if (!Files.isDirectory(directory)) {
            why = directory + " is no directory; name another file";
        } else if (!Files.isWritable(directory)) {
            why = "the directory " + directory + " may not be written to; permit it, or name another file";
        }
        if (why != null) {
            throw new IOException(option + " cannot be written to " + value + ": " + why);
        }
    }
}

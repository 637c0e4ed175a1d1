package io.canalnative;

import java.io.File;
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
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--json")) {
                options.json = true;
            } else if (argument.equals("--json-text")) {
                options.jsonText = true;
            } else if (argument.equals("--ignore-trailing-blanks")) {
                options.ignoreTrailingBlanks = true;
            } else if (argument.equals("--empty-is-null")) {
                options.emptyIsNull = true;
            } else if (!argument.startsWith("--")) {
                if (options.file != null) {
                    throw new IllegalArgumentException("verify takes one job's file, and there are " + options.file + " and " + argument);
                }
                options.file = argument;
            } else if (++i == arguments.size()) {
                throw new IllegalArgumentException("'" + argument + "' is no option of verify, or has no value");
            } else {
                options.set(argument, arguments.get(i));
            }
        }
        if (options.file == null) {
            throw new IllegalArgumentException("verify needs the job's file");
        }
        return options;
    }

    private void set(String option, String value) {
        switch (option) {
            case "--table":
                table = value;
                break;
            case "--mode":
                if (!value.equals("checksum") && !value.equals("rows")) {
                    throw new IllegalArgumentException("--mode is '" + value + "'; it is checksum or rows");
                }
                mode = value;
                break;
            case "--report":
                report = new File(value).getAbsolutePath();
                break;
            case "--html":
                html = new File(value).getAbsolutePath();
                break;
            case "--doris-query":
                dorisQuery = address(option, value);
                break;
            case "--rows-per-second":
                rowsPerSecond = number(option, value, 1, Long.MAX_VALUE);
                break;
            case "--samples":
                samples = (int) number(option, value, 0, 100_000);
                break;
            case "--settle":
                settle = number(option, value, 0, 86_400);
                break;
            case "--float-digits":
                floatDigits = (int) number(option, value, 1, 17);
                break;
            case "--time-digits":
                timeDigits = (int) number(option, value, 0, 6);
                break;
            default:
                throw new IllegalArgumentException("'" + option + "' is no option of verify");
        }
    }

    /** HOST:PORT. */
    static String address(String option, String value) {
        if (!value.matches(".*[^:]:\\d{1,5}")) {
            throw new IllegalArgumentException(option + " is '" + value + "'; it is HOST:PORT of a front end's MySQL protocol, such as fe:9030");
        }
        return value;
    }

    private static long number(String option, String value, long least, long most) {
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException(option + " is '" + value + "'; it is a number from " + least + " to " + most);
    }
}

package io.canalnative;

import java.io.File;
import java.util.List;

/** What {@code canal-native correct} was asked for. */
public final class CorrectOptions {

    /** The job's file. */
    public String file;
    /** The report of a verification. */
    public String report;
    /** It is done, and not only said. */
    public boolean apply;
    /** Rows that only Doris has are deleted. */
    public boolean deleteSurplus;
    /** The file that each change is added to; null for the one beside the job's file. */
    public String audit;
    /** {@code host:port} of Doris' MySQL protocol; null: a front end is asked. */
    public String dorisQuery;

    private CorrectOptions() {}

    /** @throws IllegalArgumentException says what is not understood */
    public static CorrectOptions parse(List<String> arguments) {
        CorrectOptions options = new CorrectOptions();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--apply")) {
                options.apply = true;
            } else if (argument.equals("--delete-surplus")) {
                options.deleteSurplus = true;
            } else if (!argument.startsWith("--")) {
                if (options.file != null) {
                    throw new IllegalArgumentException("correct takes one job's file, and there are " + options.file + " and " + argument);
                }
                options.file = argument;
            } else if (++i == arguments.size()) {
                throw new IllegalArgumentException("'" + argument + "' is no option of correct, or has no value");
            } else {
                options.set(argument, arguments.get(i));
            }
        }
        if (options.file == null || options.report == null) {
            throw new IllegalArgumentException("correct needs the job's file, and --report FILE of a verification");
        }
        return options;
    }

    private void set(String option, String value) {
        switch (option) {
            case "--report":
                report = new File(value).getAbsolutePath();
                break;
            case "--audit":
                audit = new File(value).getAbsolutePath();
                break;
            case "--doris-query":
                dorisQuery = VerifyOptions.address(option, value);
                break;
            default:
                throw new IllegalArgumentException("'" + option + "' is no option of correct");
        }
    }
}

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
        options.file = options.arguments().read(arguments);
        if (options.report == null) {
            throw new IllegalArgumentException("correct needs --report FILE of a verification");
        }
        return options;
    }

    /** For {@code --help}: a line for each option, in the words of docs/verify.md. */
    public static String usage() {
        return new CorrectOptions().arguments().usage();
    }

    private Arguments arguments() {
        return new Arguments("correct")
                .option("--report FILE", "", "the report of a verification of this job, as JSON. It has to be given", (option, value) -> report = new File(value).getAbsolutePath())
                .option("--apply", "it is only said", "it is done: the source's rows of now are written", (option, value) -> apply = true)
                .option("--delete-surplus", "they stay", "rows that only Doris has are deleted", (option, value) -> deleteSurplus = true)
                .option("--audit FILE", "JOB.audit.jsonl", "the file that each change is added to before it is made", (option, value) -> audit = new File(value).getAbsolutePath())
                .option("--doris-query HOST:PORT", "a front end is asked (SHOW FRONTENDS)", "the MySQL protocol of a front end", (option, value) -> dorisQuery = Arguments.address(option, value));
    }
}

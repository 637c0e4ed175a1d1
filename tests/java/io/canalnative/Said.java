package io.canalnative;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.Callable;

/** What a verb prints in this process, and its exit code. */
public final class Said {

    public final int code;
    public final String out;
    public final String err;

    private Said(int code, String out, String err) {
        this.code = code;
        this.out = out;
        this.err = err;
    }

    public static Said by(Callable<Integer> verb) throws Exception {
        return by(new ByteArrayOutputStream(), verb);
    }

    /** The standard output takes nothing, as that of a disk that is full. */
    public static Said toNobody(Callable<Integer> verb) throws Exception {
        return by(new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("No space left on device");
            }
        }, verb);
    }

    private static Said by(OutputStream to, Callable<Integer> verb) throws Exception {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setOut(new PrintStream(to, true, "UTF-8"));
        System.setErr(new PrintStream(errors, true, "UTF-8"));
        try {
            int code = verb.call();
            return new Said(code, to instanceof ByteArrayOutputStream ? ((ByteArrayOutputStream) to).toString("UTF-8") : "", errors.toString("UTF-8"));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}

package io.canalnative.source;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/**
 * The tables that somebody wants to be read anew while changes are followed, and when that was asked for. Requests are said where the job is
 * submitted, or are lines of a file, {@code epoch milliseconds, blank, database.table}, to which they may be added while the job runs.
 */
public final class TableResets implements Serializable {
    private static final long serialVersionUID = 1L;

    private final ArrayList<Reset> asked;
    /** Null if there is none. */
    private final String file;
    /** The file as it was when it was read last. */
    private transient FileTime modified;
    private transient List<Reset> inFile;

    /** One request. */
    static final class Reset implements Serializable {
        private static final long serialVersionUID = 1L;

        /** Epoch milliseconds. */
        final long at;
        /** {@code database.table}. */
        final String table;

        Reset(long at, String table) {
            this.at = at;
            this.table = table;
        }
    }

    private TableResets(ArrayList<Reset> asked, String file) {
        this.asked = asked;
        this.file = file;
    }

    /** Of tables that are known now. */
    public static TableResets of(Collection<String> tables) {
        ArrayList<Reset> asked = new ArrayList<>();
        long now = System.currentTimeMillis();
        tables.forEach(table -> asked.add(new Reset(now, table)));
        return new TableResets(asked, null);
    }

    /** Of a file of the machine where the log of changes is read. It need not be there. */
    public static TableResets in(Path file) {
        return new TableResets(new ArrayList<>(), file.toAbsolutePath().toString());
    }

    /** Adds requests to a file. */
    public static void ask(Path file, Collection<String> tables) throws IOException {
        List<String> lines = new ArrayList<>();
        long now = System.currentTimeMillis();
        tables.forEach(table -> lines.add(now + " " + table));
        Files.write(file, lines, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** The requests of after a moment. */
    List<Reset> after(long at) throws IOException {
        List<Reset> later = new ArrayList<>(asked);
        if (file != null) {
            later.addAll(inFile());
        }
        later.removeIf(one -> one.at <= at);
        return later;
    }

    private List<Reset> inFile() throws IOException {
        Path path = Paths.get(file);
        FileTime now;
        try {
            now = Files.getLastModifiedTime(path);
        } catch (NoSuchFileException e) {
            return Collections.emptyList();
        }
        if (!now.equals(modified)) {
            List<Reset> read = new ArrayList<>();
            for (String line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
                int blank = line.indexOf(' ');
                if (blank > 0) {
                    read.add(new Reset(Long.parseLong(line.substring(0, blank)), line.substring(blank + 1)));
                }
            }
            inFile = read;
            modified = now;
        }
        return inFile;
    }
}

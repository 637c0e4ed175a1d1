package io.canalnative;

import java.io.Serializable;

/** The tables of a database, and their rows as Canal's flat messages. Texts are JSON in UTF-8; a specification has a password in it. */
public interface SourceTables extends Serializable {

    /**
     * Connects, and lists what is to be read.
     *
     * @return {@code {"server", "position", "tables": [{"database", "table", "rows", "message", …}], "refused": [{"table", "reason"}], "log": {"position",
     *     "definitions"}}}: {@code rows} is about how many, {@code message} the table's definition as a schema change of Canal's, {@code position} where
     *     the log of changes stands, of a server that has one, {@code log} what {@link #log} takes to begin there, where the specification asks for it
     * @throws NativeLibraryException the library is not available here
     * @throws NativeException the server cannot be reached, or refuses it
     */
    byte[] tables(byte[] spec) throws NativeLibraryException;

    /**
     * The key ranges of one table: together all its rows.
     *
     * @param table an element of {@link #tables}
     * @return an array of ranges, for {@link #open}
     */
    byte[] ranges(byte[] spec, byte[] table) throws NativeLibraryException;

    /** Begins to read one range. */
    SourceRows open(byte[] spec, byte[] range) throws NativeLibraryException;

    /**
     * Begins to read the log of changes.
     *
     * @param position where: as {@link #tables} or {@link SourceLog#position} has it
     * @param definitions the tables as they are there: from the same place
     */
    SourceLog log(byte[] spec, byte[] position, byte[] definitions) throws NativeLibraryException;
}

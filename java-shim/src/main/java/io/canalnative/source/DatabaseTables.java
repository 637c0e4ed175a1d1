package io.canalnative.source;

import java.nio.charset.StandardCharsets;

import io.canalnative.NativeSourceTables;
import io.canalnative.SourceTables;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * The tables of a database, definitions and rows, as Canal's flat messages for {@link io.canalnative.database.CanalDorisSink}. Tables are read in
 * ranges of their keys, by all subtasks.
 *
 * <p>A range that is read again after a failure has a higher sequence than before. For a later run of the job to win over an earlier one the sink's
 * specification has to have {@code epochs}.
 */
public final class DatabaseTables implements Source<CanalRecord, TableRange, ListedTables> {
    private static final long serialVersionUID = 1L;

    final SourceTables database;
    private final String spec;
    /** Whether a table that cannot be read fails the job. */
    final boolean failsOnRefused;
    /** No row is read. */
    final boolean definitionsOnly;
    private transient ReadingProgress progress;

    DatabaseTables(SourceTables database, String spec, boolean failsOnRefused, boolean definitionsOnly) {
        this.database = database;
        this.spec = spec;
        this.failsOnRefused = failsOnRefused;
        this.definitionsOnly = definitionsOnly;
    }

    /**
     * Tables that are read natively.
     *
     * @param spec what is read from where: JSON, as native/src/mysql/ documents it
     * @param failsOnRefused a table that cannot be read fails the job; else it is reported, and left out
     * @param definitionsOnly no row is read
     */
    public static DatabaseTables of(String spec, boolean failsOnRefused, boolean definitionsOnly) {
        return new DatabaseTables(new NativeSourceTables(), spec, failsOnRefused, definitionsOnly);
    }

    byte[] spec() {
        return spec.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<CanalRecord, TableRange> createReader(SourceReaderContext context) {
        return new TableRangeReader(database, spec(), context);
    }

    @Override
    public SplitEnumerator<TableRange, ListedTables> createEnumerator(SplitEnumeratorContext<TableRange> context) {
        return new TableRanges(context, this, progress(), ListedTables.none());
    }

    @Override
    public SplitEnumerator<TableRange, ListedTables> restoreEnumerator(SplitEnumeratorContext<TableRange> context, ListedTables listed) {
        return new TableRanges(context, this, progress(), listed);
    }

    private ReadingProgress progress() {
        if (progress == null) {
            progress = new ReadingProgress();
        }
        return progress;
    }

    @Override
    public SimpleVersionedSerializer<TableRange> getSplitSerializer() {
        return TableRange.SERIALIZER;
    }

    @Override
    public SimpleVersionedSerializer<ListedTables> getEnumeratorCheckpointSerializer() {
        return ListedTables.SERIALIZER;
    }

    /** The specification has a password in it. */
    @Override
    public String toString() {
        return "tables of a database";
    }
}

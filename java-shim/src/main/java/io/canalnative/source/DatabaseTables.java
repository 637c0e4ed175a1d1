package io.canalnative.source;

import io.canalnative.NativeSourceTables;
import io.canalnative.SourceTables;
import io.canalnative.TableRuns;
import io.canalnative.database.CanalRecord;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The tables of a database, definitions and rows, and then what changes in them, as Canal's flat messages for {@link
 * io.canalnative.database.CanalDorisSink}. Tables are read in ranges of their keys, by all subtasks; the log of changes by one.
 *
 * <p>A range that is read again after a failure has a higher sequence than before. A job that begins anew is in another run, whose number stands
 * above all of that.
 */
public final class DatabaseTables implements Source<CanalRecord, DatabaseSplit, ListedTables> {
    private static final long serialVersionUID = 1L;

    /** Of native/src/snapshot/spec.rs. */
    private static final String SELECTION = "names";

    final SourceTables database;
    final TableRuns runs;
    private final String spec;
    /** Whether a table that cannot be read fails the job. */
    final boolean failsOnRefused;
    final Stages stages;
    final TableResets resets;
    private transient ReadingProgress progress;

    DatabaseTables(SourceTables database, TableRuns runs, String spec, boolean failsOnRefused, Stages stages, TableResets resets) {
        this.database = database;
        this.runs = runs;
        this.spec = spec;
        this.failsOnRefused = failsOnRefused;
        this.stages = stages;
        this.resets = resets;
    }

    /**
     * Tables that are read natively.
     *
     * @param spec what is read from where: JSON, as native/src/snapshot/spec.rs documents it; its {@code log} says what {@code stages} does
     * @param runs which run of the job it is, where it begins anew
     * @param failsOnRefused a table that cannot be read fails the job; else it is reported, and left out
     * @param stages what is read beside the definitions
     * @param resets tables that are to be read anew while changes are followed
     */
    public static DatabaseTables of(String spec, TableRuns runs, boolean failsOnRefused, Stages stages, TableResets resets) {
        return new DatabaseTables(new NativeSourceTables(), runs, spec, failsOnRefused, stages, resets);
    }

    byte[] spec() {
        return SourceJson.bytes(spec);
    }

    /** Which tables are read: a part of the specification, which a job that goes on may have in another form than before. */
    String selection() {
        return SourceJson.read(spec()).path(SELECTION).toString();
    }

    /** The specification with such a part, to list tables again while the log is read. */
    byte[] specOf(String selection) {
        ObjectNode other = (ObjectNode) SourceJson.read(spec());
        other.put("follows", true);
        return SourceJson.bytes(other.set(SELECTION, SourceJson.read(SourceJson.bytes(selection))));
    }

    @Override
    public Boundedness getBoundedness() {
        return stages.incremental ? Boundedness.CONTINUOUS_UNBOUNDED : Boundedness.BOUNDED;
    }

    @Override
    public SourceReader<CanalRecord, DatabaseSplit> createReader(SourceReaderContext context) {
        return new DatabaseReader(this, context);
    }

    @Override
    public SplitEnumerator<DatabaseSplit, ListedTables> createEnumerator(SplitEnumeratorContext<DatabaseSplit> context) {
        return new DatabaseEnumerator(context, this, progress(), ListedTables.none());
    }

    @Override
    public SplitEnumerator<DatabaseSplit, ListedTables> restoreEnumerator(SplitEnumeratorContext<DatabaseSplit> context, ListedTables listed) {
        return new DatabaseEnumerator(context, this, progress(), listed);
    }

    private ReadingProgress progress() {
        if (progress == null) {
            progress = new ReadingProgress();
        }
        return progress;
    }

    @Override
    public SimpleVersionedSerializer<DatabaseSplit> getSplitSerializer() {
        return DatabaseSplit.SERIALIZER;
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

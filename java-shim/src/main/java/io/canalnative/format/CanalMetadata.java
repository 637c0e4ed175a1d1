package io.canalnative.format;

import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.types.DataType;

/** The metadata columns that this format has beside flink-json's six. All are nullable, and NULL where the member is missing or null. */
enum CanalMetadata {
    /** The event's name. */
    TYPE("type", DataTypes.STRING()),
    /** The statement of an event without rows. */
    SQL("sql", DataTypes.STRING()),
    /** Whether the message is a schema change. */
    IS_DDL("is-ddl", DataTypes.BOOLEAN()),
    /** The source transaction. */
    GTID("gtid", DataTypes.STRING()),
    /** Canal's batch number. */
    ID("id", DataTypes.BIGINT()),
    /** The row's own object in {@code old}, as it stands there: changed columns only. NULL but for UPDATE. */
    OLD("old", DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING())),
    /** The message's bytes; never crosses to the native side. */
    RAW("raw", DataTypes.BYTES()),
    /** The binlog file that the event stands in; packets only. */
    BINLOG_FILE("binlog-file", DataTypes.STRING()),
    /** Where in that file; packets only. */
    BINLOG_OFFSET("binlog-offset", DataTypes.BIGINT());

    /** What a column is declared {@code METADATA FROM}. */
    final String key;

    final DataType type;

    CanalMetadata(String key, DataType type) {
        this.key = key;
        this.type = type;
    }

    /** Whether messages of this form have it. */
    boolean isIn(Wire wire) {
        return wire == Wire.PROTOBUF || this != BINLOG_FILE && this != BINLOG_OFFSET;
    }

    /** The metadata column of a key, or null for the keys of flink-json and unknown ones. */
    static CanalMetadata of(String key) {
        for (CanalMetadata metadata : values()) {
            if (metadata.key.equals(key)) {
                return metadata;
            }
        }
        return null;
    }
}

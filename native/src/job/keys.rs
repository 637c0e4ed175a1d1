//! The keys of a job's file.

use super::shape::Shape::{
    Addresses, Choice, Duration, Either, Flag, List, Map, Number, Object, Pattern, Scalar, Size, Text,
};
use super::shape::{Member, Shape, may, must};

/// The whole file.
pub const JOB: Shape = Object(&[
    must("name", Text, "shop-to-doris", "The job's name: Flink shows it, and labels of loads are made from it"),
    must("source", Object(SOURCE), "{canal: …}", "Where rows and changes come from"),
    must("target", Object(TARGET), "{doris: …}", "Where they go"),
    may("tables", Object(TABLES), "{include: ['shop\\..*']}", "Which tables, and what they are in Doris"),
    may("ddl", Object(DDL), "{sync: true}", "What becomes of schema changes"),
    may("deletes", Choice(&["apply", "ignore"]), "apply", "What becomes of DELETEs; default apply"),
    may("errors", Object(ERRORS), "{table: report}", "What becomes of what cannot be applied"),
    may("load", Object(LOAD), "{max-rows: 500000}", "Sizes and limits of loads"),
    may(
        "realFlushPauseSec",
        Number(1, 3600),
        "10",
        "At most so many seconds pass until a row is sent to Doris; CloudCanal's name. Default 10",
    ),
    may(
        "fullBatchSize",
        Number(1, u64::MAX >> 1),
        "100000",
        "Rows of a table that are read at once, about: larger tables are cut at their keys, and the pieces read in parallel. Default 100000",
    ),
    may(
        "fullRingBufferSize",
        Number(16, 256),
        "16",
        "CloudCanal's name, without effect: what is read of a table goes into bodies of loads in the same thread, and none of it waits in a ring between",
    ),
    may(
        "stages",
        List(&Choice(STAGES)),
        "[schema-migration, full-data, incremental]",
        "What is done with a database: tables are made, their rows are read, and then their changes, without an end, which source.greenplum does not have; verification compares all tables with Doris once their rows are there. Default all that the source has, without verification",
    ),
    may("increBatchSize", Number(1, u64::MAX), "500000", "CloudCanal's name for load.max-rows"),
    may(
        "increRingBufferSize",
        Number(32, 512),
        "128",
        "CloudCanal's name for memory: load.memory is 4 MB for each slot of its ring. A power of two",
    ),
    may(
        "memory",
        Size,
        "2gb",
        "Ceiling for the memory of the process: its heap, the bodies of all subtasks, and all else. Default 2gb",
    ),
    may("flink", Object(FLINK), "{parallelism: 1}", "How Flink runs the job"),
]);

/// What a job does with a database, in this order.
pub(super) const STAGES: &[&str] = &[SCHEMA_MIGRATION, FULL_DATA, INCREMENTAL, VERIFICATION];
pub(super) const SCHEMA_MIGRATION: &str = "schema-migration";
pub(super) const FULL_DATA: &str = "full-data";
pub(super) const INCREMENTAL: &str = "incremental";
pub(super) const VERIFICATION: &str = "verification";

const SOURCE: &[Member] = &[
    may("canal", Object(CANAL), "{format: json, kafka: …}", "Canal's messages"),
    may(
        "mysql",
        Object(MYSQL),
        "{host: db1, username: reader}",
        "A MySQL or MariaDB server, whose tables are read as they are now, and then what changes in them",
    ),
    may(
        "postgres",
        Object(POSTGRES),
        "{host: db1, database: shop, username: reader}",
        "A database of PostgreSQL, whose tables are read as they are now, and then what changes in them",
    ),
    may(
        "greenplum",
        Object(GREENPLUM),
        "{host: coordinator, database: shop, username: reader}",
        "A database of Greenplum, whose tables are read as they are now",
    ),
    may(
        "oracle",
        Object(ORACLE),
        "{host: db1, service: ORCLPDB1, username: reader}",
        "A database of Oracle, whose tables are read as they are now, and then its changes by LogMiner, by Oracle's JDBC driver, which has to be in Flink's lib/",
    ),
];

/// The sources that are databases themselves.
pub(super) const DATABASES: &[&str] = &["mysql", "postgres", "greenplum", "oracle"];

/// Those of them whose changes are not read.
pub(super) const WITHOUT_LOG: &[&str] = &["greenplum"];

const PASSWORD: Member = may("password", Scalar, "secret", "The password; better in the environment or a file");
const PASSWORD_FILE: Member = may(
    "password-file",
    Text,
    "password.txt",
    "The file with the password, without a line break at its end; relative to the job's file",
);
const CONNECT_TIMEOUT: Member =
    may("connect-timeout", Duration, "30s", "Limit for a connection to be made. Default 30s");

const MYSQL: &[Member] = &[
    must("host", Text, "db1", "The server's name or address"),
    may("port", Number(1, 65_535), "3306", "Its port. Default 3306"),
    must(
        "username",
        Text,
        "reader",
        "A user with SELECT on the tables, and REPLICATION SLAVE and REPLICATION CLIENT on *.* for changes",
    ),
    PASSWORD,
    may("password-env", Text, "MYSQL_PASSWORD", "The environment variable with the password"),
    PASSWORD_FILE,
    CONNECT_TIMEOUT,
    may(
        "server-id",
        Number(1, 4_294_967_295),
        "1717171717",
        "What the reader of changes is to the server: no other replica, and no other job, may have the same. Default a number made of the job's name",
    ),
    may(
        "tls",
        Object(SERVER_TLS),
        "{ca: /etc/mysql/ca.pem}",
        "TLS to the server; {} with Mozilla's list of authorities",
    ),
];

const POSTGRES: &[Member] = &[
    POSTGRES_HOST,
    POSTGRES_PORT,
    POSTGRES_DATABASE,
    POSTGRES_USERNAME,
    PASSWORD,
    POSTGRES_PASSWORD_ENV,
    PASSWORD_FILE,
    CONNECT_TIMEOUT,
    may(
        "slot",
        Text,
        "canal_native_shop",
        "The replication slot that the server keeps its log of changes for: at most 63 small letters, digits and underscores. Default a name made of the job's name",
    ),
    may(
        "publication",
        Text,
        "shop",
        "The publication that says of which tables changes come; made by the job unless it is there. Default the slot's name",
    ),
    POSTGRES_TLS,
];

const GREENPLUM: &[Member] = &[
    POSTGRES_HOST,
    POSTGRES_PORT,
    POSTGRES_DATABASE,
    POSTGRES_USERNAME,
    PASSWORD,
    POSTGRES_PASSWORD_ENV,
    PASSWORD_FILE,
    CONNECT_TIMEOUT,
    POSTGRES_TLS,
];

const ORACLE: &[Member] = &[
    must("host", Text, "db1", "The server's name or address"),
    may("port", Number(1, 65_535), "1521", "Its listener's port. Default 1521"),
    must("service", Text, "ORCLPDB1", "The service, whose schemas are read"),
    may(
        "log-service",
        Text,
        "ORCLCDB",
        "The service at which LogMiner is asked, if that is not allowed at the other one: the root's, of a container database. Default the same",
    ),
    must(
        "username",
        Text,
        "C##READER",
        "A user with CREATE SESSION, SELECT on the tables, and for the log LOGMINING and SELECT on views that the manual names",
    ),
    PASSWORD,
    may("password-env", Text, "ORACLE_PASSWORD", "The environment variable with the password"),
    PASSWORD_FILE,
    CONNECT_TIMEOUT,
];

const POSTGRES_HOST: Member = must("host", Text, "db1", "The server's name or address; of Greenplum the coordinator's");
const POSTGRES_PORT: Member = may("port", Number(1, 65_535), "5432", "Its port. Default 5432");
const POSTGRES_DATABASE: Member = must("database", Text, "shop", "The database, whose schemas are read");
const POSTGRES_USERNAME: Member = must(
    "username",
    Text,
    "reader",
    "A user with USAGE on the schemas and SELECT on the tables, and of PostgreSQL REPLICATION for changes",
);
const POSTGRES_PASSWORD_ENV: Member =
    may("password-env", Text, "POSTGRES_PASSWORD", "The environment variable with the password");
const POSTGRES_TLS: Member = may(
    "tls",
    Object(SERVER_TLS),
    "{ca: /etc/postgresql/ca.pem}",
    "TLS to the server; {} with Mozilla's list of authorities",
);

const SERVER_TLS: &[Member] = &[
    may("ca", Text, "/etc/mysql/ca.pem", "PEM file of the authorities to trust, on each task manager"),
    may("skip-hostname-verification", Flag, "false", "Whether the certificate may be for another host. Default false"),
];

const CANAL: &[Member] = &[
    may(
        "format",
        Choice(&["json", "protobuf"]),
        "json",
        "json: flat messages (Canal's flatMessage = true). protobuf: packets. Default json",
    ),
    may("kafka", Object(KAFKA), "{bootstrap-servers: \"localhost:9092\", topics: [shop]}", "Topics of Kafka"),
    may(
        "files",
        List(&Text),
        "[messages.jsonl.gz]",
        "Files with a flat message in each line, read in this order; names that end in .gz are unpacked. Relative to the job's file",
    ),
];

const KAFKA: &[Member] = &[
    must("bootstrap-servers", Addresses, "\"localhost:9092\"", "Brokers"),
    may("topics", List(&Text), "[shop]", "Topics by name"),
    may("topic-pattern", Text, "'shop_.*'", "Topics by a regular expression of Java, for the whole name"),
    may(
        "group",
        Text,
        "canal-to-doris",
        "The consumer group, whose offsets are committed at checkpoints; default the job's name",
    ),
    may(
        "start",
        Either(&Choice(&["earliest", "latest", "committed"]), START),
        "earliest",
        "Where a job without a checkpoint begins; committed: at the group's offsets, where it has none at the earliest. Default earliest",
    ),
    may("properties", Map(&Scalar), "{security.protocol: SSL}", "Further properties of Kafka's consumer"),
];

const START: &[Member] = &[must(
    "timestamp",
    Number(0, u64::MAX >> 1),
    "1735689600000",
    "The first message that is not older, in epoch milliseconds",
)];

const TARGET: &[Member] =
    &[must("doris", Object(DORIS), "{fenodes: \"localhost:8030\", username: root}", "A cluster of Apache Doris")];

const DORIS: &[Member] = &[
    must("fenodes", Addresses, "\"localhost:8030\"", "Front ends, HTTP ports"),
    may("benodes", Addresses, "\"localhost:8040\"", "Back ends, HTTP ports; loads go there directly then"),
    may("auto-redirect", Flag, "true", "Whether loads go to a front end, which redirects them. Default true"),
    must("username", Text, "root", "A user with SELECT, LOAD, CREATE, ALTER and DROP privilege"),
    PASSWORD,
    may("password-env", Text, "DORIS_PASSWORD", "The environment variable with the password"),
    PASSWORD_FILE,
    may(
        "host-rewrite",
        Map(&Text),
        "{10.0.0.7: doris-1}",
        "Addresses that Doris redirects to, and what to use instead; host or host:port",
    ),
    CONNECT_TIMEOUT,
    may("tls", Object(TLS), "{ca: /etc/doris/ca.pem}", "TLS to Doris; {} with the system's authorities"),
];

const TLS: &[Member] = &[
    may("ca", Text, "/etc/doris/ca.pem", "PEM file of the authorities to trust, on each task manager"),
    may("skip-hostname-verification", Flag, "false", "Whether the certificate may be for another host. Default false"),
];

const TABLES: &[Member] = &[
    may("include", List(&Pattern), "['shop\\..*']", "Tables to move, as database.table in whole; default all"),
    may("exclude", List(&Pattern), "['shop\\.tmp_.*']", "Of those, tables not to move"),
    may(
        "rename",
        List(&Object(RENAME)),
        "[{from: '(\\w+)\\.(\\w+)', to: 'ods.$2'}]",
        "Names in Doris; the first rule that matches counts",
    ),
    may(
        "columns",
        List(&Object(COLUMNS)),
        "[{table: 'shop\\.users', exclude: [secret]}]",
        "Columns left out, renamed and added",
    ),
    may("properties", Object(PROPERTIES), "{buckets: 8}", "How tables are made"),
    may("types", Object(TYPES), "{tinyint1: boolean}", "Types in Doris"),
];

const RENAME: &[Member] = &[
    must("from", Pattern, "'shop_\\d+\\.(\\w+)'", "Tables, as database.table in whole"),
    must("to", Text, "'ods.$1'", "database.table in Doris, with $1 or ${name} for the groups of from"),
];

const COLUMNS: &[Member] = &[
    must("table", Pattern, "'shop\\.users'", "Tables of the source, as database.table in whole"),
    may("rename", Map(&Text), "{name: user_name}", "Column in the source: column in Doris"),
    may("exclude", List(&Text), "[secret]", "Columns that Doris does not get"),
    may("add", List(&Object(ADD)), "[{name: _db, metadata: database}]", "Columns that only Doris has"),
];

const ADD: &[Member] = &[
    must("name", Text, "_source", "The column's name"),
    may("type", Text, "varchar(20)", "Its type in Doris"),
    may("value", Scalar, "shop1", "The same value for all rows"),
    may(
        "metadata",
        Choice(&["database", "table", "type", "event-timestamp", "ingestion-timestamp"]),
        "database",
        "What Canal says of the row",
    ),
];

const PROPERTIES: &[Member] = &[
    BUCKETS,
    REPLICATION,
    SEQUENCE_TYPE,
    DUPLICATE,
    EXTRA,
    may(
        "per-table",
        List(&Object(PER_TABLE)),
        "[{table: 'ods\\.orders', buckets: 32}]",
        "Other properties for some tables; the first rule that matches counts",
    ),
];

const BUCKETS: Member = may("buckets", Number(1, 10_000), "8", "Buckets of a table; default AUTO");
const REPLICATION: Member = may("replication", Number(1, 100), "3", "Replicas of a tablet; default what Doris does");

const SEQUENCE_TYPE: Member = may(
    "sequence-type",
    Choice(&["bigint", "largeint", "none"]),
    "bigint",
    "Type of the hidden sequence column, by which of two rows of a key the later one stays; none for none. Default bigint",
);
const DUPLICATE: Member = may(
    "duplicate-without-key",
    Flag,
    "false",
    "Whether a table without a primary key becomes a DUPLICATE table, else it is refused. Default false",
);
const EXTRA: Member = may("extra", Map(&Scalar), "{storage_medium: SSD}", "Further PROPERTIES of CREATE TABLE");

const PER_TABLE: &[Member] = &[
    must("table", Pattern, "'ods\\.orders'", "Tables of Doris, as database.table in whole"),
    BUCKETS,
    REPLICATION,
    SEQUENCE_TYPE,
    DUPLICATE,
    EXTRA,
];

const TYPES: &[Member] = &[
    may("binary", Choice(&["hex", "base64"]), "hex", "How binary strings become text. Default hex"),
    may("geometry", Choice(&["hex", "wkt"]), "hex", "How geometries become text. Default hex"),
    may("tinyint1", Choice(&["tinyint", "boolean"]), "tinyint", "What tinyint(1) becomes. Default tinyint"),
    may("json", Choice(&["json", "string"]), "json", "What JSON becomes. Default json"),
    may("zero-date", Choice(&["fail", "null", "epoch"]), "\"null\"", "How dates of zeros are read. Default \"null\""),
];

const DDL: &[Member] = &[
    may("sync", Flag, "true", "Whether schema changes are applied. Default true"),
    may("drop-table", Choice(&["ignore", "apply"]), "ignore", "What becomes of DROP TABLE. Default ignore"),
    may("truncate", Choice(&["apply", "ignore"]), "apply", "What becomes of TRUNCATE. Default apply"),
    may(
        "keep-wider",
        Flag,
        "false",
        "Whether a column that is narrowed in the source keeps its type in Doris, else its table stops. Default false",
    ),
    may(
        "journal-database",
        Text,
        "canal_native",
        "The database of Doris with the journal of schema changes. Default canal_native",
    ),
];

const ERRORS: &[Member] = &[
    may(
        "table",
        Choice(&["report", "fail"]),
        "report",
        "A table that cannot be in Doris: report it and go on without it, or fail. Default report",
    ),
    may(
        "message",
        Choice(&["fail", "report"]),
        "fail",
        "A message that cannot be applied: fail, or report it and go on without it. Default fail",
    ),
];

const LOAD: &[Member] = &[
    may("format", Choice(&["json", "csv"]), "json", "How rows travel. Default json"),
    may("compress", Choice(&["none", "gz", "lz4"]), "none", "How bodies are compressed. Default none"),
    may("max-rows", Number(1, u64::MAX), "500000", "A load has at most so many rows. Default 500000"),
    may("max-bytes", Size, "100mb", "A load is sent at so many bytes. Default 100mb, or as much as memory leaves"),
    may(
        "memory",
        Size,
        "512mb",
        "Bodies of all tables of a subtask together. Default 512mb, or as much as memory leaves",
    ),
    may("in-flight", Number(1, 1000), "4", "Loads of a subtask at once. Default 4"),
    may("max-retries", Number(0, 1000), "3", "Times a load is sent again. Default 3"),
    may("timeout", Duration, "600s", "Limit for one load. Default 600s"),
    may("patience", Duration, "5min", "For how long unreachable or busy servers are tried again. Default 5min"),
];

const FLINK: &[Member] = &[
    may("parallelism", Number(1, 1024), "1", "Subtasks that write. Default 1"),
    may(
        "checkpoint-interval",
        Duration,
        "10s",
        "Between two checkpoints; after a failure rows since the last one are read again. Default 10s",
    ),
    may(
        "state-directory",
        Text,
        "state",
        "Where checkpoints are kept. Embedded: default the job's file's name with .state, beside it",
    ),
    may("properties", Map(&Scalar), "{taskmanager.memory.managed.size: 64mb}", "Further settings of Flink"),
];

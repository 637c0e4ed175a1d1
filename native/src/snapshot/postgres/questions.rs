//! What the catalogue is asked: SQL that all versions from 9.4 on understand, which Greenplum 6 is.

use crate::snapshot::quoted::quoted_text;
use crate::snapshot::spec::ServerKind;

/// Which server is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// What it is.
    pub kind: ServerKind,
    /// `server_version_num`: 90426, 120012, 150018.
    pub number: u32,
}

/// The first version with partitions of PostgreSQL's own, which Greenplum 7 has, too.
const PARTITIONS: u32 = 100_000;
/// The first with policies that hide rows.
pub const POLICIES: u32 = 90_500;
/// The first whose indexes may have columns that are no key.
const INCLUDED: u32 = 110_000;
/// The first with generated columns.
const GENERATED: u32 = 120_000;
/// The first whose databases may have a collation of ICU.
const PROVIDERS: u32 = 150_000;

/// All tables that may be selected, and partitions, for their numbers of rows: oid, schema, table, rows by the statistics, whether it is partitioned,
/// whether it is a partition, whether the user may use the schema, whether it may read the table, whether policies hide rows, comment.
pub fn relations(version: Version) -> String {
    let old_greenplum = version.kind == ServerKind::Greenplum && version.number < PARTITIONS;
    let (partitioned, partition, tables) = match version.number {
        PARTITIONS.. => ("c.relkind = 'p'", "c.relispartition", ""),
        _ if old_greenplum => (
            "EXISTS (SELECT 1 FROM pg_catalog.pg_partition p WHERE p.parrelid = c.oid)",
            "EXISTS (SELECT 1 FROM pg_catalog.pg_partition_rule r WHERE r.parchildrelid = c.oid)",
            " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_exttable x WHERE x.reloid = c.oid)",
        ),
        _ => ("false", "false", ""),
    };
    let hidden = if version.number >= POLICIES { "pg_catalog.row_security_active(c.oid)" } else { "false" };
    // Rows of a page, by the last ANALYZE, and the pages of now; without one a row is taken to have a hundred bytes.
    let rows = "CASE WHEN c.relkind = 'p' THEN 0 \
                WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.reltuples / c.relpages * (pg_catalog.pg_relation_size(c.oid) / \
                pg_catalog.current_setting('block_size')::pg_catalog.int8) \
                ELSE pg_catalog.pg_relation_size(c.oid) / 100 END::pg_catalog.int8";
    format!(
        "SELECT c.oid, n.nspname, c.relname, {rows}, {partitioned}, {partition}, pg_catalog.has_schema_privilege(n.oid, 'USAGE'), \
         pg_catalog.has_table_privilege(c.oid, 'SELECT'), {hidden}, pg_catalog.obj_description(c.oid, 'pg_class') \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' \
         AND n.nspname NOT IN ('information_schema', 'gp_toolkit'){tables} ORDER BY 2, 3"
    )
}

/// Which table is a part of which: parent, child.
pub const PARENTS: &str = "SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits";

/// All types but those of tables: oid, schema, name, typtype, base type and modifier of a domain, the elements' type of an array.
pub const TYPES: &str = "SELECT t.oid, n.nspname, t.typname, t.typtype, t.typbasetype, t.typtypmod, \
     CASE WHEN t.typcategory = 'A' AND t.typlen = -1 AND t.typname NOT IN ('int2vector', 'oidvector') THEN t.typelem ELSE 0 END \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype <> 'c'";

/// Digits behind the point of money.
pub const MONEY: &str = "SELECT pg_catalog.char_length(pg_catalog.split_part(0::pg_catalog.money::pg_catalog.numeric::pg_catalog.text, '.', 2))";

/// Which columns of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those that are stored as they were given: the server's log has no others.
    Given,
}

/// A table's columns: number, name, type, modifier, NOT NULL, default, comment, whether its collation is the order of bytes in UTF-8: C or POSIX, which have
/// numbers of their own, or the database's if that is one of them.
pub fn columns(version: Version, oid: u32, which: Which) -> String {
    let is_default = if version.number >= GENERATED { "a.attgenerated = ''" } else { "true" };
    let provider = if version.number >= PROVIDERS { " AND b.datlocprovider = 'c'" } else { "" };
    let by_bytes = format!(
        "(SELECT pg_catalog.pg_encoding_to_char(b.encoding) = 'UTF8' AND (a.attcollation IN (950, 951) \
         OR a.attcollation = 100 AND b.datcollate IN ('C', 'POSIX'){provider}) \
         FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())"
    );
    let given = if which == Which::Given { format!(" AND {is_default}") } else { String::new() };
    format!(
        "SELECT a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, \
         CASE WHEN {is_default} THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END, pg_catalog.col_description(a.attrelid, a.attnum), {by_bytes} \
         FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped{given} ORDER BY a.attnum"
    )
}

/// The number and relkind of a table, and its comment.
pub fn named(schema: &str, table: &str) -> String {
    format!(
        "SELECT c.oid, c.relkind, pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relname = {} AND c.relkind IN ('r', 'p')",
        quoted_text(schema),
        quoted_text(table)
    )
}

/// A table's primary key: how many columns it has, and the numbers of these and of others that are with them, separated by blanks.
pub fn key(version: Version, oid: u32) -> String {
    let count = if version.number >= INCLUDED { "i.indnkeyatts" } else { "i.indnatts" };
    format!("SELECT {count}, i.indkey FROM pg_catalog.pg_index i WHERE i.indrelid = {oid} AND i.indisprimary")
}

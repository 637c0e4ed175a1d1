//! Statements as values: what the parser made of a text, before any table is looked at.

use super::expr::Expr;

/// `table` or `db.table` (a catalog before it is dropped when it is `internal`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    /// The database, or the session's.
    pub database: Option<String>,
    /// The table.
    pub table: String,
}

/// A type as written: `DECIMAL(9, 1)`, `ARRAY<INT>`, `STRUCT<a: INT>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypeName {
    /// Upper case: `DECIMAL`.
    pub name: String,
    /// Numbers in parentheses; `*` (as in `VARCHAR(*)`) is none.
    pub arguments: Vec<u32>,
    /// Types in angle brackets, with their names in a STRUCT.
    pub inner: Vec<(Option<String>, TypeName)>,
}

/// `DEFAULT …` of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultValue {
    /// `DEFAULT NULL`
    Null,
    /// A literal; numbers as written.
    Literal(String),
    /// `CURRENT_TIMESTAMP[(precision)]`
    CurrentTimestamp(Option<u32>),
    /// `CURRENT_DATE`
    CurrentDate,
}

/// A column of CREATE TABLE, ADD COLUMN or MODIFY COLUMN.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDef {
    /// As written.
    pub name: String,
    /// As written.
    pub ty: TypeName,
    /// `KEY` behind the type.
    pub key: bool,
    /// `SUM`, `REPLACE` …, upper case.
    pub aggregation: Option<String>,
    /// `NULL` or `NOT NULL`, when said.
    pub nullable: Option<bool>,
    /// When said.
    pub default: Option<DefaultValue>,
    /// `AUTO_INCREMENT[(start)]`
    pub auto_increment: Option<u64>,
    /// `GENERATED ALWAYS AS (expression)`
    pub generated: Option<Expr>,
    /// `ON UPDATE CURRENT_TIMESTAMP`
    pub on_update: bool,
    /// Empty when not said.
    pub comment: String,
}

/// `UNIQUE KEY`, `DUPLICATE KEY`, `AGGREGATE KEY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyClause {
    /// `UNIQUE KEY(…)`
    Unique,
    /// `DUPLICATE KEY(…)`
    Duplicate,
    /// `AGGREGATE KEY(…)`
    Aggregate,
}

/// A value of a partition's bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundValue {
    /// `MAXVALUE`
    Max,
    /// `NULL` (list partitions)
    Null,
    /// A literal.
    Literal(String),
}

/// Which rows a partition takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartitionBound {
    /// `VALUES LESS THAN (…)` or `LESS THAN MAXVALUE` (one `Max`).
    LessThan(Vec<BoundValue>),
    /// `VALUES [(…), (…))`
    Range(Vec<BoundValue>, Vec<BoundValue>),
    /// `VALUES IN (…)`
    In(Vec<Vec<BoundValue>>),
}

/// A named partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDef {
    /// As written.
    pub name: String,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its rows.
    pub bound: PartitionBound,
}

/// `[AUTO] PARTITION BY RANGE|LIST (…) (…)`
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionBy {
    /// `AUTO`: partitions are made when a row asks for one.
    pub auto: bool,
    /// `LIST`, else `RANGE`.
    pub list: bool,
    /// Columns, or `date_trunc(column, unit)`.
    pub by: Vec<Expr>,
    /// The partitions said.
    pub partitions: Vec<PartitionDef>,
}

/// `DISTRIBUTED BY …`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Columns of `HASH(…)`; none for `RANDOM`.
    pub hash: Option<Vec<String>>,
    /// None: `BUCKETS AUTO`.
    pub buckets: Option<u32>,
}

/// `INDEX name (columns) [USING kind]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDef {
    /// As written.
    pub name: String,
    /// As written.
    pub columns: Vec<String>,
    /// `INVERTED`, `BITMAP`, `NGRAM_BF` …, upper case; empty when not said.
    pub kind: String,
}

/// `CREATE TABLE`
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// Where.
    pub name: TableName,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// In order.
    pub columns: Vec<ColumnDef>,
    /// In order.
    pub indexes: Vec<IndexDef>,
    /// When said.
    pub keys: Option<(KeyClause, Vec<String>)>,
    /// `COMMENT`, empty when not said.
    pub comment: String,
    /// When said.
    pub partition: Option<PartitionBy>,
    /// When said.
    pub distribution: Option<Distribution>,
    /// `PROPERTIES (…)`, in order.
    pub properties: Vec<(String, String)>,
}

/// Where ADD or MODIFY COLUMN puts the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPosition {
    /// `FIRST`
    First,
    /// `AFTER column`
    After(String),
}

/// One clause of ALTER TABLE.
#[derive(Debug, Clone, PartialEq)]
pub enum AlterClause {
    /// `ADD COLUMN` (or `ADD COLUMN (a …, b …)`, one clause each)
    AddColumn(ColumnDef, Option<ColumnPosition>),
    /// `DROP COLUMN`
    DropColumn(String),
    /// `MODIFY COLUMN`
    ModifyColumn(ColumnDef, Option<ColumnPosition>),
    /// `RENAME COLUMN old new`
    RenameColumn(String, String),
    /// `ORDER BY (…)`
    Reorder(Vec<String>),
    /// `MODIFY COLUMN c COMMENT '…'`
    ColumnComment(String, String),
    /// `MODIFY COMMENT '…'`
    Comment(String),
    /// `RENAME new`
    Rename(String),
    /// `SET (…)`
    Set(Vec<(String, String)>),
    /// `ENABLE FEATURE "…"`
    EnableFeature(String),
    /// `ADD PARTITION`
    AddPartition(PartitionDef),
    /// `DROP PARTITION [IF EXISTS] p [FORCE]`
    DropPartition {
        /// The partition.
        name: String,
        /// `IF EXISTS`
        if_exists: bool,
    },
    /// `MODIFY DISTRIBUTION`, `ADD INDEX` …: the layout of data the stand-in does not have.
    Layout,
}

/// Rows of an INSERT.
#[derive(Debug, Clone, PartialEq)]
pub enum InsertSource {
    /// `VALUES`; None is `DEFAULT`.
    Values(Vec<Vec<Option<Expr>>>),
    /// `SELECT`
    Select(Box<Select>),
}

/// `INSERT INTO`
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// Where.
    pub table: TableName,
    /// `INSERT OVERWRITE TABLE`: the old rows go.
    pub overwrite: bool,
    /// `WITH LABEL x`
    pub label: Option<String>,
    /// None: all visible columns.
    pub columns: Option<Vec<String>>,
    /// The rows.
    pub source: InsertSource,
}

/// `UPDATE`
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Where.
    pub table: TableName,
    /// `column = expression`
    pub assignments: Vec<(String, Expr)>,
    /// Which rows.
    pub filter: Option<Expr>,
}

/// `DELETE FROM`
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// Where.
    pub table: TableName,
    /// `PARTITION p` or `PARTITIONS (p, …)`
    pub partitions: Vec<String>,
    /// Which rows.
    pub filter: Option<Expr>,
}

/// A column of a SELECT's result.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// `*` or `t.*`
    Star(Option<String>),
    /// An expression and its name: the alias, or the text as written.
    Expr(Expr, String),
}

/// What stands behind FROM.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A table, its alias.
    Table(TableName, Option<String>),
    /// `(SELECT …) alias`
    Select(Box<Select>, String),
    /// `left [LEFT] JOIN right ON condition`
    Join {
        /// Left side.
        left: Box<Source>,
        /// Right side.
        right: Box<Source>,
        /// `LEFT`: rows without a partner stay.
        outer: bool,
        /// None: `CROSS JOIN` or a comma.
        on: Option<Expr>,
    },
}

/// A key of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderKey {
    /// What to sort by.
    pub expr: Expr,
    /// `DESC`
    pub descending: bool,
    /// `NULLS FIRST|LAST`; by default NULL is the smallest value.
    pub nulls_first: Option<bool>,
}

/// `SELECT`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select {
    /// `DISTINCT`
    pub distinct: bool,
    /// The result's columns.
    pub items: Vec<SelectItem>,
    /// None: one row of constants.
    pub from: Option<Source>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `GROUP BY`
    pub group_by: Vec<Expr>,
    /// `HAVING`
    pub having: Option<Expr>,
    /// Selects joined by `UNION` behind this one; true: `ALL`.
    pub unions: Vec<(bool, Select)>,
    /// `ORDER BY`
    pub order_by: Vec<OrderKey>,
    /// `LIMIT`
    pub limit: Option<usize>,
    /// `OFFSET`
    pub offset: usize,
}

/// Which of SHOW's sets.
#[derive(Debug, Clone, PartialEq)]
pub enum ShowKind {
    /// `SHOW DATABASES|SCHEMAS`
    Databases,
    /// `SHOW [FULL] TABLES [FROM db]`
    Tables { full: bool },
    /// `SHOW [FULL] COLUMNS FROM t`
    Columns { full: bool, table: TableName },
    /// `SHOW CREATE TABLE t`
    CreateTable(TableName),
    /// `SHOW CREATE DATABASE d`
    CreateDatabase(String),
    /// `SHOW FRONTENDS`
    Frontends,
    /// `SHOW BACKENDS`
    Backends,
    /// `SHOW ALTER TABLE COLUMN`
    AlterTableColumn,
    /// `SHOW TRANSACTION`
    Transaction,
    /// `SHOW STREAM LOAD`
    StreamLoad,
    /// `SHOW [GLOBAL|SESSION] VARIABLES`
    Variables,
    /// `SHOW TABLE STATUS`
    TableStatus,
    /// `SHOW INDEX|KEYS FROM t`
    Index(TableName),
    /// `SHOW PARTITIONS FROM t`
    Partitions(TableName),
    /// `SHOW [FULL] PROCESSLIST`
    Processlist,
    /// Sets that drivers ask for and that are empty or one line: `WARNINGS`, `COLLATION`, `ENGINES` …, upper case.
    Other(String),
}

/// `SHOW …` with what may follow every set.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// The set.
    pub kind: ShowKind,
    /// `FROM db` or `IN db`
    pub database: Option<String>,
    /// `LIKE 'pattern'`
    pub like: Option<String>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `ORDER BY`
    pub order_by: Vec<OrderKey>,
    /// `LIMIT`
    pub limit: Option<usize>,
    /// `OFFSET`
    pub offset: usize,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `CREATE DATABASE`
    CreateDatabase { name: String, if_not_exists: bool },
    /// `DROP DATABASE`
    DropDatabase { name: String, if_exists: bool },
    /// `CREATE TABLE`
    CreateTable(Box<CreateTable>),
    /// `CREATE TABLE a LIKE b`
    CreateTableLike { name: TableName, if_not_exists: bool, like: TableName },
    /// `DROP TABLE`
    DropTable { name: TableName, if_exists: bool },
    /// `TRUNCATE TABLE`
    Truncate { name: TableName, partitions: Vec<String> },
    /// `ALTER TABLE`
    AlterTable { name: TableName, clauses: Vec<AlterClause> },
    /// `CANCEL ALTER TABLE COLUMN FROM t`
    CancelAlter(TableName),
    /// `INSERT`
    Insert(Insert),
    /// `UPDATE`
    Update(Update),
    /// `DELETE`
    Delete(Delete),
    /// `SELECT`
    Select(Box<Select>),
    /// `SHOW`
    Show(Box<Show>),
    /// `DESC t`
    Describe(TableName),
    /// `USE db`
    Use(String),
    /// `SET name = value, …`; `SET NAMES` gives nothing.
    Set(Vec<(String, Expr)>),
    /// `KILL`, `SYNC`, `COMMIT` …: accepted, without effect.
    NoEffect,
}

//! Schema changes: what the SQL of a DDL message does to which tables.

pub mod alter;
mod alteration;
pub mod apply;
mod column;
pub mod drift;
pub mod online;
mod statement;
mod tokens;

use super::source::{ColumnDefault, SourceColumn, SourceTable};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A table's name in the source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableName {
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
}

impl TableName {
    /// The name of a table in a database.
    pub fn new(database: impl Into<String>, name: impl Into<String>) -> TableName {
        TableName { database: database.into(), name: name.into() }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.name)
    }
}

/// What a statement does; one statement may do several things, in this order. Indexes, partitions, engines, character sets, views and
/// the like concern no table of Doris, so a statement about them does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaChange {
    /// CREATE TABLE with its columns.
    CreateTable {
        /// The table.
        table: SourceTable,
        /// Nothing happens where it is there.
        if_not_exists: bool,
    },
    /// CREATE TABLE … LIKE.
    CreateTableLike {
        /// The new table.
        table: TableName,
        /// The one that it is like.
        like: TableName,
        /// Nothing happens where it is there.
        if_not_exists: bool,
    },
    /// ALTER TABLE, but for its RENAME.
    AlterTable {
        /// The table.
        table: TableName,
        /// What is done to it, in this order.
        changes: Vec<TableChange>,
    },
    /// RENAME TABLE and ALTER TABLE … RENAME; several of one statement happen at once, each on what the one before made.
    RenameTable {
        /// The name before.
        from: TableName,
        /// The name after.
        to: TableName,
    },
    /// TRUNCATE TABLE.
    Truncate {
        /// The table.
        table: TableName,
    },
    /// DROP TABLE.
    DropTable {
        /// The table.
        table: TableName,
    },
    /// DROP DATABASE.
    DropDatabase {
        /// The database.
        database: String,
    },
    /// Rows come or go without a message of them: partitions that are truncated, dropped or exchanged, tablespaces.
    RowsWithoutMessages {
        /// The table.
        table: TableName,
        /// The clause.
        clause: String,
    },
    /// A statement that is not understood, wholly or in part; nothing of it was done.
    Unparsed {
        /// The statement.
        sql: String,
        /// What is not understood.
        reason: String,
    },
}

impl SchemaChange {
    /// The tables that it is about, in its order; of a new name, too.
    pub fn tables(&self) -> Vec<TableName> {
        match self {
            SchemaChange::CreateTable { table, .. } => vec![TableName::new(&table.database, &table.name)],
            SchemaChange::CreateTableLike { table, .. }
            | SchemaChange::AlterTable { table, .. }
            | SchemaChange::Truncate { table }
            | SchemaChange::DropTable { table }
            | SchemaChange::RowsWithoutMessages { table, .. } => vec![table.clone()],
            SchemaChange::RenameTable { from, to } => vec![from.clone(), to.clone()],
            SchemaChange::DropDatabase { .. } | SchemaChange::Unparsed { .. } => Vec::new(),
        }
    }
}

/// What one clause of ALTER TABLE does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableChange {
    /// ADD COLUMN.
    AddColumn {
        /// The column.
        column: SourceColumn,
        /// Where it stands.
        position: Position,
        /// Nothing happens where it is there.
        if_not_exists: bool,
    },
    /// DROP COLUMN.
    DropColumn {
        /// The column.
        column: String,
        /// Nothing happens where it is not there.
        if_exists: bool,
    },
    /// MODIFY COLUMN, and CHANGE COLUMN, which has another name before.
    ModifyColumn {
        /// The name before.
        old: String,
        /// The whole definition.
        column: SourceColumn,
        /// Where it stands; `None`: where it stood.
        position: Option<Position>,
        /// Nothing happens where it is not there.
        if_exists: bool,
    },
    /// RENAME COLUMN; those of one statement happen at once.
    RenameColumn {
        /// The name before.
        old: String,
        /// The name after.
        new: String,
    },
    /// ALTER COLUMN … SET DEFAULT and DROP DEFAULT.
    SetDefault {
        /// The column.
        column: String,
        /// The default, if one is set.
        default: Option<ColumnDefault>,
    },
    /// ADD PRIMARY KEY and DROP PRIMARY KEY.
    SetKey {
        /// The key's columns; none where it is dropped.
        keys: Vec<String>,
    },
    /// COMMENT.
    SetComment {
        /// The table's comment.
        comment: String,
    },
}

/// Where a column stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// Behind all others.
    Last,
    /// Before all others.
    First,
    /// Behind this one.
    After(String),
}

/// What the SQL of a DDL message does. `database` is the message's; Canal leaves it in back quotes for some statements, and empty where it
/// did not understand the statement: then names without a database are not understood here either.
///
/// Never fails: what is not understood is [`SchemaChange::Unparsed`], alone.
pub fn parse(sql: &str, database: &str) -> Vec<SchemaChange> {
    let database = database.strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or(database);
    statement::changes(sql, database)
        .unwrap_or_else(|reason| vec![SchemaChange::Unparsed { sql: sql.to_string(), reason }])
}

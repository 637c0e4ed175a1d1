//! What a server has: tables, their columns and keys.

use crate::error::{Error, Kind};
use crate::sync::mysql_type::MysqlType;
use serde::{Deserialize, Serialize};

/// What is there to be read.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    /// The server's version, as it says it.
    pub server: String,
    /// Where its binary log stood before anything else was asked; None of a server that has no such log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// In the order of their names.
    pub tables: Vec<Table>,
    /// Those that cannot be read, and why.
    pub refused: Vec<Refused>,
}

impl Catalogue {
    /// Itself, if there is anything in it.
    ///
    /// # Errors
    /// [`Kind::Source`]: no table of the server is selected.
    pub fn unless_empty(self) -> Result<Catalogue, Error> {
        if self.tables.is_empty() && self.refused.is_empty() {
            return Err(Error::new(
                Kind::Source,
                "none of the server's tables is selected; look at tables.include and tables.exclude, and whether this user may read them",
            ));
        }
        Ok(self)
    }
}

/// A place in the binary log; what is not known or not there is empty.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// All transactions up to there: `gtid_executed` of MySQL, `gtid_binlog_pos` of MariaDB.
    pub gtid: String,
    /// The file,
    pub file: String,
    /// and the byte in it.
    pub offset: u64,
}

/// A table that is selected and cannot be read.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// `database.table`.
    pub table: String,
    /// Why, and what to do.
    pub reason: String,
}

/// A table to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its database; its schema, where a database has such.
    pub database: String,
    /// Its name.
    pub table: String,
    /// Rows, as the server estimates.
    pub rows: u64,
    /// All columns, in the table's order.
    pub columns: Vec<Column>,
    /// The primary key's, in the key's order.
    pub keys: Vec<String>,
    /// Whether it may be cut at its key: it has one, and the server compares its values with literals as it sorts them.
    pub by_key: bool,
    /// What stands behind FROM to read it.
    pub from: String,
    /// What stands behind SELECT: an expression for each column, whose texts are what Canal has.
    pub select: String,
    /// Its definition, as a Canal message has it.
    pub message: String,
    /// What PostgreSQL or Oracle knows of each column; empty of MySQL, which says it by [`Column::ty`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub native: Vec<Native>,
}

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Dialect {
    /// PostgreSQL's, and Greenplum's.
    #[default]
    Postgres,
    /// Oracle's.
    Oracle,
}

/// A column as a server that is no MySQL knows it, beyond the type that its values have in messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Native {
    /// In whose SQL it is asked for.
    #[serde(default)]
    pub dialect: Dialect,
    /// The expression of it that is selected.
    pub selected: String,
    /// Its type, of a domain the one that it is of, such as `int4` or `NUMBER`; empty for arrays, labels, and types that are not the server's own.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether its values are sorted as the bytes of their texts are, in UTF-8.
    #[serde(default)]
    pub by_bytes: bool,
}

impl Table {
    /// Whether it has rows of its own only, and none of tables below it.
    pub fn is_alone(&self) -> bool {
        self.from.starts_with("ONLY ")
    }

    /// The column of that name, as its key has it.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What the server knows of the column of that name; None of MySQL.
    pub fn native(&self, name: &str) -> Option<&Native> {
        self.columns.iter().zip(&self.native).find(|(column, _)| column.name == name).map(|(_, native)| native)
    }
}

/// A column that is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type that its values have in messages.
    #[serde(rename = "type")]
    pub ty: MysqlType,
}

impl Column {
    /// Whether its values are bytes, of which Canal makes a character each.
    pub fn is_binary(&self) -> bool {
        matches!(self.ty, MysqlType::Binary(_) | MysqlType::Varbinary(_) | MysqlType::Blob(_) | MysqlType::Geometry(_))
    }
}

//! Why a table of the source can have no table in Doris.

use crate::error::{Error, Kind};
use std::fmt;

/// A table or column that Doris cannot take, and what helps. Names are the source's where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Rows of the table cannot be told apart.
    NoPrimaryKey {
        /// `database.table`.
        table: String,
    },
    /// A key column that the job leaves out.
    KeyLeftOut {
        /// `database.table`.
        table: String,
        /// The key column.
        column: String,
    },
    /// A key column of a type that cannot be one in Doris.
    KeyType {
        /// `database.table`.
        table: String,
        /// The key column.
        column: String,
        /// Its type in the source.
        source: String,
        /// The type that it would have in Doris.
        doris: String,
    },
    /// A name that Doris does not allow for a database or table.
    TableName {
        /// The name in Doris.
        name: String,
        /// Which rule it breaks.
        rule: &'static str,
    },
    /// A name that Doris does not allow for a column.
    ColumnName {
        /// `database.table`.
        table: String,
        /// The name in Doris.
        name: String,
        /// Which rule it breaks.
        rule: &'static str,
    },
    /// Two columns of one name, as Doris compares names without regard to case.
    SameName {
        /// `database.table`.
        table: String,
        /// The name in Doris.
        name: String,
    },
    /// A table without a key that has no column which a DUPLICATE table could be sorted by.
    NoSortColumn {
        /// `database.table`.
        table: String,
    },
    /// No column is left.
    NoColumns {
        /// `database.table`.
        table: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoPrimaryKey { table } => write!(
                f,
                "{table} has no primary key, so its rows cannot be updated or deleted in Doris; give it one, leave it out, \
                 or let tables without a key become DUPLICATE tables, which keep every change as a row"
            ),
            Refusal::KeyLeftOut { table, column } => {
                write!(f, "{table}: the key column {column} is left out; a key has to be written whole")
            }
            Refusal::KeyType { table, column, source, doris } => write!(
                f,
                "{table}: the key column {column} is {source}, which would be {doris} in Doris, and that cannot be a key; \
                 leave the table out, or give it a key of integers, decimals, dates or VARCHAR"
            ),
            Refusal::TableName { name, rule } => {
                write!(f, "Doris does not allow the name {name:?}: {rule}; map it to another name")
            }
            Refusal::ColumnName { table, name, rule } => {
                write!(f, "{table}: Doris does not allow the column name {name:?}: {rule}; map it to another name")
            }
            Refusal::SameName { table, name } => {
                write!(
                    f,
                    "{table}: two columns would be called {name:?} in Doris, where case does not count; map one of them"
                )
            }
            Refusal::NoSortColumn { table } => write!(
                f,
                "{table} has neither a primary key nor a column that a DUPLICATE table can be sorted by (a number but FLOAT and \
                 DOUBLE, a date, VARCHAR); leave it out"
            ),
            Refusal::NoColumns { table } => write!(f, "{table}: every column is left out; leave out the table"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::new(Kind::UnsupportedType, refusal.to_string())
    }
}

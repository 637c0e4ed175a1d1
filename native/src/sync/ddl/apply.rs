//! Schema changes on the source's tables as they are known.

use super::{Position, SchemaChange, TableChange, TableName};
use crate::sync::source::{SourceColumn, SourceTable, same_name};
use std::collections::BTreeMap;
use std::fmt;

/// Why a change does not fit the tables that are known: a message is missing, or it was applied before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inapplicable {
    /// The table is not known.
    NoTable(TableName),
    /// The column is not known.
    NoColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// The column is there.
    ColumnExists {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
}

impl fmt::Display for Inapplicable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Inapplicable::NoTable(table) => write!(f, "the table {table} is not known"),
            Inapplicable::NoColumn { table, column } => write!(f, "the table {table} has no column {column}"),
            Inapplicable::ColumnExists { table, column } => {
                write!(f, "the table {table} has a column {column} already")
            }
        }
    }
}

impl std::error::Error for Inapplicable {}

/// A column under way through one ALTER TABLE, whose clauses name columns as they were before it.
struct Slot {
    was: Option<String>,
    column: SourceColumn,
}

/// The table after all clauses of one ALTER TABLE.
///
/// # Errors
/// A column that a clause names is not there, or one that it adds is.
pub fn alter(table: &SourceTable, changes: &[TableChange]) -> Result<SourceTable, Inapplicable> {
    let mut altered = Altered {
        name: TableName::new(&table.database, &table.name),
        slots: table.columns.iter().map(|c| Slot { was: Some(c.name.clone()), column: c.clone() }).collect(),
        keys: table.keys.clone(),
        comment: table.comment.clone(),
    };
    for change in changes {
        altered.change(change)?;
    }
    for change in changes {
        altered.place(change)?;
    }
    altered.rename_keys();
    for change in changes {
        altered.key(change)?;
    }
    Ok(SourceTable {
        database: table.database.clone(),
        name: table.name.clone(),
        columns: altered.slots.into_iter().map(|slot| slot.column).collect(),
        keys: altered.keys,
        comment: altered.comment,
    })
}

struct Altered {
    name: TableName,
    slots: Vec<Slot>,
    keys: Vec<String>,
    comment: String,
}

impl Altered {
    fn missing<T>(&self, column: &str) -> Result<T, Inapplicable> {
        Err(Inapplicable::NoColumn { table: self.name.clone(), column: column.to_string() })
    }

    /// Where the column stands that had this name before the statement.
    fn was(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.was.as_deref().is_some_and(|was| same_name(was, name)))
    }

    /// Where the column stands that has this name now.
    fn is(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| same_name(&slot.column.name, name))
    }

    /// What happens to columns that are there.
    fn change(&mut self, change: &TableChange) -> Result<(), Inapplicable> {
        match change {
            TableChange::DropColumn { column, if_exists } => match self.was(column) {
                Some(at) => {
                    self.keys.retain(|key| !same_name(key, column));
                    self.slots.remove(at);
                }
                None if *if_exists => {}
                None => return self.missing(column),
            },
            TableChange::ModifyColumn { old, column, if_exists, .. } => match self.was(old) {
                Some(at) => {
                    let key = self.keys.iter().any(|key| same_name(key, old));
                    self.slots[at].column = SourceColumn { nullable: column.nullable && !key, ..column.clone() };
                }
                None if *if_exists => {}
                None => return self.missing(old),
            },
            TableChange::RenameColumn { old, new } => match self.was(old) {
                Some(at) => self.slots[at].column.name.clone_from(new),
                None => return self.missing(old),
            },
            TableChange::SetDefault { column, default } => match self.was(column) {
                Some(at) => self.slots[at].column.default.clone_from(default),
                None => return self.missing(column),
            },
            TableChange::SetComment { comment } => self.comment.clone_from(comment),
            TableChange::AddColumn { .. } | TableChange::SetKey { .. } => {}
        }
        Ok(())
    }

    /// The key's columns under their new names; all at once, as two may swap names.
    fn rename_keys(&mut self) {
        let keys =
            self.keys.iter().filter_map(|key| self.was(key)).map(|at| self.slots[at].column.name.clone()).collect();
        self.keys = keys;
    }

    /// New columns, and those that move.
    fn place(&mut self, change: &TableChange) -> Result<(), Inapplicable> {
        match change {
            TableChange::AddColumn { column, position, if_not_exists } => match self.is(&column.name) {
                Some(_) if *if_not_exists => Ok(()),
                Some(_) => Err(Inapplicable::ColumnExists { table: self.name.clone(), column: column.name.clone() }),
                None => self.insert(Slot { was: None, column: column.clone() }, position),
            },
            TableChange::ModifyColumn { column, position: Some(position), .. } => match self.is(&column.name) {
                Some(at) => {
                    let slot = self.slots.remove(at);
                    self.insert(slot, position)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn insert(&mut self, slot: Slot, position: &Position) -> Result<(), Inapplicable> {
        let at = match position {
            Position::Last => self.slots.len(),
            Position::First => 0,
            Position::After(name) => match self.is(name).or_else(|| self.was(name)) {
                Some(before) => before + 1,
                None => return self.missing(name),
            },
        };
        self.slots.insert(at, slot);
        Ok(())
    }

    /// A new key, after all columns have their names.
    fn key(&mut self, change: &TableChange) -> Result<(), Inapplicable> {
        let TableChange::SetKey { keys } = change else { return Ok(()) };
        self.keys.clear();
        for key in keys {
            let Some(at) = self.is(key) else { return self.missing(key) };
            self.slots[at].column.nullable = false;
            self.keys.push(self.slots[at].column.name.clone());
        }
        Ok(())
    }
}

/// Does a change to all tables that are known. What is not understood, and rows without messages, change none of them.
///
/// # Errors
/// The change does not fit; then nothing was done.
pub fn apply(tables: &mut BTreeMap<TableName, SourceTable>, change: &SchemaChange) -> Result<(), Inapplicable> {
    match change {
        SchemaChange::CreateTable { table, if_not_exists } => {
            let name = TableName::new(&table.database, &table.name);
            if !(*if_not_exists && tables.contains_key(&name)) {
                tables.insert(name, table.clone());
            }
        }
        SchemaChange::CreateTableLike { table, like, if_not_exists } => {
            let mut copy = tables.get(like).ok_or_else(|| Inapplicable::NoTable(like.clone()))?.clone();
            if !(*if_not_exists && tables.contains_key(table)) {
                copy.database.clone_from(&table.database);
                copy.name.clone_from(&table.name);
                tables.insert(table.clone(), copy);
            }
        }
        SchemaChange::AlterTable { table, changes } => {
            let known = tables.get_mut(table).ok_or_else(|| Inapplicable::NoTable(table.clone()))?;
            *known = alter(known, changes)?;
        }
        SchemaChange::RenameTable { from, to } => {
            let mut table = tables.remove(from).ok_or_else(|| Inapplicable::NoTable(from.clone()))?;
            table.database.clone_from(&to.database);
            table.name.clone_from(&to.name);
            tables.insert(to.clone(), table);
        }
        SchemaChange::DropTable { table } => {
            tables.remove(table);
        }
        SchemaChange::DropDatabase { database } => tables.retain(|name, _| name.database != *database),
        SchemaChange::Truncate { .. } | SchemaChange::RowsWithoutMessages { .. } | SchemaChange::Unparsed { .. } => {}
    }
    Ok(())
}

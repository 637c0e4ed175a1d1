//! What is known of the source's tables: their columns, and up to where their schema changes are done.
//!
//! It is kept in three places: here, in the job's checkpoints, and what was changed also in Doris ([`journal`](super::journal)), so that a job that
//! reads its topic again from an earlier place does not do a change twice, nor take a row of before it for one of after it.

use super::ddl::drift::{Drift, drift, same_type};
use super::ddl::online::{self, Role};
use super::ddl::{SchemaChange, TableChange, TableName, apply};
use super::mysql_type::MysqlType;
use super::place::Place;
use super::source::{SourceTable, same_name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The last schema change of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Where its message stood.
    pub place: Place,
    /// How many of the changes of its statement were done with it.
    #[serde(default)]
    pub step: usize,
    /// Another change of the statement was begun, and is maybe done in Doris.
    #[serde(default)]
    pub begun: bool,
    /// When the source executed it, epoch milliseconds; of a change that was derived from a row, the row's time.
    pub executed: i64,
    /// Up to which sequence of each partition the table's rows were in Doris then.
    #[serde(default)]
    pub loaded: BTreeMap<u32, i64>,
    /// Columns that are gone, and the names that they have now; none for those that were dropped.
    #[serde(default)]
    pub gone: Vec<(String, Option<String>)>,
    /// Types that columns had before, by their names of now.
    #[serde(default)]
    pub types: Vec<(String, MysqlType)>,
}

impl Changed {
    /// A change whose message stands at `place`, before anything of it is done.
    pub fn at(place: Place, executed: i64) -> Changed {
        let (loaded, gone, types) = Default::default();
        Changed { place, step: 0, begun: false, executed, loaded, gone, types }
    }

    /// How many of the changes of the statement at `place` were done with this one; all of them where it is a later one.
    pub fn steps_of(&self, place: Place, executed: i64) -> usize {
        match self.place.partition == place.partition {
            true if self.place.sequence == place.sequence => self.step,
            true if self.place.sequence > place.sequence => usize::MAX,
            false if self.executed > executed => usize::MAX,
            _ => 0,
        }
    }
}

/// A table as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its name.
    pub name: TableName,
    /// Its columns; none once it was dropped.
    pub table: Option<SourceTable>,
    /// Its last change; none as long as it is as it was first seen.
    pub changed: Option<Changed>,
}

/// All tables of the source, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    tables: BTreeMap<TableName, SourceTable>,
    changed: BTreeMap<TableName, Changed>,
    /// What was done to tables that gh-ost or pt-online-schema-change made.
    ghosts: BTreeMap<TableName, Vec<Vec<TableChange>>>,
}

/// A history in a checkpoint.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct HistoryState {
    tables: Vec<Known>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ghosts: Vec<(TableName, Vec<Vec<TableChange>>)>,
}

/// What the columns of a message are to the table as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// The table is not known.
    Unknown,
    /// They are the table's, or lack some that an INSERT or DELETE need not have.
    Known,
    /// They are those of before the last change: columns that are gone go where they are now.
    Before,
    /// There are columns or types that are not known, though all changes before the message are.
    Newer(Vec<TableChange>),
    /// The key is another one.
    OtherKey(Vec<String>),
    /// A change is to come, or the message lacks columns for another reason.
    Unclear,
    /// Columns are missing that an UPDATE has to have (`binlog_row_image` is not FULL), or the key is.
    Partial(Vec<String>),
}

impl History {
    /// The table, if it is known.
    pub fn table(&self, name: &TableName) -> Option<&SourceTable> {
        self.tables.get(name)
    }

    /// Its last change.
    pub fn changed(&self, name: &TableName) -> Option<&Changed> {
        self.changed.get(name)
    }

    /// Learns a table as its first message or its CREATE TABLE describes it.
    pub fn learn(&mut self, table: SourceTable) {
        self.tables.insert(TableName::new(&table.database, &table.name), table);
    }

    /// Takes what somebody else knows; of two accounts of a table the one of the later change counts.
    pub fn merge(&mut self, known: Known) {
        // Of one partition their places say it; of others, clocks.
        let later = |mine: &Changed| {
            known.changed.as_ref().is_some_and(|theirs| {
                if theirs.place.partition == mine.place.partition {
                    return theirs.place.sequence >= mine.place.sequence;
                }
                (theirs.executed, theirs.place.sequence) >= (mine.executed, mine.place.sequence)
            })
        };
        let is_news = match self.changed.get(&known.name) {
            Some(mine) => later(mine),
            None => known.changed.is_some() || !self.tables.contains_key(&known.name),
        };
        if !is_news {
            return;
        }
        match known.table {
            Some(table) => self.tables.insert(known.name.clone(), table),
            None => self.tables.remove(&known.name),
        };
        if let Some(changed) = known.changed {
            self.changed.insert(known.name, changed);
        }
    }

    /// What is known of a table, for the journal.
    pub fn known(&self, name: &TableName) -> Known {
        Known { name: name.clone(), table: self.tables.get(name).cloned(), changed: self.changed.get(name).cloned() }
    }

    /// For a checkpoint.
    pub fn state(&self) -> HistoryState {
        let names = self.tables.keys().chain(self.changed.keys().filter(|name| !self.tables.contains_key(name)));
        HistoryState {
            tables: names.map(|name| self.known(name)).collect(),
            ghosts: self.ghosts.iter().map(|(name, done)| (name.clone(), done.clone())).collect(),
        }
    }

    /// Takes what a checkpoint has kept.
    pub fn restore(&mut self, state: HistoryState) {
        state.tables.into_iter().for_each(|known| self.merge(known));
        self.ghosts.extend(state.ghosts);
    }

    /// Forgets where a table's rows and changes were: it has none in Doris any more.
    pub fn forget_place(&mut self, name: &TableName) {
        self.changed.remove(name);
    }

    /// Whether the table is one that an online schema change made beside another one that is known.
    pub fn is_ghost(&self, name: &TableName) -> bool {
        online::role(&name.name).is_some_and(|(_, of)| {
            let is = |known: &TableName| {
                known.database == name.database && (known.name == of || known.name.trim_start_matches('_') == of)
            };
            self.tables.keys().any(|known| known != name && is(known))
        })
    }

    /// The statement's changes as they concern tables that are kept: the RENAME that ends an online schema change becomes what it does to its table.
    pub fn understood(&self, changes: Vec<SchemaChange>) -> Vec<SchemaChange> {
        let Some(cut_over) = online::cut_over(&changes) else { return changes };
        let (Some(table), Some(ghost)) = (self.tables.get(&cut_over.table), self.tables.get(&cut_over.ghost)) else {
            return changes;
        };
        let done = self.ghosts.get(&cut_over.ghost).map(Vec::as_slice).unwrap_or_default();
        let clauses = online::changes(table, ghost, done);
        let alter = |changes| SchemaChange::AlterTable { table: cut_over.table.clone(), changes };
        let mut understood: Vec<SchemaChange> = clauses.into_iter().map(alter).collect();
        understood.push(SchemaChange::DropTable { table: cut_over.ghost });
        understood
    }

    /// The clauses of an ALTER TABLE that are left to be done: rows may have shown its columns before it came. With those that fit nothing.
    pub fn left(&self, table: &TableName, clauses: &[TableChange]) -> (Vec<TableChange>, Vec<String>) {
        let Some(known) = self.tables.get(table) else { return (Vec::new(), Vec::new()) };
        let (mut left, mut misfits) = (Vec::new(), Vec::new());
        for clause in clauses {
            match fitted(known, clause, clauses) {
                Ok(Some(clause)) => left.push(clause),
                Ok(None) => {}
                Err(misfit) => misfits.push(misfit),
            }
        }
        (left, misfits)
    }

    /// A change is begun: rows of before are in Doris.
    pub fn begin(&mut self, name: &TableName, changed: &Changed) {
        let before = self.changed.get(name);
        let (gone, types) = before.map(|c| (c.gone.clone(), c.types.clone())).unwrap_or_default();
        self.changed.insert(name.clone(), Changed { begun: true, gone, types, ..changed.clone() });
    }

    /// A change was done, in Doris too where it concerns a table there. `clauses` of an ALTER TABLE are those that were [left](Self::left).
    pub fn done(&mut self, change: &SchemaChange, changed: &Changed) {
        let note = |history: &mut History, name: &TableName, gone: Vec<(String, Option<String>)>| {
            let mut changed = changed.clone();
            let before = history.changed.get(name);
            changed.types =
                before.map(|c| c.types.iter().filter_map(|t| type_after(t, &gone)).collect()).unwrap_or_default();
            changed.gone = gone_after(before.map(|c| c.gone.as_slice()).unwrap_or_default(), gone);
            history.changed.insert(name.clone(), changed);
        };
        match change {
            SchemaChange::AlterTable { table, changes } => {
                if self.is_ghost(table) {
                    self.ghosts.entry(table.clone()).or_default().push(changes.clone());
                }
                let before = self.tables.get(table).cloned();
                // What does not fit was left out before.
                let _ = apply::apply(&mut self.tables, change);
                let (gone, types) =
                    before.map(|before| (gone(&before, changes), types(&before, changes))).unwrap_or_default();
                note(self, table, gone);
                if let Some(changed) = self.changed.get_mut(table) {
                    changed.types.extend(types);
                }
            }
            SchemaChange::RenameTable { from, to } => {
                let _ = apply::apply(&mut self.tables, change);
                note(self, from, Vec::new());
                let gone = self.changed.get(from).map(|changed| changed.gone.clone()).unwrap_or_default();
                note(self, to, gone);
            }
            SchemaChange::CreateTable { table, .. } => {
                let _ = apply::apply(&mut self.tables, change);
                note(self, &TableName::new(&table.database, &table.name), Vec::new());
            }
            SchemaChange::CreateTableLike { table, .. } | SchemaChange::DropTable { table } => {
                if matches!(change, SchemaChange::DropTable { .. }) {
                    self.ghosts.remove(table);
                }
                let _ = apply::apply(&mut self.tables, change);
                note(self, table, Vec::new());
            }
            // The table is what it was, but what was begun is over.
            SchemaChange::Truncate { table } | SchemaChange::RowsWithoutMessages { table, .. } => {
                note(self, table, Vec::new());
            }
            SchemaChange::DropDatabase { .. } => {
                let _ = apply::apply(&mut self.tables, change);
            }
            SchemaChange::Unparsed { .. } => {}
        }
    }

    /// What a message's columns are to its table. `alone`: its rows come in one partition, so that every change before the message was seen
    /// before it. `update`: it has images of rows after an UPDATE.
    pub fn columns(
        &self,
        name: &TableName,
        message: &SourceTable,
        (place, executed): (Place, i64),
        alone: bool,
        update: bool,
    ) -> Columns {
        let Some(known) = self.tables.get(name) else {
            return if message.keys.is_empty() && update { Columns::Partial(Vec::new()) } else { Columns::Unknown };
        };
        let drift = drift(known, message);
        if drift.is_none() && message.keys.len() == known.keys.len() {
            return Columns::Known;
        }
        if message.keys.is_empty() && !known.keys.is_empty() {
            return Columns::Partial(known.keys.clone());
        }
        if self.is_before(name, &drift, place, executed) {
            return Columns::Before;
        }
        if let Some(keys) = drift.other_key {
            return Columns::OtherKey(keys);
        }
        if !alone && !(drift.changes.is_empty() && drift.missing.is_empty()) {
            return Columns::Unclear;
        }
        match (drift.changes.is_empty(), drift.missing.is_empty()) {
            (_, false) if update => Columns::Partial(drift.missing),
            (true, _) => Columns::Known,
            (false, _) => Columns::Newer(drift.changes),
        }
    }

    /// Whether the message is one of before the last change that is known.
    fn is_before(&self, name: &TableName, drift: &Drift, place: Place, executed: i64) -> bool {
        let Some(changed) = self.changed.get(name) else { return false };
        if place.partition == changed.place.partition {
            return place.sequence < changed.place.sequence;
        }
        // The binary log's clock has seconds: of the same one it is of before if it has nothing that is new.
        let is_gone = |change: &TableChange| match change {
            TableChange::AddColumn { column, .. } => changed.gone.iter().any(|(name, _)| same_name(name, &column.name)),
            TableChange::ModifyColumn { column, .. } => {
                changed.types.iter().any(|(name, ty)| same_name(name, &column.name) && *ty == column.ty)
            }
            _ => false,
        };
        executed < changed.executed || (executed == changed.executed && drift.changes.iter().all(is_gone))
    }

    /// The table whose columns a message's values are read as: the message's own types, with what only the table's SQL says.
    pub fn as_read(&self, name: &TableName, message: &SourceTable) -> SourceTable {
        let Some(known) = self.tables.get(name) else { return message.clone() };
        let mut read = message.clone();
        for column in &mut read.columns {
            let Some(known) = known.column(&column.name) else { continue };
            if same_type(&known.ty, &column.ty) {
                *column = known.clone();
            }
        }
        read.keys.clone_from(&known.keys);
        read.comment.clone_from(&known.comment);
        read
    }

    /// The name that a column of a message of before the last change has now; none if it is gone.
    pub fn name_now(&self, table: &TableName, column: &str) -> Option<String> {
        if self.tables.get(table).is_none_or(|known| known.column(column).is_some()) {
            return Some(column.to_string());
        }
        let gone = self.changed.get(table).map(|changed| changed.gone.as_slice()).unwrap_or_default();
        match gone.iter().find(|(name, _)| same_name(name, column)) {
            Some((_, now)) => now.clone(),
            None => None,
        }
    }
}

/// A clause as it fits the table as it is known: none if it was done, an error if it names a column that is not there.
fn fitted(known: &SourceTable, clause: &TableChange, all: &[TableChange]) -> Result<Option<TableChange>, String> {
    let there = |name: &str| known.column(name).is_some();
    let missing = |name: &str| Err(format!("{} has no column {name}, as far as its messages say", known.full_name()));
    let makes_way = |name: &str| {
        all.iter().any(|other| match other {
            TableChange::DropColumn { column, .. } => same_name(column, name),
            TableChange::RenameColumn { old, .. } => same_name(old, name),
            TableChange::ModifyColumn { old, column, .. } => same_name(old, name) && !same_name(&column.name, name),
            _ => false,
        })
    };
    Ok(match clause {
        // A row showed it before: the statement knows more of it.
        TableChange::AddColumn { column, position, .. } if there(&column.name) && !makes_way(&column.name) => {
            Some(TableChange::ModifyColumn {
                old: column.name.clone(),
                column: column.clone(),
                position: Some(position.clone()),
                if_exists: false,
            })
        }
        TableChange::DropColumn { column, .. } if !there(column) => None,
        TableChange::RenameColumn { old, new } if there(old) && there(new) && !makes_way(new) => {
            return Err(format!(
                "rows with the column {new} came before the statement that gives {old} this name, so both are there; of rows that have not \
                 changed since, copy {old} to {new} and drop {old}"
            ));
        }
        TableChange::RenameColumn { old, new } if !there(old) => {
            return if there(new) { Ok(None) } else { missing(old) };
        }
        TableChange::ModifyColumn { old, column, position, .. } if !there(old) && there(&column.name) => {
            Some(TableChange::ModifyColumn {
                old: column.name.clone(),
                column: column.clone(),
                position: position.clone(),
                if_exists: false,
            })
        }
        TableChange::ModifyColumn { old, .. } if !there(old) => return missing(old),
        TableChange::SetDefault { column, .. } if !there(column) => return missing(column),
        TableChange::SetKey { keys } => match keys.iter().find(|key| !there(key) && !adds(all, key)) {
            Some(key) => return missing(key),
            None => Some(clause.clone()),
        },
        clause => Some(clause.clone()),
    })
}

fn adds(all: &[TableChange], name: &str) -> bool {
    all.iter().any(|change| match change {
        TableChange::AddColumn { column, .. } | TableChange::ModifyColumn { column, .. } => {
            same_name(&column.name, name)
        }
        TableChange::RenameColumn { new, .. } => same_name(new, name),
        _ => false,
    })
}

/// The columns of a table that clauses drop or rename.
fn gone(before: &SourceTable, clauses: &[TableChange]) -> Vec<(String, Option<String>)> {
    let mut gone = Vec::new();
    for clause in clauses {
        match clause {
            TableChange::DropColumn { column, .. } if before.column(column).is_some() => {
                gone.push((column.clone(), None))
            }
            TableChange::RenameColumn { old, new } if !same_name(old, new) => {
                gone.push((old.clone(), Some(new.clone())))
            }
            TableChange::ModifyColumn { old, column, .. } if !same_name(old, &column.name) => {
                gone.push((old.clone(), Some(column.name.clone())));
            }
            _ => {}
        }
    }
    gone
}

/// The types that clauses replace, by the columns' names after them.
fn types(before: &SourceTable, clauses: &[TableChange]) -> Vec<(String, MysqlType)> {
    let replaced = |clause: &TableChange| match clause {
        TableChange::ModifyColumn { old, column, .. } => {
            let was = before.column(old)?;
            (was.ty != column.ty).then(|| (column.name.clone(), was.ty.clone()))
        }
        _ => None,
    };
    clauses.iter().filter_map(replaced).collect()
}

/// A type that a column had, by the column's name after others are gone; none if the column is.
fn type_after((name, ty): &(String, MysqlType), gone: &[(String, Option<String>)]) -> Option<(String, MysqlType)> {
    match gone.iter().find(|(old, _)| same_name(old, name)) {
        Some((_, now)) => Some((now.clone()?, ty.clone())),
        None => Some((name.clone(), ty.clone())),
    }
}

/// What was gone before, under the names of now, and what has gone since.
fn gone_after(
    before: &[(String, Option<String>)],
    since: Vec<(String, Option<String>)>,
) -> Vec<(String, Option<String>)> {
    let now = |name: &String| match since.iter().find(|(old, _)| same_name(old, name)) {
        Some((_, now)) => now.clone(),
        None => Some(name.clone()),
    };
    let mut all: Vec<(String, Option<String>)> = before
        .iter()
        .filter(|(name, _)| !since.iter().any(|(newer, _)| same_name(newer, name)))
        .map(|(name, was)| (name.clone(), was.as_ref().and_then(now)))
        .collect();
    all.extend(since);
    all
}

/// Whether a table's name has the form of one that gh-ost keeps its log in: nothing of it is ever moved.
pub fn is_log(name: &str) -> bool {
    matches!(online::role(name), Some((Role::Log, _)))
}

//! Tables that gh-ost and pt-online-schema-change make while they change a table, and the RENAME that ends it.

use super::{SchemaChange, TableChange, TableName, apply};
use crate::sync::source::{SourceTable, same_name};

/// What a table with a name of these tools' form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The copy with the new columns: `_t_gho`, `_t_new`.
    Ghost,
    /// gh-ost's log: `_t_ghc`.
    Log,
    /// The table as it was: `_t_del`, `_t_<time>_del`, `_t_old`.
    Old,
}

/// What a table is for, if its name has such a form, and the table that it would belong to. A table may have such a name by chance: it is
/// one of these only where the other is known, too.
pub fn role(name: &str) -> Option<(Role, &str)> {
    let forms =
        [("_gho", Role::Ghost), ("_ghc", Role::Log), ("_del", Role::Old), ("_new", Role::Ghost), ("_old", Role::Old)];
    let inner = name.strip_prefix('_')?;
    let (ending, role) = forms.into_iter().find(|(ending, _)| inner.ends_with(ending))?;
    let mut table = &inner[..inner.len() - ending.len()];
    if ending == "_del"
        && let Some((before, time)) = table.rsplit_once('_')
        && time.len() == 14
        && time.bytes().all(|b| b.is_ascii_digit())
    {
        table = before;
    }
    // pt-online-schema-change puts more underscores before names that are taken.
    if matches!(ending, "_new" | "_old") && table.trim_start_matches('_') != "" {
        table = table.trim_start_matches('_');
    }
    (!table.is_empty()).then_some((role, table))
}

/// The RENAME that puts a ghost table in the place of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOver {
    /// The table, which keeps its name.
    pub table: TableName,
    /// The ghost, which takes it.
    pub ghost: TableName,
    /// Where the old table goes.
    pub old: TableName,
}

/// The cut-over that a statement is, if it is one: `RENAME TABLE t TO _t_del, _t_gho TO t`.
pub fn cut_over(changes: &[SchemaChange]) -> Option<CutOver> {
    let [SchemaChange::RenameTable { from: table, to: old }, SchemaChange::RenameTable { from: ghost, to }] = changes
    else {
        return None;
    };
    let is = |name: &TableName, wanted: Role| {
        role(&name.name).is_some_and(|(role, of)| {
            // Names that begin with an underscore themselves lose it in pt-online-schema-change's form.
            let same = of == table.name || of == table.name.trim_start_matches('_');
            role == wanted && same && name.database == table.database
        })
    };
    (to == table && is(ghost, Role::Ghost) && is(old, Role::Old)).then(|| CutOver {
        table: table.clone(),
        ghost: ghost.clone(),
        old: old.clone(),
    })
}

/// What the cut-over does to the table: what was done to the ghost since it was made, if that leads there, as only so a renamed column
/// is one; else the difference of the two.
pub fn changes(table: &SourceTable, ghost: &SourceTable, done: &[Vec<TableChange>]) -> Vec<Vec<TableChange>> {
    let mut after = Some(table.clone());
    for clauses in done {
        after = after.and_then(|table| apply::alter(&table, clauses).ok());
    }
    if after.is_some_and(|after| after.columns == ghost.columns && after.keys == ghost.keys) {
        return done.to_vec();
    }
    let difference = difference(table, ghost);
    if difference.is_empty() { Vec::new() } else { vec![difference] }
}

/// The clauses that make one table's columns, key and comment another's. A renamed column is one that is dropped and one that is added.
pub fn difference(table: &SourceTable, other: &SourceTable) -> Vec<TableChange> {
    let mut changes = Vec::new();
    for column in &table.columns {
        if other.column(&column.name).is_none() {
            changes.push(TableChange::DropColumn { column: column.name.clone(), if_exists: false });
        }
    }
    let mut position = super::Position::First;
    for column in &other.columns {
        match table.column(&column.name) {
            None => changes.push(TableChange::AddColumn { column: column.clone(), position, if_not_exists: false }),
            Some(old) if old != column => changes.push(TableChange::ModifyColumn {
                old: old.name.clone(),
                column: column.clone(),
                position: None,
                if_exists: false,
            }),
            Some(_) => {}
        }
        position = super::Position::After(column.name.clone());
    }
    let same = table.keys.len() == other.keys.len() && table.keys.iter().zip(&other.keys).all(|(a, b)| same_name(a, b));
    if !same {
        changes.push(TableChange::SetKey { keys: other.keys.clone() });
    }
    if table.comment != other.comment {
        changes.push(TableChange::SetComment { comment: other.comment.clone() });
    }
    changes
}

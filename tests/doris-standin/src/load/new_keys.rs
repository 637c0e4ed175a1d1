//! Partial update's keys that are not stored yet: inserted, filtered or refused.

use super::body::Parsed;
use super::headers::LoadError;
use super::plan::Plan;
use crate::cell::Cell;
use crate::store::rows::is_set;
use crate::store::{GivenColumns, NewKey, Store, WriteMode, WriteSet};
use std::collections::HashSet;

/// Looks up every row's key. Under strict mode (before 4.0) rows with new keys are filtered; with
/// `partial_update_new_key_behavior=ERROR` they fail the load; else every column not given needs a default.
pub fn check(
    store: &Store,
    database: &str,
    plan: &Plan,
    parsed: &mut Parsed,
    behavior: NewKey,
    strict: bool,
) -> Result<(), LoadError> {
    let table = store.table(database, &plan.schema.name).map_err(LoadError::from_fe)?;
    let keys = plan.schema.key_positions();
    let sign = plan.schema.delete_sign();
    let mut seen: HashSet<Vec<Cell>> = HashSet::new();
    let mut dropped = HashSet::new();
    for (index, row) in parsed.write.rows.iter().enumerate() {
        let key: Vec<Cell> = keys.iter().map(|&k| row[k].clone()).collect();
        let live = table.find(&key).is_some_and(|stored| sign.is_none_or(|s| !is_set(&stored[s])));
        let deletes = sign.is_some_and(|s| is_set(&row[s]));
        if live || seen.contains(&key) {
            continue;
        }
        if deletes {
            seen.insert(key);
            continue;
        }
        if behavior == NewKey::Error {
            let text: Vec<String> = key.iter().map(Cell::to_string).collect();
            return Err(LoadError::new(
                "E-7003",
                format!(
                    "Can't append new rows in partial update when partial_update_new_key_behavior is ERROR. Row with \
                     key=[{}] is not in table.",
                    text.join(", ")
                ),
            ));
        }
        if strict {
            dropped.insert(index);
            continue;
        }
        check_defaults(plan, given(&parsed.write, index))?;
        seen.insert(key);
    }
    filter(&mut parsed.write, &dropped);
    parsed.counts.loaded -= dropped.len() as u64;
    parsed.counts.filtered += dropped.len() as u64;
    for _ in &dropped {
        parsed
            .log
            .add("the row's key is not in the table, and strict mode lets a partial update change no other rows", "");
    }
    Ok(())
}

fn given(write: &WriteSet, index: usize) -> &[usize] {
    match &write.mode {
        WriteMode::Partial { given: GivenColumns::Fixed(columns), .. } => columns,
        WriteMode::Partial { given: GivenColumns::PerRow(rows), .. } => &rows[index],
        WriteMode::Full => &[],
    }
}

fn check_defaults(plan: &Plan, given: &[usize]) -> Result<(), LoadError> {
    for (i, column) in plan.schema.columns.iter().enumerate() {
        let needed = column.visible && !column.auto_increment && plan.missing[i].is_none();
        if needed && !given.contains(&i) {
            return Err(LoadError::new(
                "INTERNAL_ERROR",
                format!(
                    "the unmentioned column `{}` should have default value or be nullable for newly inserted rows in \
                     non-strict mode partial update",
                    column.name
                ),
            ));
        }
    }
    Ok(())
}

fn filter(write: &mut WriteSet, dropped: &HashSet<usize>) {
    if dropped.is_empty() {
        return;
    }
    let mut index = 0;
    write.rows.retain(|_| {
        index += 1;
        !dropped.contains(&(index - 1))
    });
    if let WriteMode::Partial { given: GivenColumns::PerRow(rows), .. } = &mut write.mode {
        let mut index = 0;
        rows.retain(|_| {
            index += 1;
            !dropped.contains(&(index - 1))
        });
    }
}

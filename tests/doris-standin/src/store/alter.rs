//! Changes of columns: light ones at once, heavy ones by a job that takes time and blocks the next.

use super::rows::converter;
use super::{Refused, Result, Store, Table};
use crate::cast::CastRules;
use crate::schema::{Column, Sequence, TableSchema};
use std::sync::Arc;

/// A change of one column, already checked against the rules of ALTER TABLE.
#[derive(Clone, Debug)]
pub enum ColumnChange {
    /// ADD COLUMN.
    Add(Column, Position),
    /// DROP COLUMN.
    Drop(String),
    /// RENAME COLUMN.
    Rename(String, String),
    /// MODIFY COLUMN: the new definition of the column of that name, moved if a position is given.
    Modify(Column, Option<Position>),
    /// ORDER BY: all visible columns in their new order.
    Reorder(Vec<String>),
}

/// Where a column goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// After the last visible column (of its kind: a key column goes after the last key column).
    Last,
    /// First.
    First,
    /// After this one.
    After(String),
}

/// State of a heavy ALTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AlterState {
    Pending,
    WaitingTxn,
    Running,
    Finished,
    Cancelled,
}

impl AlterState {
    /// As SHOW ALTER TABLE COLUMN prints it.
    pub fn text(self) -> &'static str {
        match self {
            AlterState::Pending => "PENDING",
            AlterState::WaitingTxn => "WAITING_TXN",
            AlterState::Running => "RUNNING",
            AlterState::Finished => "FINISHED",
            AlterState::Cancelled => "CANCELLED",
        }
    }
}

/// A heavy ALTER: a row of SHOW ALTER TABLE COLUMN.
#[derive(Clone, Debug)]
pub struct AlterJob {
    /// JobId.
    pub id: u64,
    /// Database name.
    pub database: String,
    /// TableName.
    pub table: String,
    /// Id of the table, which a rename leaves alone.
    pub table_id: u64,
    /// CreateTime, ms.
    pub created_ms: i64,
    /// FinishTime, ms.
    pub finished_ms: Option<i64>,
    /// TransactionId: it waits for every transaction of the table with a smaller id.
    pub watershed_txn: u64,
    /// State.
    pub state: AlterState,
    /// Msg.
    pub message: String,
    /// SchemaVersion, before the colon.
    pub schema_version: u32,
    changes: Vec<ColumnChange>,
    since_ms: i64,
}

impl Store {
    /// Applies changes at once, as light schema changes are.
    pub fn change_columns(&mut self, database: &str, table: &str, changes: &[ColumnChange]) -> Result<()> {
        let (rules, now) = (CastRules::lenient(self.settings.version), self.now_ms());
        let table = self.table_mut(database, table)?;
        check_normal(table)?;
        table.apply_changes(changes, rules, now)
    }

    /// Starts a heavy change; gives the job's id.
    pub fn start_alter(&mut self, database: &str, table: &str, changes: Vec<ColumnChange>) -> Result<u64> {
        let (id, now) = (self.next_id(), self.now_ms());
        let watershed_txn = self.transactions.next_txn();
        let found = self.table_mut(database, table)?;
        check_normal(found)?;
        // Fails now rather than when it is done.
        changed_schema(&found.schema, &changes, &mut found.next_uid.clone())?;
        found.altering = true;
        let job = AlterJob {
            id,
            database: database.to_owned(),
            table: table.to_owned(),
            table_id: found.id,
            created_ms: now,
            finished_ms: None,
            watershed_txn,
            state: AlterState::Pending,
            message: String::new(),
            schema_version: found.schema.schema_version + 1,
            changes,
            since_ms: now,
        };
        self.jobs.push(job);
        self.advance_alter_jobs();
        Ok(id)
    }

    /// Holds heavy changes in RUNNING, or lets them finish as their time comes.
    pub fn hold_alters(&mut self, held: bool) {
        self.alters_held = held;
    }

    /// All jobs, oldest first.
    pub fn alter_jobs(&self) -> &[AlterJob] {
        &self.jobs
    }

    /// CANCEL ALTER TABLE COLUMN.
    pub fn cancel_alter(&mut self, database: &str, table: &str) -> Result<()> {
        let now = self.now_ms();
        let found = self.table_mut(database, table)?;
        if !found.altering {
            return Err(format!("Table[{table}] is not under SCHEMA_CHANGE.").into());
        }
        found.altering = false;
        let id = found.id;
        for job in self.jobs.iter_mut().filter(|j| j.table_id == id && j.finished_ms.is_none()) {
            job.state = AlterState::Cancelled;
            job.message = "user cancelled".into();
            job.finished_ms = Some(now);
        }
        Ok(())
    }

    /// Moves jobs on: PENDING → WAITING_TXN → RUNNING → FINISHED.
    pub(crate) fn advance_alter_jobs(&mut self) {
        if self.jobs.iter().all(|j| j.finished_ms.is_some()) {
            return;
        }
        let now = self.now_ms();
        let rules = CastRules::lenient(self.settings.version);
        let mut jobs = std::mem::take(&mut self.jobs);
        for job in jobs.iter_mut().filter(|j| j.finished_ms.is_none()) {
            if job.state == AlterState::Pending && now - job.since_ms >= self.settings.alter_pending_ms {
                job.state = AlterState::WaitingTxn;
            }
            if job.state == AlterState::WaitingTxn && !self.transactions.open_before(job.table_id, job.watershed_txn) {
                job.state = AlterState::Running;
                job.since_ms = now;
            }
            let due = !self.alters_held && now - job.since_ms >= self.settings.alter_running_ms;
            if job.state != AlterState::Running || !due {
                continue;
            }
            let done = match self.table_by_id(job.table_id) {
                None => Err(Refused("table is dropped".into())),
                Some(table) => {
                    table.altering = false;
                    table.apply_changes(&job.changes, rules, now)
                }
            };
            job.finished_ms = Some(now);
            job.state = if done.is_ok() { AlterState::Finished } else { AlterState::Cancelled };
            job.message = done.err().map(|e| e.0).unwrap_or_default();
        }
        self.jobs = jobs;
    }
}

fn check_normal(table: &Table) -> Result<()> {
    if table.altering {
        let name = &table.schema.name;
        return Err(format!("Table[{name}]'s state(SCHEMA_CHANGE) is not NORMAL. Do not allow doing ALTER ops").into());
    }
    Ok(())
}

impl Table {
    fn apply_changes(&mut self, changes: &[ColumnChange], rules: CastRules, now_ms: i64) -> Result<()> {
        let changed = changed_schema(&self.schema, changes, &mut self.next_uid)?;
        if changes.iter().any(|c| !matches!(c, ColumnChange::Rename(..))) {
            self.rows.map(&changed, converter(&self.schema, &changed, rules, now_ms));
        }
        self.schema = Arc::new(changed);
        Ok(())
    }
}

fn changed_schema(schema: &TableSchema, changes: &[ColumnChange], next_uid: &mut u32) -> Result<TableSchema> {
    let mut schema = schema.clone();
    schema.schema_version += 1;
    for change in changes {
        match change {
            ColumnChange::Add(column, position) => {
                if schema.position(&column.name).is_some() {
                    let text = format!("Can not add column which already exists in base table: {}", column.name);
                    return Err(text.into());
                }
                let column = Column { uid: *next_uid, ..column.clone() };
                *next_uid += 1;
                insert_at(&mut schema, column, position)?;
            }
            ColumnChange::Drop(name) => {
                let at = find(&schema, name)?;
                schema.columns.remove(at);
            }
            ColumnChange::Rename(from, to) => rename(&mut schema, from, to)?,
            ColumnChange::Modify(column, position) => {
                let at = find(&schema, &column.name)?;
                let column = Column { uid: schema.columns[at].uid, ..column.clone() };
                if matches!(&schema.sequence, Some(Sequence::Column(c)) if c.eq_ignore_ascii_case(&column.name)) {
                    if let Some(sequence) = schema.sequence_position() {
                        schema.columns[sequence].ty = column.ty.clone();
                    }
                }
                match position {
                    None => schema.columns[at] = column,
                    Some(position) => {
                        schema.columns.remove(at);
                        insert_at(&mut schema, column, position)?;
                    }
                }
            }
            ColumnChange::Reorder(names) => {
                let order = names.iter().map(|n| find(&schema, n)).collect::<Result<Vec<_>>>()?;
                let hidden = schema.columns.iter().filter(|c| !c.visible).cloned();
                schema.columns = order.iter().map(|&i| schema.columns[i].clone()).chain(hidden).collect();
            }
        }
    }
    Ok(schema)
}

fn find(schema: &TableSchema, name: &str) -> Result<usize> {
    schema.position(name).ok_or_else(|| format!("Column does not exists: {name}").into())
}

fn insert_at(schema: &mut TableSchema, column: Column, position: &Position) -> Result<()> {
    let at = match position {
        Position::First => 0,
        Position::After(name) => find(schema, name)? + 1,
        Position::Last if column.key => schema.columns.iter().take_while(|c| c.key).count(),
        Position::Last if !column.visible => schema.columns.len(),
        Position::Last => schema.columns.iter().take_while(|c| c.visible).count(),
    };
    schema.columns.insert(at, column);
    Ok(())
}

fn rename(schema: &mut TableSchema, from: &str, to: &str) -> Result<()> {
    let at = find(schema, from)?;
    if schema.position(to).is_some() {
        return Err(format!("Column name[{to}] is already used").into());
    }
    schema.columns[at].name = to.to_owned();
    for column in &mut schema.distribution.hash {
        if column.eq_ignore_ascii_case(from) {
            *column = to.to_owned();
        }
    }
    if matches!(&schema.sequence, Some(Sequence::Column(c)) if c.eq_ignore_ascii_case(from)) {
        schema.sequence = Some(Sequence::Column(to.to_owned()));
    }
    Ok(())
}

//! Schema changes as they come: which tables they are about, and what is done about each.

use super::database::{Database, Taking};
use super::ddl::alter::{Impossible, drop_table, rename_table, truncate};
use super::ddl::{SchemaChange, TableChange, TableName, apply, online, parse};
use super::history::{Changed, is_log};
use super::mapping::MappedTable;
use super::moved::{Parked, Stage, Work};
use super::open::{Doing, OnError};
use super::place::Place;
use super::refusal::Refusal;
use super::report::{Severity, Topic};
use super::source::{SourceTable, same_name};
use super::tables::{Alteration, Change};
use super::writer::Audience;
use crate::canal::head::Head;
use crate::error::{Error, Kind};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Between two looks at whether somebody has made a change by hand.
const BY_HAND: Duration = Duration::from_secs(10);
/// Between two looks at whether Doris has made a change.
const UNDER_WAY: Duration = Duration::from_millis(200);
/// Characters of a statement in a report.
const SHOWN: usize = 300;

impl Database {
    /// Takes a schema change: it waits its turn at the table that it is about.
    pub(super) fn statement(
        &mut self,
        head: &Head<'_>,
        message: &[u8],
        place: Place,
        audience: Audience,
    ) -> Result<(), Error> {
        let changes = self.changes(head, true);
        if !self.tables.spec.ddl.sync {
            return self.left_undone(&changes, head);
        }
        match self.waits_at(&changes)? {
            Some(which) => {
                if audience == Audience::One && self.tables.spec.label.subtasks > 1 {
                    return Err(Error::new(
                        Kind::IllegalState,
                        "a schema change reached one subtask only; messages have to be routed by table, and schema changes to all",
                    ));
                }
                let message = String::from_utf8_lossy(message).into_owned();
                // Rows that wait for a change wait for this one.
                let awaited = matches!(self.all[which].stage, Stage::Awaiting(_));
                if awaited {
                    self.all[which].stage = Stage::Ready;
                }
                if matches!(self.all[which].stage, Stage::Refused) {
                    self.all[which].stage = Stage::Ready;
                }
                self.park(which, Parked { place, message }, awaited);
            }
            None => self.follow(changes, &changed_at(head, place)),
        }
        Ok(())
    }

    /// What a statement does to the tables that are kept. `first`: it is reported if it is not understood.
    fn changes(&mut self, head: &Head<'_>, first: bool) -> Vec<SchemaChange> {
        let (sql, database) = (head.sql().unwrap_or_default(), head.database().unwrap_or_default());
        let changes = parse(&sql, &database);
        for change in changes.iter().filter(|_| first) {
            if let SchemaChange::Unparsed { sql, reason } = change {
                self.counts.unparsed += 1;
                let table = format!("{database}.{}", head.table().unwrap_or_default());
                let text = format!("a schema change is not understood and not done ({reason}): {}", shown(sql));
                self.reports.add(Severity::Warning, Topic::Undone, table, text);
            }
        }
        self.history.understood(changes)
    }

    /// Without DDL sync: says what came.
    fn left_undone(&mut self, changes: &[SchemaChange], head: &Head<'_>) -> Result<(), Error> {
        let sql = head.sql().unwrap_or_default();
        for name in changes.iter().flat_map(tables_of) {
            if self.owns(&name) && self.rules.target(&name.database, &name.name)?.is_some() {
                let text = format!("a schema change is not done, as ddl.sync is off: {}", shown(&sql));
                self.reports.add(Severity::Warning, Topic::Undone, &name, text);
            }
        }
        Ok(())
    }

    /// The table that a statement is about and that this subtask moves.
    fn waits_at(&mut self, changes: &[SchemaChange]) -> Result<Option<usize>, Error> {
        for name in changes.iter().flat_map(tables_of) {
            if self.owns(&name)
                && self.rules.target(&name.database, &name.name)?.is_some()
                && !is_log(&name.name)
                && !self.is_ghost(&name)?
            {
                return self.named(&name);
            }
        }
        Ok(None)
    }

    /// Keeps account of a change that is none of this subtask's business in Doris.
    fn follow(&mut self, changes: Vec<SchemaChange>, changed: &Changed) {
        for change in changes {
            let fits = match change {
                SchemaChange::AlterTable { table, changes } => {
                    let (changes, _) = self.history.left(&table, &changes);
                    SchemaChange::AlterTable { table, changes }
                }
                other => other,
            };
            self.history.done(&fits, changed);
        }
    }

    /// A statement whose turn it is.
    pub(super) fn parked_statement(&mut self, which: usize, head: &Head<'_>, place: Place) -> Result<Taking, Error> {
        let changes = self.changes(head, false);
        let mut changed = changed_at(head, place);
        if self.history.is_done(&self.all[which].name, place, changed.executed) {
            self.counts.replayed += 1;
            return Ok(Taking::Done);
        }
        let mut tables = vec![which];
        for name in changes.iter().flat_map(tables_of) {
            tables.extend(self.named(&name)?);
        }
        let mut settled = true;
        for table in &tables {
            settled &= self.is_settled(*table)?;
        }
        if !settled {
            self.all[which].stage = Stage::Settling(tables);
            return Ok(Taking::Later);
        }
        changed.loaded = self.all[which].places();
        self.begin(which, changes.into(), changed, true);
        Ok(Taking::Later)
    }

    /// Begins changes of a table, all of whose rows are in Doris.
    pub(super) fn begin(
        &mut self,
        which: usize,
        changes: VecDeque<SchemaChange>,
        changed: Changed,
        is_statement: bool,
    ) {
        let work = Work { changes, by_hand: None, again: Instant::now(), changed, is_statement, told: false };
        self.all[which].stage = Stage::Changing(work);
    }

    /// Stops a table before its next message until somebody has done something.
    pub(super) fn stop(&mut self, which: usize, by_hand: Impossible, changed: Changed) {
        let work = Work {
            changes: VecDeque::new(),
            by_hand: Some(by_hand),
            again: Instant::now(),
            changed,
            is_statement: false,
            told: false,
        };
        self.all[which].stage = Stage::Changing(work);
    }

    /// Goes on with a table's changes; whether they are done.
    pub(super) fn work(&mut self, which: usize) -> Result<bool, Error> {
        let stage = std::mem::replace(&mut self.all[which].stage, Stage::Ready);
        let (Stage::Changing(mut work) | Stage::Stopped(mut work)) = stage else {
            self.all[which].stage = stage;
            return Ok(true);
        };
        if let Some(impossible) = work.by_hand.take() {
            // The next time the message that waits is looked at again.
            self.halt(which, work, &impossible);
            return Ok(false);
        }
        while let Some(change) = work.changes.front().cloned() {
            let told = std::mem::replace(&mut work.told, true);
            let outcome = self.perform(which, change, &work.changed, told)?;
            self.report_statements(which);
            match outcome {
                Change::Done => {
                    work.changes.pop_front();
                    work.told = false;
                }
                Change::UnderWay => {
                    work.again = Instant::now() + UNDER_WAY;
                    self.all[which].stage = Stage::Changing(work);
                    return Ok(false);
                }
                Change::Impossible(impossible) => {
                    self.halt(which, work, &impossible);
                    return Ok(false);
                }
            }
        }
        if work.is_statement {
            self.unpark(which);
        }
        if self.all[which].opened.take().is_some() {
            self.counts.reopened += 1;
        }
        Ok(true)
    }

    /// Stops a table, and says so unless it was said.
    fn halt(&mut self, which: usize, mut work: Work, why: &Impossible) {
        let table = &mut self.all[which];
        if table.stopped.as_ref() != Some(&why.what) {
            table.stopped = Some(why.what.clone());
            let text = format!(
                "the table stops: {}. Its messages wait until it is done by hand: {}",
                why.what,
                why.by_hand.join("; ")
            );
            self.reports.add(Severity::Error, Topic::Stopped, &table.name, text);
        }
        work.again = Instant::now() + BY_HAND;
        table.stage = Stage::Stopped(work);
    }

    /// A table that was stopped goes on.
    pub(super) fn resumed(&mut self, which: usize) {
        let table = &mut self.all[which];
        table.stopped = None;
        self.reports.add(Severity::Info, Topic::Resumed, &table.name, "the table goes on");
    }

    /// Makes one change in Doris, and keeps account of it.
    fn perform(&mut self, which: usize, change: SchemaChange, changed: &Changed, told: bool) -> Result<Change, Error> {
        let (change, outcome) = match change {
            SchemaChange::AlterTable { table, changes } => self.alter(table, &changes, told)?,
            SchemaChange::CreateTable { table, if_not_exists } => {
                let outcome = self.create(&table, if_not_exists, told)?;
                (SchemaChange::CreateTable { table, if_not_exists }, outcome)
            }
            SchemaChange::CreateTableLike { table, like, if_not_exists } => {
                let outcome = match self.history.table(&like).cloned() {
                    Some(mut copy) => {
                        copy.database.clone_from(&table.database);
                        copy.name.clone_from(&table.name);
                        self.create(&copy, if_not_exists, told)?
                    }
                    // Its rows will tell.
                    None => Change::Done,
                };
                (SchemaChange::CreateTableLike { table, like, if_not_exists }, outcome)
            }
            SchemaChange::RenameTable { from, to } => {
                let outcome = self.rename(&from, &to, told)?;
                (SchemaChange::RenameTable { from, to }, outcome)
            }
            SchemaChange::Truncate { table } => {
                let outcome = self.truncate(&table, told)?;
                (SchemaChange::Truncate { table }, outcome)
            }
            SchemaChange::DropTable { table } => match self.drop(&table, told)? {
                Some(outcome) => (SchemaChange::DropTable { table }, outcome),
                None => return Ok(Change::Done),
            },
            SchemaChange::DropDatabase { database } => {
                self.undone(told, &database, "DROP DATABASE is not done in Doris; drop its tables by hand");
                (SchemaChange::DropDatabase { database }, Change::Done)
            }
            SchemaChange::RowsWithoutMessages { table, clause } => {
                let text =
                    format!("rows have come or gone without a message of them: {clause}; make the table equal by hand");
                self.undone(told, &table, &text);
                (SchemaChange::RowsWithoutMessages { table, clause }, Change::Done)
            }
            unparsed @ SchemaChange::Unparsed { .. } => (unparsed, Change::Done),
        };
        if outcome == Change::Done {
            self.history.done(&change, changed);
            self.write_journal(&change)?;
            for name in tables_of(&change) {
                if let Some(table) = self.named(&name)?
                    && table != which
                {
                    self.all[table].opened = None;
                    if matches!(self.all[table].stage, Stage::Refused) {
                        self.all[table].stage = Stage::Ready;
                    }
                }
            }
        }
        Ok(outcome)
    }

    fn write_journal(&mut self, change: &SchemaChange) -> Result<(), Error> {
        let (Some(journal), false) = (&self.journal, self.tables.plans()) else { return Ok(()) };
        if !self.journal_made {
            journal.create(&self.tables)?;
            self.tables.take_statements();
            self.journal_made = true;
        }
        for name in tables_of(change) {
            if self.owns(&name) && self.rules.target(&name.database, &name.name)?.is_some() && !self.is_ghost(&name)? {
                journal.write(&self.tables, &self.history.known(&name))?;
            }
        }
        Ok(())
    }

    fn alter(
        &mut self,
        table: TableName,
        clauses: &[TableChange],
        told: bool,
    ) -> Result<(SchemaChange, Change), Error> {
        let (left, misfits) = self.history.left(&table, clauses);
        for misfit in misfits {
            self.undone(told, &table, &misfit);
        }
        let change = SchemaChange::AlterTable { table: table.clone(), changes: left.clone() };
        let Some(old) = self.history.table(&table).cloned() else {
            self.undone(
                told,
                &table,
                "no row of the table came yet; what the statement adds is added with its rows, the rest is not done",
            );
            return Ok((change, Change::Done));
        };
        let Some(which) = self.named(&table)?.filter(|_| self.owns(&table)) else { return Ok((change, Change::Done)) };
        if self.is_ghost(&table)? {
            return Ok((change, Change::Done));
        }
        let mut in_doris = left;
        if self.is_merged(which) {
            let kept = in_doris.len();
            in_doris.retain(|c| matches!(c, TableChange::AddColumn { .. } | TableChange::ModifyColumn { .. }));
            if in_doris.len() < kept {
                let target = self.all[which].target.to_string();
                let text = format!(
                    "several tables are merged into {target}, so only new and wider columns are done; the rest of the statement is to be done \
                     by hand when all of them have it"
                );
                self.undone(told, &table, &text);
            }
        }
        let new = match apply::alter(&old, &in_doris) {
            Ok(new) => new,
            Err(misfit) => {
                self.undone(told, &table, &misfit.to_string());
                return Ok((change, Change::Done));
            }
        };
        let (old, new) = match (self.mapped(which, &old, None), self.mapped(which, &new, None)) {
            (Ok(old), Ok(new)) => (old, new),
            // It had no table in Doris; with its next row it may get one.
            (Err(_), _) => return Ok((change, Change::Done)),
            (_, Err(refusal)) => {
                let by_hand = vec![format!("DROP TABLE {}", self.all[which].target), "leave the table out".into()];
                return Ok((change, Change::Impossible(Impossible { what: refusal.to_string(), by_hand })));
            }
        };
        let outcome = self.tables.alter(&Alteration { old: &old, new: &new, clauses: &in_doris })?;
        Ok((change, outcome))
    }

    fn create(&mut self, table: &SourceTable, if_not_exists: bool, told: bool) -> Result<Change, Error> {
        let name = TableName::new(&table.database, &table.name);
        let Some(which) = self.named(&name)?.filter(|_| self.owns(&name)) else { return Ok(Change::Done) };
        if self.is_ghost(&name)? {
            return Ok(Change::Done);
        }
        let mapped = match self.mapped(which, table, None) {
            Ok(mapped) => mapped,
            Err(refusal) => {
                // Its first row would be refused, too: it is said now.
                self.refuse(which, &refusal)?;
                self.all[which].stage = Stage::Ready;
                return Ok(Change::Done);
            }
        };
        let target = self.all[which].target.clone();
        if self.tables.ask(&target)?.is_none() {
            self.tables.create(&mapped)?;
            self.reports.add(Severity::Info, Topic::Created, &name, format!("the table {target} was created"));
            self.note_columns(&name, &mapped);
            return Ok(Change::Done);
        }
        match self.history.table(&name).cloned() {
            Some(old) if !if_not_exists && !self.is_merged(which) => {
                let clauses = online::difference(&old, table);
                let Ok(old) = self.mapped(which, &old, None) else { return Ok(Change::Done) };
                if told || clauses.is_empty() {
                    return self.tables.alter(&Alteration { old: &old, new: &mapped, clauses: &clauses });
                }
                let text = format!("the table was made anew; {target} keeps its rows, and becomes what it is now");
                self.reports.add(Severity::Warning, Topic::Changed, &name, text);
                self.tables.alter(&Alteration { old: &old, new: &mapped, clauses: &clauses })
            }
            _ => Ok(Change::Done),
        }
    }

    fn rename(&mut self, from: &TableName, to: &TableName, told: bool) -> Result<Change, Error> {
        let is_old = online::role(&to.name).is_some() && self.is_ghost(to)?;
        let (before, after) = (
            self.rules.target(&from.database, &from.name)?,
            self.rules.target(&to.database, &to.name)?.filter(|_| !is_old),
        );
        let (before, after) = match (before, after) {
            (Some(before), Some(after)) if before == after => return Ok(Change::Done),
            (Some(before), Some(after)) => (before, after),
            (Some(before), None) => {
                self.undone(told, from, &format!("it is {to} now, which is not moved; {before} stays as it is"));
                return Ok(Change::Done);
            }
            (None, _) => {
                self.undone(told, to, &format!("it was {from}, which is not moved: rows of before are not in Doris"));
                return Ok(Change::Done);
            }
        };
        if !self.owns(from) {
            // The subtask that moves the old name renames the table in Doris.
            return Ok(if self.tables.ask(&before)?.is_some() { Change::UnderWay } else { Change::Done });
        }
        if self.named(from)?.is_some_and(|which| self.is_merged(which)) {
            self.undone(
                told,
                from,
                &format!("several tables are merged into {before}, so it is not renamed to {after}"),
            );
            return Ok(Change::Done);
        }
        if self.tables.ask(&before)?.is_none() {
            return Ok(Change::Done);
        }
        let by_hand = |what: String| {
            let by_hand = vec![format!("rename or drop {after}, then: ALTER TABLE {before} RENAME `{}`", after.table)];
            Change::Impossible(Impossible { what, by_hand })
        };
        if self.tables.ask(&after)?.is_some() {
            return Ok(by_hand(format!("{before} cannot become {after}, as there is a table of that name in Doris")));
        }
        match rename_table((&before.database, &before.table), (&after.database, &after.table)) {
            Ok(step) => self.tables.step(&before, &step),
            Err(impossible) => Ok(Change::Impossible(impossible)),
        }
    }

    fn truncate(&mut self, name: &TableName, told: bool) -> Result<Change, Error> {
        let Some(which) = self.named(name)?.filter(|_| self.owns(name)) else { return Ok(Change::Done) };
        let target = self.all[which].target.clone();
        if self.tables.spec.ddl.truncate == Doing::Ignore || self.is_merged(which) {
            let why = if self.is_merged(which) { "several tables are merged into it" } else { "the job says so" };
            self.undone(told, name, &format!("TRUNCATE TABLE is not done in {target}: {why}"));
            return Ok(Change::Done);
        }
        if self.tables.ask(&target)?.is_none() {
            return Ok(Change::Done);
        }
        if self.all[which].places().len() > 1 {
            self.undone(
                told,
                name,
                "the table's messages come in several partitions, so rows around a TRUNCATE TABLE may be on its wrong side",
            );
        }
        self.tables.step(&target, &truncate(&target.database, &target.table))
    }

    /// None if it is left undone.
    fn drop(&mut self, name: &TableName, told: bool) -> Result<Option<Change>, Error> {
        if self.is_ghost(name)? {
            return Ok(Some(Change::Done));
        }
        let Some(which) = self.named(name)?.filter(|_| self.owns(name)) else { return Ok(Some(Change::Done)) };
        let target = self.all[which].target.clone();
        if self.tables.spec.ddl.drop_table == Doing::Ignore || self.is_merged(which) {
            self.undone(told, name, &format!("the table was dropped; {target} stays as it is"));
            return Ok(None);
        }
        self.tables.step(&target, &drop_table(&target.database, &target.table)).map(Some)
    }

    /// Whether other tables of the source are moved into the same one.
    fn is_merged(&self, which: usize) -> bool {
        let target = &self.all[which].target;
        self.all.iter().enumerate().any(|(other, table)| other != which && table.target == *target)
    }

    /// The key of a table is another one.
    pub(super) fn other_key(&self, which: usize, keys: &[String]) -> Impossible {
        let target = &self.all[which].target;
        Impossible {
            what: format!("its key is ({}) now, and the key of {target} cannot be changed in Doris", keys.join(", ")),
            by_hand: vec![format!("DROP TABLE {target}"), "then move the table's rows again".into()],
        }
    }

    /// Whether the table in Doris is not there, or has this key.
    pub(super) fn has_key(&self, which: usize, keys: &[String]) -> Result<bool, Error> {
        let Some(table) = self.tables.ask(&self.all[which].target)? else { return Ok(true) };
        let present: Vec<&str> = table.columns.iter().filter(|c| c.key).map(|c| c.name.as_str()).collect();
        Ok(present.len() == keys.len() && keys.iter().all(|key| present.iter().any(|name| same_name(name, key))))
    }

    /// A table that Doris cannot have.
    pub(super) fn refuse(&mut self, which: usize, refusal: &Refusal) -> Result<Taking, Error> {
        let name = self.all[which].name.clone();
        if self.tables.spec.on_error.table == OnError::Fail {
            return Err(Error::from(refusal.clone()).at(name.to_string()));
        }
        self.reports.add(Severity::Error, Topic::Refused, &name, format!("its messages are passed over: {refusal}"));
        self.all[which].stage = Stage::Refused;
        self.counts.refused += 1;
        Ok(Taking::Done)
    }

    /// A message that lacks columns, so that it does not say what its rows are.
    pub(super) fn partial(&mut self, which: usize, lacks: &[String]) -> Result<Taking, Error> {
        let name = self.all[which].name.clone();
        let lacks = if lacks.is_empty() { "the key".to_string() } else { lacks.join(", ") };
        let text = format!("a message lacks {lacks}: set binlog_row_image = FULL in the source");
        self.unapplied(&name.to_string(), &text)?;
        Ok(Taking::Done)
    }

    /// A message that cannot be decoded.
    pub(super) fn failed(&mut self, which: usize, error: Error) -> Result<Taking, Error> {
        if self.tables.spec.on_error.message == OnError::Fail {
            return Err(error);
        }
        let name = self.all[which].name.to_string();
        self.unapplied(&name, &error.to_string())?;
        Ok(Taking::Done)
    }

    /// A message that cannot be applied.
    pub(super) fn unapplied(&mut self, table: &str, text: &str) -> Result<super::database::Step, Error> {
        if self.tables.spec.on_error.message == OnError::Fail {
            let error = Error::new(Kind::Load, text);
            return Err(if table.is_empty() { error } else { error.at(table) });
        }
        self.counts.unapplied += 1;
        self.reports.add(Severity::Error, Topic::Unapplied, table, text);
        Ok(super::database::Step::Done)
    }

    /// A message that an earlier run has loaded.
    pub(super) fn replayed(&mut self, which: usize) {
        let table = &mut self.all[which];
        self.counts.replayed += 1;
        table.replayed += 1;
        if table.replayed == 1 {
            let text = format!(
                "messages are passed over that were loaded into {} before its last schema change, as the journal in Doris says; to load them \
                 again, drop the table",
                table.target
            );
            self.reports.add(Severity::Info, Topic::Replayed, &table.name, text);
        }
    }

    /// Says what is lost of a new table's columns.
    pub(super) fn note_columns(&mut self, name: &TableName, mapped: &MappedTable) {
        for column in &mapped.columns {
            if let Some(note) = &column.note {
                let text = format!("column {}: {note}", column.source);
                self.reports.add(Severity::Warning, Topic::Column, name, text);
            }
        }
    }

    /// Says what was run in Doris.
    pub(super) fn report_statements(&mut self, which: usize) {
        for statement in self.tables.take_statements() {
            self.reports.add(Severity::Info, Topic::Changed, &self.all[which].name, statement);
        }
    }

    fn undone(&mut self, told: bool, table: impl std::fmt::Display, text: &str) {
        if !told {
            self.reports.add(Severity::Warning, Topic::Undone, table, text);
        }
    }
}

fn changed_at(head: &Head<'_>, place: Place) -> Changed {
    Changed { place, executed: head.executed().unwrap_or(0), loaded: Default::default(), gone: Vec::new() }
}

/// The tables that a change is about; of a new name, too.
fn tables_of(change: &SchemaChange) -> Vec<TableName> {
    match change {
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

fn shown(sql: &str) -> String {
    let one_line: Vec<&str> = sql.split_whitespace().collect();
    let one_line = one_line.join(" ");
    match one_line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

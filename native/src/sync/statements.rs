//! Schema changes as they come: which tables they are about, and what is done about each.

use super::database::{Database, Taking};
use super::ddl::alter::{Impossible, drop_table, rename_table, truncate};
use super::ddl::{SchemaChange, TableChange, TableName, apply, online, parse};
use super::history::Changed;
use super::moved::{Parked, Stage, Work};
use super::open::Doing;
use super::place::Place;
use super::report::{Severity, Topic};
use super::source::SourceTable;
use super::tables::{Alteration, Change, has_key};
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
        let tables = self.tables_here(&changes)?;
        if tables.is_empty() {
            self.follow(changes, &changed_at(head, place));
            return Ok(());
        }
        if audience == Audience::One && self.tables.spec.label.subtasks > 1 {
            return Err(Error::new(
                Kind::IllegalState,
                "a schema change reached one subtask only; messages have to be routed by table, and schema changes to all",
            ));
        }
        // It waits in each of its tables: all have to come to it.
        for which in tables {
            let message = String::from_utf8_lossy(message).into_owned();
            let table = &mut self.all[which];
            table.waited = false;
            if matches!(table.stage, Stage::Refused) {
                table.stage = Stage::Ready;
            }
            self.park(which, Parked { place, message, is_statement: true }, false);
        }
        Ok(())
    }

    /// The tables that a statement names.
    pub(super) fn tables_of_statement(&mut self, head: &Head<'_>) -> Vec<TableName> {
        self.changes(head, false).iter().flat_map(SchemaChange::tables).collect()
    }

    /// What a statement does to the tables that are kept. `first`: it is reported if it is not understood.
    fn changes(&mut self, head: &Head<'_>, first: bool) -> Vec<SchemaChange> {
        let (sql, database) = (head.sql().unwrap_or_default(), head.database().unwrap_or_default());
        let changes = parse(&sql, &database);
        // Each subtask gets it, and one tells.
        let tells = first && self.owner.owns(&TableName::new(database.as_ref(), head.table().unwrap_or_default()));
        for change in changes.iter().filter(|_| tells) {
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
        for name in changes.iter().flat_map(SchemaChange::tables) {
            if self.owner.owns(&name) && self.rules.target(&name.database, &name.name)?.is_some() {
                let text = format!("a schema change is not done, as ddl.sync is off: {}", shown(&sql));
                self.reports.add(Severity::Warning, Topic::Undone, &name, text);
            }
        }
        Ok(())
    }

    /// The tables that a statement is about and that this subtask moves.
    fn tables_here(&mut self, changes: &[SchemaChange]) -> Result<Vec<usize>, Error> {
        let mut tables = Vec::new();
        for name in changes.iter().flat_map(SchemaChange::tables) {
            if let Some(which) = self.mine(&name)?
                && !tables.contains(&which)
            {
                tables.push(which);
            }
        }
        Ok(tables)
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
        let mut changes: VecDeque<SchemaChange> = self.changes(head, false).into();
        let mut changed = changed_at(head, place);
        let tables = self.tables_here(changes.make_contiguous())?;
        // The first of them does it; for the others it is over when it is gone from that one's queue.
        if let Some(&first) = tables.first()
            && first != which
        {
            if !self.all[first].queue.iter().any(|parked| parked.place == place) {
                return Ok(Taking::Done);
            }
            self.all[which].stage = Stage::Meeting;
            return Ok(Taking::Later);
        }
        // Of tables of other subtasks later statements may be known already.
        let last = tables.iter().filter_map(|table| self.history.changed(&self.all[*table].name));
        changed.step = last.map(|last| last.steps_of(place, changed.executed)).max().unwrap_or(0);
        if changed.step >= changes.len() {
            self.counts.replayed += 1;
            return Ok(Taking::Done);
        }
        if !tables.iter().all(|table| *table == which || self.all[*table].has_come_to(place)) {
            self.all[which].stage = Stage::Meeting;
            return Ok(Taking::Later);
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
        changes.drain(..changed.step);
        self.begin(which, changes, changed, true)?;
        Ok(Taking::Later)
    }

    /// Begins changes of tables, all of whose rows are in Doris.
    pub(super) fn begin(
        &mut self,
        which: usize,
        changes: VecDeque<SchemaChange>,
        changed: Changed,
        is_statement: bool,
    ) -> Result<(), Error> {
        let mut names: Vec<TableName> = changes.iter().flat_map(SchemaChange::tables).collect();
        names.sort();
        names.dedup();
        for name in names {
            // Of a table that is new nothing is in Doris that could be taken twice.
            if self.history.table(&name).is_some() && self.mine(&name)?.is_some() {
                self.history.begin(&name, &changed);
                self.journal(&name)?;
            }
        }
        let now = Instant::now();
        let work = Work { changes, by_hand: None, since: now, again: now, changed, is_statement, told: false };
        self.all[which].stage = Stage::Changing(work);
        Ok(())
    }

    /// Stops a table before its next message until somebody has done something, or for a moment as Doris is at something.
    pub(super) fn stop(&mut self, which: usize, by_hand: Option<Impossible>, changed: Changed) {
        let now = Instant::now();
        let again = if by_hand.is_some() { now } else { now + UNDER_WAY };
        let changes = VecDeque::new();
        let work = Work { changes, by_hand, since: now, again, changed, is_statement: false, told: false };
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
            let outcome = self.perform(which, change, &work, told)?;
            self.report_statements(which);
            match outcome {
                Change::Done => {
                    work.changes.pop_front();
                    work.changed.step += 1;
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
        self.counts.reopened += u64::from(self.all[which].close());
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

    /// Makes one change in Doris, and keeps account of it.
    fn perform(&mut self, which: usize, change: SchemaChange, work: &Work, told: bool) -> Result<Change, Error> {
        let (change, outcome) = match change {
            SchemaChange::AlterTable { table, changes } => self.alter(table, &changes, told)?,
            SchemaChange::CreateTable { table, if_not_exists } => {
                let (table, outcome) = self.create(table, if_not_exists, told)?;
                (SchemaChange::CreateTable { table, if_not_exists }, outcome)
            }
            SchemaChange::CreateTableLike { table, like, if_not_exists } => match self.history.table(&like).cloned() {
                Some(mut copy) => {
                    copy.database.clone_from(&table.database);
                    copy.name.clone_from(&table.name);
                    let (table, outcome) = self.create(copy, if_not_exists, told)?;
                    (SchemaChange::CreateTable { table, if_not_exists }, outcome)
                }
                // Its rows will tell.
                None => (SchemaChange::CreateTableLike { table, like, if_not_exists }, Change::Done),
            },
            SchemaChange::RenameTable { from, to } => {
                let outcome = self.rename(&from, &to, work, told)?;
                (SchemaChange::RenameTable { from, to }, outcome)
            }
            SchemaChange::Truncate { table } => {
                let outcome = self.truncate(&table, told)?;
                (SchemaChange::Truncate { table }, outcome)
            }
            SchemaChange::DropTable { table } => match self.drop(&table, told)? {
                Some(outcome) => (SchemaChange::DropTable { table }, outcome),
                None => (SchemaChange::AlterTable { table, changes: Vec::new() }, Change::Done),
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
            let changed = Changed { step: work.changed.step + 1, ..work.changed.clone() };
            self.history.done(&change, &changed);
            self.write_journal(&change)?;
            for name in change.tables() {
                if let Some(table) = self.mine(&name)?
                    && table != which
                {
                    self.all[table].close();
                    if matches!(self.all[table].stage, Stage::Refused) {
                        self.all[table].stage = Stage::Ready;
                    }
                }
            }
        }
        Ok(outcome)
    }

    fn write_journal(&mut self, change: &SchemaChange) -> Result<(), Error> {
        // Who renames a table tells of both its names.
        let both = matches!(change, SchemaChange::RenameTable { from, .. } if self.mine(from)?.is_some());
        for name in change.tables() {
            let moved = both && self.rules.target(&name.database, &name.name)?.is_some();
            if moved || self.mine(&name)?.is_some() && !matches!(change, SchemaChange::RenameTable { .. }) {
                self.journal(&name)?;
            }
        }
        Ok(())
    }

    /// Writes what is known of a table into the journal.
    fn journal(&mut self, name: &TableName) -> Result<(), Error> {
        let (Some(journal), false) = (&self.journal, self.tables.plans()) else { return Ok(()) };
        if !self.journal_made {
            journal.create(&self.tables)?;
            self.tables.take_statements();
            self.journal_made = true;
        }
        journal.write(&self.tables, &self.history.known(name))
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
        let Some(which) = self.named(&table)?.filter(|_| self.owner.owns(&table)) else {
            return Ok((change, Change::Done));
        };
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

    /// Makes a table, or makes the one that is there what it is now; with the table as it is known then.
    fn create(&mut self, table: SourceTable, if_not_exists: bool, told: bool) -> Result<(SourceTable, Change), Error> {
        let name = TableName::new(&table.database, &table.name);
        let Some(which) = self.mine(&name)? else { return Ok((table, Change::Done)) };
        let mapped = match self.mapped(which, &table, None) {
            Ok(mapped) => mapped,
            Err(refusal) => {
                // Its first row would be refused, too: it is said now.
                self.refuse(which, &refusal)?;
                self.all[which].stage = Stage::Ready;
                return Ok((table, Change::Done));
            }
        };
        let target = self.all[which].target.clone();
        let Some(there) = self.tables.ask(&target)? else {
            self.tables.create(&mapped)?;
            self.created(which, &mapped);
            return Ok((table, Change::Done));
        };
        let Some(old) = self.history.table(&name).cloned() else {
            self.met(which, &mapped, &there)?;
            return Ok((table, Change::Done));
        };
        if self.partitions.len() > 1 && self.history.changed(&name).is_none() {
            return Ok((with_told(old, &table), Change::Done));
        }
        if if_not_exists || self.is_merged(which) {
            return Ok((old, Change::Done));
        }
        let clauses = online::difference(&old, &table);
        let Ok(old) = self.mapped(which, &old, None) else { return Ok((table, Change::Done)) };
        if !told && !clauses.is_empty() {
            let text = format!("the table was made anew; {target} keeps its rows, and becomes what it is now");
            self.reports.add(Severity::Warning, Topic::Changed, &name, text);
        }
        let outcome = self.tables.alter(&Alteration { old: &old, new: &mapped, clauses: &clauses })?;
        Ok((table, outcome))
    }

    fn rename(&mut self, from: &TableName, to: &TableName, work: &Work, told: bool) -> Result<Change, Error> {
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
        if !self.owner.owns(from) {
            // The subtask that moves the old name renames the table in Doris, and says so in the journal.
            let known = match &self.journal {
                Some(journal) => journal.read_one(&self.tables.doris, from)?,
                None => None,
            };
            let changed = known.and_then(|known| known.changed);
            let done = changed.map_or(0, |changed| changed.steps_of(work.changed.place, work.changed.executed));
            return Ok(if done > work.changed.step {
                Change::Done
            } else if work.since.elapsed() < BY_HAND {
                Change::UnderWay
            } else {
                Change::Impossible(Impossible {
                    what: format!("{before} is not renamed to {after} yet"),
                    by_hand: vec![format!("what {before} waits for")],
                })
            });
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
        let Some(which) = self.named(name)?.filter(|_| self.owner.owns(name)) else { return Ok(Change::Done) };
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
        let Some(which) = self.named(name)?.filter(|_| self.owner.owns(name)) else { return Ok(Some(Change::Done)) };
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
        let source = self.all[which].name.to_string();
        let keys: Vec<String> = keys.iter().filter_map(|key| self.columns.name(&source, key)).collect();
        Ok(has_key(&table, &keys))
    }

    fn undone(&mut self, told: bool, table: impl std::fmt::Display, text: &str) {
        if !told {
            self.reports.add(Severity::Warning, Topic::Undone, table, text);
        }
    }
}

fn changed_at(head: &Head<'_>, place: Place) -> Changed {
    Changed::at(place, head.executed().unwrap_or(0))
}

/// A table that rows of another partition have shown before its CREATE TABLE came, and maybe with columns that were added since.
fn with_told(mut seen: SourceTable, told: &SourceTable) -> SourceTable {
    for column in &mut seen.columns {
        if let Some(told) = told.column(&column.name).filter(|told| told.ty == column.ty) {
            *column = told.clone();
        }
    }
    seen.comment.clone_from(&told.comment);
    seen
}

fn shown(sql: &str) -> String {
    let one_line: Vec<&str> = sql.split_whitespace().collect();
    let one_line = one_line.join(" ");
    match one_line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

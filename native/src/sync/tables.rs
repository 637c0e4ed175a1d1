//! The tables in Doris: asked for, made and changed.

use super::create::create_table;
use super::ddl::TableChange;
use super::ddl::alter::{Impossible, PresentColumn, Step, alter_table};
use super::mapping::{MappedColumn, MappedTable};
use super::open::{DatabaseSpec, PropertyRules};
use super::rules::TargetName;
use super::source::same_name;
use crate::doris::catalogue::{self, EVERYWHERE, quoted};
use crate::doris::cluster::CallError;
use crate::doris::loader::{Lane, Loader, Package};
use crate::doris::statements::Statements;
use crate::doris::table::{DorisTable, DorisType, backquoted};
use crate::error::{Error, Kind};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Columns of SHOW ALTER TABLE COLUMN.
const JOB_ID: usize = 0;
const JOB_STATE: usize = 9;
const JOB_MESSAGE: usize = 10;

/// The tables of a Doris cluster.
pub struct DorisTables {
    pub(super) spec: DatabaseSpec,
    pub(super) properties: PropertyRules,
    pub(super) doris: Statements,
    pub(super) loader: Arc<Loader>,
    /// Of a plan: the tables as they would be.
    planned: Option<RefCell<HashMap<TargetName, DorisTable>>>,
    /// Statements that were run, or of a plan would be, since they were taken last.
    statements: RefCell<Vec<String>>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Doris has what is wanted.
    Done,
    /// Doris is at it: to be asked for again.
    UnderWay,
    /// Doris cannot do it.
    Impossible(Impossible),
}

/// A change of a table's columns.
#[derive(Clone, Copy)]
pub struct Alteration<'a> {
    /// The table before.
    pub old: &'a MappedTable,
    /// The table after.
    pub new: &'a MappedTable,
    /// By which clauses.
    pub clauses: &'a [TableChange],
}

impl DorisTables {
    /// The tables of a cluster. With `plan` nothing is done, only found out what would be.
    pub fn new(spec: DatabaseSpec, properties: PropertyRules, doris: Statements, loader: Arc<Loader>) -> DorisTables {
        DorisTables {
            properties,
            doris,
            loader,
            planned: spec.plan.then(RefCell::default),
            statements: RefCell::default(),
            spec,
        }
    }

    /// Whether nothing is done, only found out what would be.
    pub fn plans(&self) -> bool {
        self.planned.is_some()
    }

    /// The statements since the last call.
    pub fn take_statements(&self) -> Vec<String> {
        self.statements.take()
    }

    /// Copies of each table's data, where the job says how many.
    pub fn replication(&self) -> Option<u16> {
        self.spec.properties.replication
    }

    /// Asks for a table; None if there is none.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn ask(&self, name: &TargetName) -> Result<Option<DorisTable>, Error> {
        if let Some(planned) = &self.planned
            && let Some(table) = planned.borrow().get(name)
        {
            return Ok(Some(table.clone()));
        }
        self.doris
            .patiently(|cluster| catalogue::table(cluster, &name.database, &name.table))
            .map_err(|e| unanswered(e, name))
    }

    /// Makes the table, and its database if that is missing.
    ///
    /// # Errors
    /// Doris does not make it.
    pub fn create(&self, mapped: &MappedTable) -> Result<DorisTable, Error> {
        let name = TargetName { database: mapped.database.clone(), table: mapped.name.clone() };
        let properties = self.properties.of(&name);
        let statement = create_table(mapped, properties)?;
        let failed = |e| not_run(&statement, e).at(name.to_string());
        self.run(EVERYWHERE, &format!("CREATE DATABASE IF NOT EXISTS {}", backquoted(&name.database)))
            .map_err(failed)?;
        self.run(&name.database, &statement).map_err(failed)?;
        self.note(&name, || mapped.doris_table(properties.sequence_type.is_some()));
        self.ask(&name)?.ok_or_else(|| {
            Error::new(Kind::Load, "Doris has no such table, though it was just created; may this user see it?")
                .at(name.to_string())
        })
    }

    /// Adds the columns that a table lacks, whether or not a message said so.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn widen(&self, mapped: &MappedTable, table: &DorisTable) -> Result<Change, Error> {
        let is_there = |column: &&MappedColumn| table.columns.iter().any(|there| same_name(&there.name, &column.name));
        if mapped.columns.iter().all(|column| is_there(&column)) {
            return Ok(Change::Done);
        }
        let name = TargetName { database: mapped.database.clone(), table: mapped.name.clone() };
        if let Some(Job::UnderWay) = self.job(&name)? {
            return Ok(Change::UnderWay);
        }
        // What is there is left as it is; whether it can take the values is seen when the writer is made.
        let present: Vec<PresentColumn> = mapped.columns.iter().filter(is_there).map(PresentColumn::of).collect();
        let alteration = Alteration { old: mapped, new: mapped, clauses: &[] };
        match alter_table(mapped, mapped, &[], &present, self.spec.alter_options()) {
            Ok(steps) => self.steps(&alteration, &steps),
            Err(impossible) => Ok(Change::Impossible(impossible)),
        }
    }

    /// Changes a table, or goes on with it. What Doris has already is not done again, so this may be called as often as one likes.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn alter(&self, alteration: &Alteration<'_>) -> Result<Change, Error> {
        let new = alteration.new;
        let name = TargetName { database: new.database.clone(), table: new.name.clone() };
        match self.job(&name)? {
            Some(Job::UnderWay) => return Ok(Change::UnderWay),
            Some(Job::Cancelled(why)) => {
                let left = self.left(alteration, &name)?;
                if let Ok(steps) = &left
                    && steps.iter().any(|step| step.heavy)
                {
                    return Ok(Change::Impossible(Impossible {
                        what: format!("Doris has cancelled the change of {name}: {why}"),
                        by_hand: steps.iter().map(|step| step.sql.clone()).collect(),
                    }));
                }
            }
            None => {}
        }
        if self.ask(&name)?.is_none() {
            return self.create(new).map(|_| Change::Done);
        }
        match self.left(alteration, &name)? {
            Ok(steps) => self.steps(alteration, &steps),
            Err(impossible) => Ok(Change::Impossible(impossible)),
        }
    }

    /// What is left to do.
    fn left(&self, alteration: &Alteration<'_>, name: &TargetName) -> Result<Result<Vec<Step>, Impossible>, Error> {
        let present = self.present(name)?;
        Ok(alter_table(alteration.old, alteration.new, alteration.clauses, &present, self.spec.alter_options()))
    }

    /// Runs steps up to the first that starts a job.
    fn steps(&self, alteration: &Alteration<'_>, steps: &[Step]) -> Result<Change, Error> {
        let new = alteration.new;
        for (i, step) in steps.iter().enumerate() {
            match self.run(&new.database, &step.sql) {
                Ok(()) => {}
                Err(CallError::Refused(text)) if step.fills => {
                    self.statements
                        .borrow_mut()
                        .push(format!("-- Doris does not run it, and the cells stay NULL: {text}"));
                }
                Err(CallError::Refused(text)) => {
                    return Ok(Change::Impossible(Impossible {
                        what: format!("Doris does not run `{}`: {text}", step.sql),
                        by_hand: steps[i..].iter().map(|step| step.sql.clone()).collect(),
                    }));
                }
                Err(e) => return Err(not_run(&step.sql, e)),
            }
            if step.heavy && !self.plans() {
                return Ok(Change::UnderWay);
            }
        }
        let name = TargetName { database: new.database.clone(), table: new.name.clone() };
        self.note(&name, || new.doris_table(self.properties.of(&name).sequence_type.is_some()));
        Ok(Change::Done)
    }

    /// Runs one statement about a table that is there.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn step(&self, name: &TargetName, step: &Step) -> Result<Change, Error> {
        match self.run(&name.database, &step.sql) {
            Ok(()) => Ok(Change::Done),
            Err(CallError::Refused(text)) => Ok(Change::Impossible(Impossible {
                what: format!("Doris does not run `{}`: {text}", step.sql),
                by_hand: vec![step.sql.clone()],
            })),
            Err(e) => Err(not_run(&step.sql, e)),
        }
    }

    /// Columns as they are.
    pub(super) fn present(&self, name: &TargetName) -> Result<Vec<PresentColumn>, Error> {
        if let Some(planned) = &self.planned
            && let Some(table) = planned.borrow().get(name)
        {
            return Ok(table.columns.iter().map(planned_column).collect());
        }
        let statement = format!(
            "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLUMN_COMMENT FROM information_schema.columns \
             WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
            quoted(&name.database),
            quoted(&name.table)
        );
        let ask = |statement: &str| self.doris.query(EVERYWHERE, statement).map_err(|e| unanswered(e, name));
        let mut columns: Vec<PresentColumn> = ask(&statement)?.into_iter().map(present_column).collect();
        if columns.iter().any(|column| column.ty == DorisType::TinyInt) {
            let ddl = catalogue::definition(ask(&catalogue::show_create(&name.database, &name.table))?);
            let booleans = columns.iter_mut().filter(|column| column.ty == DorisType::TinyInt);
            booleans
                .filter(|column| catalogue::is_boolean(&ddl, &column.name))
                .for_each(|column| column.ty = DorisType::Boolean);
        }
        Ok(columns)
    }

    /// The table's last job that changes columns, as far as it matters.
    fn job(&self, name: &TargetName) -> Result<Option<Job>, Error> {
        if self.plans() {
            return Ok(None);
        }
        let statement = format!(
            "SHOW ALTER TABLE COLUMN FROM {} WHERE TableName = {}",
            backquoted(&name.database),
            quoted(&name.table)
        );
        let jobs = match self.doris.query(&name.database, &statement) {
            Ok(jobs) => jobs,
            // A database that is not there has no jobs.
            Err(CallError::Refused(_)) => return Ok(None),
            Err(e) => return Err(unanswered(e, name)),
        };
        let cell = |job: &[Option<String>], i: usize| job.get(i).cloned().flatten().unwrap_or_default();
        let is_open = |job: &Vec<Option<String>>| !matches!(cell(job, JOB_STATE).as_str(), "FINISHED" | "CANCELLED");
        if jobs.iter().any(is_open) {
            return Ok(Some(Job::UnderWay));
        }
        // Several may be of one second.
        let last = jobs.iter().max_by_key(|job| cell(job, JOB_ID).parse::<u64>().unwrap_or(0));
        let cancelled = last.filter(|job| cell(job, JOB_STATE) == "CANCELLED");
        Ok(cancelled.map(|job| Job::Cancelled(cell(job, JOB_MESSAGE))))
    }

    /// Loads one row, outside of the tables' lanes, and waits for it.
    pub(super) fn load_row(&self, (database, table): (&str, &str), row: &serde_json::Value) -> Result<(), Error> {
        let headers = vec![("format", "json".into()), ("read_json_by_line", "true".into())];
        let lane = Lane::new(self.spec.target((database.into(), table.into()), headers)?, true);
        let body = format!("{row}\n").into_bytes();
        self.loader.load_into(&lane, Package::new(body.into(), Vec::new(), 1));
        let limit = Duration::from_secs(self.spec.load_timeout_seconds + self.spec.patience_seconds);
        match self.loader.wait(limit, |_| lane.open() == 0) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(Kind::Load, format!("a row was not loaded in {} s", limit.as_secs()))),
            Err(text) => Err(Error::new(Kind::Load, text)),
        }
        .map_err(|e| e.at(format!("{database}.{table}")))
    }

    /// Runs a statement.
    pub(super) fn run(&self, database: &str, statement: &str) -> Result<(), CallError> {
        self.statements.borrow_mut().push(statement.to_string());
        if self.plans() {
            return Ok(());
        }
        self.doris.query(database, statement).map(|_| ())
    }

    /// Of a plan: what a table would be now.
    fn note(&self, name: &TargetName, table: impl FnOnce() -> DorisTable) {
        if let Some(planned) = &self.planned {
            planned.borrow_mut().insert(name.clone(), table());
        }
    }
}

/// A job of Doris that changes a table's columns.
enum Job {
    UnderWay,
    Cancelled(String),
}

/// The key columns of a table.
pub(super) fn key_of(table: &DorisTable) -> impl Iterator<Item = &str> {
    table.columns.iter().filter(|column| column.key).map(|column| column.name.as_str())
}

/// Whether the key of a table is of these columns, in whatever order.
pub(super) fn has_key(table: &DorisTable, columns: &[impl AsRef<str>]) -> bool {
    key_of(table).count() == columns.len()
        && columns.iter().all(|column| key_of(table).any(|key| same_name(key, column.as_ref())))
}

fn present_column(row: Vec<Option<String>>) -> PresentColumn {
    let mut cells = row.into_iter();
    let mut cell = || cells.next().flatten();
    PresentColumn {
        name: cell().unwrap_or_default(),
        ty: DorisType::parse(&cell().unwrap_or_default()),
        nullable: cell().is_none_or(|nullable| nullable.eq_ignore_ascii_case("yes")),
        default: cell(),
        comment: cell().unwrap_or_default(),
    }
}

fn planned_column(column: &crate::doris::table::DorisColumn) -> PresentColumn {
    PresentColumn {
        name: column.name.clone(),
        ty: column.ty.clone(),
        nullable: column.nullable,
        default: None,
        comment: String::new(),
    }
}

fn not_run(statement: &str, e: CallError) -> Error {
    Error::new(Kind::Load, format!("Doris does not run this statement: {statement}")).caused_by(e)
}

fn unanswered(e: CallError, name: &TargetName) -> Error {
    Error::new(Kind::Load, e.to_string()).at(name.to_string())
}

//! The journal of schema changes: a table in Doris that has, for each table that was changed, its columns after its last change, where that change
//! stood, and up to where its rows were loaded before it. A job that reads its topic again from an earlier place knows from it what is done.

use super::ddl::TableName;
use super::history::Known;
use super::tables::DorisTables;
use crate::doris::catalogue::{EVERYWHERE, quoted};
use crate::doris::cluster::CallError;
use crate::doris::statements::Statements;
use crate::doris::table::backquoted;
use crate::error::{Error, Kind};
use serde::Deserialize;
use serde_json::json;

/// Of the journal's table.
const TABLE: &str = "schema_journal";

/// The row of no table, which has the number of the job's last [run](super::run).
#[derive(Deserialize)]
struct Run {
    run: i64,
}

/// The journal of one job.
#[derive(Debug, Clone)]
pub struct Journal {
    /// Its database in Doris.
    database: String,
    /// The job's name: two jobs may move the same table.
    origin: String,
}

impl Journal {
    /// The journal of the job `origin`, in that database of Doris.
    pub fn new(database: &str, origin: &str) -> Journal {
        Journal { database: database.into(), origin: origin.into() }
    }

    fn name(&self) -> String {
        format!("{}.{}", backquoted(&self.database), backquoted(TABLE))
    }

    /// Makes the journal's table, and its database.
    ///
    /// # Errors
    /// Doris does not answer, or does not let this user do it.
    pub fn create(&self, tables: &DorisTables) -> Result<(), Error> {
        let unmade = |e: CallError| {
            let text = format!(
                "the journal of schema changes, {}, cannot be made; let the user create it, or name a database where it may by \
                 ddl.journal-database",
                self.name()
            );
            Error::new(Kind::Load, text).caused_by(e)
        };
        tables
            .run(EVERYWHERE, &format!("CREATE DATABASE IF NOT EXISTS {}", backquoted(&self.database)))
            .map_err(unmade)?;
        let replication = match tables.replication() {
            Some(replicas) => format!(", 'replication_num' = '{replicas}'"),
            None => String::new(),
        };
        let statement = format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  `origin` VARCHAR(1024) NOT NULL,\n  `source_database` VARCHAR(256) NOT NULL,\n  \
                 `source_table` VARCHAR(256) NOT NULL,\n  `known` STRING NULL\n) UNIQUE KEY(`origin`, `source_database`, `source_table`) \
                 COMMENT 'schema changes that canal-native has done; a table whose row is deleted is read anew'\n\
                 DISTRIBUTED BY HASH(`origin`) BUCKETS 1\nPROPERTIES ('enable_unique_key_merge_on_write' = 'true'{replication})",
            self.name()
        );
        tables.run(&self.database, &statement).map_err(unmade)
    }

    /// All tables of the job that were changed; none if there is no journal yet.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn read(&self, doris: &Statements) -> Result<Vec<Known>, Error> {
        if !self.is_there(doris)? {
            return Ok(Vec::new());
        }
        self.select(doris, "").map_err(|e| self.unread(e))
    }

    fn is_there(&self, doris: &Statements) -> Result<bool, Error> {
        let there = format!(
            "SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = {} AND TABLE_NAME = '{TABLE}'",
            quoted(&self.database)
        );
        Ok(!doris.query(EVERYWHERE, &there).map_err(|e| self.unread(e))?.is_empty())
    }

    fn unread(&self, cause: CallError) -> Error {
        let text = format!("the journal of schema changes, {}, cannot be read", self.name());
        Error::new(Kind::Load, text).caused_by(cause)
    }

    /// The number of the job's last run, as it was [noted](Self::note_run) or as tables were changed in it; 0 if there was none, None if there is no journal.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn last_run(&self, doris: &Statements) -> Result<Option<i64>, Error> {
        if !self.is_there(doris)? {
            return Ok(None);
        }
        let texts = self.texts(doris, "").map_err(|e| self.unread(e))?;
        let run = |text: &String| match serde_json::from_str(text) {
            Ok(Run { run }) => Some(run),
            Err(_) => serde_json::from_str::<Known>(text).ok()?.changed.map(|changed| changed.place.run()),
        };
        Ok(Some(texts.iter().filter_map(run).max().unwrap_or(0)))
    }

    /// Notes the number of a run before anything of it is loaded.
    ///
    /// # Errors
    /// Doris does not take it.
    pub fn note_run(&self, doris: &Statements, run: i64) -> Result<(), Error> {
        let statement = format!(
            "INSERT INTO {} (`origin`, `source_database`, `source_table`, `known`) VALUES ({}, '', '', {})",
            self.name(),
            quoted(&self.origin),
            quoted(&json!({ "run": run }).to_string())
        );
        doris.query(&self.database, &statement).map(drop).map_err(|e| {
            Error::new(Kind::Load, format!("the number of a run cannot be noted in {}", self.name())).caused_by(e)
        })
    }

    /// One of them, as it is now.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn read_one(&self, doris: &Statements, name: &TableName) -> Result<Option<Known>, Error> {
        let only =
            format!(" AND `source_database` = {} AND `source_table` = {}", quoted(&name.database), quoted(&name.name));
        match self.select(doris, &only) {
            Ok(known) => Ok(known.into_iter().next()),
            // Nothing was written yet.
            Err(CallError::Refused(_)) => Ok(None),
            Err(e) => Err(Error::new(Kind::Load, e.to_string()).at(self.name())),
        }
    }

    fn select(&self, doris: &Statements, and: &str) -> Result<Vec<Known>, CallError> {
        // What a later version has written differently is passed over, as if it were not there; so is the number of the run.
        Ok(self.texts(doris, and)?.iter().filter_map(|known| serde_json::from_str(known).ok()).collect())
    }

    fn texts(&self, doris: &Statements, and: &str) -> Result<Vec<String>, CallError> {
        let query = format!("SELECT `known` FROM {} WHERE `origin` = {}{and}", self.name(), quoted(&self.origin));
        let rows = doris.query(&self.database, &query)?;
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    }

    /// Keeps what is known of a table, and waits until Doris has it.
    ///
    /// # Errors
    /// Doris does not take it.
    pub fn write(&self, tables: &DorisTables, known: &Known) -> Result<(), Error> {
        let text = serde_json::to_string(known)
            .map_err(|e| Error::new(Kind::Internal, "what is known of a table cannot be written").caused_by(e))?;
        let row = json!({
            "origin": self.origin, "source_database": known.name.database, "source_table": known.name.name, "known": text,
        });
        tables.load_row((&self.database, TABLE), &row)
    }
}

//! Connections to the server: one to LogMiner, one to the tables.

use super::record::{self, Record, Records};
use super::{files, settings};
use crate::error::{Error, Kind};
use crate::snapshot::oracle::catalogue::{Described, described};
use crate::snapshot::oracle::server::{self, Session};
use crate::snapshot::spec::SourceSpec;
use crate::sync::ddl::TableName;
use std::collections::HashSet;

/// That expressions in LogMiner's statements keep all digits, and are read as they were written.
const FORMATS: &str = "ALTER SESSION SET NLS_DATE_FORMAT = 'SYYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'SYYYY-MM-DD HH24:MI:SS.FF9' \
     NLS_TIMESTAMP_TZ_FORMAT = 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM'";

/// Users whose tables are the server's own.
const MAINTAINED: &str = "SELECT USERNAME FROM ALL_USERS WHERE ORACLE_MAINTAINED = 'Y' ORDER BY 1";

/// By how many seconds the clock of the server's host is ahead of UTC.
const AHEAD: &str = "SELECT TO_CHAR(ROUND((SYSDATE - CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE)) * 86400)) FROM DUAL";

const CURRENT: &str = "SELECT TO_CHAR(CURRENT_SCN) FROM V$DATABASE";
const OLDEST: &str = "SELECT TO_CHAR(MIN(START_SCN)) FROM V$TRANSACTION WHERE START_SCN > 0";
const UNDER_WAY: &str = "SELECT RAWTOHEX(XID) FROM V$TRANSACTION";

/// The server whose log is read.
pub struct Server {
    /// Where the tables are.
    pub tables: Session,
    /// Where LogMiner is.
    pub log: Session,
}

impl Server {
    /// Connects.
    ///
    /// # Errors
    /// [`Kind::Source`]: who was asked, and what to look at.
    pub fn connect(spec: &SourceSpec) -> Result<Server, Error> {
        let of_log =
            SourceSpec { database: spec.log_database.clone().unwrap_or_else(|| spec.database.clone()), ..spec.clone() };
        let mut server = Server { tables: server::connect(spec)?, log: server::connect(&of_log)? };
        server.tables.perform(FORMATS)?;
        server.log.perform(FORMATS)?;
        Ok(server)
    }

    /// Connects, and awaits a server that is [away](crate::snapshot::patience).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_again(spec: &SourceSpec) -> Result<Server, Error> {
        drop(server::connect_again(spec).await?);
        Server::connect(spec)
    }

    /// Where the log is now.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn current(&mut self) -> Result<u64, Error> {
        number(&mut self.log, CURRENT)?.ok_or_else(|| {
            Error::new(Kind::Source, "the server does not say where its log is (V$DATABASE.CURRENT_SCN)")
        })
    }

    /// Where the oldest of the transactions that are under way has begun.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn oldest(&mut self) -> Result<Option<u64>, Error> {
        number(&mut self.log, OLDEST)
    }

    /// The transactions that are under way.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn under_way(&mut self) -> Result<HashSet<String>, Error> {
        Ok(self.log.texts(UNDER_WAY)?.into_iter().flatten().flatten().collect())
    }

    /// Users whose tables are the server's own.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn maintained(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.log.texts(MAINTAINED)?.into_iter().flatten().flatten().collect())
    }

    /// By how many seconds the clock of the server's host is ahead of UTC.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn ahead(&mut self) -> Result<i64, Error> {
        let row = self.log.texts(AHEAD)?.into_iter().flatten().next().flatten();
        Ok(row.and_then(|seconds| seconds.parse().ok()).unwrap_or(0))
    }

    /// A table as it is now; None if it is not there.
    ///
    /// # Errors
    /// The server does not answer; the table cannot be read, or has no key any more.
    pub fn describe(&mut self, name: &TableName) -> Result<Option<Described>, Error> {
        let unread = |why: String| Error::new(Kind::Source, why).at(name.to_string());
        match described(&mut self.tables, &name.database, &name.name)? {
            None => Ok(None),
            Some(Ok(found)) if found.table.keys.is_empty() => Err(unread(
                "it has no primary key, so its changes cannot be followed; give it one, or leave it out".into(),
            )),
            Some(found) => found.map(Some).map_err(unread),
        }
    }

    /// Begins LogMiner where the log is now, and ends it.
    ///
    /// # Errors
    /// [`Kind::Source`]: it does not begin, with the remedy.
    pub fn try_log(&mut self) -> Result<(), Error> {
        let now = self.current()?;
        Reading::begin(&mut self.log, now, &[])?;
        self.log.perform(files::END)
    }

    /// The table that has this number, if it is there; its user's tables only.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn table_of(&mut self, number: u64) -> Result<Option<TableName>, Error> {
        let asked = format!(
            "SELECT OWNER, OBJECT_NAME FROM ALL_OBJECTS WHERE (OBJECT_ID = {number} OR DATA_OBJECT_ID = {number}) AND OBJECT_TYPE LIKE 'TABLE%' ORDER BY 1, 2"
        );
        let row = self.tables.texts(&asked)?.into_iter().next().unwrap_or_default();
        match <[Option<String>; 2]>::try_from(row) {
            Ok([Some(owner), Some(name)]) => Ok(Some(TableName::new(&owner, &name))),
            _ => Ok(None),
        }
    }
}

fn number(session: &mut Session, statement: &str) -> Result<Option<u64>, Error> {
    let text = session.texts(statement)?.into_iter().flatten().next().flatten();
    Ok(text.and_then(|text| text.parse().ok()))
}

/// A reading of the log from a place on, up to the end of some of its files.
pub struct Reading {
    /// Where the next one goes on; None if this one came to what is being written.
    pub up_to: Option<u64>,
    records: Records,
}

impl Reading {
    /// Begins one.
    ///
    /// # Errors
    /// [`Kind::Source`]: the log is gone from there on, or LogMiner does not read it, with the remedy.
    pub fn begin(log: &mut Session, from: u64, maintained: &[String]) -> Result<Reading, Error> {
        let chosen = files::Files::from(from, log.texts(&files::query(from))?).map_err(|why| {
            let text = format!(
                "{why}. Bring the archived files back, or start the job without its state, which reads the tables anew; and keep archived files for as long as a job may be down"
            );
            Error::new(Kind::Source, text)
        })?;
        log.perform(&chosen.begin(from)).map_err(|e| {
            let what = format!(
                "LogMiner does not begin; {}, and for a pluggable database see log-service in the manual",
                settings::RIGHTS
            );
            let retry = e.retry();
            Error::new(Kind::Source, what).retried(retry).caused_by(e)
        })?;
        log.perform(&record::query(from, maintained))?;
        Ok(Reading { up_to: chosen.up_to, records: Records::default() })
    }

    /// The next records; None at the end.
    ///
    /// # Errors
    /// The server is gone, or answers something else.
    pub fn next(&mut self, log: &mut Session) -> Result<Option<Vec<Record>>, Error> {
        let Some(rows) = log.next_texts(record::COLUMNS)? else {
            // What it says to that matters to nobody.
            let _ = log.answer(files::END);
            return Ok(None);
        };
        let unread = |row| Error::new(Kind::Source, format!("LogMiner answers {row:?}"));
        let records = rows.into_iter().filter_map(|row| self.records.take(row).map_err(unread).transpose());
        records.collect::<Result<_, _>>().map(Some)
    }
}

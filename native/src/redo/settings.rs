//! What a server's settings and a user's rights have to be for its log to be read.

use crate::changes::problem::Problem;
use crate::error::Error;
use crate::snapshot::catalogue::{Catalogue, Refused};
use crate::snapshot::oracle::server::Session;
use crate::snapshot::quoted::quoted_name;
use crate::sync::ddl::TableName;
use std::collections::HashSet;

/// What the user needs to read the log, beyond what it needs for tables.
pub const RIGHTS: &str = "GRANT LOGMINING, EXECUTE_CATALOG_ROLE TO the user, and GRANT SELECT ON V_$DATABASE, V_$THREAD, V_$LOG, V_$LOGFILE, V_$ARCHIVED_LOG, V_$LOGMNR_CONTENTS and V_$TRANSACTION";

const DATABASE: &str = "SELECT LOG_MODE, SUPPLEMENTAL_LOG_DATA_MIN, SUPPLEMENTAL_LOG_DATA_PK, SUPPLEMENTAL_LOG_DATA_ALL, FORCE_LOGGING, TO_CHAR(RESETLOGS_CHANGE#), \
     (SELECT TO_CHAR(COUNT(*)) FROM V$THREAD WHERE STATUS = 'OPEN') FROM V$DATABASE";

/// Tables that have their keys in the log though not all have.
const LOGGED: &str = "SELECT OWNER, TABLE_NAME FROM ALL_LOG_GROUPS WHERE LOG_GROUP_TYPE IN ('PRIMARY KEY LOGGING', 'ALL COLUMN LOGGING')";

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Why it does not.
    refused: Option<String>,
    log_mode: String,
    minimal: String,
    keys: bool,
    forced: bool,
    /// When it was last opened with a new log.
    pub incarnation: u64,
    threads: u64,
}

impl Settings {
    /// Asks the server.
    ///
    /// # Errors
    /// [`Kind::Source`](crate::error::Kind::Source): it is gone.
    pub fn read(log: &mut Session) -> Result<Settings, Error> {
        let row = match log.answer(DATABASE)? {
            Ok(rows) => rows.into_iter().next().unwrap_or_default(),
            Err(why) => return Ok(Settings { refused: Some(why), ..Settings::default() }),
        };
        let mut values = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || values.next().unwrap_or_default();
        let (log_mode, minimal, keys, all, forced) = (next(), next(), next(), next(), next());
        Ok(Settings {
            refused: None,
            log_mode,
            minimal,
            keys: keys == "YES" || all == "YES",
            forced: forced == "YES",
            incarnation: next().parse().unwrap_or(0),
            threads: next().parse().unwrap_or(0),
        })
    }

    /// What keeps the log from being read.
    pub fn missing(&self) -> Vec<Problem> {
        let mut missing = Vec::new();
        let mut problem = |subject, text: String| missing.push(Problem { subject, text });
        if let Some(why) = &self.refused {
            problem("V$DATABASE", format!("the server does not say how its log is written; {RIGHTS}: {why}"));
            return missing;
        }
        if self.log_mode != "ARCHIVELOG" {
            let text = format!(
                "the log mode is {}: what was written a while ago is lost; SHUTDOWN IMMEDIATE, STARTUP MOUNT, ALTER DATABASE ARCHIVELOG, ALTER DATABASE OPEN",
                self.log_mode
            );
            problem("LOG_MODE", text);
        }
        if self.minimal == "NO" {
            let text = "the log cannot be read, as it lacks what LogMiner needs; ALTER DATABASE ADD SUPPLEMENTAL LOG DATA, and ALTER DATABASE ADD SUPPLEMENTAL LOG DATA \
                        (PRIMARY KEY) COLUMNS";
            problem("SUPPLEMENTAL_LOG_DATA_MIN", text.into());
        }
        if self.threads > 1 {
            let text = format!(
                "{} instances write a log each (RAC), which are not put together here; leave the stage incremental out",
                self.threads
            );
            problem("V$THREAD", text);
        }
        missing
    }

    /// What would better be another way.
    pub fn advice(&self) -> Vec<Problem> {
        let mut advice = Vec::new();
        if self.refused.is_none() && !self.forced {
            let text = "FORCE_LOGGING is NO: rows that are loaded with NOLOGGING are not in the log, and so not in Doris; ALTER DATABASE FORCE LOGGING where there are such";
            advice.push(Problem { subject: "FORCE_LOGGING", text: text.into() });
        }
        advice
    }

    /// Takes tables out of a catalogue of which the log does not say which rows are changed, and says why.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn refuse(&self, session: &mut Session, catalogue: &mut Catalogue) -> Result<(), Error> {
        let logged: HashSet<TableName> = if self.keys {
            HashSet::new()
        } else {
            let name = |row: Vec<Option<String>>| match <[Option<String>; 2]>::try_from(row) {
                Ok([Some(owner), Some(table)]) => Some(TableName::new(&owner, &table)),
                _ => None,
            };
            session.texts(LOGGED)?.into_iter().filter_map(name).collect()
        };
        let (mut kept, refused) = (Vec::new(), &mut catalogue.refused);
        for table in catalogue.tables.drain(..) {
            let name = TableName::new(&table.database, &table.table);
            let reason = if table.keys.is_empty() {
                "it has no primary key that is enabled and validated, so its changes cannot be followed; give it one, or leave it out".to_string()
            } else if !self.keys && !logged.contains(&name) {
                format!(
                    "the log does not say which of its rows are changed; ALTER TABLE {}.{} ADD SUPPLEMENTAL LOG DATA (PRIMARY KEY) COLUMNS, or for all tables \
                     ALTER DATABASE ADD SUPPLEMENTAL LOG DATA (PRIMARY KEY) COLUMNS",
                    quoted_name(&name.database),
                    quoted_name(&name.name)
                )
            } else {
                kept.push(table);
                continue;
            };
            refused.push(Refused { table: name.to_string(), reason });
        }
        catalogue.tables = kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::problem::subjects;

    #[test]
    fn what_a_log_has_to_have() {
        let good = Settings {
            log_mode: "ARCHIVELOG".into(),
            minimal: "IMPLICIT".into(),
            forced: true,
            threads: 1,
            ..Settings::default()
        };
        assert_eq!((subjects(&good.missing()), subjects(&good.advice())), (vec![], vec![]));
        let bad = Settings { log_mode: "NOARCHIVELOG".into(), minimal: "NO".into(), threads: 2, ..Settings::default() };
        assert_eq!(subjects(&bad.missing()), ["LOG_MODE", "SUPPLEMENTAL_LOG_DATA_MIN", "V$THREAD"]);
        assert_eq!(subjects(&bad.advice()), ["FORCE_LOGGING"]);
        let silent = Settings { refused: Some("ORA-00942".into()), ..Settings::default() };
        assert_eq!(subjects(&silent.missing()), ["V$DATABASE"]);
        assert!(silent.missing()[0].text.contains("ORA-00942") && silent.advice().is_empty());
    }
}

//! The runs of a job that reads its source anew: what the journal of the runs before says the next one's number is. Whoever begins a run asks once, and
//! puts it into the [places](super::place) of all that is read in it.

use super::journal::Journal;
use super::open::DdlSpec;
use super::place::RUN_SHIFT;
use crate::doris::spec::AccessSpec;
use crate::doris::statements::Statements;
use crate::error::{Error, Kind};
use serde::Deserialize;
use std::time::Duration;

/// The number of the first run.
const FIRST: i64 = 1;

/// Where the journal is: a part of [`DatabaseSpec`](super::open::DatabaseSpec).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSpec {
    #[serde(flatten)]
    access: AccessSpec,
    #[serde(default = "super::open::canal")]
    origin: String,
    #[serde(default)]
    ddl: DdlSpec,
    patience_seconds: u64,
}

impl RunSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<RunSpec, Error> {
        serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the target's specification is not readable").caused_by(e))
    }

    /// The number of a run that begins now. Rows of it win over those of all runs before, as far as the journal knows these: without one (`ddl.sync` is
    /// off) it is always the first. It is in the journal when this returns, so nobody else gets it.
    ///
    /// # Errors
    /// Doris does not answer, or does not take the number; there is no higher one.
    pub fn next(&self) -> Result<i64, Error> {
        let Some((doris, journal)) = self.journal()? else { return Ok(FIRST) };
        let Some(last) = journal.last_run(&doris)? else { return Ok(FIRST) };
        let run = after(last)?;
        journal.note_run(&doris, run)?;
        Ok(run)
    }

    /// The number of the last run that has begun; 0 if none is known.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn last(&self) -> Result<i64, Error> {
        match self.journal()? {
            Some((doris, journal)) => Ok(journal.last_run(&doris)?.unwrap_or(0)),
            None => Ok(0),
        }
    }

    fn journal(&self) -> Result<Option<(Statements, Journal)>, Error> {
        if !self.ddl.sync {
            return Ok(None);
        }
        let doris = Statements::new(self.access.access()?, Duration::from_secs(self.patience_seconds))?;
        Ok(Some((doris, Journal::new(&self.ddl.journal_database, &self.origin))))
    }
}

fn after(latest: i64) -> Result<i64, Error> {
    let most = i64::MAX >> RUN_SHIFT;
    if latest < most {
        return Ok(latest + 1);
    }
    let text = format!(
        "this job has read its source anew {most} times, and there is no higher number; give the job another name, and drop its tables"
    );
    Err(Error::new(Kind::Load, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_the_next_number() {
        assert_eq!(after(0).unwrap(), 1);
        assert_eq!(after(4094).unwrap(), 4095);
        assert!(after(4095).unwrap_err().to_string().contains("4095 times"));
    }
}

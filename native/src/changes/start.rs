//! Where a job begins in a log, and the tables as they were there.

use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Catalogue;
use serde::Serialize;

/// How often tables are listed while they keep changing.
pub const ATTEMPTS: usize = 10;

/// What is there to be read, and where the log is to be read from: a place `P`, definitions `D`.
#[derive(Debug, Serialize)]
pub struct Listing<P, D> {
    /// The tables.
    #[serde(flatten)]
    pub catalogue: Catalogue,
    /// The log.
    pub log: LogStart<P, D>,
}

/// A place in the log, and the tables as they were there.
#[derive(Debug, Serialize)]
pub struct LogStart<P, D> {
    /// Behind it is all that may not be in what is read of the tables.
    pub position: P,
    /// What is known of the tables there.
    pub definitions: D,
}

/// That tables were other ones before a place than after it, each time.
#[cold]
pub fn unsettled() -> Error {
    let text = format!(
        "tables were changed each of {ATTEMPTS} times that they were listed; start the job when no schema change is under way"
    );
    Error::new(Kind::Source, text)
}

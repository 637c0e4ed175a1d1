//! What is verified, and how.

use super::canonical::Comparing;
use crate::error::{Error, Kind};
use crate::snapshot::spec::SourceSpec;
use crate::sync::columns::ColumnRules;
use crate::sync::open::{DatabaseSpec, PropertyRules};
use crate::sync::rules::{Rules, whole};
use regex::Regex;
use serde::Deserialize;

/// What is asked of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Sums first, and rows only where these differ; of a table that has no sums all rows.
    #[default]
    Checksum,
    /// All rows.
    Rows,
}

/// A job, and what is verified of it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifySpec {
    /// The job's source.
    pub source: SourceSpec,
    /// What the job does with its rows.
    pub sink: DatabaseSpec,
    /// `host:port` of a front end's MySQL protocol; without it a front end is asked.
    #[serde(default)]
    pub query_address: Option<String>,
    /// Pattern for the whole of `database.table` in the source; without it all tables of the job.
    #[serde(default)]
    pub only: Option<String>,
    /// What is asked of the servers. Default [`Mode::Checksum`].
    #[serde(default)]
    pub mode: Mode,
    /// Rows of the source that each reader reads in a second, at most; 0 for no limit.
    #[serde(default)]
    pub rows_per_second: u64,
    /// Choices about comparing.
    #[serde(default)]
    pub comparing: Comparing,
    /// Differences of a table that are shown with their values.
    #[serde(default = "twenty")]
    pub samples: usize,
    /// For how long a difference may go away by itself.
    #[serde(default)]
    pub settle_seconds: u64,
    /// Rows of a range that may wait in memory for their other side.
    #[serde(default = "million")]
    pub waiting_rows: usize,
}

fn twenty() -> usize {
    20
}

fn million() -> usize {
    1_000_000
}

/// The job's rules about names, compiled.
pub struct JobRules {
    /// Of tables.
    pub tables: Rules,
    /// Of columns.
    pub columns: ColumnRules,
    /// How tables are made.
    pub properties: PropertyRules,
    /// What is verified; None for all.
    pub only: Option<Regex>,
}

impl VerifySpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<VerifySpec, Error> {
        serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the verification's specification is not readable").caused_by(e))
    }

    /// Compiles the rules.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] names the pattern that is none.
    pub fn rules(&self) -> Result<JobRules, Error> {
        Ok(JobRules {
            tables: Rules::new(&self.sink.names)?,
            columns: ColumnRules::new(&self.sink.columns)?,
            properties: PropertyRules::new(&self.sink.properties, &self.sink.per_table)?,
            only: self.only.as_deref().map(|pattern| whole("--table", pattern)).transpose()?,
        })
    }
}

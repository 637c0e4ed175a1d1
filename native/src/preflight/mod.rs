//! A job's two sides looked at before it runs: what would fail, or be other than one expects, with the remedy. Nothing is changed on either side.
//!
//! ```text
//! plan of the job ─┬► source: the server and its tables; mysql, postgres: its log, …  ─┐
//!                  ├► doris: front ends, back ends, the user's rights ───────────────┼► findings
//!                  └► tables: what a table would be in Doris, by the sink itself ────┘
//! ```

pub mod doris;
pub mod finding;
pub mod mysql;
pub mod oracle;
pub mod postgres;
pub mod source;
pub mod tables;

use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Table;
use crate::snapshot::spec::SourceSpec;
use crate::sync::open::DatabaseSpec;
use finding::{Finding, Findings, Side};
use serde_json::Value;

/// Looks at both sides of a job.
///
/// # Errors
/// [`Kind::InvalidSpec`]: `plan` is not what [`crate::job::plan`] describes. What a server answers is a finding.
pub fn check(plan: &[u8]) -> Result<Vec<Finding>, Error> {
    let unread = |e| Error::new(Kind::InvalidSpec, "the job's plan is not readable").caused_by(e);
    let plan: Value = serde_json::from_slice(plan).map_err(unread)?;
    let mut sink = plan["sink"].clone();
    sink["plan"] = true.into();
    let target = DatabaseSpec::from_json(sink.to_string().as_bytes())?;
    let mut findings = Findings::default();
    let mut tables: Vec<Table> = Vec::new();
    if plan["source"]["database"].is_object() {
        let source = SourceSpec::from_json(plan["source"]["database"].to_string().as_bytes())?;
        tables = source::look(&source, &mut findings);
    } else {
        findings.notice(
            Side::Source,
            "canal",
            "topics and files of Canal's messages are not looked at; canal-native plan reads all of them".into(),
        );
    }
    if doris::look(&target, &mut findings) && !tables.is_empty() {
        tables::look(target, &tables, &mut findings);
    }
    Ok(findings.all)
}

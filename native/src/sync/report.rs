//! What happens to tables on the way, for whoever runs the job.

use serde::Serialize;
use std::fmt;

/// Reports that are kept until somebody takes them.
const MOST: usize = 1000;

/// How much a report matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something was done.
    Info,
    /// Something has to be known.
    Warning,
    /// Rows do not arrive.
    Error,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// A table was made in Doris.
    Created,
    /// A table in Doris was changed.
    Changed,
    /// A table of the source can have none in Doris; its messages are passed over and counted.
    Refused,
    /// A table waits until somebody has done something by hand.
    Stopped,
    /// A table that was stopped goes on.
    Resumed,
    /// A schema change that is not understood, or that is left undone.
    Undone,
    /// Messages that were loaded before are passed over.
    Replayed,
    /// A message that cannot be applied.
    Unapplied,
    /// A table has been waiting for long.
    Waiting,
    /// Messages may not come in the order of the source.
    Order,
    /// Something that is lost or has to be known about a column.
    Column,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub topic: Topic,
    /// `database.table` in the source; empty where it is about none.
    pub table: String,
    /// What happened, and what helps.
    pub text: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.table.is_empty() { f.write_str(&self.text) } else { write!(f, "{}: {}", self.table, self.text) }
    }
}

/// Reports that nobody has taken yet; of very many the last are only counted.
#[derive(Debug, Default)]
pub struct Reports {
    all: Vec<Report>,
    more: u64,
}

impl Reports {
    /// Adds one.
    pub fn add(&mut self, severity: Severity, topic: Topic, table: impl fmt::Display, text: impl Into<String>) {
        if self.all.len() < MOST {
            self.all.push(Report { severity, topic, table: table.to_string(), text: text.into() });
        } else {
            self.more += 1;
        }
    }

    /// Takes those since the last call.
    pub fn take(&mut self) -> Vec<Report> {
        if self.more > 0 {
            let text = format!("{} more reports were left out", self.more);
            self.all.push(Report { severity: Severity::Warning, topic: Topic::Undone, table: String::new(), text });
            self.more = 0;
        }
        std::mem::take(&mut self.all)
    }
}

//! What was found.

use crate::changes::problem::Problem;
use serde::Serialize;

/// Whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The database that is read.
    Source,
    /// Doris.
    Target,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// The job runs, and somebody should know.
    Notice,
    /// The job fails, or leaves something out.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose it is.
    pub side: Side,
    /// How it is.
    pub verdict: Verdict,
    /// What it is about: a server, a variable, a right, `database.table`.
    pub subject: String,
    /// What it is, what follows, and what helps.
    pub text: String,
}

/// All that was found, in the order in which it was looked at.
#[derive(Debug, Default)]
pub struct Findings {
    /// Them.
    pub all: Vec<Finding>,
}

impl Findings {
    /// Something is as it should be.
    pub fn ok(&mut self, side: Side, subject: &str, text: String) {
        self.add(side, Verdict::Ok, subject, text);
    }

    /// Something should be known.
    pub fn notice(&mut self, side: Side, subject: &str, text: String) {
        self.add(side, Verdict::Notice, subject, text);
    }

    /// Something is wrong.
    pub fn error(&mut self, side: Side, subject: &str, text: String) {
        self.add(side, Verdict::Error, subject, text);
    }

    /// What the log of the source lacks, and what would better be another way; what there is to say if it lacks nothing.
    pub fn log(&mut self, missing: Vec<Problem>, advice: Vec<Problem>, (subject, text): (&str, &str)) {
        if missing.is_empty() {
            self.ok(Side::Source, subject, text.into());
        }
        missing.into_iter().for_each(|problem| self.error(Side::Source, problem.subject, problem.text));
        advice.into_iter().for_each(|problem| self.notice(Side::Source, problem.subject, problem.text));
    }

    fn add(&mut self, side: Side, verdict: Verdict, subject: &str, text: String) {
        self.all.push(Finding { side, verdict, subject: subject.into(), text });
    }
}

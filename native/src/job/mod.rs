//! The file of a job that moves a whole database: YAML in, what the job's program needs as JSON out.
//!
//! ```text
//! text ─► yaml (nodes with places) ─► check, by keys ─► mixture ─► plan (JSON)
//! ```
//!
//! Nothing is guessed: a key that is not known, a value of another kind, something that is missing, or things that exclude each other are
//! mistakes, and [`read`] names all of them at once, each with its place and what to write instead.
//!
//! * [`keys`]: the keys, in terms of [`shape`]. docs/job.schema.json says the same, and a test compares them.
//! * [`yaml`], [`problem`]: the file, and what is wrong with it. [`nearest`]: the name that was meant. [`quantity`]: durations, sizes.
//! * [`check`]: a file held to the keys. [`mixture`]: what no single key can tell. [`memory`]: whose it is. [`plan`]: what comes out.

pub mod check;
pub mod keys;
mod memory;
pub mod mixture;
pub mod nearest;
pub mod plan;
pub mod problem;
pub mod quantity;
pub mod shape;
pub mod yaml;

use crate::error::{Error, Kind};
use problem::{Place, Problems};
use serde_json::Value as Json;
use std::path::Path;

/// What a job's file may refer to.
pub struct Surroundings<'a> {
    /// The job's file, as it is to be called in messages; its directory is the one of relative paths.
    pub origin: &'a Path,
    /// Environment variables; `None` if there is none.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Text of files.
    pub text: &'a dyn Fn(&Path) -> std::io::Result<String>,
    /// Whether the password is looked for. Without it the file is only checked, and the outcome has none.
    pub secrets: bool,
}

/// Reads a job's file: see [`plan`] for the outcome.
///
/// # Errors
/// [`Kind::InvalidSpec`], with all mistakes, a line each: `job.yaml:12:5: tables.rename[0].to: …`.
pub fn read(yaml: &[u8], around: &Surroundings<'_>) -> Result<Json, Error> {
    let mut problems = Problems::default();
    let job = match std::str::from_utf8(yaml) {
        Ok(text) => yaml::parse(text, &mut problems).map(|root| check::check(&root, &keys::JOB, &mut problems)),
        Err(e) => {
            let line = 1 + yaml[..e.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            problems.add(Place { line, column: 1 }, "", "the file is not UTF-8");
            None
        }
    };
    if let Some(job) = &job {
        mixture::check(job, &mut problems);
    }
    let plan = job.map(|job| plan::of(&job, around, &mut problems));
    match plan {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(mistakes(problems, around.origin)),
    }
}

fn mistakes(problems: Problems, origin: &Path) -> Error {
    let all = problems.in_order();
    let count = if all.len() == 1 { "a mistake".to_string() } else { format!("{} mistakes", all.len()) };
    let mut text = format!("the job's file has {count}");
    for problem in all {
        text.push_str(&format!("\n  {}:{problem}", origin.display()));
    }
    Error::new(Kind::InvalidSpec, text)
}

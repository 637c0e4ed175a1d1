//! What a correction has changed: a line of JSON for each row, written to disk before the row is changed. By it every change can be undone by hand.

use crate::error::{Error, Kind};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The source's row is written.
    Write,
    /// Doris' row is deleted.
    Delete,
}

/// A line.
#[derive(Debug, Serialize)]
pub struct Entry<'e> {
    /// `database.table` in the source.
    pub table: &'e str,
    /// The same in Doris.
    pub target: &'e str,
    /// What is done.
    pub action: Action,
    /// The key, by columns of Doris.
    pub key: Map<String, Value>,
    /// The row in Doris before, by columns, as texts; null where there was none.
    pub before: Option<Map<String, Value>>,
    /// The row after; null where it is deleted.
    pub after: Option<Map<String, Value>>,
    /// The sequence that it is written with.
    pub sequence: i64,
}

/// The file.
#[derive(Debug)]
pub struct Audit {
    file: File,
    path: PathBuf,
}

impl Audit {
    /// Opens it; what is in it stays.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(path: &Path) -> Result<Audit, Error> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Audit { file: file.map_err(|e| failed(e, path))?, path: path.into() })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        let mut line = serde_json::to_vec(entry)
            .map_err(|e| Error::new(Kind::Internal, "a line of the audit file could not be made").caused_by(e))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|e| failed(e, &self.path))
    }

    /// Returns when all lines are on disk.
    ///
    /// # Errors
    /// They are not.
    pub fn sync(&mut self) -> Result<(), Error> {
        self.file.sync_data().map_err(|e| failed(e, &self.path))
    }
}

fn failed(e: io::Error, path: &Path) -> Error {
    Error::new(Kind::Load, "the audit file cannot be written, so nothing is changed; --audit names another")
        .at(path.to_string_lossy())
        .caused_by(e)
}

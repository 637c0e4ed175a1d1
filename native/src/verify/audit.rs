//! What a correction has changed: a line of JSON for each row, written to disk before the row is changed. By it every change can be undone by hand.

use crate::error::{Error, Kind};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
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
        let open = || {
            let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
            // A line that was begun when the disk was full is not gone on with.
            if file.seek(SeekFrom::End(0))? > 0 {
                let mut last = [0];
                file.seek(SeekFrom::End(-1))?;
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    file.write_all(b"\n")?;
                }
            }
            Ok(file)
        };
        Ok(Audit { file: open().map_err(|e| failed(e, path))?, path: path.into() })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        let mut line = serde_json::to_vec(entry)
            .map_err(|e| Error::new(Kind::Internal, "a line of the audit file could not be made").caused_by(e))?;
        line.push(b'\n');
        let before = self.file.metadata().map_err(|e| failed(e, &self.path))?.len();
        self.file.write_all(&line).map_err(|e| {
            // Half a line is none; where that fails, too, the next correction ends it.
            let _ = self.file.set_len(before);
            failed(e, &self.path)
        })
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
    Error::new(
        Kind::Load,
        "the audit file cannot be written, so no row is changed that it does not name; --audit names another",
    )
    .at(path.to_string_lossy())
    .caused_by(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_begun_is_not_gone_on_with() {
        let directory = std::env::temp_dir().join(format!("canal-native-audit-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("audit.jsonl");
        std::fs::write(&path, "{\"a\":1}\n{\"b\":").unwrap();
        let (key, action) = (Map::new(), Action::Delete);
        let entry = Entry { table: "d.t", target: "d.t", action, key, before: None, after: None, sequence: 7 };
        for _ in 0..2 {
            let mut audit = Audit::open(&path).unwrap();
            audit.add(&entry).unwrap();
            audit.sync().unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[1]), (4, "{\"a\":1}", "{\"b\":"));
        assert!(lines[2..].iter().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
        let missing = Audit::open(&directory.join("none/audit.jsonl")).unwrap_err().to_string();
        assert!(missing.contains("--audit") && missing.contains("none/audit.jsonl"), "{missing}");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

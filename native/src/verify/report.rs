//! What came of all ranges: the report, which grows verdict by verdict. docs/verify.md has its members.

use super::again;
use super::balance::{Counts, Difference};
use super::key::Key;
use super::range::Verdict;
use super::spec::VerifySpec;
use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// Keys of a table that are read again; of more only the number is known.
const MOST_SUSPECTS: usize = 20_000;

/// What a verification found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Report {
    /// The job's name.
    pub job: String,
    /// When it began and ended, epoch milliseconds.
    pub began: u64,
    /// 0 as long as it is under way.
    pub ended: u64,
    /// All rows of all tables of the job were compared, and are equal.
    pub equal: bool,
    /// In the order of their names.
    pub tables: Vec<TableReport>,
}

/// What was found of one table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TableReport {
    /// `database.table` in the source.
    pub table: String,
    /// The same in Doris.
    pub target: String,
    /// Why it was not compared; null if it was.
    pub refused: Option<String>,
    /// Columns that were not compared, and why.
    pub notes: Vec<String>,
    /// Why all of its rows were read; null if sums were compared first.
    pub by_rows: Option<String>,
    /// Rows of the source that were read one by one, of those that were compared.
    pub rows_read: u64,
    /// Rows of the source that were compared.
    pub source_rows: u64,
    /// Rows of Doris.
    pub target_rows: u64,
    /// Rows that are equal.
    pub equal: u64,
    /// Keys that differ, by how.
    #[serde(flatten)]
    pub differ: Counts,
    /// Of these, keys that were compared once only, as there are too many.
    pub unsettled: u64,
    /// Rows that changed in the source on and on; what Doris had of them the source had had.
    pub moving: u64,
    /// Rows of the source that cannot be in Doris and whose key is not known,
    pub unloadable: u64,
    /// and why the first of them cannot.
    pub unloadable_reason: Option<String>,
    /// Ranges compared.
    pub ranges: u64,
    /// The keys that differ, as far as they are kept.
    pub found: Vec<Found>,
    /// Keys that differed when they were read first, and are to be read again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspects: Vec<(Difference, Key)>,
}

/// A key that differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// How.
    pub difference: Difference,
    /// Its columns.
    pub key: Vec<KeyCell>,
    /// Columns that differ, of the first keys of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellDifference>,
}

/// A column of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyCell {
    /// Its name in Doris.
    pub column: String,
    /// Its value in canonical form; null for NULL.
    pub value: Option<String>,
}

/// A cell that differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CellDifference {
    /// The column in Doris.
    pub column: String,
    /// What would be loaded: null for NULL and where there is no row.
    pub source: Option<String>,
    /// What Doris has.
    pub target: Option<String>,
    /// Why the source's value cannot be loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Report {
    /// A report without a table.
    pub fn new(job: &str) -> Report {
        Report { job: job.into(), began: millis(), ..Report::default() }
    }

    /// Reads a report, or one that was under way.
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`]: it is none.
    pub fn from_json(json: &[u8]) -> Result<Report, Error> {
        serde_json::from_slice(json)
            .map_err(|e| Error::new(Kind::IllegalArgument, "the report is not readable").caused_by(e))
    }

    /// The report as JSON.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec_pretty(self)
            .map_err(|e| Error::new(Kind::Internal, "the report could not be written").caused_by(e))
    }

    /// Adds what came of a range; an empty message is nothing.
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`]: it is no verdict.
    pub fn absorb(&mut self, message: &[u8]) -> Result<(), Error> {
        if message.is_empty() {
            return Ok(());
        }
        let verdict: Verdict = serde_json::from_slice(message)
            .map_err(|e| Error::new(Kind::IllegalArgument, "the verdict is not readable").caused_by(e))?;
        self.add(verdict);
        Ok(())
    }

    /// Adds a verdict.
    pub fn add(&mut self, verdict: Verdict) {
        let at = match self.tables.binary_search_by(|table| table.table.cmp(&verdict.table)) {
            Ok(at) => at,
            Err(at) => {
                self.tables.insert(at, TableReport { table: verdict.table.clone(), ..TableReport::default() });
                at
            }
        };
        let table = &mut self.tables[at];
        if !verdict.target.is_empty() {
            table.target = verdict.target;
        }
        table.refused = table.refused.take().or(verdict.refused);
        table.notes.extend(verdict.notes);
        table.by_rows = table.by_rows.take().or(verdict.by_rows);
        table.rows_read += verdict.rows_read;
        table.source_rows += verdict.source_rows;
        table.target_rows += verdict.target_rows;
        table.equal += verdict.equal;
        table.unloadable += verdict.unloadable;
        table.unloadable_reason = table.unloadable_reason.take().or(verdict.unloadable_reason);
        table.ranges += 1;
        table.differ.add_all(verdict.beyond);
        table.unsettled += verdict.beyond.sum();
        for (difference, key) in verdict.unequal {
            if table.suspects.len() < MOST_SUSPECTS {
                table.suspects.push((difference, key));
            } else {
                table.differ.add(difference);
                table.unsettled += 1;
            }
        }
    }

    /// Reads the keys again that differed, and ends the report.
    ///
    /// # Errors
    /// Either side does not answer; the thread is interrupted.
    pub fn finish(&mut self, spec: &VerifySpec) -> Result<(), Error> {
        again::settle(spec, self)?;
        self.equal = !self.tables.is_empty() && self.tables.iter().all(TableReport::is_equal);
        self.ended = millis();
        Ok(())
    }

    /// Rows of the source, of all tables.
    pub fn source_rows(&self) -> u64 {
        self.tables.iter().map(|table| table.source_rows).sum()
    }
}

impl TableReport {
    /// Whether all of it was compared, and is equal.
    pub fn is_equal(&self) -> bool {
        self.refused.is_none() && self.differ.sum() + self.moving + self.unloadable == 0 && self.suspects.is_empty()
    }
}

fn millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_of_a_table_are_added_up() {
        let mut report = Report::new("j");
        let key = |text: &str| vec![Some(text.to_string())];
        let verdict = |rows, unequal| Verdict {
            table: "d.t".into(),
            source_rows: rows,
            equal: rows,
            unequal,
            ..Verdict::default()
        };
        report.add(verdict(10, vec![(Difference::Missing, key("1"))]));
        report.absorb(b"").unwrap();
        report.absorb(&serde_json::to_vec(&verdict(5, vec![])).unwrap()).unwrap();
        report.add(Verdict { table: "d.a".into(), refused: Some("no key".into()), ..Verdict::default() });
        let back = Report::from_json(&report.to_json().unwrap()).unwrap();
        let names: Vec<&str> = back.tables.iter().map(|table| table.table.as_str()).collect();
        assert_eq!(names, ["d.a", "d.t"]);
        let table = &back.tables[1];
        assert_eq!((table.source_rows, table.equal, table.ranges), (15, 15, 2));
        assert_eq!(table.suspects, [(Difference::Missing, key("1"))]);
        assert!(!table.is_equal() && !back.tables[0].is_equal());
    }

    #[test]
    fn of_too_many_keys_the_number_is_kept() {
        let mut report = Report::new("j");
        for range in 0..3 {
            let keys = (0..9000).map(|i| (Difference::Surplus, vec![Some(format!("{range}/{i}"))])).collect();
            report.add(Verdict { table: "d.t".into(), unequal: keys, ..Verdict::default() });
        }
        let table = &report.tables[0];
        assert_eq!((table.suspects.len(), table.differ.surplus, table.unsettled), (MOST_SUSPECTS, 7000, 7000));
    }
}

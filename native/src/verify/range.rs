//! One range of a table: the rows of both sides, and what came of comparing them.

use super::balance::{Balance, Counts, Difference, Side};
use super::checksum::Checksum;
use super::key::{self, Key};
use super::listing::{Doris, Part};
use super::pair::{FormedRow, TablePair, cells};
use super::source::{Loadable, SourceRows};
use super::spec::{Mode, VerifySpec};
use super::sums::{self, Outcome, Unequal};
use super::target::Target;
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::snapshot::range::Range;
use crate::snapshot::reader::RangeReader;
use crate::snapshot::server;
use serde::{Deserialize, Serialize};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

/// Rows by which one side may be ahead of the other: a server that is faster waits, where both read in one order, and memory does not grow with the range.
const AHEAD: i64 = 50_000;

/// The longest that the source waits for Doris' rows: a server gives up on somebody who reads nothing for long (MySQL's `net_write_timeout`).
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What came of a range.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// `database.table` in the source.
    pub table: String,
    /// The same in Doris.
    pub target: String,
    /// Why all rows are read; None if sums were compared first.
    pub by_rows: Option<String>,
    /// Rows of the source that were read.
    pub rows_read: u64,
    /// Rows of the source.
    pub source_rows: u64,
    /// Rows of Doris.
    pub target_rows: u64,
    /// Rows that are equal.
    pub equal: u64,
    /// Keys that differ.
    pub unequal: Vec<(Difference, Key)>,
    /// More of them, whose keys are not kept.
    pub beyond: Counts,
    /// Rows of the source that cannot be in Doris and whose key is not known, and the first reason.
    pub unloadable: u64,
    /// Why the first of them cannot.
    pub unloadable_reason: Option<String>,
    /// Columns that are not compared, and why.
    pub notes: Vec<String>,
    /// Why the table is not compared at all.
    pub refused: Option<String>,
}

/// A range that is being compared, in the thread that asks for it; rows of Doris are read in another one at the same time.
pub struct RangeComparison {
    part: Part,
    begun: Option<Comparing>,
    over: bool,
    rows: u64,
    spec: VerifySpec,
}

struct Comparing {
    reader: RangeReader,
    source: SourceRows,
    forms: super::pair::Forms,
    target: Option<Receiver<Result<Vec<FormedRow>, Error>>>,
    balance: Balance,
    verdict: Verdict,
    began: Instant,
}

/// How a range begins.
enum Begun {
    /// Its rows are read.
    Reading(Box<Comparing>),
    /// There is nothing to be read.
    Over(Box<Verdict>),
}

impl RangeComparison {
    /// A comparison that has not begun.
    pub fn new(spec: VerifySpec, part: Part) -> RangeComparison {
        RangeComparison { part, begun: None, over: false, rows: 0, spec }
    }

    /// Rows of the source so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Goes on: an empty message after some rows, the verdict as JSON at the end, None after it.
    ///
    /// # Errors
    /// Either side does not answer; the thread is interrupted.
    pub fn proceed(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.over {
            return Ok(None);
        }
        if self.begun.is_none() {
            match self.begin()? {
                Begun::Reading(begun) => self.begun = Some(*begun),
                Begun::Over(verdict) => return self.end(*verdict),
            }
        }
        let Some(comparing) = &mut self.begun else { return Ok(None) };
        comparing.wait_for_target()?;
        if let Some(message) = comparing.reader.next()? {
            comparing.take_source(&message)?;
            comparing.take_target()?;
            self.rows = comparing.verdict.source_rows;
            hold_back(self.rows, comparing.began, self.spec.rows_per_second)?;
            return Ok(Some(Vec::new()));
        }
        let verdict = self.begun.take().map(Comparing::finish).transpose()?.unwrap_or_default();
        self.end(verdict)
    }

    fn end(&mut self, verdict: Verdict) -> Result<Option<Vec<u8>>, Error> {
        self.over = true;
        self.rows = verdict.source_rows;
        let json = serde_json::to_vec(&verdict);
        json.map(Some).map_err(|e| Error::new(Kind::Internal, "a verdict could not be written").caused_by(e))
    }

    fn verdict(&self) -> Verdict {
        Verdict { table: format!("{}.{}", self.part.table.database, self.part.table.table), ..Verdict::default() }
    }

    fn begin(&self) -> Result<Begun, Error> {
        let refused = |why: Option<String>| {
            Ok(Begun::Over(Box::new(Verdict { refused: Some(why.unwrap_or_default()), ..self.verdict() })))
        };
        let Some(range) = &self.part.range else { return refused(self.part.refused.clone()) };
        let (pair, target) = match Doris::of(&self.spec)?.pair(&self.spec, &self.part.table)? {
            Ok(opened) => opened,
            Err(why) => return refused(Some(why)),
        };
        let mut verdict = Verdict { target: pair.target_name(), ..self.verdict() };
        if range.number == 0 {
            verdict.notes.clone_from(&pair.notes);
        }
        let began = Instant::now();
        let outcome = match self.checksum(&pair) {
            Ok(checksum) => sums::compare(&self.spec, &pair, &target, &checksum, range)?,
            Err(why) => Outcome::Refused(why),
        };
        let unequal = match outcome {
            Outcome::Equal(rows) => {
                hold_back(rows, began, self.spec.rows_per_second)?;
                let verdict = Verdict { source_rows: rows, target_rows: rows, equal: rows, ..verdict };
                return Ok(Begun::Over(Box::new(verdict)));
            }
            Outcome::Unequal(unequal) => unequal,
            Outcome::Refused(why) => {
                verdict.by_rows = Some(why);
                Unequal::default()
            }
        };
        Ok(Begun::Reading(Box::new(Comparing { began, ..self.read(&pair, &target, range, unequal, verdict)? })))
    }

    /// What the servers are asked for their sums by.
    fn checksum(&self, pair: &TablePair) -> Result<Checksum, String> {
        match self.spec.mode {
            Mode::Checksum => Checksum::of(pair, &self.spec),
            Mode::Rows => Err("--mode rows".into()),
        }
    }

    /// Begins to read the rows that may differ.
    fn read(
        &self,
        pair: &TablePair,
        target: &Target,
        range: &Range,
        unequal: Unequal,
        verdict: Verdict,
    ) -> Result<Comparing, Error> {
        let mut forms = pair.forms(self.spec.comparing);
        let mut of_target = forms.clone();
        let form = move |row: &super::target::Cells| {
            of_target.begin();
            row.iter().for_each(|cell| of_target.add(cell.as_deref()));
            of_target.row()
        };
        forms.begin();
        let (mut read, mut condition) = (range.clone(), key::between(&pair.keys, &range.after, &range.up_to));
        if let Some(only) = unequal.only {
            let cutting = server::cutting(&self.spec.source, &pair.table);
            read = cutting.range(range.after.clone(), range.up_to.clone(), Some(&only.source));
            condition = if condition.is_empty() { only.target } else { format!("{condition} AND {}", only.target) };
        }
        Ok(Comparing {
            // The source first: what Doris has of it may only have become more by then.
            reader: RangeReader::new(self.spec.source.clone(), read)?,
            source: SourceRows::new(pair, &self.spec)?,
            forms,
            target: Some(target.stream(pair.target_query(&condition), form)?),
            balance: Balance::new(self.spec.waiting_rows),
            verdict: Verdict {
                source_rows: unequal.equal,
                target_rows: unequal.equal,
                equal: unequal.equal,
                ..verdict
            },
            began: Instant::now(),
        })
    }
}

impl Comparing {
    fn take_source(&mut self, message: &[u8]) -> Result<(), Error> {
        let (forms, balance, verdict) = (&mut self.forms, &mut self.balance, &mut self.verdict);
        self.source.read(message, &mut |row| {
            verdict.source_rows += 1;
            verdict.rows_read += 1;
            let formed = match row {
                Loadable::Yes(cells) => cells.formed(forms),
                Loadable::No(why) => Err(why),
            };
            match formed {
                Ok(row) => balance.take(Side::Source, row)?,
                Err(why) => {
                    verdict.unloadable += 1;
                    verdict.unloadable_reason.get_or_insert(why);
                }
            }
            Ok(())
        })
    }

    /// Takes rows of Doris while the source is far ahead.
    fn wait_for_target(&mut self) -> Result<(), Error> {
        let until = Instant::now() + LONGEST_WAIT;
        while self.balance.lead() > AHEAD && Instant::now() < until {
            match self.target.as_ref().map(|target| target.recv_timeout(interrupt::STEP)) {
                Some(Ok(rows)) => self.take_rows(rows?)?,
                Some(Err(RecvTimeoutError::Timeout)) => check()?,
                Some(Err(RecvTimeoutError::Disconnected)) => self.target = None,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes what has come of Doris' rows, unless they are far ahead.
    fn take_target(&mut self) -> Result<(), Error> {
        while self.balance.lead() > -AHEAD {
            match self.target.as_ref().map(Receiver::try_recv) {
                Some(Ok(rows)) => self.take_rows(rows?)?,
                Some(Err(TryRecvError::Empty)) | None => return Ok(()),
                Some(Err(TryRecvError::Disconnected)) => self.target = None,
            }
        }
        Ok(())
    }

    fn take_rows(&mut self, rows: Vec<FormedRow>) -> Result<(), Error> {
        self.verdict.target_rows += rows.len() as u64;
        rows.into_iter().try_for_each(|row| self.balance.take(Side::Target, row))
    }

    /// The source has given all.
    fn finish(mut self) -> Result<Verdict, Error> {
        while let Some(target) = &self.target {
            match target.recv_timeout(interrupt::STEP) {
                Ok(rows) => self.take_rows(rows?)?,
                Err(RecvTimeoutError::Timeout) => check()?,
                Err(RecvTimeoutError::Disconnected) => self.target = None,
            }
        }
        let outcome = self.balance.outcome()?;
        let unequal = outcome.unequal.into_iter().map(|(difference, key)| (difference, cells(&key)));
        let equal = self.verdict.equal + outcome.equal;
        Ok(Verdict { equal, unequal: unequal.collect(), beyond: outcome.beyond, ..self.verdict })
    }
}

/// Waits until no more rows were compared than so many a second; 0 for no limit.
fn hold_back(rows: u64, began: Instant, rows_per_second: u64) -> Result<(), Error> {
    if rows_per_second == 0 {
        return Ok(());
    }
    let due = Duration::from_secs_f64(rows as f64 / rows_per_second as f64);
    while let Some(left) = due.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        check()?;
        std::thread::sleep(left.min(interrupt::STEP));
    }
    Ok(())
}

/// An error if this thread is interrupted.
pub(super) fn check() -> Result<(), Error> {
    if interrupt::interrupted() { Err(Error::new(Kind::Source, interrupt::CANCELLED)) } else { Ok(()) }
}

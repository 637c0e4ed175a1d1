//! Keys that differed are read again from both sides, until they agree or the time is over: a row that was on its way is no difference.

use super::balance::Difference;
use super::key::{self, Key};
use super::listing::{Doris, merged};
use super::mysql;
use super::pair::{Forms, TablePair, cells};
use super::range::check;
use super::report::{CellDifference, Found, KeyCell, Report, TableReport};
use super::source::{Loadable, SourceRows};
use super::spec::VerifySpec;
use super::target::Target;
use crate::error::Error;
use crate::interrupt;
use crate::snapshot::range;
use crate::snapshot::reader::RangeReader;
use crate::snapshot::server;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Keys of one statement.
const AT_ONCE: usize = 200;
/// Between two readings.
const PAUSE: Duration = Duration::from_secs(2);
/// Longest value that is shown, in characters.
const SHOWN: usize = 200;

/// Reads the suspects of all tables again.
///
/// # Errors
/// Either side does not answer; the thread is interrupted.
pub fn settle(spec: &VerifySpec, report: &mut Report) -> Result<(), Error> {
    let mut tables = suspected(spec, report)?;
    let began = Instant::now();
    let limit = Duration::from_secs(spec.settle_seconds);
    loop {
        for table in &mut tables {
            table.read(spec)?;
        }
        let is_settled = tables.iter().all(|table| table.keys.iter().all(|key| key.state == State::Equal));
        let left = limit.saturating_sub(began.elapsed());
        if is_settled || left.is_zero() {
            break;
        }
        let until = Instant::now() + left.min(PAUSE);
        while Instant::now() < until {
            check()?;
            std::thread::sleep(interrupt::STEP.min(until.saturating_duration_since(Instant::now())));
        }
    }
    for table in tables {
        table.tell(spec, &mut report.tables);
    }
    Ok(())
}

/// A table with keys that differed.
pub(super) struct Suspected {
    name: String,
    pub(super) pair: TablePair,
    pub(super) target: Target,
    forms: Forms,
    keys: Vec<Suspect>,
}

struct Suspect {
    key: Key,
    state: State,
    /// What the source had of it at each reading: a hash, None for no row.
    had: Vec<Option<u128>>,
    found: Option<Found>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Both have it, alike, or neither has.
    Equal,
    /// The source has it otherwise by now; what Doris has it had before.
    Moving,
    Unequal(Difference),
}

/// A row of either side.
struct Seen {
    hash: u128,
    /// A text, or why there is none.
    cells: Vec<Result<Option<String>, String>>,
}

/// The tables whose keys are to be read again. Those that are not there any more are refused.
fn suspected(spec: &VerifySpec, report: &mut Report) -> Result<Vec<Suspected>, Error> {
    let names: Vec<String> =
        report.tables.iter().filter(|table| !table.suspects.is_empty()).map(|table| table.table.clone()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut opened = open(spec, &names)?;
    let mut suspected = Vec::new();
    for table in report.tables.iter_mut().filter(|table| !table.suspects.is_empty()) {
        let keys = std::mem::take(&mut table.suspects);
        match opened
            .remove(&table.table)
            .unwrap_or_else(|| Err("it is not in the source any more, or the job does not move it".into()))
        {
            Ok((pair, target)) => {
                let suspect = |(difference, key)| Suspect {
                    key,
                    state: State::Unequal(difference),
                    had: Vec::new(),
                    found: None,
                };
                let forms = pair.forms(spec.comparing);
                suspected.push(Suspected {
                    name: table.table.clone(),
                    pair,
                    target,
                    forms,
                    keys: keys.into_iter().map(suspect).collect(),
                });
            }
            Err(why) => {
                keys.iter().for_each(|(difference, _)| table.differ.add(*difference));
                table.unsettled += keys.len() as u64;
                table.refused = Some(format!("its differences cannot be read again: {why}"));
            }
        }
    }
    Ok(suspected)
}

/// A table of that name, with no key yet; None if it is not there any more.
pub(super) fn open_one(spec: &VerifySpec, name: &str) -> Result<Option<Suspected>, Error> {
    let opened = open(spec, &[name.to_string()])?.remove(name);
    Ok(opened.and_then(Result::ok).map(|(pair, target)| {
        let forms = pair.forms(spec.comparing);
        Suspected { name: name.into(), pair, target, forms, keys: Vec::new() }
    }))
}

type Opened = Result<(TablePair, Target), String>;

/// Tables of these names.
fn open(spec: &VerifySpec, names: &[String]) -> Result<HashMap<String, Opened>, Error> {
    let mut only = spec.source.clone();
    // Without other names no two tables become one.
    if only.names.rename.is_empty() {
        only.names.include = names.iter().map(|name| regex::escape(name)).collect();
        only.names.exclude.clear();
    }
    let (doris, catalogue, mut opened) = (Doris::of(spec)?, server::selected(&only)?, HashMap::new());
    let merged = merged(&spec.rules()?, &catalogue)?;
    for table in catalogue.tables {
        let name = format!("{}.{}", table.database, table.table);
        if names.contains(&name) {
            let pair = match merged.get(&name) {
                Some(why) => Err(why.clone()),
                None => doris.pair(spec, &table)?,
            };
            opened.insert(name, pair);
        }
    }
    for unread in catalogue.refused {
        opened.insert(unread.table, Err(unread.reason));
    }
    Ok(opened)
}

impl Suspected {
    /// What makes its rows comparable.
    pub(super) fn forms(&mut self) -> &mut Forms {
        &mut self.forms
    }

    /// The key of a row of Doris.
    pub(super) fn key_of(&mut self, row: &super::target::Cells) -> Key {
        self.forms.begin();
        row.iter().for_each(|cell| self.forms.add(cell.as_deref()));
        cells(&self.forms.row().key)
    }

    /// Reads what does not agree yet.
    fn read(&mut self, spec: &VerifySpec) -> Result<(), Error> {
        let open: Vec<usize> = (0..self.keys.len()).filter(|i| self.keys[*i].state != State::Equal).collect();
        for some in open.chunks(AT_ONCE) {
            check()?;
            let wanted: Vec<Key> = some.iter().map(|i| self.keys[*i].key.clone()).collect();
            // The source first: Doris may only have caught up by then.
            let source = self.in_source(spec, &wanted)?;
            let target = self.in_target(&wanted)?;
            for (i, key) in some.iter().zip(&wanted) {
                self.decide(*i, source.get(key), target.get(key));
            }
        }
        Ok(())
    }

    fn in_source(&mut self, spec: &VerifySpec, wanted: &[Key]) -> Result<HashMap<Key, Seen>, Error> {
        let mut rows = SourceRows::new(&self.pair, spec)?;
        let (forms, mut seen) = (&mut self.forms, HashMap::new());
        messages(spec, &self.pair, wanted, |message| {
            rows.read(message, &mut |row| {
                // One whose key is not known was counted when it was read first.
                if let Loadable::Yes(row) = row
                    && let Ok(formed) = row.formed(forms)
                {
                    let text = |i| row.cell(i).map(|cell| cell.map(|text| String::from_utf8_lossy(text).into_owned()));
                    let seen_row = Seen { hash: formed.hash, cells: (0..row.len()).map(text).collect() };
                    seen.insert(cells(&formed.key), seen_row);
                }
                Ok(())
            })
        })?;
        Ok(seen)
    }

    fn in_target(&mut self, wanted: &[Key]) -> Result<HashMap<Key, Seen>, Error> {
        let statement = self.pair.target_query(&key::in_target(&self.pair.keys, wanted));
        let mut seen = HashMap::new();
        for row in self.target.rows(&statement)? {
            self.forms.begin();
            row.iter().for_each(|cell| self.forms.add(cell.as_deref()));
            let formed = self.forms.row();
            let text = |cell: Option<Vec<u8>>| Ok(cell.map(|text| String::from_utf8_lossy(&text).into_owned()));
            seen.insert(cells(&formed.key), Seen { hash: formed.hash, cells: row.into_iter().map(text).collect() });
        }
        Ok(seen)
    }

    fn decide(&mut self, i: usize, source: Option<&Seen>, target: Option<&Seen>) {
        let [source_hash, target_hash] = [source, target].map(|row| row.map(|row| row.hash));
        let suspect = &mut self.keys[i];
        suspect.state = if source_hash == target_hash {
            State::Equal
        } else if suspect.had.contains(&target_hash) {
            State::Moving
        } else {
            State::Unequal(match (source, target) {
                (Some(_), None) => Difference::Missing,
                (None, _) => Difference::Surplus,
                _ => Difference::Different,
            })
        };
        suspect.had.push(source_hash);
        if let State::Unequal(difference) = suspect.state {
            let key = self.pair.keys.iter().zip(&suspect.key);
            let key =
                key.map(|(column, value)| KeyCell { column: column.name.clone(), value: value.clone() }).collect();
            let cells = differing(&self.pair, &mut self.forms, source, target);
            self.keys[i].found = Some(Found { difference, key, cells });
        }
    }

    /// Says what came of it.
    fn tell(self, spec: &VerifySpec, tables: &mut [TableReport]) {
        let Some(table) = tables.iter_mut().find(|table| table.table == self.name) else { return };
        for suspect in self.keys {
            match suspect.state {
                // What neither side has any more is equal, and no row.
                State::Equal => table.equal += u64::from(suspect.had.last().is_some_and(Option::is_some)),
                State::Moving => table.moving += 1,
                State::Unequal(difference) => {
                    table.differ.add(difference);
                    let shown = table.found.len() < spec.samples;
                    table.found.extend(
                        suspect.found.map(|found| if shown { found } else { Found { cells: Vec::new(), ..found } }),
                    );
                }
            }
        }
    }
}

/// The source's messages with rows of these keys.
///
/// # Errors
/// The source does not answer; whatever `take` has.
pub(super) fn messages(
    spec: &VerifySpec,
    pair: &TablePair,
    wanted: &[Key],
    mut take: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let reader = |condition: String| RangeReader::new(spec.source.clone(), range::only(&pair.table, &condition));
    let mut rows = reader(key::in_source(&pair.keys, wanted))?;
    let mut next = match rows.next() {
        // A key that only Doris has may have letters that the column's character set has not.
        Err(e) if mysql::is_of_character_sets(&e) => {
            rows = reader(key::in_source_by_letters(&pair.keys, wanted))?;
            rows.next()?
        }
        next => next?,
    };
    while let Some(message) = next {
        take(&message)?;
        next = rows.next()?;
    }
    Ok(())
}

/// The cells in which two rows differ; of a row that has no other side, all.
fn differing(pair: &TablePair, forms: &mut Forms, source: Option<&Seen>, target: Option<&Seen>) -> Vec<CellDifference> {
    let mut differing = Vec::new();
    for (i, column) in pair.compared.iter().enumerate().skip(pair.keys.len()) {
        let [of_source, of_target] = [source, target].map(|row| row.map(|row| &row.cells[i]));
        let text = |cell: Option<&Result<Option<String>, String>>| match cell {
            Some(Ok(Some(text))) => Some(text.clone()),
            _ => None,
        };
        let (a, b) = (text(of_source), text(of_target));
        let reason = match of_source {
            Some(Err(why)) => Some(why.clone()),
            _ => None,
        };
        let is_alone = source.is_none() || target.is_none();
        if is_alone || reason.is_some() || !forms.is_same(i, a.as_deref(), b.as_deref()) {
            differing.push(CellDifference {
                column: column.name.clone(),
                source: a.map(shown),
                target: b.map(shown),
                reason,
            });
        }
    }
    differing
}

fn shown(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

//! Rows that differ, made right: the source's row of now is written by the job's own writer, and what only Doris has is deleted where that is asked for.
//!
//! **Sequences.** A row that is written has the sequence that Doris has for its key, deleted rows too, and one more; where there is none, 0. That is above what is there, so it wins. It is not above any change of a running
//! job that is still to come: those of a key have ever higher sequences, each at least one more than the last, and of two equal ones the later load wins. Doris' sequence is read before the source's row. So what the job
//! loads in between is in that row, and what it loads later wins over it.

use super::again::{self, Suspected};
use super::audit::{Action, Audit, Entry};
use super::balance::Difference;
use super::key::{self, Key, KeyColumn};
use super::pair::{TablePair, cells};
use super::report::{Found, Report, TableReport};
use super::source::{Loadable, SourceRows};
use super::spec::VerifySpec;
use super::target;
use crate::canal::head::HeadReader;
use crate::doris::table::{Sequence, backquoted};
use crate::error::{Error, Kind};
use crate::sync::place::Place;
use crate::sync::writer::{Audience, DatabaseWriter, Taken};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// Keys that are corrected at once.
const AT_ONCE: usize = 200;
/// Lines of what is done that are kept.
const MOST_LINES: usize = 100;

/// What is to be done.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    /// It is done, and not only said.
    pub apply: bool,
    /// Rows that only Doris has are deleted.
    pub delete_surplus: bool,
    /// The file that each change is added to before it is made.
    pub audit: PathBuf,
}

/// What was done, or would be.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Correction {
    /// Rows written.
    pub written: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Rows that only Doris has and that stay.
    pub kept: u64,
    /// Keys of the report that are equal by now.
    pub equal: u64,
    /// Keys of the report that cannot be looked at.
    pub unread: u64,
    /// The first of it, a line each.
    pub lines: Vec<String>,
    /// How many there are beyond.
    pub more_lines: u64,
    /// What the writer said.
    pub problems: Vec<String>,
    /// The same keys compared once more, after it was done; null where nothing was.
    pub left: Option<Report>,
}

/// Corrects what a report has found.
///
/// # Errors
/// Either side does not answer, a load has failed, the audit file cannot be written. What was done until then is in the audit file.
pub fn correct(spec: &VerifySpec, report: &Report, wanted: &Wanted) -> Result<Correction, Error> {
    let mut now = suspects(report);
    let all: u64 = now.tables.iter().map(|table| table.suspects.len() as u64).sum();
    let everything = VerifySpec { samples: usize::MAX, ..spec.clone() };
    again::settle(&everything, &mut now)?;
    let found = now.tables.iter().map(|table| table.found.len() as u64).sum::<u64>();
    let mut correction = Correction::default();
    for table in now.tables.iter().filter(|table| table.refused.is_some()) {
        correction.cannot(&table.table, table.unsettled, table.refused.as_deref().unwrap_or_default());
    }
    correction.equal = all.saturating_sub(found + correction.unread);
    let mut corrector = if wanted.apply && found > 0 { Some(Corrector::new(spec, wanted)?) } else { None };
    for table in now.tables.iter().filter(|table| !table.found.is_empty()) {
        let Some(mut suspected) = again::open_one(spec, &table.table)? else {
            correction.cannot(&table.table, table.found.len() as u64, "it has gone meanwhile");
            continue;
        };
        let keys = correction.plan_table(spec, &mut suspected, table, wanted)?;
        if let Some(corrector) = &mut corrector {
            for some in keys.chunks(AT_ONCE) {
                corrector.chunk(&mut suspected, some, &mut correction)?;
            }
        }
    }
    let Some(corrector) = corrector else { return Ok(correction) };
    correction.problems.extend(corrector.finish()?);
    let mut left = suspects(&now);
    left.job.clone_from(&report.job);
    left.finish(spec)?;
    correction.count(&left);
    correction.left = Some(left);
    Ok(correction)
}

/// A report of the same keys, to be read again.
fn suspects(report: &Report) -> Report {
    let mut again = Report::new(&report.job);
    for table in report.tables.iter().filter(|table| !table.found.is_empty()) {
        let suspects = table.found.iter().map(|found| (found.difference, key_of(found))).collect();
        again.tables.push(TableReport {
            table: table.table.clone(),
            target: table.target.clone(),
            suspects,
            ..TableReport::default()
        });
    }
    again
}

fn key_of(found: &Found) -> Key {
    found.key.iter().map(|cell| cell.value.clone()).collect()
}

impl Correction {
    /// Says that keys of a table cannot be looked at, and why.
    fn cannot(&mut self, table: &str, keys: u64, why: &str) {
        self.unread += keys;
        let what = if keys == 1 { "difference" } else { "differences" };
        self.problems.push(format!("{table}: {} {what} of the report: {why}", super::text::grouped(keys)));
    }

    /// What is left was not made right, whatever was sent.
    fn count(&mut self, left: &Report) {
        let sum = |of: fn(&TableReport) -> u64| left.tables.iter().map(of).sum::<u64>();
        self.written = self.written.saturating_sub(sum(|table| table.differ.missing + table.differ.different));
        self.deleted = self.deleted.saturating_sub(sum(|table| table.differ.surplus).saturating_sub(self.kept));
    }

    /// Says what is done about a table; the keys of which something is.
    fn plan_table(
        &mut self,
        spec: &VerifySpec,
        suspected: &mut Suspected,
        table: &TableReport,
        wanted: &Wanted,
    ) -> Result<Vec<(Difference, Key)>, Error> {
        let mut keys = Vec::new();
        for found in &table.found {
            let key = key_of(found);
            if found.difference == Difference::Surplus && wanted.delete_surplus {
                let message = delete_message(&suspected.pair, &key);
                if told_key(spec, suspected, &message)?.as_ref() != Some(&key) {
                    self.kept += 1;
                    self.problems.push(untold(suspected, &key));
                    continue;
                }
            }
            self.plan(table, found, wanted);
            keys.push((found.difference, key));
        }
        let pair = &suspected.pair;
        let lost: Vec<&str> = others(pair).into_iter().filter(|name| pair.mapped.column(name).is_none()).collect();
        if !lost.is_empty() && table.found.iter().any(|found| found.difference != Difference::Surplus) {
            let text =
                "rows that are written lose what they have there, as in each load of the job; the audit file has it";
            self.problems.push(format!("{}: the job does not write {}: {text}", table.target, lost.join(", ")));
        }
        Ok(keys)
    }

    /// Says what is done about a key, and counts what is not.
    fn plan(&mut self, table: &TableReport, found: &Found, wanted: &Wanted) {
        let action = match found.difference {
            Difference::Missing => "write the row that is missing",
            Difference::Different => "write the source's row over",
            Difference::Surplus if wanted.delete_surplus => "delete the row that only Doris has",
            Difference::Surplus => "leave the row that only Doris has (--delete-surplus deletes it)",
        };
        if found.difference == Difference::Surplus && !wanted.delete_surplus {
            self.kept += 1;
        } else if !wanted.apply {
            let count = if found.difference == Difference::Surplus { &mut self.deleted } else { &mut self.written };
            *count += 1;
        }
        if self.lines.len() < MOST_LINES {
            self.lines.push(format!("{}: {action}: {}", table.target, super::text::key_text(found)));
        } else {
            self.more_lines += 1;
        }
    }
}

/// Writes what is right.
struct Corrector {
    writer: DatabaseWriter,
    audit: Audit,
    spec: VerifySpec,
    delete_surplus: bool,
    limit: Duration,
}

/// A key as Doris has it, deleted rows too.
struct Held {
    deleted: bool,
    sequence: Option<i64>,
    cells: target::Cells,
    /// Of the columns that are not compared.
    others: target::Cells,
}

impl Corrector {
    fn new(spec: &VerifySpec, wanted: &Wanted) -> Result<Corrector, Error> {
        let mut sink = spec.sink.clone();
        // Sequences are given here, and tables are as they are.
        sink.ddl.sync = false;
        let limit = Duration::from_secs(sink.load_timeout_seconds + sink.patience_seconds);
        Ok(Corrector {
            writer: sink.open(&[])?,
            audit: Audit::open(&wanted.audit)?,
            spec: spec.clone(),
            delete_surplus: wanted.delete_surplus,
            limit,
        })
    }

    fn chunk(&mut self, table: &mut Suspected, keys: &[(Difference, Key)], done: &mut Correction) -> Result<(), Error> {
        let wanted: Vec<Key> = keys.iter().map(|(_, key)| key.clone()).collect();
        let held = held(table, &wanted)?;
        let mut rows = source_rows(&self.spec, table, &wanted)?;
        let mut messages = Vec::new();
        for (difference, key) in keys {
            let before = held.get(key);
            let sequence = before.and_then(|held| held.sequence).map_or(0, |sequence| sequence.saturating_add(1));
            let visible = before.filter(|held| !held.deleted);
            let (action, after, message) = match (rows.remove(key), difference) {
                (Some((message, after)), _) => (Action::Write, Some(after), message),
                // The source has no row of it any more, or never had one.
                (None, Difference::Surplus) if self.delete_surplus && visible.is_some() => {
                    (Action::Delete, None, delete_message(&table.pair, key))
                }
                _ => continue,
            };
            let named = |cells: &target::Cells| named(&table.pair, cells);
            self.audit.add(&Entry {
                table: &table.pair.table_name(),
                target: &table.pair.target_name(),
                action,
                key: key_cells(&table.pair.keys, key),
                before: visible.map(|held| {
                    let others = others(&table.pair).into_iter().map(str::to_string);
                    named(&held.cells).into_iter().chain(others.zip(held.others.iter().map(shown))).collect()
                }),
                after: after.as_ref().map(named),
                sequence,
            })?;
            let count = if action == Action::Write { &mut done.written } else { &mut done.deleted };
            *count += 1;
            messages.push((message, sequence));
        }
        self.audit.sync()?;
        messages.iter().try_for_each(|(message, sequence)| self.write(message.as_bytes(), *sequence))
    }

    fn write(&mut self, message: &[u8], sequence: i64) -> Result<(), Error> {
        let mut taken = self.writer.write(message, Place { partition: 0, sequence }, Audience::One)?;
        while taken == Taken::Full {
            super::range::check()?;
            self.writer.await_room(Duration::from_secs(1))?;
            taken = self.writer.resume()?;
        }
        Ok(())
    }

    /// Waits until all is in Doris; what the writer had to say.
    fn finish(mut self) -> Result<Vec<String>, Error> {
        self.writer.flush()?;
        if !self.writer.await_settled(self.limit)? {
            return Err(Error::new(
                Kind::Load,
                format!("rows were not loaded in {} s; the audit file names them", self.limit.as_secs()),
            ));
        }
        Ok(self.writer.take_reports().iter().map(ToString::to_string).collect())
    }
}

/// What Doris has of some keys, rows that are deleted too.
fn held(table: &mut Suspected, wanted: &[Key]) -> Result<HashMap<Key, Held>, Error> {
    let is_sequenced = table.pair.doris.sequence == Sequence::Hidden;
    let hidden =
        if is_sequenced { ", `__DORIS_DELETE_SIGN__`, `__DORIS_SEQUENCE_COL__`" } else { ", `__DORIS_DELETE_SIGN__`" };
    let compared = table.pair.compared.iter().map(|column| column.name.as_str());
    let names: Vec<String> = compared.chain(others(&table.pair)).map(backquoted).collect();
    let from = format!("{}.{}", backquoted(&table.pair.doris.database), backquoted(&table.pair.doris.name));
    let condition = key::in_target(&table.pair.keys, wanted);
    let statement = format!("SELECT {}{hidden} FROM {from} WHERE {condition}", names.join(", "));
    let text = |cell: &Option<Vec<u8>>| cell.as_ref().map(|text| String::from_utf8_lossy(text).into_owned());
    let mut held = HashMap::new();
    for mut row in table.target.rows_with_deleted(&statement)? {
        let own = row.split_off(names.len());
        let sequence = own.get(1).and_then(text).and_then(|text| text.parse().ok());
        let deleted = own.first().and_then(text).is_some_and(|sign| sign != "0");
        let others = row.split_off(table.pair.compared.len());
        held.insert(table.key_of(&row), Held { deleted, sequence, cells: row, others });
    }
    Ok(held)
}

/// Columns that Doris has and that are not compared.
fn others(pair: &TablePair) -> Vec<&str> {
    let is_compared = |name: &str| pair.compared.iter().any(|column| column.name == name);
    pair.doris.columns.iter().map(|column| column.name.as_str()).filter(|name| !is_compared(name)).collect()
}

/// The key of a message's row, as the writer would load it; None if that cannot be.
fn told_key(spec: &VerifySpec, table: &mut Suspected, message: &str) -> Result<Option<Key>, Error> {
    let (mut rows, mut key) = (SourceRows::new(&table.pair, spec)?, None);
    rows.read(message.as_bytes(), &mut |row| {
        if let Loadable::Yes(row) = row {
            key = row.formed(table.forms()).ok().map(|formed| cells(&formed.key));
        }
        Ok(())
    })?;
    Ok(key)
}

/// A key that no value of the source's type becomes, such as bytes whose text is not hexadecimal: a message would delete another row.
fn untold(table: &Suspected, key: &Key) -> String {
    let name = table.pair.target_name();
    let key = Value::Object(key_cells(&table.pair.keys, key));
    format!(
        "the row of {name} that only Doris has is left: no row of the source could have its key {key}; delete it by SQL"
    )
}

/// The source's rows of some keys, each as a message, and as its cells.
#[allow(clippy::type_complexity)]
fn source_rows(
    spec: &VerifySpec,
    table: &mut Suspected,
    wanted: &[Key],
) -> Result<HashMap<Key, (String, target::Cells)>, Error> {
    let (mut rows, mut heads) = (SourceRows::new(&table.pair, spec)?, HeadReader::default());
    let mut all = Vec::new();
    again::messages(spec, &table.pair, wanted, |message| {
        let head = heads.read(message).map_err(|_| Error::new(Kind::Internal, "a message of the source is none"))?;
        all.push(head.apart().unwrap_or_else(|| vec![String::from_utf8_lossy(message).into_owned()]));
        Ok(())
    })?;
    let mut found = HashMap::new();
    for each in all {
        for one in each {
            let mut seen = None;
            rows.read(one.as_bytes(), &mut |row| {
                if let Loadable::Yes(row) = row
                    && let Ok(formed) = row.formed(table.forms())
                {
                    let cell = |i| row.cell(i).ok().flatten().map(<[u8]>::to_vec);
                    seen = Some((cells(&formed.key), (0..row.len()).map(cell).collect::<target::Cells>()));
                }
                Ok(())
            })?;
            if let Some((key, cells)) = seen {
                found.insert(key, (one, cells));
            }
        }
    }
    Ok(found)
}

/// A row that is to go, as Canal would tell of it: its key is enough.
fn delete_message(pair: &TablePair, key: &Key) -> String {
    let table = &pair.table;
    let mut row = Map::new();
    for column in &table.columns {
        row.insert(column.name.clone(), Value::Null);
    }
    for (column, cell) in pair.keys.iter().zip(key) {
        row.insert(column.source.clone(), json!(column.message_text(cell.as_deref())));
    }
    let types: Vec<String> =
        table.columns.iter().map(|column| format!("{}:{}", json!(column.name), json!(column.ty.to_string()))).collect();
    format!(
        "{{\"data\":[{}],\"database\":{},\"es\":0,\"id\":0,\"isDdl\":false,\"mysqlType\":{{{}}},\"old\":null,\"pkNames\":{},\"sql\":\"\",\
         \"sqlType\":null,\"table\":{},\"ts\":0,\"type\":\"DELETE\"}}",
        Value::Object(row),
        json!(table.database),
        types.join(","),
        json!(table.keys),
        json!(table.table)
    )
}

fn named(pair: &TablePair, cells: &target::Cells) -> Map<String, Value> {
    pair.compared.iter().zip(cells).map(|(column, cell)| (column.name.clone(), shown(cell))).collect()
}

/// A cell as text.
fn shown(cell: &Option<Vec<u8>>) -> Value {
    json!(cell.as_ref().map(|text| String::from_utf8_lossy(text).into_owned()))
}

fn key_cells(keys: &[KeyColumn], key: &Key) -> Map<String, Value> {
    keys.iter().zip(key).map(|(column, cell)| (column.name.clone(), json!(cell))).collect()
}

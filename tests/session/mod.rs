//! Drives the fast decoder as the shim does, and compares what it gives with the reference.
#![allow(dead_code)]

mod dictionary;
mod tail;

use crate::reference::changelog::{Decoded, Outcome as Expected, Reference};
use crate::reference::value::{Row, Value};
use crate::rows;
use canal_native::canal::changelog::Changelog;
use canal_native::canal::decode::{Decoder, Flags, Outcome, Reason};
use canal_native::canal::event::EventKind;
use canal_native::json::scan::Path;
use canal_native::schema::{MetadataKey, Semantics};

/// What the fast decoder made of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    Rows(Vec<Row>),
    Filtered,
    Skipped(EventKind),
    Dropped,
    Delegated(Reason),
}

/// The same with its flags, which only rows have.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub seen: Seen,
    pub flags: Flags,
}

/// One table: a decoder, the verdicts of its filters, and the metadata values it has handed out.
pub struct Session {
    table: Reference,
    decoder: Decoder,
    /// The same on every path that is not the best one.
    others: Vec<(Path, Decoder)>,
    dictionaries: Vec<Vec<Value>>,
}

/// Decodes, with the filters' verdicts.
fn answered(decoder: &mut Decoder, table: &Reference, message: &[u8]) -> Result<Outcome, String> {
    let mut outcome = decoder.decode(message);
    for _ in 0..2 {
        let included = match outcome {
            Outcome::DatabaseVerdict => &table.database,
            Outcome::TableVerdict => &table.table,
            _ => break,
        };
        let name = decoder.pending_name().ok_or("no name is pending")?;
        let accepted = included.as_deref().ok_or("a verdict without a filter")?.as_bytes() == name;
        decoder.verdict(accepted).map_err(|e| e.to_string())?;
        outcome = decoder.decode(message);
    }
    Ok(outcome)
}

impl Session {
    pub fn open(table: &Reference) -> Session {
        let decoder = || Decoder::new(table.spec.clone()).expect("a valid specification");
        let others = Path::all().into_iter().filter(|path| *path != Path::best());
        let (others, decoder) = (others.map(|path| (path, decoder().on(path))).collect(), decoder());
        Session { others, dictionaries: vec![Vec::new(); table.spec.metadata.len()], table: table.clone(), decoder }
    }

    /// Decodes, answering for filtered names; an error if the rows are not canonical.
    pub fn decode(&mut self, message: &[u8]) -> Result<Answer, String> {
        let outcome = answered(&mut self.decoder, &self.table, message)?;
        for (path, decoder) in &mut self.others {
            let other = answered(decoder, &self.table, message)?;
            if other != outcome || decoder.output() != self.decoder.output() {
                return Err(format!("{} gives {other:?}, {} {outcome:?}", path.name(), Path::best().name()));
            }
        }
        let seen = match outcome {
            Outcome::Rows(flags) => return self.rows(flags),
            Outcome::Filtered => Seen::Filtered,
            Outcome::Skipped(kind) => Seen::Skipped(kind),
            Outcome::Dropped => Seen::Dropped,
            Outcome::Delegate(reason) => Seen::Delegated(reason),
            Outcome::DatabaseVerdict | Outcome::TableVerdict => return Err("a third question".into()),
            Outcome::Broken => return Err("a flat message was read as a packet".into()),
        };
        Ok(Answer { seen, flags: Flags::default() })
    }

    fn rows(&mut self, flags: Flags) -> Result<Answer, String> {
        let rows = read_rows(&self.table, self.decoder.changelog(), flags, &mut self.dictionaries)?;
        Ok(Answer { seen: Seen::Rows(rows), flags })
    }
}

/// The rows that a decoder has, with their metadata; `dictionaries` are the values that it has handed out, a list for each slot.
pub fn read_rows(
    table: &Reference,
    changelog: &Changelog,
    flags: Flags,
    dictionaries: &mut [Vec<Value>],
) -> Result<Vec<Row>, String> {
    let mut rows = rows::read(changelog.rows(), &table.spec.fields, flags.wide_timestamps)?;
    let metadata = metadata(table, changelog, flags, dictionaries)?;
    for (i, row) in rows.iter_mut().enumerate() {
        for (key, value) in table.spec.metadata.iter().zip(&metadata) {
            row.values.push(match (key, value) {
                (MetadataKey::Old, Value::Array(images)) => images.get(i / 2).cloned().ok_or("an image is missing")?,
                _ => value.clone(),
            });
        }
    }
    Ok(rows)
}

fn metadata(
    table: &Reference,
    changelog: &Changelog,
    flags: Flags,
    dictionaries: &mut [Vec<Value>],
) -> Result<Vec<Value>, String> {
    if flags.metadata_reset {
        dictionaries.iter_mut().for_each(Vec::clear);
    }
    let mut values = Vec::new();
    for (slot, key) in table.spec.metadata.iter().enumerate() {
        let index = *changelog.metadata().get(slot).ok_or("a metadata slot is missing")?;
        if let Some(value) = tail::value(*key, index, changelog.rows().len(), changelog.output()) {
            values.push(value?);
            continue;
        }
        let known = &mut dictionaries[slot];
        if flags.metadata_new
            && let Some(array) = changelog.export_metadata(slot, known.len())
        {
            known.extend(dictionary::values(&array, *key)?);
        }
        values.push(match usize::try_from(index) {
            Ok(index) => known.get(index).cloned().ok_or(format!("slot {slot}: no value {index} was handed out"))?,
            Err(_) if index == -1 => Value::Null,
            Err(_) => return Err(format!("slot {slot} holds {index}")),
        });
    }
    Ok(values)
}

/// Holds the fast decoder's answer against the reference.
pub fn compare(table: &Reference, answer: &Answer, expected: &Decoded) -> Result<(), String> {
    let same = match (&answer.seen, &expected.outcome) {
        (Seen::Delegated(reason), _) => return may_delegate(*reason, expected),
        (Seen::Rows(rows), Expected::Rows(expected)) if !expected.is_empty() || !rows.is_empty() => rows == expected,
        (Seen::Filtered, Expected::Filtered) | (Seen::Dropped, Expected::Dropped) => true,
        (Seen::Skipped(kind), Expected::Skipped(expected)) => kind == expected,
        (seen, expected) => {
            nothing(seen) && no_rows(expected) && {
                // Flink has no notion of skipping: what gives no rows gives no rows. An empty `data` gives none either.
                table.spec.semantics == Semantics::Flink
                    || matches!((seen, expected), (Seen::Rows(_), Expected::Rows(_)))
            }
        }
    };
    if !same {
        return Err(format!("fast: {}\nreference: {}", show(&answer.seen), show_expected(&expected.outcome)));
    }
    compare_flags(table, answer, expected)
}

fn nothing(seen: &Seen) -> bool {
    match seen {
        Seen::Rows(rows) => rows.is_empty(),
        Seen::Skipped(_) | Seen::Dropped => true,
        Seen::Filtered | Seen::Delegated(_) => false,
    }
}

fn no_rows(expected: &Expected) -> bool {
    match expected {
        Expected::Rows(rows) => rows.is_empty(),
        Expected::Skipped(_) | Expected::Dropped => true,
        Expected::Filtered | Expected::Error(_) | Expected::Unmodelled(_) => false,
    }
}

fn compare_flags(table: &Reference, answer: &Answer, expected: &Decoded) -> Result<(), String> {
    let Seen::Rows(rows) = &answer.seen else { return Ok(()) };
    let flags = answer.flags;
    let null_in =
        |row: &Row| row.values.iter().zip(&table.spec.fields).any(|(v, f)| !f.ty.nullable && *v == Value::Null);
    let generic = rows.iter().any(null_in) || flags.wide_timestamps;
    // It may also be set for digits in an image that gives no row.
    let wide_needed = rows.iter().any(|row| table.beyond_compact(&row.values));
    let wide_ok = flags.wide_timestamps == wide_needed || flags.wide_timestamps && expected.beyond_compact;
    if !wide_ok || flags.generic_only != generic || flags.nulled != expected.nulled {
        let wanted = format!("wide_timestamps {wide_needed}, generic_only {generic}, nulled {}", expected.nulled);
        return Err(format!("{flags:?} instead of {wanted}"));
    }
    Ok(())
}

/// A message may go to Flink's codec only if strict mode reports it, if Flink alone knows what it means, or if it is not
/// as Canal writes it.
fn may_delegate(reason: Reason, expected: &Decoded) -> Result<(), String> {
    let needs_flink = matches!(expected.outcome, Expected::Error(_) | Expected::Unmodelled(_));
    // Lenient mode: what is wrong with a message, and which rows it gives under `flink`, Flink may say.
    if needs_flink || expected.swallowed || expected.nulled {
        return Ok(());
    }
    if expected.odd.is_empty() {
        return Err(format!("delegated ({reason:?}) without need; reference: {}", show_expected(&expected.outcome)));
    }
    Ok(())
}

fn show(seen: &Seen) -> String {
    match seen {
        Seen::Rows(rows) => show_rows(rows),
        other => format!("{other:?}"),
    }
}

fn show_expected(outcome: &Expected) -> String {
    match outcome {
        Expected::Rows(rows) => show_rows(rows),
        other => format!("{other:?}"),
    }
}

fn show_rows(rows: &[Row]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| format!("\n  {row}")).collect();
    format!("{} rows{}", rows.len(), lines.concat())
}

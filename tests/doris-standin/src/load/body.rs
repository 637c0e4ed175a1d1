//! A body as it comes in, and what is read out of it.

use super::error_log::ErrorLog;
use super::headers::{Compression, Format, LoadError, Reading, UpdateMode};
use super::plan::Plan;
use super::rows::{Counts, RowBuilder};
use super::{arrow, compress, csv, json};
use crate::json::{Json, Reader};
use crate::store::{GivenColumns, NewKey, WriteMode, WriteSet};

/// Takes a body's bytes.
#[derive(Debug)]
pub enum Intake {
    /// Kept, to be read at the end.
    Kept(Vec<u8>),
    /// Only lines are counted (discarding mode).
    Counted {
        /// Last byte of the line delimiter; delimiters of several bytes are counted by it.
        delimiter: u8,
        /// Lines so far.
        lines: u64,
        /// The last byte seen.
        last: u8,
    },
}

impl Intake {
    /// For a load; `discarding` bodies of lines are not kept.
    pub fn new(discarding: bool, format: Format, compression: Compression, reading: &Reading) -> Intake {
        let by_line = match format {
            Format::Csv { .. } => reading.line_delimiter.len() == 1,
            Format::Json => {
                reading.read_json_by_line && !reading.strip_outer_array && reading.line_delimiter.len() == 1
            }
            Format::Arrow => false,
        };
        if discarding && by_line && compression == Compression::None {
            return Intake::Counted { delimiter: reading.line_delimiter[0], lines: 0, last: reading.line_delimiter[0] };
        }
        Intake::Kept(Vec::new())
    }

    /// The next bytes.
    pub fn take(&mut self, piece: &[u8]) {
        match self {
            Intake::Kept(body) => body.extend_from_slice(piece),
            Intake::Counted { delimiter, lines, last } => {
                *lines += memchr::memchr_iter(*delimiter, piece).count() as u64;
                *last = *piece.last().unwrap_or(last);
            }
        }
    }
}

/// What was read out of a body.
#[derive(Debug)]
pub struct Parsed {
    /// Good rows.
    pub write: WriteSet,
    /// Counts.
    pub counts: Counts,
    /// Bad rows.
    pub log: ErrorLog,
    /// Why it was not read to the end.
    pub error: Option<LoadError>,
}

/// Reads a body.
pub fn read(intake: Intake, format: Format, compression: Compression, reading: &Reading, plan: &Plan) -> Parsed {
    let mut parsed = Parsed {
        write: WriteSet::full(plan.schema.clone(), Vec::new()),
        counts: Counts::default(),
        log: ErrorLog::default(),
        error: None,
    };
    let body = match intake {
        Intake::Counted { delimiter, lines, last } => {
            parsed.counts.total = lines + (last != delimiter) as u64;
            parsed.counts.loaded = parsed.counts.total;
            return parsed;
        }
        Intake::Kept(body) => body,
    };
    let read = RowBuilder::new(plan, reading.max_filter_ratio).and_then(|mut rows| {
        let body = compress::decompress(body, compression)
            .map_err(|e| LoadError::new("INTERNAL_ERROR", format!("Decompress failed: {e}")))?;
        let end = match format {
            Format::Csv { header_lines } => csv::read(&body, reading, header_lines, &mut rows, plan.sources.len()),
            Format::Json => json::read(&body, reading, plan, &mut rows),
            Format::Arrow => arrow::read(&body, plan, &mut rows),
        };
        Ok((rows, end))
    });
    let (rows, end) = match read {
        Ok(read) => read,
        Err(error) => {
            parsed.error = Some(error);
            return parsed;
        }
    };
    parsed.error = end.err();
    parsed.counts = rows.counts;
    parsed.log = rows.log;
    parsed.write.rows = rows.rows;
    let new_key = if reading.new_key_error { NewKey::Error } else { NewKey::Append };
    parsed.write.mode = match plan.update {
        UpdateMode::Upsert => WriteMode::Full,
        UpdateMode::Fixed => WriteMode::Partial { given: GivenColumns::Fixed(plan.given.clone()), new_key },
        UpdateMode::Flexible => WriteMode::Partial { given: GivenColumns::PerRow(rows.given), new_key },
    };
    parsed
}

/// Counts the rows of a body that is kept only to be counted (compressed, Arrow, or an array of rows).
pub fn count(intake: Intake, format: Format, compression: Compression, reading: &Reading, plan: &Plan) -> Parsed {
    let Intake::Kept(body) = intake else { return read(intake, format, compression, reading, plan) };
    let body = match compress::decompress(body, compression) {
        Ok(body) => body,
        Err(error) => {
            let mut parsed = read(Intake::Kept(Vec::new()), format, Compression::None, reading, plan);
            parsed.error = Some(LoadError::new("INTERNAL_ERROR", format!("Decompress failed: {error}")));
            return parsed;
        }
    };
    let mut lines = Intake::new(true, format, Compression::None, reading);
    lines.take(&body);
    let mut parsed = match lines {
        Intake::Counted { .. } => return read(lines, format, Compression::None, reading, plan),
        Intake::Kept(_) => read(Intake::Kept(Vec::new()), format, Compression::None, reading, plan),
    };
    let rows = match format {
        Format::Arrow => arrow::count(&body),
        Format::Json => Ok(count_json(&body)),
        Format::Csv { .. } => {
            let lines = memchr::memmem::find_iter(&body, &reading.line_delimiter).count();
            Ok((lines + !body.ends_with(&reading.line_delimiter) as usize) as u64)
        }
    };
    match rows {
        Ok(rows) => (parsed.counts.total, parsed.counts.loaded) = (rows, rows),
        Err(error) => parsed.error = Some(error),
    }
    parsed
}

fn count_json(body: &[u8]) -> u64 {
    let mut reader = Reader::new(body);
    let mut rows = 0;
    while reader.peek().is_some() {
        match reader.value() {
            Ok(Json::Array(items)) => rows += items.len() as u64,
            Ok(_) => rows += 1,
            Err(_) => break,
        }
    }
    rows
}

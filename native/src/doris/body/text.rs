//! Rows as JSON objects or CSV lines.

use super::bad::{BadRow, BadValue};
use super::column::Column;
use super::notation::{Csv, JsonBody, Notation};
use super::value::{self, Reading, Settings, Value};
use super::{DELETE_SIGN, Format, SEQUENCE, bad_bytes};
use crate::json::write::{Output, Piece, Style};
use crate::row::read::{Row, Slot};

/// Writes rows one after the other.
#[derive(Debug)]
pub(super) struct TextRows {
    style: Layout,
    /// What stands before each column.
    leads: Box<[Piece]>,
    /// What ends a row that is kept, and one that is deleted; or what stands before its sequence.
    ends: [Piece; 2],
    sequence: Option<Sequence>,
    out: Output,
    nested: Output,
}

/// The sequence of the rows that come.
#[derive(Debug)]
struct Sequence {
    value: i64,
    end: Piece,
}

#[derive(Debug)]
enum Layout {
    Json,
    Csv(Box<Csv>),
}

impl TextRows {
    /// For a format that is checked.
    pub fn new(format: &Format, columns: &[Column], delete_sign: bool, sequence: bool) -> TextRows {
        let lead = |i: usize, column: &Column| match format {
            Format::Csv { column_separator, .. } if i > 0 => Piece::new(column_separator),
            Format::Csv { .. } => Piece::new(b""),
            _ => Piece::new(&member(if i > 0 { b',' } else { b'{' }, &column.name)),
        };
        let close: &[u8] = if matches!(format, Format::Csv { .. }) { b"" } else { b"}" };
        let next = |name: &str| match format {
            Format::Csv { column_separator, .. } => column_separator.clone(),
            _ => member(b',', name),
        };
        let end = |sign: u8| {
            let mut end = if delete_sign { [next(DELETE_SIGN).as_slice(), &[sign]].concat() } else { Vec::new() };
            end.extend(if sequence { next(SEQUENCE) } else { close.to_vec() });
            Piece::new(&end)
        };
        let style = match format {
            Format::Csv { column_separator, line_delimiter, enclose, escape } => {
                let firsts: Vec<u8> =
                    column_separator.iter().take(1).chain(line_delimiter.iter().take(1)).copied().collect();
                // A CR before the LF that ends a line is taken for a part of the line's end.
                let cr = line_delimiter.starts_with(b"\n");
                let separating = std::array::from_fn(|b| firsts.contains(&(b as u8)) || cr && b == usize::from(b'\r'));
                let lone = columns.len() == 1 && !delete_sign;
                Layout::Csv(Box::new(Csv { enclosing: enclose.zip(*escape), separating, lone }))
            }
            _ => Layout::Json,
        };
        TextRows {
            style,
            leads: columns.iter().enumerate().map(|(i, column)| lead(i, column)).collect(),
            ends: [end(b'0'), end(b'1')],
            sequence: sequence.then(|| Sequence { value: 0, end: Piece::new(close) }),
            out: Output::new(),
            nested: Output::new(),
        }
    }

    /// Sets the sequence of the rows that come, if rows have one.
    pub fn set_sequence(&mut self, value: i64) {
        if let Some(sequence) = &mut self.sequence {
            sequence.value = value;
        }
    }

    /// Appends a row to `body`, or nothing.
    #[inline(always)]
    pub fn append(
        &mut self,
        columns: &[Column],
        settings: &Settings,
        bytes: &[u8],
        deleted: bool,
        body: &mut Vec<u8>,
    ) -> Result<(), BadRow> {
        let row = Row::new(bytes, columns.len()).map_err(|_| bad_bytes())?;
        let (out, leads) = (&mut self.out, &*self.leads);
        out.clear();
        let mut rest = Rest { nested: &mut self.nested, settings, deleted };
        match &self.style {
            Layout::Json => write_row(&JsonBody, out, (columns, leads), row, &mut rest)?,
            Layout::Csv(csv) => write_row(&**csv, out, (columns, leads), row, &mut rest)?,
        }
        out.piece(&self.ends[usize::from(deleted)]);
        if let Some(sequence) = &self.sequence {
            out.integer(sequence.value);
            out.piece(&sequence.end);
        }
        body.extend_from_slice(out.text());
        Ok(())
    }
}

/// What a value may need beside its column.
struct Rest<'w> {
    nested: &'w mut Output,
    settings: &'w Settings,
    deleted: bool,
}

#[inline(always)]
fn write_row(
    notation: &impl Notation,
    out: &mut Output,
    (columns, leads): (&[Column], &[Piece]),
    row: Row<'_>,
    rest: &mut Rest<'_>,
) -> Result<(), BadRow> {
    for ((column, lead), slot) in columns.iter().zip(leads).zip(row.slots()) {
        out.piece(lead);
        let written = match slot {
            Some(slot) => write_slot(notation, out, column, slot, rest),
            None => write_null(notation, out, column, rest.deleted),
        };
        if let Err(reason) = written {
            return Err(column.bad(reason, slot));
        }
    }
    Ok(())
}

/// Read, checked and written at once: to hand a [`Value`] on costs as much as to write it.
#[inline(always)]
fn write_slot(
    notation: &impl Notation,
    out: &mut Output,
    column: &Column,
    slot: Slot<'_>,
    rest: &mut Rest<'_>,
) -> Result<(), BadValue> {
    match &column.reading {
        Reading::Text { most } => return notation.text(out, value::text(slot.bytes()?, *most)?),
        Reading::Int64(range) => out.integer(range.check(slot.i64())?),
        Reading::Int32(range) => out.integer(range.check(slot.i32().into())?),
        Reading::Decimal { precision, scale, fit } => {
            notation.decimal(out, value::decimal(slot, *precision, fit.as_deref())?, *scale);
        }
        Reading::Stamp { precision, zoned, unit } => {
            notation.stamp(out, value::wall_clock(slot.stamp(*precision)?, *zoned, *unit, rest.settings)?);
        }
        Reading::Double if slot.f64().is_finite() => notation.double(out, slot.f64()),
        Reading::Float if slot.f32().is_finite() => notation.float(out, slot.f32()),
        Reading::Date => notation.date(out, value::date(slot.i32())?),
        Reading::Bool => notation.boolean(out, slot.boolean()),
        Reading::Int16(range) => out.integer(range.check(slot.i16().into())?),
        Reading::Int8(range) => out.integer(range.check(slot.i8().into())?),
        _ => return write_rare(notation, out, column, slot, rest),
    }
    Ok(())
}

#[inline(never)]
fn write_rare(
    notation: &impl Notation,
    out: &mut Output,
    column: &Column,
    slot: Slot<'_>,
    rest: &mut Rest<'_>,
) -> Result<(), BadValue> {
    if let Reading::Nested(nested) = &column.reading {
        rest.nested.clear();
        nested.write(rest.nested, slot, rest.settings)?;
        return notation.text(out, rest.nested.text());
    }
    match column.reading.read(slot, rest.settings)? {
        Value::Null => write_null(notation, out, column, rest.deleted),
        value => notation.value(out, value),
    }
}

#[inline(never)]
fn write_null(notation: &impl Notation, out: &mut Output, column: &Column, deleted: bool) -> Result<(), BadValue> {
    notation.value(out, column.null(deleted)?)
}

/// A member's name behind what opens or parts the object.
fn member(before: u8, name: &str) -> Vec<u8> {
    let mut text = Output::new();
    text.push(before);
    text.string(name.as_bytes(), Style::Fastjson).expect("a `str` is UTF-8");
    text.push(b':');
    text.text().to_vec()
}

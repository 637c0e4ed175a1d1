//! Rows as JSON objects or CSV lines.

use super::bad::{BadRow, BadValue};
use super::column::Column;
use super::notation::{Csv, JsonBody, Notation};
use super::value::{Reading, Settings};
use super::{DELETE_SIGN, Format, bad_bytes};
use crate::json::write::{Output, Piece, Style};
use crate::row::read::{Row, Slot};

/// Writes rows one after the other.
#[derive(Debug)]
pub(super) struct TextRows {
    style: Layout,
    /// What stands before each column.
    leads: Box<[Piece]>,
    /// What ends a row that is kept, and one that is deleted.
    ends: [Piece; 2],
    out: Output,
    nested: Output,
}

#[derive(Debug)]
enum Layout {
    Json,
    Csv(Box<Csv>),
}

impl TextRows {
    /// For a format that is checked.
    pub fn new(format: &Format, columns: &[Column], delete_sign: bool) -> TextRows {
        let lead = |i: usize, column: &Column| match format {
            Format::Csv { column_separator, .. } if i > 0 => Piece::new(column_separator),
            Format::Csv { .. } => Piece::new(b""),
            _ => Piece::new(&member(if i > 0 { b',' } else { b'{' }, &column.name)),
        };
        let end = |sign: u8| match (format, delete_sign) {
            (Format::Csv { .. }, false) => Vec::new(),
            (Format::Csv { column_separator, .. }, true) => [column_separator.as_slice(), &[sign]].concat(),
            (_, false) => b"}".to_vec(),
            (_, true) => [member(b',', DELETE_SIGN).as_slice(), &[sign], b"}"].concat(),
        };
        let style = match format {
            Format::Csv { column_separator, line_delimiter, enclose, escape } => {
                let firsts: Vec<u8> =
                    column_separator.iter().take(1).chain(line_delimiter.iter().take(1)).copied().collect();
                // A CR before the LF that ends a line is taken for a part of the line's end.
                let cr = line_delimiter.starts_with(b"\n");
                let separating = std::array::from_fn(|b| firsts.contains(&(b as u8)) || cr && b == usize::from(b'\r'));
                Layout::Csv(Box::new(Csv { enclosing: enclose.zip(*escape), separating }))
            }
            _ => Layout::Json,
        };
        TextRows {
            style,
            leads: columns.iter().enumerate().map(|(i, column)| lead(i, column)).collect(),
            ends: [Piece::new(&end(b'0')), Piece::new(&end(b'1'))],
            out: Output::new(),
            nested: Output::new(),
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
        self.out.clear();
        let mut writer = Writer { leads: &self.leads, out: &mut self.out, nested: &mut self.nested, settings, deleted };
        match &self.style {
            Layout::Json => writer.row(&JsonBody, columns, row)?,
            Layout::Csv(csv) => writer.row(&**csv, columns, row)?,
        }
        self.out.piece(&self.ends[usize::from(deleted)]);
        body.extend_from_slice(self.out.text());
        Ok(())
    }
}

/// One row on its way.
struct Writer<'w> {
    leads: &'w [Piece],
    out: &'w mut Output,
    nested: &'w mut Output,
    settings: &'w Settings,
    deleted: bool,
}

impl Writer<'_> {
    #[inline(always)]
    fn row(&mut self, notation: &impl Notation, columns: &[Column], row: Row<'_>) -> Result<(), BadRow> {
        for (i, (column, lead)) in columns.iter().zip(self.leads).enumerate() {
            let slot = row.get(i).map_err(|_| bad_bytes())?;
            self.out.piece(lead);
            if let Err(reason) = self.column(notation, column, slot) {
                return Err(column.bad(reason, slot));
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn column(&mut self, notation: &impl Notation, column: &Column, slot: Option<Slot<'_>>) -> Result<(), BadValue> {
        let Some(slot) = slot else { return self.null(notation, column) };
        if let Reading::Nested(nested) = &column.reading {
            self.nested.clear();
            nested.write(self.nested, slot, self.settings)?;
            return notation.text(self.out, self.nested.text());
        }
        let value = column.reading.read(slot, self.settings)?;
        if matches!(value, super::value::Value::Null) {
            return self.null(notation, column);
        }
        notation.value(self.out, value)
    }

    fn null(&mut self, notation: &impl Notation, column: &Column) -> Result<(), BadValue> {
        notation.value(self.out, column.null(self.deleted)?)
    }
}

/// A member's name behind what opens or parts the object.
fn member(before: u8, name: &str) -> Vec<u8> {
    let mut text = Output::new();
    text.push(before);
    text.string(name.as_bytes(), Style::Fastjson).expect("a `str` is UTF-8");
    text.push(b':');
    text.text().to_vec()
}

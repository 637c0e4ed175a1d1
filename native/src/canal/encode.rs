//! The encoder: one binary row → one message.
//!
//! Each column's name is rendered and its way of writing decided when the encoder is opened; a row is then written in one
//! pass from its bytes. What is not proven to be the text that flink-json writes is not written: see [`Reason`].

mod envelope;
mod value;

use crate::error::Error;
use crate::json::write::{MAX_LEN, Output};
use crate::row::RowKind;
use crate::row::read::Row;
use crate::schema::{EncoderSpec, UpdateMode};
use envelope::Frame;
use value::{Columns, Options};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The message is [`Encoder::message`].
    Encoded,
    /// No message. In flink-json's shape Flink's own encoder must write this row, as it knows the text or the
    /// exception; in a whole envelope the row cannot be written, and [`Encoder::refusal`] says why.
    Delegate(Reason),
}

/// Why a row was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The row as it was before an update, while updates are one message.
    UpdateBefore = 1,
    /// The bytes are not a row of this table.
    Malformed = 2,
    /// A text that is not valid UTF-8; Java replaces parts of it.
    NotUtf8 = 3,
    /// NULL in a NOT NULL field: an error or `null`, by Flink's version.
    NullInNotNull = 4,
    /// A NULL as key of a map, and `map-null-key.mode` is FAIL.
    NullMapKey = 5,
    /// Two entries of a map with one key.
    EqualMapKeys = 6,
    /// A date or time that Java cannot print, or MySQL not hold.
    OutOfRange = 7,
    /// The text of a FLOAT or DOUBLE depends on the JDK.
    FloatText = 8,
    /// More bytes than a Java array can hold.
    TooLong = 9,
}

impl Reason {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Reason::UpdateBefore => "an UPDATE_BEFORE row, which canal-json.encode.update = update does not write",
            Reason::Malformed => "the bytes are not a binary row of this table",
            Reason::NotUtf8 => "a text that is not valid UTF-8",
            Reason::NullInNotNull => "NULL in a NOT NULL field",
            Reason::NullMapKey => {
                "NULL as key of a map; canal-json.map-null-key.mode = DROP leaves such entries out, LITERAL names them"
            }
            Reason::EqualMapKeys => "a map with two entries of one key",
            Reason::OutOfRange => "a date outside the years 0 to 9999, or a time outside the day",
            Reason::FloatText => "a floating point number whose text depends on the JDK",
            Reason::TooLong => "the message would be longer than a Java array",
        }
    }
}

/// Column, if it is one's, and reason.
type Refusal = (Option<usize>, Reason);

/// Writes the rows of one table.
#[derive(Debug)]
pub struct Encoder {
    table: Table,
    names: Box<[String]>,
    input: Vec<u8>,
    out: Output,
    /// Messages written so far: `id` of a whole envelope.
    written: u64,
    /// Of the last row that was not written.
    refused: Option<Refusal>,
}

/// What is decided when the encoder is opened.
#[derive(Debug)]
struct Table {
    columns: Columns,
    frame: Frame,
    options: Options,
    update: UpdateMode,
}

impl Table {
    #[inline(always)]
    fn write(&self, out: &mut Output, row: &[u8], kind: RowKind, id: u64, now: i64) -> Result<(), Refusal> {
        out.clear();
        let event = envelope::event_of(kind, self.update).ok_or((None, Reason::UpdateBefore))?;
        let row = Row::new(row, self.columns.len()).map_err(|e| (None, e.into()))?;
        Frame::begin(out);
        let written = match self.frame {
            Frame::Flink => self.columns.write(out, row, &self.options),
            Frame::Full(_) => self.columns.write_texts(out, row, &self.options),
        };
        written.map_err(|(column, reason)| (Some(column), reason))?;
        self.frame.end(out, event, id, now);
        if out.is_too_long() { Err((None, Reason::TooLong)) } else { Ok(()) }
    }
}

impl Encoder {
    /// An encoder for a table.
    ///
    /// # Errors
    /// A column whose type flink-json does not write either.
    pub fn new(spec: EncoderSpec) -> Result<Encoder, Error> {
        spec.check()?;
        let options = Options::of(&spec);
        let columns = Columns::of(&spec.fields, options.style);
        Ok(Encoder {
            names: spec.fields.iter().map(|f| f.name.clone()).collect(),
            table: Table { columns, frame: Frame::of(&spec), options, update: spec.update },
            input: Vec::new(),
            out: Output::new(),
            written: 0,
            refused: None,
        })
    }

    /// The input buffer, grown to `capacity` if it is smaller; a caller writes the row to its beginning.
    pub fn input_buffer(&mut self, capacity: usize) -> &mut [u8] {
        if self.input.len() < capacity {
            self.input.resize(capacity, 0);
        }
        &mut self.input
    }

    /// Bytes that the input buffer holds.
    #[inline(always)]
    pub fn input_capacity(&self) -> usize {
        self.input.len()
    }

    /// Gives memory back that only a far larger row needed; `capacity` is what the next row needs.
    pub fn shrink(&mut self, capacity: usize) {
        self.input.truncate(capacity);
        self.input.shrink_to_fit();
        self.out.shrink(capacity.saturating_mul(2).min(MAX_LEN));
    }

    /// Encodes the row in the first `len` bytes of the input buffer. `now`: epoch milliseconds, `es` and `ts` of a whole
    /// envelope.
    #[inline(always)]
    pub fn encode_input(&mut self, len: usize, kind: RowKind, now: i64) -> Outcome {
        // An input that does not hold so much is as good as a row that is cut off.
        let row = self.input.get(..len).unwrap_or_default();
        let written = self.table.write(&mut self.out, row, kind, self.written + 1, now);
        self.outcome(written)
    }

    /// Encodes a row.
    #[inline(always)]
    pub fn encode(&mut self, row: &[u8], kind: RowKind, now: i64) -> Outcome {
        let written = self.table.write(&mut self.out, row, kind, self.written + 1, now);
        self.outcome(written)
    }

    #[inline(always)]
    fn outcome(&mut self, written: Result<(), Refusal>) -> Outcome {
        match written {
            Ok(()) => {
                self.written += 1;
                Outcome::Encoded
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    #[cold]
    fn refuse(&mut self, refusal: Refusal) -> Outcome {
        self.out.clear();
        self.refused = Some(refusal);
        Outcome::Delegate(refusal.1)
    }

    /// The message of the last row, empty if it was not written.
    #[inline(always)]
    pub fn message(&self) -> &[u8] {
        self.out.text()
    }

    /// Address and capacity of the buffer that messages are written to.
    #[inline(always)]
    pub fn message_buffer(&self) -> (usize, usize) {
        self.out.buffer()
    }

    /// Why the last row that was not written could not be, with its column.
    pub fn refusal(&self) -> Option<String> {
        let (column, reason) = self.refused?;
        let column = column.and_then(|i| self.names.get(i));
        Some(match column {
            Some(name) => format!("column `{name}`: {}", reason.text()),
            None => reason.text().to_string(),
        })
    }
}

//! One table on its way from messages to loads: its decoder, and the writer of its bodies.

use super::columns::Added;
use super::decoders::{Claim, Decoders};
use super::rows::RowConverter;
use super::unread;
use crate::canal::decode::{Decoder, Outcome, Reason};
use crate::canal::head::Head;
use crate::doris::loader::RefusedRow;
use crate::doris::writer::{Writer, Written};
use crate::error::{Error, Kind};
use crate::row::RowKind;
use crate::row::read::{Row, sized};
use crate::schema::Root;
use std::time::Duration;

/// What became of a message's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// All are in the body.
    Done,
    /// There is no room for the next one.
    Full,
    /// A row cannot be loaded, and why; the others are to be gone on with.
    Bad(String),
}

/// The key's columns, which are a row's first ones, by how two of their fields are compared.
#[derive(Debug)]
struct Key(Vec<KeyColumn>);

#[derive(Debug, Clone, Copy)]
enum KeyColumn {
    /// The field's eight bytes are the value.
    Fixed,
    /// They say where the value is.
    Bytes,
}

impl KeyColumn {
    fn of(root: &Root) -> Option<KeyColumn> {
        match root {
            Root::Boolean | Root::Tinyint | Root::Smallint | Root::Integer | Root::Bigint | Root::Date => {
                Some(KeyColumn::Fixed)
            }
            Root::Decimal { precision: ..=18, .. } => Some(KeyColumn::Fixed),
            Root::TimestampWithoutTimeZone { precision: ..=3 } => Some(KeyColumn::Fixed),
            Root::Char | Root::Varchar | Root::Binary | Root::Varbinary => Some(KeyColumn::Bytes),
            _ => None,
        }
    }
}

impl Key {
    /// Whether the row behind an update's first one is its second one, and has the same key. What is not certain is not so.
    fn is_kept(&self, before: &[u8], rest: &[u8], columns: usize) -> bool {
        let same = || {
            let (after, _) = sized(rest).ok()?;
            let (before, after) = (Row::new(before, columns).ok()?, Row::new(after, columns).ok()?);
            let mut same = after.kind().ok()? == RowKind::UpdateAfter;
            for (i, column) in self.0.iter().enumerate() {
                let (a, b) = (before.get(i).ok()??, after.get(i).ok()??);
                same &= match column {
                    KeyColumn::Fixed => a.i64() == b.i64(),
                    KeyColumn::Bytes => a.bytes().ok()? == b.bytes().ok()?,
                };
            }
            Some(same)
        };
        same() == Some(true)
    }
}

/// Messages of a table, decoded and written.
#[derive(Debug)]
pub struct TableWriter {
    /// `database.table` in the source, for errors.
    pub source: String,
    columns: usize,
    /// Its decoder's.
    decoder: Claim,
    /// None where values are written as they were decoded.
    converter: Option<RowConverter>,
    writer: Writer,
    /// None where keys are of types that are not compared here.
    key: Option<Key>,
    added: Vec<Added>,
    /// Of the message that is being written: the byte its next row begins at, and how many were before it.
    at: usize,
    row: i64,
    sequence: i64,
    /// The row before the next one is that of an update.
    has_before: bool,
    /// Rows written since the table was opened.
    pub rows: u64,
}

impl TableWriter {
    /// A writer for the table `source`, of so many columns.
    pub fn new(
        source: String,
        columns: usize,
        decoder: Claim,
        converter: Option<RowConverter>,
        writer: Writer,
    ) -> TableWriter {
        let (added, key) = (Vec::new(), None);
        let (at, row, sequence, has_before, rows) = (0, 0, 0, false, 0);
        TableWriter { source, columns, decoder, converter, writer, added, key, at, row, sequence, has_before, rows }
    }

    /// The same for a table whose first columns are its key, of these types.
    pub fn with_key<'t>(mut self, types: impl Iterator<Item = &'t Root>) -> TableWriter {
        self.key = types.map(KeyColumn::of).collect::<Option<Vec<_>>>().filter(|key| !key.is_empty()).map(Key);
        self
    }

    /// The same with columns that are added to its rows, the converter's last ones.
    pub fn adding(mut self, added: &[Added]) -> TableWriter {
        self.added = added.to_vec();
        self
    }

    /// Decodes a message of this table, whose rows [`write`](Self::write) then writes. The first row has the sequence `sequence`, each
    /// further one the next.
    ///
    /// # Errors
    /// What is wrong with the message.
    pub fn decode(&mut self, decoders: &mut Decoders, message: &[u8], sequence: i64) -> Result<(), Error> {
        self.at = usize::MAX;
        let decoder = decoders.of(&self.decoder).ok_or_else(without_decoder)?;
        match decoder.decode(message) {
            Outcome::Rows(_) => {
                self.begin(decoder, sequence);
                Ok(())
            }
            outcome => {
                let why = match (outcome, decoders.spec(&self.decoder)) {
                    (Outcome::Delegate(Reason::Value), Some(spec)) => unread::reason(spec, message),
                    (other, _) => format!("{other:?}"),
                };
                Err(Error::new(Kind::Load, format!("a message of {} cannot be read: {why}", self.source)))
            }
        }
    }

    /// The same of a message that may be another table's, or none; false if it gives no rows or is not as `is_own` wants it: then there is nothing to
    /// write.
    pub fn decode_own(
        &mut self,
        decoders: &mut Decoders,
        message: &[u8],
        sequence: i64,
        is_own: impl FnOnce(&Head<'_>) -> bool,
    ) -> bool {
        self.at = usize::MAX;
        let Some(decoder) = decoders.of(&self.decoder) else { return false };
        let own = matches!(decoder.decode(message), Outcome::Rows(_)) && is_own(&decoder.head());
        if own {
            self.begin(decoder, sequence);
        }
        own
    }

    /// Begins with the rows of the message that was decoded.
    fn begin(&mut self, decoder: &Decoder, sequence: i64) {
        if let (Some(converter), false) = (&mut self.converter, self.added.is_empty()) {
            let head = decoder.head();
            converter.add(self.added.iter().map(|added| added.value(&head)));
        }
        (self.at, self.row, self.sequence, self.has_before) = (0, 0, sequence, false);
    }

    /// Writes the rows of the message that was decoded last, of all that these decoders have decoded, from where it was left. A row that cannot be loaded is passed over.
    ///
    /// # Errors
    /// A load has failed for good, or the table does not take rows of this kind.
    pub fn write(&mut self, decoders: &mut Decoders) -> Result<Progress, Error> {
        let decoder = decoders.of(&self.decoder).ok_or_else(without_decoder)?;
        while let Some(rest) = decoder.rows().get(self.at..).filter(|rest| !rest.is_empty()) {
            let broken = |_| Error::new(Kind::Internal, "the decoder's rows are not in order");
            let (row, after) = sized(rest).map_err(broken)?;
            let kind = Row::new(row, self.columns).and_then(|row| row.kind()).map_err(broken)?;
            // Places are counted as if each update had its row before.
            let left_out = i64::from(kind == RowKind::UpdateAfter && !self.has_before);
            // Of an update that keeps its key the row before it is nothing to Doris.
            if kind == RowKind::UpdateBefore
                && self.key.as_ref().is_some_and(|key| key.is_kept(row, after, self.columns))
            {
                self.at += rest.len() - after.len();
                self.row += 1;
                self.rows += 1;
                self.has_before = true;
                continue;
            }
            let converted = match &mut self.converter {
                Some(converter) => converter.convert(row),
                None => Ok(row),
            };
            self.writer.set_sequence(self.sequence.saturating_add(self.row + left_out));
            let bad = match converted {
                Err(e) => Some(e.to_string()),
                Ok(row) => match self.writer.write(row, kind)? {
                    Written::Full => return Ok(Progress::Full),
                    Written::Taken => None,
                    Written::Bad(rows) => Some(rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
                },
            };
            self.at += rest.len() - after.len();
            self.row += 1 + left_out;
            self.rows += left_out as u64;
            self.has_before = kind == RowKind::UpdateBefore;
            if let Some(why) = bad {
                return Ok(Progress::Bad(format!("a row of {} cannot be loaded: {why}", self.source)));
            }
            self.rows += 1;
        }
        Ok(Progress::Done)
    }

    /// Hands over what was written.
    ///
    /// # Errors
    /// A row before an update cannot be deleted.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush()
    }

    /// Waits at most so long until each of the table's loads is over.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn settled(&self, limit: Duration) -> Result<bool, Error> {
        self.writer.await_settled(limit)
    }

    /// Rows that Doris has refused since the last call, of any table of the loader.
    pub fn take_refused(&mut self) -> Vec<RefusedRow> {
        self.writer.take_refused()
    }

    /// Bytes of the body that grows.
    pub fn open_bytes(&self) -> u64 {
        self.writer.open_bytes()
    }
}

#[cold]
fn without_decoder() -> Error {
    Error::new(Kind::Internal, "a table has no decoder")
}

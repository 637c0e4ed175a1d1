//! Messages → one batch, and what became of each message.

use super::column::{Column, Trouble};
use super::metadata::{self, MetadataColumn};
use super::range::Stamps;
use super::spec::{DecoderOptions, ROW_KIND};
use super::{NamePattern, ROW_KINDS, types};
use crate::canal::decode::{self, Decoder, Reason};
use crate::canal::event::EventKind;
use crate::error::{Error, Kind};
use crate::row::read::{Malformed, Row, sized};
use crate::schema::{Field, MetadataKey};
use arrow::array::{ArrayRef, DictionaryArray, Int8Array, StringArray, StructArray};
use arrow::datatypes::{DataType, Field as ArrowField, Fields, Int8Type};
use std::sync::Arc;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its rows are in the batch, behind those of the messages before it.
    Rows {
        /// How many; there may be none.
        rows: usize,
        /// A bad value was read as NULL (lenient mode under `flink`).
        nulled: bool,
    },
    /// `databaseInclude` or `tableInclude` does not match.
    Filtered,
    /// An event without rows.
    Skipped(EventKind),
    /// Bad, and bad messages are to be passed over (lenient mode under `canal`).
    Dropped,
    /// Not decoded: none of its rows is in the batch.
    Refused(Refusal),
}

/// Why a message was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// What in Flink goes to Flink's own codec: bad messages in strict mode, and what only that codec has rules for.
    Unproven(Reason),
    /// A timestamp has more digits than its column's Arrow type, or does not fit into 64 bits of its unit.
    OutOfRange,
}

/// Rows are turned into columns once they are so many bytes together: few enough to stay in the processor's cache.
const CHUNK_BYTES: usize = 64 << 10;

/// Buffers for messages are only given back when they are larger than this.
const KEPT_BYTES: usize = 1 << 20;

/// As long as a message in Java can be; positions in it are kept in 32 bits.
const MAX_MESSAGE: usize = i32::MAX as usize;

/// A table's decoder. One thread at a time.
#[derive(Debug)]
pub struct BatchDecoder {
    decoder: Decoder,
    fields: Arc<[Field]>,
    metadata: Vec<MetadataKey>,
    database_include: Option<NamePattern>,
    table_include: Option<NamePattern>,
    stamps: Stamps,
    columns: Fields,
}

impl BatchDecoder {
    /// A decoder as `options` say.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] if two columns of the batch have the same name, or `columnNames` names none of them.
    pub fn new(options: DecoderOptions) -> Result<Self, Error> {
        let spec = &options.decoder;
        let columns = columns(&options)?;
        let (fields, metadata) = (spec.fields.clone().into(), spec.metadata.clone());
        Ok(BatchDecoder {
            stamps: Stamps::new(&spec.fields),
            fields,
            metadata,
            columns,
            decoder: Decoder::new(options.decoder)?,
            database_include: options.database_include,
            table_include: options.table_include,
        })
    }

    /// The columns of every batch.
    pub fn columns(&self) -> &Fields {
        &self.columns
    }

    /// Decodes `messages` into one batch and appends what became of each to `outcomes`.
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`] if a column would have more than 2 GB or 2³¹ elements. Nothing is kept of such a batch;
    /// the decoder can be used on.
    pub fn decode<'m>(
        &mut self,
        messages: impl IntoIterator<Item = &'m [u8]>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<StructArray, Error> {
        let mut batch = Batch::new(&self.fields, &self.metadata);
        let mut longest = 0;
        for message in messages {
            longest = longest.max(message.len());
            outcomes.push(self.message(message, &mut batch)?);
        }
        if self.decoder.input_capacity() > KEPT_BYTES.max(2 * longest) {
            self.decoder.shrink(longest);
        }
        batch.finish(&self.columns)
    }

    fn message(&mut self, message: &[u8], batch: &mut Batch) -> Result<Outcome, Error> {
        if message.len() > MAX_MESSAGE {
            return Ok(Outcome::Refused(Refusal::Unproven(Reason::TooLarge)));
        }
        let flags = match self.ask(message)? {
            decode::Outcome::Rows(flags) => flags,
            decode::Outcome::Filtered => return Ok(Outcome::Filtered),
            decode::Outcome::Skipped(kind) => return Ok(Outcome::Skipped(kind)),
            decode::Outcome::Dropped => return Ok(Outcome::Dropped),
            decode::Outcome::Delegate(reason) => return Ok(Outcome::Refused(Refusal::Unproven(reason))),
            decode::Outcome::DatabaseVerdict | decode::Outcome::TableVerdict => {
                return Err(Error::new(Kind::Internal, "the decoder asks about a name again"));
            }
            decode::Outcome::Broken => return Err(Error::new(Kind::Internal, "a flat message was read as a packet")),
        };
        if flags.metadata_reset {
            batch.metadata.iter_mut().for_each(MetadataColumn::forget);
        }
        let Some(rows) = batch.take(self.decoder.rows(), &self.stamps, flags.wide_timestamps)? else {
            return Ok(Outcome::Refused(Refusal::OutOfRange));
        };
        for (slot, column) in batch.metadata.iter_mut().enumerate() {
            let value = self.decoder.metadata()[slot];
            if rows > 0 {
                column.append(rows, value, self.decoder.output(), |index| self.decoder.metadata_value(slot, index))?;
            }
        }
        if batch.rows.len() >= CHUNK_BYTES {
            batch.flush()?;
        }
        Ok(Outcome::Rows { rows, nulled: flags.nulled })
    }

    /// The decoder's answer, once the patterns have judged the message's names.
    fn ask(&mut self, message: &[u8]) -> Result<decode::Outcome, Error> {
        let mut outcome = self.decoder.decode(message);
        for _ in 0..2 {
            let pattern = match outcome {
                decode::Outcome::DatabaseVerdict => &self.database_include,
                decode::Outcome::TableVerdict => &self.table_include,
                _ => break,
            };
            let name = self.decoder.pending_name().and_then(|name| std::str::from_utf8(name).ok());
            let accepted = pattern.as_ref().zip(name).is_some_and(|(pattern, name)| pattern.matches(name));
            self.decoder.verdict(accepted)?;
            outcome = self.decoder.decode(message);
        }
        Ok(outcome)
    }
}

/// The batch's columns by name and type.
fn columns(options: &DecoderOptions) -> Result<Fields, Error> {
    let spec = &options.decoder;
    let kinds = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    let mut keys = vec![ROW_KIND.to_string()];
    let mut columns = vec![Arc::new(ArrowField::new(options.column_name(ROW_KIND), kinds, false))];
    columns.extend(spec.fields.iter().map(types::field));
    for key in &spec.metadata {
        let name = key_name(*key)?;
        columns.push(types::nullable(options.column_name(&name), metadata::data_type(*key)));
        keys.push(name);
    }
    if let Some(name) = options.renamed().find(|name| !keys.iter().any(|key| key == name)) {
        let text = format!("columnNames renames {name:?}; the batch has {} to rename", keys.join(", "));
        return Err(Error::new(Kind::InvalidSpec, text));
    }
    let mut names: Vec<&str> = columns.iter().map(|column| column.name().as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(columns.into()),
        Some(twice) => {
            let text = format!(
                "two columns of the batch are called {:?}; rename {ROW_KIND} or the metadata column in columnNames",
                twice[0]
            );
            Err(Error::new(Kind::InvalidSpec, text))
        }
    }
}

/// A metadata key as the specification writes it.
fn key_name(key: MetadataKey) -> Result<String, Error> {
    match serde_json::to_value(key) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(Error::new(Kind::Internal, "a metadata key without a name")),
    }
}

/// A batch as it grows.
#[derive(Debug)]
struct Batch {
    fields: Arc<[Field]>,
    kinds: Vec<i8>,
    columns: Vec<Column>,
    metadata: Vec<MetadataColumn>,
    /// Rows that are not in the columns yet, as the decoder wrote them, all of one layout; and where each of them ends.
    rows: Vec<u8>,
    ends: Vec<usize>,
    wide: bool,
}

impl Batch {
    fn new(fields: &Arc<[Field]>, metadata: &[MetadataKey]) -> Batch {
        Batch {
            fields: fields.clone(),
            kinds: Vec::new(),
            columns: fields.iter().map(|field| Column::new(&field.ty)).collect(),
            metadata: metadata.iter().map(|key| MetadataColumn::new(*key)).collect(),
            rows: Vec::new(),
            ends: Vec::new(),
            wide: false,
        }
    }

    /// Takes the rows of a message, all of them or, if a point in time does not fit into its column, none. Returns how many.
    fn take(&mut self, rows: &[u8], stamps: &Stamps, wide: bool) -> Result<Option<usize>, Error> {
        if wide != self.wide {
            self.flush()?;
            self.wide = wide;
        }
        let (end, before) = (self.rows.len() + rows.len(), self.ends.len());
        let mut rest = rows;
        while !rest.is_empty() {
            let (row, after) = sized(rest).map_err(malformed)?;
            if !stamps.is_empty() {
                let fit = Row::new(row, self.columns.len()).and_then(|row| stamps.fit(&row, wide));
                if !fit.map_err(malformed)? {
                    self.ends.truncate(before);
                    return Ok(None);
                }
            }
            self.ends.push(end - after.len());
            rest = after;
        }
        self.rows.extend_from_slice(rows);
        Ok(Some(self.ends.len() - before))
    }

    /// Turns the rows taken so far into columns, one column after the other.
    fn flush(&mut self) -> Result<(), Error> {
        let Batch { fields, kinds, columns, rows: bytes, ends, wide, .. } = self;
        let mut rows = Vec::with_capacity(ends.len());
        let mut start = 0;
        for end in ends.iter() {
            let row = bytes.get(start..*end).ok_or(Malformed).and_then(sized);
            rows.push(row.and_then(|(row, _)| Row::new(row, columns.len())).map_err(malformed)?);
            start = *end;
        }
        for row in &rows {
            kinds.push(row.kind().map_err(malformed)? as i8);
        }
        for (i, column) in columns.iter_mut().enumerate() {
            let fields_of_rows = rows.iter().map(|row| row.get(i));
            column.append(fields_of_rows, *wide).map_err(|trouble| trouble.error(&fields[i].name))?;
        }
        ends.clear();
        bytes.clear();
        Ok(())
    }

    fn finish(mut self, columns: &Fields) -> Result<StructArray, Error> {
        self.flush()?;
        let rows = self.kinds.len();
        let mut arrays: Vec<ArrayRef> = vec![kind_column(self.kinds)?];
        for (column, field) in self.columns.into_iter().zip(self.fields.iter()) {
            arrays.push(column.finish(&field.ty).map_err(|e| e.at(&field.name))?);
        }
        for column in self.metadata {
            arrays.push(column.finish()?);
        }
        StructArray::try_new_with_length(columns.clone(), arrays, None, rows).map_err(no_batch)
    }
}

fn kind_column(kinds: Vec<i8>) -> Result<ArrayRef, Error> {
    let texts = StringArray::from(ROW_KINDS.to_vec());
    Ok(Arc::new(DictionaryArray::<Int8Type>::try_new(Int8Array::from(kinds), Arc::new(texts)).map_err(no_batch)?))
}

fn malformed(_: Malformed) -> Error {
    Trouble::Malformed.error("the rows of a message")
}

fn no_batch(e: arrow::error::ArrowError) -> Error {
    Error::new(Kind::Internal, "the columns do not make up a batch").caused_by(e)
}

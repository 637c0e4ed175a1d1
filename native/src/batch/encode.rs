//! One batch → messages.

use super::ROW_KINDS;
use super::cells::{Reader, Rows};
use super::spec::{EncoderOptions, ROW_KIND};
use crate::canal::encode::{self, Encoder, Reason};
use crate::error::{Error, Kind};
use crate::row::{Cell, RowKind};
use crate::schema::Field;
use arrow::array::builder::NullBufferBuilder;
use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StructArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{DataType, Int8Type};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is a message.
    Message,
    /// It is not: what in Flink goes to Flink's own encoder, and what no encoder can write.
    Refused(Reason),
}

/// Buffers for rows are only given back when they are larger than this.
const KEPT_BYTES: usize = 1 << 20;

/// Writes the rows of one table. One thread at a time.
#[derive(Debug)]
pub struct BatchEncoder {
    encoder: Encoder,
    fields: Vec<Field>,
    row_kind: String,
    cells: Vec<Cell>,
    row: Vec<u8>,
    scratch: Vec<u8>,
}

impl BatchEncoder {
    /// An encoder as `options` say.
    ///
    /// # Errors
    /// [`Kind::UnsupportedType`] for a column that cannot be written, [`Kind::InvalidSpec`] if two columns have the same name.
    pub fn new(options: EncoderOptions) -> Result<Self, Error> {
        let fields = options.encoder.fields.clone();
        let mut names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).chain([&*options.row_kind]).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let text = format!("two columns of the batch are called {:?}; rename {ROW_KIND} in columnNames", twice[0]);
            return Err(Error::new(Kind::InvalidSpec, text));
        }
        let encoder = Encoder::new(options.encoder)?;
        Ok(BatchEncoder {
            encoder,
            fields,
            row_kind: options.row_kind,
            cells: Vec::new(),
            row: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Encodes each row of `batch` and appends what became of it to `outcomes`. The columns are found by name; others than the
    /// table's are not looked at. `now`: epoch milliseconds, `es` and `ts` of a whole envelope.
    ///
    /// Returns a message for each row, NULL where it was refused.
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`] if a column is missing or of another type, a row or its kind is NULL, a DECIMAL has more digits
    /// than its column, or the messages have more than 2 GB.
    pub fn encode(&mut self, batch: &StructArray, now: i64, outcomes: &mut Vec<Written>) -> Result<BinaryArray, Error> {
        if batch.null_count() > 0 {
            return Err(Error::new(Kind::IllegalArgument, "a row of the batch is NULL"));
        }
        let kinds = kinds(column(batch, &self.row_kind)?).map_err(|e| e.at(&self.row_kind))?;
        let mut readers = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let array = column(batch, &field.name)?;
            readers.push(Reader::new(array.as_ref(), &field.ty).map_err(|e| e.at(&field.name))?);
        }
        let rows = Rows::new(readers);
        let (mut bytes, mut offsets, mut nulls) = (Vec::new(), vec![0], NullBufferBuilder::new(batch.len()));
        for (i, kind) in kinds.into_iter().enumerate() {
            self.row.clear();
            self.scratch.clear();
            rows.write(i, kind, &mut self.cells, &mut self.scratch, &mut self.row);
            let written = match self.encoder.encode(&self.row, kind, now) {
                encode::Outcome::Encoded => Written::Message,
                encode::Outcome::Delegate(reason) => Written::Refused(reason),
            };
            bytes.extend_from_slice(self.encoder.message());
            offsets.push(i32::try_from(bytes.len()).map_err(|_| too_large())?);
            nulls.append(written == Written::Message);
            outcomes.push(written);
        }
        self.shrink();
        BinaryArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(bytes), nulls.finish())
            .map_err(|e| Error::new(Kind::Internal, "the messages do not make up an array").caused_by(e))
    }

    fn shrink(&mut self) {
        for buffer in [&mut self.row, &mut self.scratch] {
            buffer.clear();
            buffer.shrink_to(KEPT_BYTES);
        }
        if self.encoder.message_buffer().1 > 2 * KEPT_BYTES {
            self.encoder.shrink(KEPT_BYTES);
        }
    }
}

fn column<'a>(batch: &'a StructArray, name: &str) -> Result<&'a ArrayRef, Error> {
    batch.column_by_name(name).ok_or_else(|| {
        let text = format!("the batch has no column {name:?}; it has {}", batch.column_names().join(", "));
        Error::new(Kind::IllegalArgument, text)
    })
}

/// The row kinds: texts, a dictionary of them, or codes.
fn kinds(array: &ArrayRef) -> Result<Vec<RowKind>, Error> {
    if array.logical_null_count() > 0 {
        return Err(Error::new(Kind::IllegalArgument, "a row kind is NULL"));
    }
    if let Some(codes) = array.as_primitive_opt::<Int8Type>() {
        return codes.values().iter().map(|code| kind_of(usize::try_from(*code).ok(), code)).collect();
    }
    let of_text = |text: &str| kind_of(ROW_KINDS.iter().position(|kind| *kind == text), &text);
    if let Some(texts) = array.as_string_opt::<i32>() {
        return texts.iter().map(|text| of_text(text.unwrap_or_default())).collect();
    }
    let of_type = || {
        let text =
            format!("the array has the type {}; it must be Utf8, a dictionary of Utf8, or Int8", array.data_type());
        Error::new(Kind::IllegalArgument, text)
    };
    let dictionary = array.as_any_dictionary_opt().ok_or_else(of_type)?;
    if dictionary.values().data_type() != &DataType::Utf8 {
        return Err(of_type());
    }
    if array.is_empty() {
        return Ok(Vec::new());
    }
    let texts = dictionary.values().as_string::<i32>();
    // Only values that a row has are looked at.
    dictionary.normalized_keys().into_iter().map(|index| of_text(texts.value(index))).collect()
}

fn kind_of(code: Option<usize>, what: &impl std::fmt::Debug) -> Result<RowKind, Error> {
    Ok(match code {
        Some(0) => RowKind::Insert,
        Some(1) => RowKind::UpdateBefore,
        Some(2) => RowKind::UpdateAfter,
        Some(3) => RowKind::Delete,
        _ => {
            let text = format!("{what:?} is no row kind; these are +I, -U, +U, -D, or 0 to 3");
            return Err(Error::new(Kind::IllegalArgument, text));
        }
    })
}

fn too_large() -> Error {
    Error::new(
        Kind::IllegalArgument,
        "the messages of this batch have more than 2147483647 bytes; give fewer rows at once",
    )
}

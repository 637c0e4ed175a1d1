//! Rows as batches of an Arrow IPC stream: schema, batches, end of stream. No dictionaries, no compression.

use super::bad::{BadRow, BadValue};
use super::cells::Cells;
use super::column::Column;
use super::value::{Settings, Value};
use super::{DELETE_SIGN, bad_bytes};
use crate::error::Error;
use crate::row::read::{Row, Slot};
use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow_ipc::writer::StreamWriter;
use std::sync::Arc;

/// Most rows of a batch: a Doris block's.
const ROWS: usize = 4064;

/// Bytes of text with which a batch is closed before it has so many rows.
const TEXT_BYTES: usize = 1 << 20;

/// The batch that grows.
pub(super) struct ArrowRows {
    schema: Arc<Schema>,
    cells: Box<[Cells]>,
    signs: Option<Cells>,
    /// What is written of the stream goes through it; none before the stream begins.
    stream: Option<StreamWriter<Vec<u8>>>,
    /// Rows of the batch.
    rows: usize,
}

impl std::fmt::Debug for ArrowRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrowRows").field("schema", &self.schema).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl ArrowRows {
    /// # Errors
    /// A column that Doris does not read from Arrow.
    pub fn new(columns: &[Column], delete_sign: bool) -> Result<ArrowRows, Error> {
        let cells = |column: &Column| Cells::of(&column.reading, &column.target).map_err(|e| e.at(&column.name));
        let cells: Box<[Cells]> = columns.iter().map(cells).collect::<Result<_, _>>()?;
        let field = |name: &str, cells: &Cells| Field::new(name, cells.data_type(), true);
        let mut fields: Vec<Field> =
            columns.iter().zip(&cells).map(|(column, cells)| field(&column.name, cells)).collect();
        let signs = delete_sign.then(Cells::of_sign);
        fields.extend(signs.iter().map(|signs| field(DELETE_SIGN, signs)));
        Ok(ArrowRows { schema: Arc::new(Schema::new(fields)), cells, signs, stream: None, rows: 0 })
    }

    /// Begins a stream; rows of one that was not finished are forgotten.
    pub fn begin(&mut self, body: &mut Vec<u8>) {
        self.truncate(0);
        self.stream = None;
        self.written(|_| Ok(()), body);
    }

    /// Adds a row, and writes the batch if it is full.
    pub fn append(
        &mut self,
        columns: &[Column],
        settings: &Settings,
        bytes: &[u8],
        deleted: bool,
        body: &mut Vec<u8>,
    ) -> Result<(), BadRow> {
        let row = Row::new(bytes, columns.len()).map_err(|_| bad_bytes())?;
        for (i, (column, cells)) in columns.iter().zip(&mut self.cells).enumerate() {
            let slot = row.get(i).ok().flatten();
            if let Err(reason) = push(column, cells, slot, settings, deleted) {
                self.truncate(self.rows);
                return Err(column.bad(reason, slot));
            }
        }
        if let Some(signs) = &mut self.signs {
            // An INT8 takes it.
            let _ = signs.push(Value::Int(deleted.into()));
        }
        self.rows += 1;
        let text: usize = self.cells.iter().map(Cells::text_bytes).sum();
        if self.rows >= ROWS || text >= TEXT_BYTES {
            self.flush(body);
        }
        Ok(())
    }

    /// Writes what is left, and the end of the stream.
    pub fn finish(&mut self, body: &mut Vec<u8>) {
        self.flush(body);
        self.written(StreamWriter::finish, body);
        self.stream = None;
    }

    /// Bytes, or about so many, of rows that are not in a body yet.
    pub fn pending(&self) -> usize {
        self.cells.iter().map(|cells| cells.text_bytes() + 8 * cells.len()).sum()
    }

    fn truncate(&mut self, rows: usize) {
        self.cells.iter_mut().chain(&mut self.signs).for_each(|cells| cells.truncate(rows));
        self.rows = rows;
    }

    fn flush(&mut self, body: &mut Vec<u8>) {
        if self.rows == 0 {
            return;
        }
        let arrays = self.cells.iter_mut().chain(&mut self.signs).map(Cells::finish).collect::<Result<_, _>>();
        let batch = arrays.and_then(|arrays| RecordBatch::try_new(self.schema.clone(), arrays));
        self.rows = 0;
        // The arrays are of the schema's types and lengths, and all texts were checked.
        let batch = batch.expect("columns of one length and of the schema's types");
        self.written(|stream| stream.write(&batch), body);
    }

    /// Lets the stream write, and moves what it wrote into the body.
    fn written(
        &mut self,
        write: impl FnOnce(&mut StreamWriter<Vec<u8>>) -> Result<(), ArrowError>,
        body: &mut Vec<u8>,
    ) {
        let begin = || StreamWriter::try_new(Vec::new(), &self.schema).expect("a vector takes all that is written");
        let stream = self.stream.get_or_insert_with(begin);
        write(stream).expect("a vector takes all that is written");
        body.append(stream.get_mut());
    }
}

fn push(
    column: &Column,
    cells: &mut Cells,
    slot: Option<Slot<'_>>,
    settings: &Settings,
    deleted: bool,
) -> Result<(), BadValue> {
    let before = cells.len();
    if let Some(slot) = slot {
        cells.push_slot(&column.reading, slot, settings)?;
        if column.nullable || !cells.last_is_null() {
            return Ok(());
        }
        cells.truncate(before);
    }
    match column.null(deleted)? {
        Value::Text(b"[]" | b"{}") if column.is_nested() => cells.push_empty(),
        value => cells.push(value),
    }
}

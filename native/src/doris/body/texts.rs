//! Rows as the texts of their cells: what a load would write, without a body around it.

use super::bad::BadRow;
use super::column::Column;
use super::notation::{Bare, Notation};
use super::pairing::Limits;
use super::value::{Reading, Settings, Value};
use super::{BodySpec, bad_bytes};
use crate::doris::table::DorisTable;
use crate::error::Error;
use crate::json::write::Output;
use crate::row::read::{Row, Slot};
use crate::schema::Field;
use std::ops::Range;

/// Reads rows of one table, cell by cell, with the checks of a load.
#[derive(Debug)]
pub struct RowTexts {
    columns: Box<[Column]>,
    settings: Settings,
    out: Output,
    nested: Output,
    cells: Vec<Result<Option<Range<usize>>, BadRow>>,
}

impl RowTexts {
    /// A reader for `columns`, which are Flink's, of the table `target`. Of `spec` only what values depend on counts.
    ///
    /// # Errors
    /// As [`BodyEncoder::new`](super::BodyEncoder::new): columns that do not go into the table.
    pub fn new(spec: &BodySpec, columns: &[Field], target: &DorisTable) -> Result<RowTexts, Error> {
        let limits = Limits { max_text_bytes: spec.max_text_bytes };
        Ok(RowTexts {
            columns: Column::all(columns, Some(target), spec.partial, &spec.keys, limits)?,
            settings: Settings { zone: spec.zone.clone(), non_finite: spec.non_finite, binary: spec.binary },
            out: Output::new(),
            nested: Output::new(),
            cells: Vec::new(),
        })
    }

    /// Reads a row (the bytes of a `BinaryRowData`), whose cells [`cell`](Self::cell) has then.
    ///
    /// # Errors
    /// The bytes are no row of these columns.
    pub fn read(&mut self, row: &[u8]) -> Result<(), BadRow> {
        let row = Row::new(row, self.columns.len()).map_err(|_| bad_bytes())?;
        self.out.clear();
        self.cells.clear();
        for i in 0..self.columns.len() {
            let slot = row.get(i).map_err(|_| bad_bytes())?;
            let cell = self.write(i, slot);
            self.cells.push(cell);
        }
        Ok(())
    }

    fn write(&mut self, i: usize, slot: Option<Slot<'_>>) -> Result<Option<Range<usize>>, BadRow> {
        let (column, start) = (&self.columns[i], self.out.len());
        let bad = |reason| column.bad(reason, slot);
        let Some(filled) = slot else { return column.null(false).map(|_| None).map_err(bad) };
        if let Reading::Nested(nested) = &column.reading {
            self.nested.clear();
            nested.write(&mut self.nested, filled, &self.settings).map_err(bad)?;
            self.out.raw(self.nested.text());
            return Ok(Some(start..self.out.len()));
        }
        match column.reading.read(filled, &self.settings).map_err(bad)? {
            Value::Null => column.null(false).map(|_| None).map_err(bad),
            value => {
                Bare.value(&mut self.out, value).map_err(bad)?;
                Ok(Some(start..self.out.len()))
            }
        }
    }

    /// The text that a load would have for the column of that number in the row that was read last; None for NULL.
    ///
    /// # Errors
    /// Doris would not take the value.
    pub fn cell(&self, column: usize) -> Result<Option<&[u8]>, &BadRow> {
        self.cells[column].as_ref().map(|range| range.as_ref().map(|range| &self.out.text()[range.clone()]))
    }
}

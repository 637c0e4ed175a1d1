//! Rows of the log as Canal's flat messages.

use super::cell::Codec;
use super::charset::Charset;
use super::input::Input;
use super::table_map::{TableMap, ty};
use super::zone::Zone;
use crate::changes::message::{Change, Frame, Message};
use crate::error::Error;
use crate::json::write::Output;
use crate::sync::ddl::TableName;
use crate::sync::source::SourceTable;
use std::sync::Arc;

/// How rows of a table are read and written.
#[derive(Debug)]
pub struct Layout {
    /// The table's name and columns, as messages have them.
    pub frame: Arc<Frame>,
    columns: Vec<Column>,
    /// Whether rows of an UPDATE have the row before behind them.
    has_before: bool,
    /// Whether rows end in MariaDB's `row_start` and `row_end`, of a table WITH SYSTEM VERSIONING, which neither SHOW CREATE TABLE nor SELECT shows.
    is_versioned: bool,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    /// As SQL has it.
    ty: String,
    codec: Codec,
}

/// Why rows cannot be read by a table's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// In the log there are other columns; says what is different.
    Columns(String),
    /// It is not known which character set a column's texts are in.
    UnknownCharset,
    /// A character set's codes are not known yet.
    Charset(String),
    /// Such a column cannot be read at all; says which, and what to do.
    Unreadable(String),
}

impl Layout {
    /// How rows of `table` are read where the log has it as `map`. `charset_of` names a collation's character set.
    ///
    /// # Errors
    /// They cannot be.
    pub fn new(
        map: &TableMap,
        table: &SourceTable,
        charset_of: impl Fn(u16) -> Option<String>,
        charset: impl Fn(&str) -> Option<Arc<Charset>>,
    ) -> Result<Layout, Unfit> {
        let hidden = map.columns.get(table.columns.len()..).unwrap_or_default();
        let is_versioned = hidden.len() == 2 && hidden.iter().all(|c| c.ty == ty::TIMESTAMP_2 && c.meta[0] == 6);
        if map.columns.len() != table.columns.len() && !is_versioned {
            let (logged, known) = (map.columns.len(), table.columns.len());
            return Err(Unfit::Columns(format!("it has {logged} columns in the log, and {known} as it is known")));
        }
        let mut columns = Vec::with_capacity(table.columns.len());
        for (logged, known) in map.columns.iter().zip(&table.columns) {
            if matches!(logged.ty, ty::BLOB_COMPRESSED | ty::VARCHAR_COMPRESSED) {
                let text = format!(
                    "the column {} is COMPRESSED; leave the table out by tables.exclude, or MODIFY the column",
                    known.name
                );
                return Err(Unfit::Unreadable(text));
            }
            if let Some(name) = &logged.name
                && *name != known.name
            {
                return Err(Unfit::Columns(format!("its column {} is {name} in the log", known.name)));
            }
            let mut unknown = None;
            let codec = Codec::new(&known.ty, logged, || {
                let name = logged.collation.and_then(&charset_of).or_else(|| known.charset.clone());
                let found = name.as_deref().and_then(&charset);
                if found.is_none() {
                    unknown = Some(name.map_or(Unfit::UnknownCharset, Unfit::Charset));
                }
                found.unwrap_or_else(|| Arc::new(Charset::Utf8))
            });
            let codec = codec.map_err(|_| {
                let (name, ty) = (&known.name, &known.ty);
                Unfit::Columns(format!(
                    "its column {name} is of the type {ty} as it is known, and of {} {:?} in the log",
                    logged.ty, logged.meta
                ))
            })?;
            if let Some(unknown) = unknown {
                return Err(unknown);
            }
            columns.push(Column { name: known.name.clone(), ty: known.ty.to_string(), codec });
        }
        let name = TableName::new(&table.database, &table.name);
        Ok(Layout::of(name, columns, (true, is_versioned), table.keys.clone()))
    }

    fn of(
        name: TableName,
        columns: Vec<Column>,
        (has_before, is_versioned): (bool, bool),
        keys: Vec<String>,
    ) -> Layout {
        let frame = Frame::new(name, columns.iter().map(|c| (c.name.as_str(), c.ty.as_str())), keys);
        Layout { frame: Arc::new(frame), columns, has_before, is_versioned }
    }

    /// How rows are read that have only the columns whose bits are set. Of an UPDATE the row before is not with them.
    #[must_use]
    pub fn of_columns(&self, bits: &[u8], change: Change) -> Layout {
        let is_there = |at: usize| bits.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        let there = self.columns.iter().enumerate().filter(|(at, _)| is_there(*at)).map(|(_, column)| column);
        let columns = there.cloned().collect();
        let is_versioned = self.is_versioned && is_there(self.width() - 1);
        let ways = (change != Change::Update, is_versioned);
        Layout::of(self.frame.name.clone(), columns, ways, self.frame.keys.clone())
    }

    /// Passes over a row. Whether it is one of now: a table that is versioned also has rows of before.
    ///
    /// # Errors
    /// It ends before its last column.
    pub fn pass(&self, input: &mut Input<'_>) -> Result<bool, Error> {
        let mut nulls = Nulls::take(input, self.width())?;
        for column in &self.columns {
            if !nulls.next() {
                column.codec.cell(input)?;
            }
        }
        self.pass_version(input)
    }

    /// Passes over what a versioned table's row ends in. Whether the row is one of now: its end is the last moment that there is.
    fn pass_version(&self, input: &mut Input<'_>) -> Result<bool, Error> {
        const TIMESTAMP_6: usize = 7;
        if !self.is_versioned {
            return Ok(true);
        }
        input.take(TIMESTAMP_6)?;
        let seconds = &input.take(TIMESTAMP_6)?[..4];
        // MariaDB 11.5 has 32 bits, those before 31.
        Ok(seconds == [0x7F, 0xFF, 0xFF, 0xFF] || seconds == [0xFF; 4])
    }

    /// What a change is to the rows of now, of which there is one, or of an UPDATE the one before and the one after; None if it is nothing to them: of a
    /// versioned table what is deleted is an UPDATE that ends it, and rows of before come and go.
    ///
    /// # Errors
    /// A row ends before its last column.
    pub fn meant(&self, change: Change, input: &Input<'_>) -> Result<Option<Change>, Error> {
        let mut input = *input;
        if !self.is_versioned {
            return Ok(Some(change));
        }
        let is_now = self.pass(&mut input)?;
        if change == Change::Update && self.has_before && is_now && !self.pass(&mut input)? {
            return Ok(Some(Change::Delete));
        }
        Ok(is_now.then_some(change))
    }

    /// How many columns a row has in the log.
    pub fn width(&self) -> usize {
        self.columns.len() + if self.is_versioned { 2 } else { 0 }
    }

    /// Writes a row of that kind.
    ///
    /// # Errors
    /// A value is none of its column's, or the row ends before its last one.
    pub fn write(&self, change: Change, input: &mut Input<'_>, zone: &Zone, to: &mut Message) -> Result<(), Error> {
        if change == Change::Update && self.has_before {
            self.update(input, zone, to)?;
        } else {
            self.row(input, zone, to)?;
        }
        self.pass_version(input)?;
        to.end()
    }

    fn row(&self, input: &mut Input<'_>, zone: &Zone, to: &mut Message) -> Result<(), Error> {
        let mut nulls = Nulls::take(input, self.width())?;
        for (at, column) in self.columns.iter().enumerate() {
            let cell = if nulls.next() { None } else { Some(column.codec.cell(input)?) };
            column.write(cell, zone, to.value(&self.frame, at))?;
        }
        Ok(())
    }

    /// The row after, and of the row before what is different.
    fn update(&self, input: &mut Input<'_>, zone: &Zone, to: &mut Message) -> Result<(), Error> {
        let mut before = *input;
        self.pass(input)?;
        let mut nulls_before = Nulls::take(&mut before, self.width())?;
        let mut nulls = Nulls::take(input, self.width())?;
        for (at, column) in self.columns.iter().enumerate() {
            let was = if nulls_before.next() { None } else { Some(column.codec.cell(&mut before)?) };
            let is = if nulls.next() { None } else { Some(column.codec.cell(input)?) };
            column.write(is, zone, to.value(&self.frame, at))?;
            if was != is {
                column.write(was, zone, to.old_value(&self.frame, at))?;
            }
        }
        Ok(())
    }
}

impl Column {
    #[inline]
    fn write(&self, cell: Option<&[u8]>, zone: &Zone, (to, scratch): (&mut Output, &mut Vec<u8>)) -> Result<(), Error> {
        match cell {
            Some(cell) => self.codec.write(cell, zone, to, scratch).map_err(|e| e.at(self.name.as_str())),
            None => {
                to.raw(b"null");
                Ok(())
            }
        }
    }
}

/// Which columns of a row are NULL.
#[derive(Clone, Copy)]
struct Nulls<'e> {
    bits: &'e [u8],
    at: usize,
}

impl<'e> Nulls<'e> {
    fn take(input: &mut Input<'e>, columns: usize) -> Result<Nulls<'e>, Error> {
        Ok(Nulls { bits: input.take(columns.div_ceil(8))?, at: 0 })
    }

    #[inline]
    fn next(&mut self) -> bool {
        let is_null = self.bits.get(self.at / 8).is_some_and(|byte| byte >> (self.at % 8) & 1 == 1);
        self.at += 1;
        is_null
    }
}

//! What an entry says beside its rows.

use super::entry::{AFTER, BEFORE, Change, Column, Header, RowImages, Span};
use super::layout::described;
use crate::canal::changelog::Message;
use crate::json::Refused;
use crate::meta::{Codes, NULL_NUMBER, Names, Source, Tail};
use crate::row::Cell;
use crate::schema::MetadataKey;
use std::collections::HashSet;

/// An entry of rows, as a message.
pub(super) struct EntryMessage<'m> {
    pub buf: &'m [u8],
    /// The entry's length.
    pub len: usize,
    pub batch: Option<i64>,
    pub header: &'m Header,
    pub change: &'m Change,
    /// Its columns, [described](super::layout::describe).
    pub description: &'m [u8],
}

impl EntryMessage<'_> {
    fn span(&self, key: MetadataKey) -> Span {
        match key {
            MetadataKey::Database => self.header.schema,
            MetadataKey::Table => self.header.table,
            MetadataKey::Sql => self.change.sql,
            MetadataKey::Gtid => self.header.gtid,
            MetadataKey::BinlogFile => self.header.log_file,
            _ => (0, 0),
        }
    }

    fn bytes_of(&self, key: MetadataKey) -> &[u8] {
        let (from, to) = self.span(key);
        &self.buf[from..to]
    }
}

impl Source for EntryMessage<'_> {
    fn raw(&self, key: MetadataKey) -> Option<&[u8]> {
        match key {
            MetadataKey::Type => Some(self.change.event_name().as_bytes()),
            MetadataKey::SqlType => (!self.description.is_empty()).then_some(self.description),
            MetadataKey::PkNames => (self.description.first() == Some(&1)).then_some(self.description),
            _ => Some(self.bytes_of(key)),
        }
    }

    fn text(&self, key: MetadataKey) -> Result<String, Refused> {
        let raw = self.raw(key).ok_or(Refused)?;
        String::from_utf8(raw.into()).map_err(|_| Refused)
    }

    fn codes(&self) -> Result<Codes, Refused> {
        described(self.description).map(|(_, code, name)| Ok((owned(name)?, Some(code)))).collect()
    }

    fn names(&self) -> Result<Names, Refused> {
        described(self.description).filter(|(key, ..)| *key).map(|(.., name)| Ok(Some(owned(name)?))).collect()
    }

    fn number(&self, key: MetadataKey) -> Result<i64, Refused> {
        let number = match key {
            MetadataKey::IsDdl => Some(self.change.is_ddl.into()),
            MetadataKey::Id => self.batch,
            MetadataKey::EventTimestamp => self.header.execute_time,
            MetadataKey::BinlogOffset => self.header.log_offset,
            // When Canal handled the event, no packet says.
            _ => None,
        };
        Ok(number.unwrap_or(NULL_NUMBER))
    }

    fn append_text(&self, key: MetadataKey, out: &mut Vec<u8>) -> Result<bool, Refused> {
        let text = self.bytes_of(key);
        std::str::from_utf8(text).map_err(|_| Refused)?;
        out.extend_from_slice(text);
        Ok(true)
    }

    fn append_images(&self, count: usize, tail: &mut Tail, out: &mut Vec<u8>) -> Result<i64, Refused> {
        let mut rows = rows_of(self.buf, self.change)?.into_iter();
        tail.table(count, self.buf, out, |tail| {
            let row = rows.next().ok_or(Refused)?;
            let before = changed(self.buf, &row);
            for column in before {
                for (from, to) in [Some(column.name), column.text()].into_iter().flatten() {
                    std::str::from_utf8(&self.buf[from..to]).map_err(|_| Refused)?;
                }
                tail.keys.push(Cell::input(column.name.0, column.name.1));
                tail.values.push(column.text().map_or(Cell::NULL, |(from, to)| Cell::input(from, to)));
            }
            Ok(())
        })
    }
}

impl Message for EntryMessage<'_> {
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        self.buf
    }

    #[inline(always)]
    fn longest_row(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn event(&self) -> Option<&[u8]> {
        Some(self.change.event_name().as_bytes())
    }

    #[inline(always)]
    fn is_ddl(&self) -> bool {
        self.change.is_ddl
    }
}

fn owned(name: &[u8]) -> Result<String, Refused> {
    String::from_utf8(name.into()).map_err(|_| Refused)
}

/// Both images of a row. What the event does not use is empty.
pub(super) struct Row {
    pub before: Vec<Column>,
    pub after: Vec<Column>,
}

/// The rows of a change, without those that have no column.
pub(super) fn rows_of(buf: &[u8], change: &Change) -> Result<Vec<Row>, Refused> {
    let wanted = change.images();
    if wanted == RowImages::None {
        return Ok(Vec::new());
    }
    let image = |row: Span, tag: u8, not: RowImages| {
        if wanted == not { Ok(Vec::new()) } else { Column::of_image(buf, row, tag).map_err(|_| Refused) }
    };
    let mut rows = Vec::new();
    for row in change.rows(buf).map_err(|_| Refused)? {
        let row = Row { before: image(row, BEFORE, RowImages::After)?, after: image(row, AFTER, RowImages::Before)? };
        if !row.before.is_empty() || !row.after.is_empty() {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The columns before an update, as they were, that the update changed: what stands in `old` of a flat message.
fn changed<'r>(buf: &'r [u8], row: &'r Row) -> impl Iterator<Item = &'r Column> {
    let name = |column: &Column| &buf[column.name.0..column.name.1];
    let updated: HashSet<&[u8]> = row.after.iter().filter(|column| column.updated).map(name).collect();
    row.before.iter().filter(move |column| updated.contains(name(column)))
}

/// Whether an update changed a column, going by its flag or by its value.
pub(super) fn differs(buf: &[u8], before: &Column, row: &Row) -> bool {
    let bytes = |(from, to): Span| &buf[from..to];
    let text = |column: &Column| column.text().map(bytes);
    let after = row.after.iter().rev().find(|after| bytes(after.name) == bytes(before.name));
    after.is_some_and(|after| after.updated || text(after) != text(before))
}

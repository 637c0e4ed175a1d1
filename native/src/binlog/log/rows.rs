//! The log's rows: which table they are of, and how they are read.

use super::{Log, Need, Waiting, misfit, unfollowed};
use crate::binlog::charset::Charset;
use crate::binlog::event::{RawEvent, kind};
use crate::binlog::input::Input;
use crate::binlog::message::{Layout, Unfit};
use crate::binlog::table_map::{self, TableMap};
use crate::changes::message::Change;
use crate::error::{Error, Kind};
use crate::sync::ddl::TableName;
use crate::sync::source::SourceTable;
use std::sync::Arc;

/// A table of the transaction under way.
#[derive(Debug)]
pub(super) enum Mapped {
    /// It is not moved.
    Ignored,
    /// The body of the event, to know it again, and how its rows are read.
    Read(Box<[u8]>, Arc<Layout>),
}

/// How the rows of an event are read.
#[derive(Debug)]
pub(super) struct Images {
    /// The row before, where it is only passed over: it has other columns than the one after.
    before: Option<Layout>,
    layout: Arc<Layout>,
    change: Change,
    millis: i64,
}

impl Log {
    pub(super) fn table_map(&mut self, event: &RawEvent<'_>) -> Result<Need, Error> {
        let (id, database, table) = table_map::name(event)?;
        if let Some(Mapped::Read(body, _)) = self.tables.get(&id)
            && **body == *event.body
        {
            return Ok(Need::Nothing);
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = TableName::new(text(database), text(table));
        if !self.is_selected(&name)? {
            self.tables.insert(id, Mapped::Ignored);
            return Ok(Need::Nothing);
        }
        let map = TableMap::read(event)?;
        let was_asked = self.asked.contains(&name);
        let Some(known) = self.outgoing.definitions().get(&name) else {
            if was_asked && map.may_be_sequence() {
                // It has rows in the log, and is no table of the server's.
                self.tables.insert(id, Mapped::Ignored);
                return Ok(Need::Nothing);
            }
            if was_asked {
                return Err(misfit(&name, "the server no longer has it, and the log did not say what columns it has"));
            }
            return Ok(Need::Table(name));
        };
        let charset_of = |collation: u16| self.server.collations.get(&collation).cloned();
        let charset = |name: &str| match Charset::plain(name) {
            Some(plain) => Some(Arc::new(plain)),
            None => self.charsets.get(name).cloned(),
        };
        let known = match was_asked {
            // Whoever has dropped such a column meanwhile has its texts taken for UTF-8, and nothing else passes for that.
            true => with_charsets(known),
            false => known.clone(),
        };
        match Layout::new(&map, &known, charset_of, charset) {
            Ok(layout) => {
                self.asked.retain(|asked| *asked != name);
                self.tables.insert(id, Mapped::Read(event.body.into(), Arc::new(layout)));
                Ok(Need::Nothing)
            }
            Err(Unfit::Charset(charset)) => Ok(Need::Charset(charset)),
            Err(Unfit::Unreadable(why)) => {
                Err(Error::new(Kind::Source, format!("{name} cannot be read from the binary log: {why}")))
            }
            Err(Unfit::Columns(why)) if was_asked => Err(misfit(&name, &why)),
            Err(Unfit::Columns(_)) => {
                // What is known is wrong, so the server's answer is not to be mixed with it.
                self.outgoing.change_definitions().forget(&name);
                Ok(Need::Table(name))
            }
            Err(Unfit::UnknownCharset) => Ok(Need::Table(name)),
        }
    }

    pub(super) fn change_rows(&mut self, event: &RawEvent<'_>, change: Change) -> Result<(), Error> {
        let size = i64::from(event.size);
        let mut input = Input::new(event.body);
        let id = input.u48()?;
        input.u16()?;
        if event.kind >= kind::WRITE_ROWS {
            let extra = usize::from(input.u16()?);
            input.take(extra.saturating_sub(2))?;
        }
        let layout = match self.tables.get(&id) {
            Some(Mapped::Read(_, layout)) => Some(layout.clone()),
            Some(Mapped::Ignored) => None,
            // Ends a statement that changed nothing.
            None if id == 0xFF_FFFF => None,
            None => return Err(unfollowed("rows come of a table that was not described before")),
        };
        if let Some(layout) = layout {
            let columns = input.packed()? as usize;
            if columns != layout.width() {
                return Err(misfit(&layout.frame.name, "rows have another number of columns than the log says before"));
            }
            let images = images(layout, change, i64::from(event.seconds) * 1000, &mut input)?;
            if self.transaction.is_xa {
                self.transaction.waiting.push(Waiting { images, rows: input.rest().into() });
                self.check_waiting()?;
            } else {
                self.add_rows(&images, input)?;
            }
        }
        self.transaction.bytes += size;
        self.sequence += size;
        Ok(())
    }

    /// Rows that wait for their transactions to be decided are in memory.
    fn check_waiting(&self) -> Result<(), Error> {
        const MOST_BYTES: usize = 64 << 20;
        let prepared = self.prepared.iter().flat_map(|prepared| &prepared.rows);
        let bytes: usize = prepared.chain(&self.transaction.waiting).map(|waiting| waiting.rows.len()).sum();
        if bytes <= MOST_BYTES {
            return Ok(());
        }
        Err(unfollowed(
            "transactions that are prepared (XA PREPARE) and not decided have more than 64 MB of rows; see XA RECOVER, and decide them",
        ))
    }

    /// Writes rows of a table. A row's sequence is that of its transaction's begin and the number of rows of its table before it.
    pub(super) fn add_rows(&mut self, images: &Images, mut input: Input<'_>) -> Result<(), Error> {
        let Images { before, layout, change, millis } = images;
        let start = self.transaction.start;
        let at = self.transaction.counts.iter().position(|(name, _)| *name == layout.frame.name);
        let at = at.unwrap_or_else(|| {
            self.transaction.counts.push((layout.frame.name.clone(), 0));
            self.transaction.counts.len() - 1
        });
        let both = *change == Change::Update && before.is_none();
        while !input.is_empty() {
            if let Some(before) = before {
                before.pass(&mut input)?;
            }
            let Some(meant) = layout.meant(*change, &input)? else {
                layout.pass(&mut input)?;
                if both {
                    layout.pass(&mut input)?;
                }
                continue;
            };
            let count = &mut self.transaction.counts[at].1;
            let to = self.outgoing.row((&layout.frame, meant), (start + *count, *millis));
            let written = layout.write(meant, &mut input, &self.server.zone, to);
            written.map_err(|e| e.at(layout.frame.name.to_string()))?;
            if both && meant == Change::Delete {
                // The row after, which says when the one before ended.
                layout.pass(&mut input)?;
            }
            *count += meant.sequences();
        }
        Ok(())
    }

    pub(super) fn refuse_partial(&mut self, event: &RawEvent<'_>) -> Result<(), Error> {
        match self.tables.get(&Input::new(event.body).u48()?) {
            Some(Mapped::Ignored) => Ok(()),
            _ => Err(unfollowed("rows have parts of JSON values; SET GLOBAL binlog_row_value_options = ''")),
        }
    }
}

/// Columns whose texts are in a character set that nobody knows are taken for UTF-8.
fn with_charsets(table: &SourceTable) -> SourceTable {
    let mut table = table.clone();
    table.columns.iter_mut().for_each(|column| _ = column.charset.get_or_insert_with(|| "utf8mb4".to_string()));
    table
}

/// How an event's rows are read. `binlog_row_image` may be another than FULL in a session; then rows have fewer columns, and an UPDATE's row after may have
/// others than the one before it.
fn images(layout: Arc<Layout>, change: Change, millis: i64, input: &mut Input<'_>) -> Result<Images, Error> {
    let width = layout.width();
    let is_whole = |bits: &[u8]| (0..width).all(|at| bits[at / 8] >> (at % 8) & 1 == 1);
    let first = input.take(width.div_ceil(8))?;
    let second = if change == Change::Update { input.take(width.div_ceil(8))? } else { first };
    if is_whole(first) && is_whole(second) {
        return Ok(Images { before: None, layout, change, millis });
    }
    let before = (change == Change::Update).then(|| layout.of_columns(first, change));
    Ok(Images { before, layout: Arc::new(layout.of_columns(second, change)), change, millis })
}

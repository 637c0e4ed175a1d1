//! The images of one message and what it says beside them → changelog rows, and what becomes of a message that gives none.
//! What the message was read from, JSON or protobuf, is no concern here.
//!
//! Everything that is not proven to be what Flink's codec makes of it ends in [`Outcome::Delegate`].

use super::change::{ChangeWriter, MAX_ROWS, absent};
use super::event::{Event, EventKind};
use super::image::{Array, Columns, Images, Scratch};
use super::outcome::{Flags, Outcome, Reason};
use super::value::Fault;
use super::verdict::Verdicts;
use crate::error::{Error, Kind};
use crate::json::Refused;
use crate::meta::{Growth, Metadata, Source};
use crate::row::{Region, Sources};
use crate::schema::{DdlHandling, DecoderSpec, Semantics};

/// A message that was taken apart.
pub(super) trait Message: Source {
    /// The bytes that its cells point into.
    fn bytes(&self) -> &[u8];

    /// As much of them as the cells of one row can point to.
    fn longest_row(&self) -> usize;

    /// The event's name, if the message has one in the form Canal writes.
    fn event(&self) -> Option<&[u8]>;

    /// Whether it says of itself that it is a schema change.
    fn is_ddl(&self) -> bool;

    /// Reads what could not be read before the whole message was known. Called for events with rows.
    ///
    /// # Errors
    /// What it needs for that is not of the form Canal writes.
    #[inline(always)]
    fn settle(&mut self, _images: [&mut Images; 2], _scratch: &mut Scratch) -> Result<(), Refused> {
        Ok(())
    }
}

/// Which of the two filtered names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Database,
    Table,
}

/// The filters of a table, and the name that nobody has judged yet.
#[derive(Debug, Default)]
pub(super) struct Filters {
    pub database: bool,
    pub table: bool,
    databases: Verdicts,
    tables: Verdicts,
    pending: Option<(Name, Vec<u8>)>,
}

impl Filters {
    /// The answer for a name that is filtered: `None` lets the message pass.
    #[inline(always)]
    pub fn judge(&mut self, which: Name, name: &[u8]) -> Option<Outcome> {
        let (verdicts, ask) = match which {
            Name::Database => (&mut self.databases, Outcome::DatabaseVerdict),
            Name::Table => (&mut self.tables, Outcome::TableVerdict),
        };
        match verdicts.get(name) {
            Some(true) => None,
            Some(false) => Some(Outcome::Filtered),
            None => {
                self.pending = Some((which, name.to_vec()));
                Some(ask)
            }
        }
    }
}

/// Rows of one table, message after message. One thread at a time.
#[derive(Debug)]
pub struct Changelog {
    pub(super) semantics: Semantics,
    lenient: bool,
    ddl: DdlHandling,
    pub(super) filters: Filters,
    pub(super) columns: Columns,
    metadata: Metadata,
    pub(super) data: Images,
    pub(super) old: Images,
    pub(super) scratch: Scratch,
    /// The rows, and behind them the metadata's tail.
    pub(super) rows: Region,
    rows_len: usize,
    /// See [`ChangeWriter`].
    keys: usize,
}

impl Changelog {
    /// # Errors
    /// [`Kind::InvalidSpec`] if two columns have the same name.
    pub(super) fn new(spec: &DecoderSpec) -> Result<Self, Error> {
        let mut names: Vec<&str> = spec.fields.iter().map(|f| f.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::new(Kind::InvalidSpec, "two columns have the same name").at(twice[0]));
        }
        let filters = Filters { database: spec.filter_database, table: spec.filter_table, ..Filters::default() };
        Ok(Changelog {
            semantics: spec.semantics,
            lenient: spec.lenient,
            ddl: spec.ddl,
            filters,
            columns: Columns::new(&spec.fields, spec.semantics),
            metadata: Metadata::new(&spec.metadata),
            data: Images::default(),
            old: Images::default(),
            scratch: Scratch::default(),
            rows: Region::default(),
            rows_len: 0,
            keys: 0,
        })
    }

    /// From now on an update that changes none of the first `keys` columns gives no row before it. For tables whose key these are: it finds the row
    /// that is replaced.
    pub(super) fn leave_out_before(&mut self, keys: usize) {
        self.keys = if self.semantics == Semantics::Canal { keys.min(self.columns.len()) } else { 0 };
        self.old.unread_from = (self.keys > 0).then_some(self.keys);
    }

    /// Whether some update changes the key, and what its `old` says of the other columns was not read.
    #[inline(always)]
    pub(super) fn lacks_before(&self) -> bool {
        let names_key = |i| !self.old.row(i, self.columns.len())[..self.keys].iter().all(absent);
        self.keys > 0 && (0..self.old.objects.len()).any(names_key)
    }

    /// The rows: `[i32 size][BinaryRowData]`, again and again, without the metadata columns.
    pub fn rows(&self) -> &[u8] {
        &self.rows.bytes()[..self.rows_len]
    }

    /// The same with the metadata's tail behind it.
    pub fn output(&self) -> &[u8] {
        self.rows.bytes()
    }

    /// Address and capacity of the buffer that [`output`](Self::output) stands in.
    pub fn rows_buffer(&self) -> (usize, usize) {
        self.rows.buffer()
    }

    /// The metadata slots of the last message that gave rows; see [`crate::meta`].
    pub fn metadata(&self) -> &[i64] {
        &self.metadata.values
    }

    /// The values `from..` of a slot's dictionary. `None` for a slot without one, or beyond its end.
    pub fn export_metadata(&self, slot: usize, from: usize) -> Option<arrow::array::ArrayRef> {
        self.metadata.export(slot, from)
    }

    /// A value of a slot's dictionary, by the index that the slot held.
    pub fn metadata_value(&self, slot: usize, index: usize) -> Option<crate::meta::Value<'_>> {
        self.metadata.value(slot, index)
    }

    /// The name that [`Outcome::DatabaseVerdict`] or [`Outcome::TableVerdict`] asks about, UTF-8.
    pub fn pending_name(&self) -> Option<&[u8]> {
        self.filters.pending.as_ref().map(|(_, name)| name.as_slice())
    }

    /// Answers for the pending name, for good.
    ///
    /// # Errors
    /// [`Kind::IllegalState`] if no name is pending.
    pub fn verdict(&mut self, accepted: bool) -> Result<(), Error> {
        let Filters { databases, tables, pending, .. } = &mut self.filters;
        let Some((which, name)) = pending.take() else {
            return Err(Error::new(Kind::IllegalState, "no name awaits a verdict"));
        };
        let verdicts = if which == Name::Database { databases } else { tables };
        verdicts.set(&name, accepted);
        Ok(())
    }

    /// Forgets the rows of the messages before.
    #[inline(always)]
    pub(super) fn clear_rows(&mut self) {
        self.rows.clear();
        self.rows_len = 0;
    }

    /// Forgets the images of the message before.
    #[inline(always)]
    pub(super) fn clear_images(&mut self) {
        self.data.clear();
        self.old.clear();
        self.scratch.bytes.clear();
    }

    /// Gives back all buffers.
    pub(super) fn shrink(&mut self) {
        self.clear_rows();
        self.rows = Region::default();
        self.scratch = Scratch::default();
        self.data = Images::default();
        self.old = Images { unread_from: self.old.unread_from, ..Images::default() };
    }

    /// Makes a text the output, in place of rows.
    pub(super) fn set_text(&mut self, text: &str) {
        self.rows.clear();
        self.rows.extend(|out| out.extend_from_slice(text.as_bytes()));
        self.rows_len = self.rows.len();
    }

    /// Room for so many counts behind the metadata slots.
    pub(super) fn reserve_counts(&mut self, counts: usize) {
        self.metadata.reserve(counts);
    }

    /// The counts.
    pub(super) fn counts(&self) -> &[i64] {
        self.metadata.reserved()
    }

    /// The counts, to be changed.
    #[inline(always)]
    pub(super) fn counts_mut(&mut self) -> &mut [i64] {
        self.metadata.reserved_mut()
    }

    /// Cuts the rows, and with them any tail, back to their first `len` bytes.
    pub(super) fn cut(&mut self, len: usize) {
        self.rows.truncate(len);
        self.rows_len = len;
    }

    /// Appends the message's rows to those that are there, as its event says. `widest`: every timestamp is written with nanoseconds
    /// even if none has them.
    #[inline(always)]
    pub(super) fn changes<M: Message>(&mut self, message: &mut M, widest: bool) -> Outcome {
        let Some(name) = message.event() else {
            return Outcome::Delegate(Reason::EventType);
        };
        let event = match self.semantics {
            Semantics::Canal => self.event_under_canal(name, message.is_ddl()),
            Semantics::Flink => self.event_under_flink(name),
        };
        match event {
            Ok(Event::Rows(kind)) => self.checked(
                message,
                false,
                widest,
                |changelog| changelog.data_is_whole(),
                |writer, data, _, out| {
                    writer.rows(kind, data, out);
                },
            ),
            Ok(Event::Update) => {
                let semantics = self.semantics;
                self.checked(
                    message,
                    true,
                    widest,
                    |changelog| changelog.data_is_whole() && changelog.old_covers_data(),
                    |writer, data, old, out| writer.updates(data, old, semantics, out),
                )
            }
            // Flink's codec converts the metadata of a message that it then passes over.
            Ok(Event::Statement(_)) if self.semantics == Semantics::Flink && self.metadata.fill(message).is_err() => {
                Outcome::Delegate(Reason::Metadata)
            }
            Ok(Event::Statement(kind)) => self.statement(message, kind),
            Ok(Event::Unknown) => Outcome::Delegate(Reason::EventType),
            Err(outcome) => outcome,
        }
    }

    /// An event without rows. A schema change may have a row all the same, for the sake of its metadata.
    fn statement<M: Message>(&mut self, message: &M, kind: EventKind) -> Outcome {
        match self.ddl {
            DdlHandling::Emit if is_schema_change(message, kind) => {
                self.data.clear();
                self.old.clear();
                match self.emit(message, false, false, |writer, _, _, out| writer.nulls(out)) {
                    Outcome::Rows(flags) => Outcome::Rows(Flags { ddl: true, ..flags }),
                    outcome => outcome,
                }
            }
            DdlHandling::Fail if is_schema_change(message, kind) => Outcome::Delegate(Reason::Ddl),
            _ => Outcome::Skipped(kind),
        }
    }

    /// Canal's own events and INIT; others are statements if they say so or carry nothing.
    fn event_under_canal(&self, name: &[u8], is_ddl: bool) -> Result<Event, Outcome> {
        Ok(match Event::of(name) {
            Event::Unknown if is_ddl => Event::Statement(EventKind::Ddl),
            Event::Unknown if self.data.array == Array::Missing => Event::Statement(EventKind::Other),
            event => event,
        })
    }

    /// INSERT, UPDATE, DELETE; CREATE is passed over; the rest fails, or in lenient mode is passed over too. All values are
    /// converted first, whatever the event is, so what is wrong with them comes first.
    fn event_under_flink(&self, name: &[u8]) -> Result<Event, Outcome> {
        let event = match name {
            b"INSERT" | b"UPDATE" | b"DELETE" => return Ok(Event::of(name)),
            b"CREATE" => Event::Statement(EventKind::Ddl),
            _ if !self.lenient => return Err(Outcome::Delegate(Reason::EventType)),
            _ => match Event::of(name) {
                Event::Statement(kind) => Event::Statement(kind),
                _ => Event::Statement(EventKind::Other),
            },
        };
        match self.fault() {
            Some(_) => Err(Outcome::Delegate(Reason::Value)),
            None => Ok(event),
        }
    }

    /// The worst that happened to a value of the message.
    fn fault(&self) -> Option<Fault> {
        let odd = |images: &Images| images.array == Array::Other || images.odd_element;
        if odd(&self.data) || odd(&self.old) {
            return Some(Fault::Unproven);
        }
        match (self.data.fault, self.old.fault) {
            (Some(Fault::Unproven), _) | (_, Some(Fault::Unproven)) => Some(Fault::Unproven),
            (data, old) => data.or(old),
        }
    }

    fn data_is_whole(&self) -> bool {
        self.data.array == Array::Present && self.data.all_objects()
    }

    /// Whether each image of `data` has its before image. Flink's search for names also goes into nested values.
    fn old_covers_data(&self) -> bool {
        let rows = self.data.objects.len();
        rows == 0
            || self.old.objects.len() >= rows
                && self.old.objects[..rows].iter().all(|object| *object)
                && !(self.semantics == Semantics::Flink && self.old.containers)
    }

    /// Writes the rows if nothing is wrong with the message. `update`: each row has its before image in `old`.
    #[inline(always)]
    fn checked<M: Message>(
        &mut self,
        message: &mut M,
        update: bool,
        widest: bool,
        whole: impl FnOnce(&Self) -> bool,
        write: impl FnOnce(&mut ChangeWriter<'_>, &Images, &Images, &mut Region),
    ) -> Outcome {
        if self.columns.undecided && message.settle([&mut self.data, &mut self.old], &mut self.scratch).is_err() {
            return Outcome::Delegate(Reason::Value);
        }
        match self.fault() {
            None => {}
            Some(Fault::Bad) if self.lenient && self.semantics == Semantics::Canal => return Outcome::Dropped,
            Some(_) => return Outcome::Delegate(Reason::Value),
        }
        if !whole(self) {
            return Outcome::Delegate(Reason::Shape);
        }
        self.emit(message, update, widest, write)
    }

    /// Writes rows and metadata.
    #[inline(always)]
    fn emit<M: Message>(
        &mut self,
        message: &M,
        update: bool,
        widest: bool,
        write: impl FnOnce(&mut ChangeWriter<'_>, &Images, &Images, &mut Region),
    ) -> Outcome {
        if self.metadata.fill(message).is_err() {
            return Outcome::Delegate(Reason::Metadata);
        }
        let mark = self.rows.len();
        let widest = widest || self.data.lost_nanos || self.old.lost_nanos;
        let sources = Sources { input: message.bytes(), scratch: &self.scratch.bytes };
        let (columns, keys, longest) = (&self.columns, self.keys, message.longest_row());
        let mut writer =
            ChangeWriter { columns, keys, sources, longest, widest, too_large: false, null_in_not_null: false };
        write(&mut writer, &self.data, &self.old, &mut self.rows);
        if writer.too_large {
            return self.too_large(mark);
        }
        let null_in_not_null = writer.null_in_not_null;
        let rows_len = self.rows.len();
        let images = if update { self.data.objects.len() } else { 0 };
        if self.metadata.has_tail() && self.rows.extend(|out| self.metadata.append_tail(message, images, out)).is_err()
        {
            return Outcome::Delegate(Reason::Metadata);
        }
        if self.rows.len() > MAX_ROWS {
            return self.too_large(mark);
        }
        self.rows_len = rows_len;
        let Growth { new, reset } = self.metadata.take_growth();
        Outcome::Rows(Flags {
            generic_only: null_in_not_null || widest,
            wide_timestamps: widest,
            metadata_new: new,
            metadata_reset: reset,
            nulled: self.data.nulled || self.old.nulled,
            ddl: false,
        })
    }
}

impl Changelog {
    /// Gives up the rows behind the first `mark` bytes, and their memory if that is all.
    #[cold]
    fn too_large(&mut self, mark: usize) -> Outcome {
        match mark {
            0 => self.rows = Region::default(),
            _ => self.rows.truncate(mark),
        }
        Outcome::Delegate(Reason::TooLarge)
    }
}

/// Canal reports `CREATE DATABASE` and the like as QUERY with `isDdl`; without it, QUERY is statement text.
fn is_schema_change<M: Message>(message: &M, kind: EventKind) -> bool {
    match kind {
        EventKind::Ddl => true,
        EventKind::Query => message.is_ddl(),
        EventKind::Transaction | EventKind::Other => false,
    }
}

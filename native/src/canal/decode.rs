//! Message → changelog rows, and what becomes of a message that gives none.
//!
//! Everything that is not proven to be what Flink's codec makes of it ends in [`Outcome::Delegate`].

use super::change::{ChangeWriter, MAX_ROWS};
use super::envelope::{Envelope, EnvelopeReader, Member};
use super::event::{Event, EventKind};
use super::image::{Array, Columns, ImageReader, Images, Scratch};
use super::layout::Layouts;
use super::mysql::{self, BinaryColumns};
use super::value::{Fault, Reading};
use super::verdict::Verdicts;
use crate::error::{Error, Kind};
use crate::json::scan::{Path, Vector, Work};
use crate::json::{PADDING, Refused, string};
use crate::meta::{Growth, Metadata, Value};
use crate::row::{Cell, Region, Sources, Tag};
use crate::schema::{DdlHandling, DecoderSpec, Semantics};
use arrow::array::ArrayRef;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its rows are in [`Decoder::rows`]; there may be none.
    Rows(Flags),
    /// `database.include` or `table.include` does not match.
    Filtered,
    /// An event without rows.
    Skipped(EventKind),
    /// Bad, and bad messages are to be passed over (lenient mode under `canal`).
    Dropped,
    /// To be handed to Flink's codec.
    Delegate(Reason),
    /// Decode again after [`Decoder::verdict`] has said whether the database [`Decoder::pending_name`] passes.
    DatabaseVerdict,
    /// The same for a table.
    TableVerdict,
}

/// What must be known about the rows of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// A NOT NULL column is NULL in some row: Flink's generated code would read the field without asking, so these rows
    /// need a form that says NULL.
    pub generic_only: bool,
    /// Every timestamp is stored with nanoseconds, whatever its column's precision.
    pub wide_timestamps: bool,
    /// A metadata dictionary has grown.
    pub metadata_new: bool,
    /// The metadata dictionaries were emptied first.
    pub metadata_reset: bool,
    /// A bad value was read as NULL (lenient mode under `flink`).
    pub nulled: bool,
    /// The one row is a schema change.
    pub ddl: bool,
}

/// Why a message goes to Flink's codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Not valid UTF-8: UTF-16, UTF-32, overlong forms, or broken.
    Encoding = 0,
    /// Not strict JSON, a member twice, or beyond a limit.
    Syntax = 1,
    /// A value whose reading is Flink's own business, or that strict mode has to report.
    Value = 2,
    /// `data` or `old` is not what the event needs.
    Shape = 3,
    /// `type` is missing or unknown.
    EventType = 4,
    /// A filtered name or a requested metadata member is not of the form Canal writes.
    Metadata = 5,
    /// The rows do not fit into one Java array.
    TooLarge = 6,
    /// A schema change that fails the job.
    Ddl = 7,
}

/// A table's decoder. One thread at a time.
#[derive(Debug)]
pub struct Decoder {
    path: Path,
    semantics: Semantics,
    lenient: bool,
    ddl: DdlHandling,
    filter_database: bool,
    filter_table: bool,
    columns: Columns,
    envelope_reader: EnvelopeReader,
    image_reader: ImageReader,
    layouts: [Layouts; 2],
    metadata: Metadata,
    databases: Verdicts,
    tables: Verdicts,
    binary: BinaryColumns,
    /// The last message was filtered out: the next one's images wait until its names are known.
    names_first: bool,
    input: Vec<u8>,
    envelope: Envelope,
    data: Images,
    old: Images,
    scratch: Scratch,
    pending: Vec<u8>,
    /// The rows, and behind them the metadata's tail.
    rows: Region,
    rows_len: usize,
}

/// A message to decode, on any path.
struct Decode<'d> {
    decoder: &'d mut Decoder,
    len: usize,
}

impl Work for Decode<'_> {
    type Out = Outcome;

    #[inline(always)]
    fn run<V: Vector>(self) -> Outcome {
        self.decoder.decode_on::<V>(self.len)
    }
}

impl Decoder {
    /// The same decoder on another path; they differ in speed only.
    pub fn on(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// A decoder as `spec` says.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] if two columns have the same name.
    pub fn new(spec: DecoderSpec) -> Result<Self, Error> {
        let mut names: Vec<&str> = spec.fields.iter().map(|f| f.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::new(Kind::InvalidSpec, "two columns have the same name").at(twice[0]));
        }
        let reading = Reading {
            timestamp: spec.timestamp,
            time_millis: spec.time_millis,
            exact: spec.fields.iter().any(|f| f.ty.contains_decimal()),
            semantics: spec.semantics,
            zero_date: spec.zero_date,
        };
        let nulls = spec.lenient && spec.semantics == Semantics::Flink;
        let mut input = Vec::new();
        crate::json::pad(&mut input);
        Ok(Decoder {
            path: Path::best(),
            semantics: spec.semantics,
            lenient: spec.lenient,
            ddl: spec.ddl,
            filter_database: spec.filter_database,
            filter_table: spec.filter_table,
            columns: Columns::new(&spec.fields, spec.semantics),
            envelope_reader: EnvelopeReader::default(),
            image_reader: ImageReader::new(&spec.fields, reading, nulls),
            layouts: Default::default(),
            metadata: Metadata::new(&spec.metadata),
            databases: Verdicts::default(),
            tables: Verdicts::default(),
            binary: BinaryColumns::default(),
            names_first: false,
            input,
            envelope: Envelope::default(),
            data: Images::default(),
            old: Images::default(),
            scratch: Scratch::default(),
            pending: Vec::new(),
            rows: Region::default(),
            rows_len: 0,
        })
    }

    /// Decodes one message.
    pub fn decode(&mut self, message: &[u8]) -> Outcome {
        self.input_buffer(message.len())[..message.len()].copy_from_slice(message);
        self.decode_input(message.len())
    }

    /// Room for a message of `capacity` bytes, to be filled before [`decode_input`](Self::decode_input). Growing or shrinking
    /// it forgets what it held.
    pub fn input_buffer(&mut self, capacity: usize) -> &mut [u8] {
        let wanted = capacity + PADDING;
        if self.input.len() < wanted {
            self.input = vec![b'"'; wanted];
        }
        &mut self.input[..capacity]
    }

    /// Bytes that the input buffer holds now.
    pub fn input_capacity(&self) -> usize {
        self.input.len() - PADDING
    }

    /// Address and capacity of the buffer that [`output`](Self::output) stands in.
    pub fn rows_buffer(&self) -> (usize, usize) {
        self.rows.buffer()
    }

    /// Gives back memory beyond what messages of `capacity` bytes need.
    pub fn shrink(&mut self, capacity: usize) {
        self.input = vec![b'"'; capacity + PADDING];
        self.rows = Region::default();
        self.scratch = Scratch::default();
        self.data = Images::default();
        self.old = Images::default();
    }

    /// Decodes the first `len` bytes of the input buffer.
    ///
    /// # Panics
    /// If the buffer is smaller.
    pub fn decode_input(&mut self, len: usize) -> Outcome {
        self.path.run(Decode { decoder: self, len })
    }

    #[inline(always)]
    fn decode_on<V: Vector>(&mut self, len: usize) -> Outcome {
        self.input[len..len + PADDING].fill(b'"');
        self.rows.clear();
        self.rows_len = 0;
        let names_first = self.names_first;
        self.names_first = false;
        if !V::is_ascii(&self.input, len) && simdutf8::basic::from_utf8(&self.input[..len]).is_err() {
            return Outcome::Delegate(Reason::Encoding);
        }
        if self.read::<V>(names_first).is_err() {
            return Outcome::Delegate(Reason::Syntax);
        }
        match self.filter() {
            Some(Outcome::Filtered) => {
                self.names_first = true;
                return Outcome::Filtered;
            }
            Some(outcome) => return outcome,
            None => {}
        }
        if names_first && self.read_images::<V>().is_err() {
            return Outcome::Delegate(Reason::Syntax);
        }
        self.changes()
    }

    /// The rows of the last message: `[i32 size][i32 0][BinaryRowData]`, again and again, without the metadata columns.
    pub fn rows(&self) -> &[u8] {
        &self.rows.bytes()[..self.rows_len]
    }

    /// The same with the metadata's tail behind it.
    pub fn output(&self) -> &[u8] {
        self.rows.bytes()
    }

    /// The metadata slots of the last message that gave rows; see [`crate::meta`].
    pub fn metadata(&self) -> &[i64] {
        &self.metadata.values
    }

    /// The values `from..` of a slot's dictionary. `None` for a slot without one, or beyond its end.
    pub fn export_metadata(&self, slot: usize, from: usize) -> Option<ArrayRef> {
        self.metadata.export(slot, from)
    }

    /// A value of a slot's dictionary, by the index that the slot held.
    pub fn metadata_value(&self, slot: usize, index: usize) -> Option<Value<'_>> {
        self.metadata.value(slot, index)
    }

    /// The name that [`Outcome::DatabaseVerdict`] or [`Outcome::TableVerdict`] asks about, UTF-8.
    pub fn pending_name(&self) -> Option<&[u8]> {
        match self.pending.split_first() {
            Some((_, name)) => Some(name),
            None => None,
        }
    }

    /// Answers for the pending name, for good.
    ///
    /// # Errors
    /// [`Kind::IllegalState`] if no name is pending.
    pub fn verdict(&mut self, accepted: bool) -> Result<(), Error> {
        let Some((which, name)) = self.pending.split_first() else {
            return Err(Error::new(Kind::IllegalState, "no name awaits a verdict"));
        };
        let verdicts = if *which == PENDING_DATABASE { &mut self.databases } else { &mut self.tables };
        verdicts.set(name, accepted);
        self.pending.clear();
        Ok(())
    }

    /// Takes the message apart; its images too, unless they have to wait for the names.
    #[inline(always)]
    fn read<V: Vector>(&mut self, names_first: bool) -> Result<(), Refused> {
        self.data.clear();
        self.old.clear();
        self.scratch.bytes.clear();
        let Decoder { columns, image_reader, layouts: [data_layouts, old_layouts], data, old, scratch, input, .. } =
            self;
        self.envelope_reader.read::<V>(
            input,
            &mut self.envelope,
            #[inline(always)]
            |member, pos| {
                if names_first {
                    return crate::json::skip::value_by::<V>(input, pos);
                }
                let (layouts, images) = if member == Member::Data {
                    (&mut *data_layouts, &mut *data)
                } else {
                    (&mut *old_layouts, &mut *old)
                };
                image_reader.read::<V>(columns, layouts, input, pos, images, scratch)
            },
        )
    }

    /// Reads the images that had to wait.
    #[inline(always)]
    fn read_images<V: Vector>(&mut self) -> Result<(), Refused> {
        let [data_layouts, old_layouts] = &mut self.layouts;
        for (member, layouts, images) in
            [(Member::Data, data_layouts, &mut self.data), (Member::Old, old_layouts, &mut self.old)]
        {
            if let Some((pos, _)) = self.envelope.span(member) {
                self.image_reader.read::<V>(&self.columns, layouts, &self.input, pos, images, &mut self.scratch)?;
            }
        }
        Ok(())
    }

    /// The filters' answer: `None` lets the message pass. First the database, then the table, as in Flink's codec.
    fn filter(&mut self) -> Option<Outcome> {
        for (set, member, verdicts, which, ask) in [
            (self.filter_database, Member::Database, &mut self.databases, PENDING_DATABASE, Outcome::DatabaseVerdict),
            (self.filter_table, Member::Table, &mut self.tables, PENDING_TABLE, Outcome::TableVerdict),
        ] {
            if !set {
                continue;
            }
            let Some([b'"', raw @ .., b'"']) = self.envelope.raw(member, &self.input) else {
                return Some(Outcome::Delegate(Reason::Metadata));
            };
            let mut name = raw;
            if raw.contains(&b'\\') {
                self.scratch.text.clear();
                if string::unescape(raw, &mut self.scratch.text).is_err() {
                    return Some(Outcome::Delegate(Reason::Metadata));
                }
                name = &self.scratch.text;
            }
            match verdicts.get(name) {
                Some(true) => {}
                Some(false) => return Some(Outcome::Filtered),
                None => {
                    self.pending.clear();
                    self.pending.push(which);
                    self.pending.extend_from_slice(name);
                    return Some(ask);
                }
            }
        }
        None
    }

    fn changes(&mut self) -> Outcome {
        let Some(name) = self.envelope.plain(Member::Type, &self.input) else {
            return Outcome::Delegate(Reason::EventType);
        };
        let event = match self.semantics {
            Semantics::Canal => self.event_under_canal(name),
            Semantics::Flink => self.event_under_flink(name),
        };
        match event {
            Ok(Event::Rows(kind)) => self.checked(
                false,
                |decoder| decoder.data_is_whole(),
                |writer, data, _, out| {
                    writer.rows(kind, data, out);
                },
            ),
            Ok(Event::Update) => {
                let semantics = self.semantics;
                self.checked(
                    true,
                    |decoder| decoder.data_is_whole() && decoder.old_covers_data(),
                    |writer, data, old, out| writer.updates(data, old, semantics, out),
                )
            }
            // Flink's codec converts the metadata of a message that it then passes over.
            Ok(Event::Statement(_))
                if self.semantics == Semantics::Flink && self.metadata.fill(&self.input, &self.envelope).is_err() =>
            {
                Outcome::Delegate(Reason::Metadata)
            }
            Ok(Event::Statement(kind)) => self.statement(kind),
            Ok(Event::Unknown) => Outcome::Delegate(Reason::EventType),
            Err(outcome) => outcome,
        }
    }

    /// An event without rows. A schema change may have a row all the same, for the sake of its metadata.
    fn statement(&mut self, kind: EventKind) -> Outcome {
        match self.ddl {
            DdlHandling::Emit if self.is_schema_change(kind) => {
                self.data.clear();
                self.old.clear();
                match self.emit(false, |writer, _, _, out| writer.nulls(out)) {
                    Outcome::Rows(flags) => Outcome::Rows(Flags { ddl: true, ..flags }),
                    outcome => outcome,
                }
            }
            DdlHandling::Fail if self.is_schema_change(kind) => Outcome::Delegate(Reason::Ddl),
            _ => Outcome::Skipped(kind),
        }
    }

    /// Canal reports `CREATE DATABASE` and the like as QUERY with `isDdl`; without it, QUERY is statement text.
    fn is_schema_change(&self, kind: EventKind) -> bool {
        match kind {
            EventKind::Ddl => true,
            EventKind::Query => self.envelope.raw(Member::IsDdl, &self.input) == Some(b"true"),
            EventKind::Transaction | EventKind::Other => false,
        }
    }

    /// Canal's own events and INIT; others are statements if they say so or carry nothing.
    fn event_under_canal(&self, name: &[u8]) -> Result<Event, Outcome> {
        Ok(match Event::of(name) {
            Event::Unknown if self.envelope.raw(Member::IsDdl, &self.input) == Some(b"true") => {
                Event::Statement(EventKind::Ddl)
            }
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
    fn checked(
        &mut self,
        update: bool,
        whole: impl FnOnce(&Self) -> bool,
        write: impl FnOnce(&mut ChangeWriter<'_>, &Images, &Images, &mut Region),
    ) -> Outcome {
        if self.columns.undecided && self.decide_bytes().is_err() {
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
        self.emit(update, write)
    }

    /// Writes rows and metadata.
    #[inline(always)]
    fn emit(
        &mut self,
        update: bool,
        write: impl FnOnce(&mut ChangeWriter<'_>, &Images, &Images, &mut Region),
    ) -> Outcome {
        if self.metadata.fill(&self.input, &self.envelope).is_err() {
            return Outcome::Delegate(Reason::Metadata);
        }
        let widest = self.data.lost_nanos || self.old.lost_nanos;
        let sources = Sources { input: &self.input, scratch: &self.scratch.bytes };
        let mut writer =
            ChangeWriter { columns: &self.columns, sources, widest, too_large: false, null_in_not_null: false };
        write(&mut writer, &self.data, &self.old, &mut self.rows);
        if writer.too_large {
            self.rows = Region::default();
            return Outcome::Delegate(Reason::TooLarge);
        }
        let null_in_not_null = writer.null_in_not_null;
        let rows_len = self.rows.len();
        let images = if update { self.data.objects.len() } else { 0 };
        if self.metadata.has_tail()
            && self.rows.extend(|out| self.metadata.append_tail(&self.input, &self.envelope, images, out)).is_err()
        {
            return Outcome::Delegate(Reason::Metadata);
        }
        if self.rows.len() > MAX_ROWS {
            self.rows = Region::default();
            return Outcome::Delegate(Reason::TooLarge);
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

    /// Reads the binary texts, now that `mysqlType` tells how they were written.
    fn decide_bytes(&mut self) -> Result<(), Refused> {
        self.binary.update(&self.envelope, &self.input, self.image_reader.keys(), self.columns.len())?;
        for images in [&mut self.data, &mut self.old] {
            let Images { cells, fault, .. } = images;
            for (i, cell) in cells.iter_mut().enumerate() {
                if cell.tag() != Tag::Undecided {
                    continue;
                }
                let column = i % self.columns.len();
                let read = if self.binary.binary[column] {
                    latin1(*cell, &self.input, &mut self.scratch)
                } else {
                    self.image_reader.base64(*cell, &self.input, &mut self.scratch)
                };
                *cell = Fault::check(read).unwrap_or_else(|f| {
                    if *fault != Some(Fault::Unproven) {
                        *fault = Some(f);
                    }
                    Cell::NULL
                });
            }
        }
        Ok(())
    }
}

const PENDING_DATABASE: u8 = 0;
const PENDING_TABLE: u8 = 1;

fn latin1(cell: Cell, input: &[u8], scratch: &mut Scratch) -> Cell {
    let start = scratch.bytes.len();
    match mysql::latin1(&input[cell.range()], &mut scratch.bytes) {
        Ok(()) => Cell::scratch(start, scratch.bytes.len()),
        Err(fault) => fault.into(),
    }
}

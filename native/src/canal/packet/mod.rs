//! Packets: what a Canal server writes to a message queue with `flatMessage = false`, protobuf → changelog rows.
//!
//! A packet holds many entries, and an entry of rows is what a flat message is: it goes through the same [`Changelog`]. The messages, by
//! their public field numbers (what is not listed is passed over):
//!
//! | message | fields |
//! |---|---|
//! | `Packet` | 3 `type` (7 is MESSAGES), 4 `compression` (0 and 1 none, 2 ZLIB, 3 GZIP, 4 LZF), 5 `body`: a `Messages` |
//! | `Messages` | 1 `batch_id`, 2 `messages`: an `Entry` each |
//! | `Entry` | 1 `header`, 2 `entryType` (1 TRANSACTIONBEGIN, 2 ROWDATA, 3 TRANSACTIONEND, 4 HEARTBEAT, 5 GTIDLOG), 3 `storeValue`: for ROWDATA a `RowChange` |
//! | `Header` | 2 `logfileName`, 3 `logfileOffset`, 6 `executeTime`, 8 `schemaName`, 9 `tableName`, 13 `gtid` |
//! | `RowChange` | 2 `eventType`, 10 `isDdl`, 11 `sql`, 12 `rowDatas`: a `RowData` each |
//! | `RowData` | 1 `beforeColumns`, 2 `afterColumns`: a `Column` each |
//! | `Column` | 2 `sqlType`, 3 `name`, 4 `isKey`, 5 `updated`, 6 `isNull`, 8 `value`, 10 `mysqlType` |
//!
//! `eventType`: 1 INSERT, 2 UPDATE, 3 DELETE, 4 CREATE, 5 ALTER, 6 ERASE, 7 QUERY, 8 TRUNCATE, 9 RENAME, 10 CINDEX, 11 DINDEX, 12 GTID,
//! 13 XACOMMIT, 14 XAROLLBACK, 15 MHEARTBEAT.
//!
//! The reader is written by hand: of a column everything but three values is the same from row to row, which a comparison of bytes
//! ([`layout`]) finds several times faster than any general reader reads it, and a reader that builds its messages would copy every text.

mod entry;
mod flat;
mod frame;
mod images;
mod layout;
mod message;
mod wire;

use super::changelog::{Changelog, Name};
use super::event::EventKind;
use super::input::Input;
use super::outcome::{Flags, Outcome};
use crate::error::{Error, Kind};
use crate::json::scan::{Path, Vector, Work};
use crate::schema::{DecoderSpec, Wire};
use entry::{Entry, EntryKind};
use frame::Frame;
use images::RowReader;
use message::EntryMessage;
pub use wire::Broken;

/// Bytes of rows after which the rows so far are handed over. Those of a packet that Kafka takes by default, of one megabyte, are fewer: they need
/// no list to wait in until the packet was read.
const MAX_ROWS_AT_ONCE: usize = 1 << 20;

/// What became of the entries of a packet that gave no rows, and how many there were: slots behind those of the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Count {
    /// Entries that were looked at.
    Entries,
    /// Those of another database or table.
    Filtered,
    /// Entries without rows; this and the next three in the order of [`EventKind`].
    SkippedDdl,
    /// See [`EventKind::Query`].
    SkippedQuery,
    /// See [`EventKind::Transaction`].
    SkippedTransaction,
    /// See [`EventKind::Other`].
    SkippedOther,
    /// Bad ones in lenient mode. A packet that is broken as a whole counts once.
    Dropped,
    /// Schema changes that gave a row.
    Ddl,
}

/// Number of [`Count`]s.
pub const COUNTS: usize = 8;

/// A table's decoder of packets. One thread at a time.
///
/// [`decode_input`](Self::decode_input) begins a packet; as long as there is [`more`](Self::more), [`proceed`](Self::proceed) goes on with it. Without
/// metadata the rows of many entries come at once; with metadata, whose slots are one entry's, those of an entry at a time.
#[derive(Debug)]
pub struct PacketDecoder {
    path: Path,
    lenient: bool,
    /// The rows of each entry are handed over by themselves.
    one_by_one: bool,
    input: Input,
    /// A packed packet's body.
    unpacked: Vec<u8>,
    frame: Frame,
    /// The next entry.
    pos: usize,
    rows: RowReader,
    changelog: Changelog,
}

/// What to do, on any path.
struct Decode<'d> {
    decoder: &'d mut PacketDecoder,
    /// Length of a packet to begin with.
    packet: Option<usize>,
}

impl Work for Decode<'_> {
    type Out = Outcome;

    #[inline(always)]
    fn run<V: Vector>(self) -> Outcome {
        let decoder = self.decoder;
        let begun = self.packet.map_or(Ok(()), |len| decoder.begin(len));
        match begun.and_then(|()| decoder.entries::<V>()) {
            Ok(outcome) => outcome,
            Err(broken) => decoder.broken(broken),
        }
    }
}

impl PacketDecoder {
    /// A decoder as `spec` says.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] if two columns have the same name, or the specification is not for packets.
    pub fn new(spec: DecoderSpec) -> Result<Self, Error> {
        if spec.wire != Wire::Protobuf {
            return Err(Error::new(Kind::InvalidSpec, "this decoder reads packets, no flat messages"));
        }
        let mut changelog = Changelog::new(&spec)?;
        changelog.reserve_counts(COUNTS);
        Ok(PacketDecoder {
            path: Path::best(),
            lenient: spec.lenient,
            one_by_one: !spec.metadata.is_empty(),
            input: Input::default(),
            unpacked: Vec::new(),
            frame: Frame::default(),
            pos: 0,
            rows: RowReader::new(&spec),
            changelog,
        })
    }

    /// The same decoder on another path; they differ in speed only.
    pub fn on(mut self, path: Path) -> Self {
        self.path = path;
        self
    }

    /// Begins a packet.
    pub fn decode(&mut self, packet: &[u8]) -> Outcome {
        self.input_buffer(packet.len())[..packet.len()].copy_from_slice(packet);
        self.decode_input(packet.len())
    }

    /// Room for a packet of `capacity` bytes, to be filled before [`decode_input`](Self::decode_input). Growing or shrinking
    /// it forgets what it held.
    pub fn input_buffer(&mut self, capacity: usize) -> &mut [u8] {
        (self.frame, self.pos) = (Frame::default(), 0);
        self.input.buffer(capacity)
    }

    /// Bytes that the input buffer holds now.
    pub fn input_capacity(&self) -> usize {
        self.input.capacity()
    }

    /// Gives back memory beyond what packets of `capacity` bytes need.
    pub fn shrink(&mut self, capacity: usize) {
        (self.frame, self.pos) = (Frame::default(), 0);
        self.input.shrink(capacity);
        self.unpacked = Vec::new();
        self.changelog.shrink();
    }

    /// Begins the packet that is the first `len` bytes of the input buffer.
    ///
    /// For [`Outcome::Delegate`] the output is the entry as a flat message, for [`Outcome::Broken`] what is wrong; both UTF-8.
    ///
    /// # Panics
    /// If the buffer is smaller.
    pub fn decode_input(&mut self, len: usize) -> Outcome {
        self.path.run(Decode { decoder: self, packet: Some(len) })
    }

    /// Goes on with the packet: with the entry that awaited a verdict, or else the next one.
    pub fn proceed(&mut self) -> Outcome {
        self.path.run(Decode { decoder: self, packet: None })
    }

    /// Whether entries are left.
    #[inline(always)]
    pub fn more(&self) -> bool {
        self.pos < self.frame.end
    }

    /// What came of the last call, and its metadata.
    pub fn changelog(&self) -> &Changelog {
        &self.changelog
    }

    /// The same, to answer for names.
    pub fn changelog_mut(&mut self) -> &mut Changelog {
        &mut self.changelog
    }

    /// What became of the entries of this packet so far.
    pub fn count(&self, count: Count) -> i64 {
        self.changelog.counts()[count as usize]
    }

    fn begin(&mut self, len: usize) -> Result<(), Broken> {
        self.changelog.counts_mut().fill(0);
        (self.frame, self.pos) = (Frame::default(), 0);
        let frame = frame::read(self.input.pad(len), len, &mut self.unpacked)?;
        (self.frame, self.pos) = (frame, frame.start);
        Ok(())
    }

    /// A packet, or an entry in strict mode, that cannot be read.
    #[cold]
    #[inline(never)]
    fn broken(&mut self, broken: Broken) -> Outcome {
        self.pos = self.frame.end;
        self.changelog.clear_rows();
        if self.lenient {
            self.changelog.counts_mut()[Count::Dropped as usize] += 1;
            return Outcome::Dropped;
        }
        let body = if self.unpacked.is_empty() { "" } else { " of its unpacked body" };
        self.changelog.set_text(&format!("{} at byte {}{body}", broken.what, broken.at));
        Outcome::Broken
    }

    #[inline(always)]
    fn entries<V: Vector>(&mut self) -> Result<Outcome, Broken> {
        self.changelog.clear_rows();
        let mut all = Flags::default();
        while self.more() {
            let buf = if self.unpacked.is_empty() { self.input.bytes() } else { &self.unpacked };
            let (number, value, next) = wire::field(buf, self.pos, self.frame.end)?;
            let (2, wire::Value::Bytes(start, end)) = (number, value) else {
                self.pos = next;
                continue;
            };
            let mark = self.changelog.output().len();
            let outcome = match self.entry::<V>(start, end, mark, all.wide_timestamps) {
                Ok(outcome) => outcome,
                Err(_) if self.lenient => Outcome::Dropped,
                Err(broken) => return Err(broken),
            };
            let flags = match outcome {
                Outcome::Rows(flags) => flags,
                Outcome::Filtered | Outcome::Skipped(_) | Outcome::Dropped => {
                    self.changelog.cut(mark);
                    self.done(outcome, next);
                    continue;
                }
                // What is there already goes first, and this entry is read again.
                _ if mark > 0 => {
                    self.changelog.cut(mark);
                    return Ok(Outcome::Rows(all));
                }
                Outcome::Delegate(_) => {
                    self.done(outcome, next);
                    return Ok(outcome);
                }
                _ => return Ok(outcome),
            };
            if mark > 0 && flags.wide_timestamps != all.wide_timestamps {
                self.changelog.cut(mark);
                return Ok(Outcome::Rows(all));
            }
            self.done(outcome, next);
            all = flags_of_both(all, flags);
            if self.one_by_one || self.changelog.output().len() > MAX_ROWS_AT_ONCE {
                break;
            }
        }
        Ok(Outcome::Rows(all))
    }

    /// Counts an entry, and steps behind it.
    #[inline(always)]
    fn done(&mut self, outcome: Outcome, next: usize) {
        self.pos = next;
        let counts = self.changelog.counts_mut();
        counts[Count::Entries as usize] += 1;
        let count = match outcome {
            Outcome::Filtered => Count::Filtered as usize,
            Outcome::Skipped(kind) => Count::SkippedDdl as usize + kind as usize,
            Outcome::Dropped => Count::Dropped as usize,
            Outcome::Rows(flags) if flags.ddl => Count::Ddl as usize,
            _ => return,
        };
        counts[count] += 1;
    }

    /// Reads one entry and appends its rows to the `mark` bytes that are there.
    #[inline(always)]
    fn entry<V: Vector>(&mut self, start: usize, end: usize, mark: usize, widest: bool) -> Result<Outcome, Broken> {
        let buf = if self.unpacked.is_empty() { self.input.bytes() } else { &self.unpacked };
        let entry = Entry::read(buf, start, end)?;
        match entry.kind {
            EntryKind::Rows => {}
            EntryKind::Transaction => return Ok(Outcome::Skipped(EventKind::Transaction)),
            EntryKind::Other => return Ok(Outcome::Skipped(EventKind::Other)),
        }
        let header = entry.header(buf)?;
        let bytes = |(from, to): entry::Span| &buf[from..to];
        let filters = &mut self.changelog.filters;
        for (set, which, span) in
            [(filters.database, Name::Database, header.schema), (filters.table, Name::Table, header.table)]
        {
            if set && let Some(outcome) = filters.judge(which, bytes(span)) {
                if outcome != Outcome::Filtered {
                    wire::text(buf, span)?;
                }
                return Ok(outcome);
            }
        }
        let mut change = entry.begun_change(buf)?;
        let names = (bytes(header.schema), bytes(header.table));
        loop {
            match self.rows.read::<V>(buf, names, &change, &mut self.changelog) {
                Ok(true) => break,
                Err(broken) if change.is_whole => return Err(broken),
                // What stands behind the rows may say that they are not to be read.
                Ok(false) | Err(_) => change = entry.change(buf)?,
            }
        }
        let description = &self.rows.description;
        let mut message = EntryMessage {
            buf,
            len: end - start,
            batch: self.frame.batch,
            header: &header,
            change: &change,
            description,
        };
        let outcome = self.changelog.changes(&mut message, widest);
        if let (Outcome::Delegate(_), 0) = (outcome, mark) {
            let flat = flat::message(&message)?;
            self.changelog.set_text(&flat);
        }
        Ok(outcome)
    }
}

/// The entries of a packet that carry rows or a schema change, in their order: each as the flat message that Canal would have written, and
/// how many rows of `data` it has.
///
/// # Errors
/// The packet, or an entry in it, cannot be read.
pub fn messages(packet: &[u8]) -> Result<Vec<(String, usize)>, Broken> {
    let (mut input, mut unpacked) = (Input::default(), Vec::new());
    input.buffer(packet.len())[..packet.len()].copy_from_slice(packet);
    let frame = frame::read(input.pad(packet.len()), packet.len(), &mut unpacked)?;
    let buf = if unpacked.is_empty() { input.bytes() } else { &unpacked };
    let mut messages = Vec::new();
    let mut pos = frame.start;
    while pos < frame.end {
        let (number, value, next) = wire::field(buf, pos, frame.end)?;
        pos = next;
        let (2, wire::Value::Bytes(start, end)) = (number, value) else { continue };
        let entry = Entry::read(buf, start, end)?;
        if entry.kind == EntryKind::Rows {
            let (header, change) = (entry.header(buf)?, entry.change(buf)?);
            let entry = EntryMessage {
                buf,
                len: end - start,
                batch: frame.batch,
                header: &header,
                change: &change,
                description: &[],
            };
            messages.push((flat::message(&entry)?, change.count));
        }
    }
    Ok(messages)
}

fn flags_of_both(a: Flags, b: Flags) -> Flags {
    Flags {
        generic_only: a.generic_only | b.generic_only,
        wide_timestamps: a.wide_timestamps | b.wide_timestamps,
        metadata_new: a.metadata_new | b.metadata_new,
        metadata_reset: a.metadata_reset | b.metadata_reset,
        nulled: a.nulled | b.nulled,
        ddl: a.ddl | b.ddl,
    }
}

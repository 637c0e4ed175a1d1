//! Canal's messages of many tables, written to Doris by one subtask: bytes in, load bodies out.
//!
//! ```text
//! message ─► head ─┬► rows: rules ─► table: decoder ─► rows ─► body ─┐
//!                  │                other tables ───────────────────┴─► loader: a lane per table ─► Doris
//!                  └► schema change ─► the table's loads end ─► ALTER ─► its next rows
//! ```
//!
//! Loads are made at least once. A row's sequence says which of two rows of a key is the later one, so messages that come twice
//! leave the same tables. (Two-phase commit and schema changes do not go together: an open transaction holds up the
//! ALTER, and the ALTER the checkpoint that would commit it.)
//!
//! A schema change holds up its own table only: what comes of that table meanwhile is parked, within a quarter of the memory.
//!
//! Messages of many tables by turns are put by ([`gathered`](super::gathered)) and taken some thousand at a time, so what is wrong with one may be said when a later one is written, or at a flush.

use super::columns::ColumnRules;
use super::database::{Database, Step};
use super::ddl::TableName;
use super::gathered::{Gathered, Put};
use super::history::HistoryState;
use super::journal::Journal;
use super::moved::{Owner, Parked};
use super::place::Place;
use super::report::Report;
use super::rules::Rules;
use super::tables::DorisTables;
use crate::canal::head::HeadReader;
use crate::canal::packet;
use crate::doris::loader::Loader;
use crate::error::{Error, Kind};
use crate::schema::Wire;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Bytes that are written without asking for room.
const GRANT: u64 = 64 << 10;

/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// A wait that is said.
const LONG: Duration = Duration::from_secs(30);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is written, or counted, or parked, or put by.
    Done,
    /// There is no room: [`DatabaseWriter::resume`] goes on with it, after [`DatabaseWriter::await_room`].
    Full,
}

/// To whom a message was sent ([`route`](super::route)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// To the subtask of its table.
    One,
    /// To all subtasks; each takes what is its own.
    All,
}

/// Messages by what became of them, and rows. None ever falls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that had rows of a table that is moved.
    pub messages: u64,
    /// Rows written; an update is two.
    pub rows: u64,
    /// Messages of other tables.
    pub filtered: u64,
    /// Schema changes.
    pub ddl: u64,
    /// Statement texts, transactions, heartbeats.
    pub skipped: u64,
    /// Times a message of a table had other columns than the one before.
    pub reopened: u64,
    /// Messages that were loaded by an earlier run, before a schema change.
    pub replayed: u64,
    /// Messages of tables that Doris cannot have.
    pub refused: u64,
    /// Messages and rows that cannot be applied.
    pub unapplied: u64,
    /// Schema changes that are not understood, wholly or in part.
    pub unparsed: u64,
}

/// The writer of one subtask.
pub struct DatabaseWriter {
    heads: HeadReader,
    wire: Wire,
    database: Database,
    /// Messages of the packet that is being taken.
    pending: VecDeque<(String, Place)>,
    audience: Audience,
    gathered: Gathered,
    /// Bytes of all bodies together.
    memory: u64,
    /// Bytes of the bodies that grow for which the loader need not be asked whether there is room; fewer are so after some were handed over.
    granted: Range<u64>,
}

/// A writer in a checkpoint.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// Version of this shape.
    v: u32,
    /// Whose it is, and of how many.
    subtask: u32,
    subtasks: u32,
    /// Tables of other subtasks that it had from the checkpoint before.
    #[serde(default)]
    adopted: Vec<TableName>,
    history: HistoryState,
    parked: Vec<Parked>,
}

impl DatabaseWriter {
    /// A writer of tables in Doris.
    ///
    /// # Errors
    /// A state that is none; the journal cannot be read.
    pub fn new(
        rules: (Rules, ColumnRules),
        tables: DorisTables,
        journal: Option<Journal>,
        restored: &[Vec<u8>],
    ) -> Result<DatabaseWriter, Error> {
        let (wire, memory) = (tables.spec.wire, tables.spec.memory_bytes);
        let mut database = Database::new(rules, tables, journal);
        let mut parked = Vec::new();
        for state in restored {
            let state: State = serde_json::from_slice(state).map_err(|e| {
                Error::new(Kind::Load, "the checkpoint's state of the writer is not readable").caused_by(e)
            })?;
            database.restore(state.history);
            let whose = Owner { subtask: state.subtask, subtasks: state.subtasks, adopted: state.adopted };
            parked.extend(state.parked.into_iter().map(|parked| (parked, whose.clone())));
        }
        database.read_journal()?;
        let mut writer = DatabaseWriter {
            heads: HeadReader::default(),
            wire,
            database,
            pending: VecDeque::new(),
            audience: Audience::One,
            gathered: Gathered::new(memory),
            memory,
            granted: 0..0,
        };
        for (parked, whose) in parked {
            writer.database.park_restored(&mut writer.heads, parked, &whose)?;
        }
        Ok(writer)
    }

    /// Writes a message. Its rows get the sequences from that of its place on; of two rows with one key the one of the higher sequence
    /// stays in Doris, in whatever order they come.
    ///
    /// # Errors
    /// What is wrong with the message, with its table in Doris, or with a load.
    pub fn write(&mut self, message: &[u8], place: Place, audience: Audience) -> Result<Taken, Error> {
        self.audience = audience;
        match self.wire {
            Wire::Json => {
                let step = self.take(message, place)?;
                self.go_on(step)
            }
            Wire::Protobuf => {
                match packet::messages(message) {
                    Ok(messages) => {
                        // Of an update two rows are written.
                        let mut rows = 0;
                        for (text, count) in messages {
                            let place = Place { sequence: place.sequence.saturating_add(rows), ..place };
                            self.pending.push_back((text, place));
                            rows += (2 * count as i64).max(1);
                        }
                    }
                    Err(broken) => {
                        let what = format!("no packet of Canal's: {} at byte {}", broken.what, broken.at);
                        self.database.place = place;
                        self.database.unapplied("", &what)?;
                    }
                }
                self.resume()
            }
        }
    }

    /// Goes on with the message that there was no room for.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn resume(&mut self) -> Result<Taken, Error> {
        let step = match self.database.resume(&mut self.heads)? {
            Step::Done => self.take_gathered()?,
            Step::Full => Step::Full,
        };
        self.go_on(step)
    }

    /// Takes a message, or puts it by.
    #[inline]
    fn take(&mut self, message: &[u8], place: Place) -> Result<Step, Error> {
        match self.gathered.put(message, place, self.audience) {
            Put::No => {
                let last = self.database.last;
                let step = self.database.take(&mut self.heads, message, place, self.audience)?;
                self.gathered.pass(self.database.last != last);
                Ok(step)
            }
            Put::By => Ok(Step::Done),
            Put::Last => self.take_gathered(),
        }
    }

    /// Takes the messages that were put by.
    fn take_gathered(&mut self) -> Result<Step, Error> {
        while let Some((message, place, audience)) = self.gathered.next() {
            let step = self.database.take(&mut self.heads, message, place, audience)?;
            if step == Step::Full || !self.make_room_for_rows()? {
                return Ok(Step::Full);
            }
        }
        Ok(Step::Done)
    }

    /// Takes what is pending, makes room.
    fn go_on(&mut self, mut step: Step) -> Result<Taken, Error> {
        loop {
            if step == Step::Full || !self.make_room()? {
                return Ok(Taken::Full);
            }
            let Some((message, place)) = self.pending.pop_front() else { return Ok(Taken::Done) };
            step = self.take(message.as_bytes(), place)?;
        }
    }

    /// Whether there is room for a message, and not too much of what waits for a change.
    fn make_room(&mut self) -> Result<bool, Error> {
        if self.database.parked_bytes > self.memory / 4 {
            self.database.advance_all(&mut self.heads)?;
            if self.database.parked_bytes > self.memory / 4 {
                return Ok(false);
            }
        }
        self.make_room_for_rows()
    }

    /// Whether there is room for rows. If bodies that grow take it, some are sent: no more at a time than keep the loader busy, as of a thousand tables each has little, and
    /// the others had better grow.
    fn make_room_for_rows(&mut self) -> Result<bool, Error> {
        // Asking the loader takes a lock.
        let open = self.database.open_bytes;
        if self.granted.contains(&open) {
            return Ok(true);
        }
        let under_way = self.loader().account().open_bytes;
        let left = self.memory.saturating_sub(open + under_way);
        if left > 0 {
            self.granted = open..open + GRANT.min(left);
            return Ok(true);
        }
        self.granted = 0..0;
        self.database.flush_some((self.memory / 8).saturating_sub(under_way))?;
        self.await_room(Duration::ZERO)
    }

    /// Hands over all that was written. Does not wait: what there is no room for is taken when all is [awaited](Self::await_settled), or another message comes.
    ///
    /// # Errors
    /// As [`write`](Self::write); a row before an update cannot be deleted.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.go_on_with_gathered()?;
        self.hand_over()
    }

    /// Takes what was put by, as far as there is room; whether that was all.
    fn go_on_with_gathered(&mut self) -> Result<bool, Error> {
        let free = self.database.resume(&mut self.heads)? == Step::Done && self.make_room_for_rows()?;
        Ok(free && self.take_gathered()? == Step::Done)
    }

    fn hand_over(&mut self) -> Result<(), Error> {
        self.granted = 0..0;
        self.database.flush()
    }

    /// Once a second: looks after changes that Doris is at, and tables that wait for somebody. Does not wait, nor hand anything over. Reports tables that wait for half a minute.
    ///
    /// # Errors
    /// As [`write`](Self::write): a load that has failed is noticed here if no message comes.
    pub fn tick(&mut self) -> Result<(), Error> {
        self.database.advance_all(&mut self.heads)?;
        self.report_waits(LONG);
        self.loader().wait(Duration::ZERO, |_| true).map_err(|e| Error::new(Kind::Load, e))?;
        Ok(())
    }

    /// Reports each table that has been waiting for longer than `long`, once each time: for loads, for Doris to make a change, for other tables.
    pub fn report_waits(&mut self, long: Duration) {
        self.database.report_waits(long);
    }

    /// Waits at most so long until there is room.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn await_room(&self, limit: Duration) -> Result<bool, Error> {
        if self.database.parked_bytes > self.memory / 4 {
            // What is waited for happens in Doris.
            std::thread::sleep(limit.min(LOOK));
            return Ok(true);
        }
        // Some more than a message needs, so that not each one waits.
        let room = (self.memory - self.memory / 16).saturating_sub(self.database.open_bytes);
        self.loader().wait(limit, |account| account.open_bytes <= room).map_err(|e| Error::new(Kind::Load, e))
    }

    /// Waits at most so long until each load is over and no change is under way; tables that wait for somebody are not waited for. To be called
    /// after [`flush`](Self::flush), which it repeats for what was parked, also if it is not to wait.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn await_settled(&mut self, limit: Duration) -> Result<bool, Error> {
        let until = Instant::now() + limit;
        loop {
            let step = self.database.advance_all(&mut self.heads)?;
            let taken = self.go_on_with_gathered()?;
            self.hand_over()?;
            let left = until.saturating_duration_since(Instant::now());
            let settled = |open: u64| move |account: &crate::doris::account::Account| account.open <= open;
            let loads = |limit| self.loader().wait(limit, settled(0)).map_err(|e| Error::new(Kind::Load, e));
            if step == Step::Done && taken && self.database.is_idle() {
                return loads(left);
            }
            // Either a load ends, or what is waited for happens in Doris.
            if loads(left.min(LOOK))? {
                std::thread::sleep(left.min(LOOK));
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
    }

    /// What a checkpoint keeps, after all was [settled](Self::await_settled): JSON.
    pub fn state(&self) -> Vec<u8> {
        let Owner { subtask, subtasks, adopted } = self.database.owner.clone();
        let (history, parked) = (self.database.history.state(), self.database.parked());
        let state = State { v: 1, subtask, subtasks, adopted, history, parked };
        serde_json::to_vec(&state).unwrap_or_default()
    }

    /// What happened since the last call.
    pub fn take_reports(&mut self) -> Vec<Report> {
        self.database.take_reports()
    }

    /// What was written so far.
    pub fn counts(&self) -> Counts {
        self.database.counts
    }

    /// Messages that wait for a change of their table.
    pub fn parked(&self) -> usize {
        self.database.parked_messages()
    }

    /// The tables that wait for something, and for what; for people.
    pub fn waiting(&self) -> Vec<String> {
        self.database.waiting_tables()
    }

    /// Rows by table of the source, in the order in which the tables came.
    pub fn rows_by_table(&self) -> impl Iterator<Item = (String, u64)> {
        self.database.rows_by_table()
    }

    /// The loader, for its account.
    pub fn loader(&self) -> &Loader {
        &self.database.tables.loader
    }
}

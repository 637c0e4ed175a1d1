//! Canal's messages of many tables, written to Doris by one subtask: bytes in, load bodies out.
//!
//! ```text
//! message ─► head ─► rules ─► table: decoder ─► rows ─► body ─┐
//!                             other tables ───────────────────┴─► loader: a lane per table ─► Doris
//! ```
//!
//! A schema change is counted, and no more: columns that it adds are added when a row has them, what else it does is not done yet.
//!
//! Loads are made at least once. A row's sequence says which of two rows of a key is the later one, so messages that come twice
//! leave the same tables. (Two-phase commit and schema changes do not go together: an open transaction holds up the
//! ALTER, and the ALTER the checkpoint that would commit it.)

use super::rules::{Rules, TargetName};
use super::table::{Progress, TableWriter};
use crate::canal::envelope::Member;
use crate::canal::event::{Event, EventKind};
use crate::canal::head::{Head, HeadReader};
use crate::doris::loader::Loader;
use crate::error::{Error, Kind};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at a table's loads.
const SETTLE: Duration = Duration::from_millis(500);

/// Opens tables as their first messages come.
pub trait Tables {
    /// A writer for the table `name` that `head` is of. Makes the table in Doris if it is not there.
    ///
    /// # Errors
    /// Doris cannot have this table, or does not answer.
    fn open(&mut self, head: &Head<'_>, name: &TargetName) -> Result<TableWriter, Error>;
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is written, or counted.
    Done,
    /// There is no room: [`DatabaseWriter::resume`] goes on with it, after [`DatabaseWriter::await_room`].
    Full,
}

/// Messages by what became of them, and rows.
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
}

/// The writer of one subtask.
pub struct DatabaseWriter<T> {
    heads: HeadReader,
    tables: OpenTables<T>,
    loader: Arc<Loader>,
    /// Bytes of all bodies together.
    memory: u64,
    /// The table whose message waits for room.
    waiting: Option<usize>,
    /// Bytes of the bodies that grow.
    open_bytes: u64,
    counts: Counts,
}

/// The tables that had messages so far.
struct OpenTables<T> {
    rules: Rules,
    opening: T,
    /// By `database`, a zero byte, `table`; None for a table that is not moved.
    names: HashMap<Box<[u8]>, Option<usize>>,
    name: Vec<u8>,
    all: Vec<OpenTable>,
}

struct OpenTable {
    target: TargetName,
    /// Of the messages that the writer was opened for.
    schema: [Box<[u8]>; 2],
    writer: TableWriter,
}

impl<T: Tables> OpenTables<T> {
    /// The table that a message is of, by its number; None if it is not moved.
    fn of(&mut self, head: &Head<'_>) -> Result<Option<usize>, Error> {
        let (Some(database), Some(table)) = (head.database(), head.table()) else {
            return Err(bad("`database` or `table` is missing"));
        };
        self.name.clear();
        self.name.extend_from_slice(database.as_bytes());
        self.name.push(0);
        self.name.extend_from_slice(table.as_bytes());
        if let Some(which) = self.names.get(self.name.as_slice()) {
            return Ok(*which);
        }
        let which = match self.rules.target(&database, &table)? {
            None => None,
            Some(target) => {
                let writer = self.opening.open(head, &target)?;
                self.all.push(OpenTable { target, schema: schema(head).map(Into::into), writer });
                Some(self.all.len() - 1)
            }
        };
        self.names.insert(self.name.as_slice().into(), which);
        Ok(which)
    }

    /// Opens a table anew if the message has other columns than those before; whether it did. Rows of before are for the columns of before, and
    /// may have to be in the table first.
    fn follow(&mut self, which: usize, head: &Head<'_>) -> Result<bool, Error> {
        let table = &mut self.all[which];
        if table.schema.each_ref().map(|known| &**known) == schema(head) {
            return Ok(false);
        }
        table.writer.flush()?;
        while !table.writer.settled(SETTLE)? {}
        table.writer = self.opening.open(head, &table.target)?;
        table.schema = schema(head).map(Into::into);
        Ok(true)
    }
}

impl<T: Tables> DatabaseWriter<T> {
    /// A writer over a loader that was started. `memory`: bytes of all bodies, those under way included.
    pub fn new(rules: Rules, opening: T, loader: Arc<Loader>, memory: u64) -> DatabaseWriter<T> {
        DatabaseWriter {
            heads: HeadReader::default(),
            tables: OpenTables { rules, opening, names: HashMap::new(), name: Vec::new(), all: Vec::new() },
            loader,
            memory,
            waiting: None,
            open_bytes: 0,
            counts: Counts::default(),
        }
    }

    /// Writes a message. Its rows get the sequences from `sequence` on; of two rows with one key the one of the higher sequence
    /// stays in Doris, in whatever order they come.
    ///
    /// # Errors
    /// What is wrong with the message, with its table in Doris, or with a load.
    pub fn write(&mut self, message: &[u8], sequence: i64) -> Result<Taken, Error> {
        let head = self.heads.read(message).map_err(|_| bad("it is no message of Canal's: not strict JSON"))?;
        match head.event() {
            Event::Rows(_) | Event::Update => {}
            Event::Statement(EventKind::Ddl) => {
                self.counts.ddl += 1;
                return Ok(Taken::Done);
            }
            Event::Statement(_) => {
                self.counts.skipped += 1;
                return Ok(Taken::Done);
            }
            Event::Unknown => return Err(bad("its `type` is none that Canal or Flink knows")),
        }
        let Some(which) = self.tables.of(&head)? else {
            self.counts.filtered += 1;
            return Ok(Taken::Done);
        };
        let bytes = self.tables.all[which].writer.open_bytes();
        if self.tables.follow(which, &head)? {
            self.open_bytes -= bytes;
            self.counts.reopened += 1;
        }
        self.counts.messages += 1;
        self.tables.all[which].writer.decode(message, sequence)?;
        self.waiting = Some(which);
        self.resume()
    }

    /// Goes on with the message that there was no room for.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn resume(&mut self) -> Result<Taken, Error> {
        let Some(which) = self.waiting else { return Ok(Taken::Done) };
        if !self.make_room()? {
            return Ok(Taken::Full);
        }
        let table = &mut self.tables.all[which].writer;
        let (rows, bytes) = (table.rows, table.open_bytes());
        let progress = table.write()?;
        self.counts.rows += table.rows - rows;
        self.open_bytes = self.open_bytes + table.open_bytes() - bytes;
        match progress {
            Progress::Full => Ok(Taken::Full),
            Progress::Done => {
                self.waiting = None;
                Ok(Taken::Done)
            }
        }
    }

    /// Whether there is room for a message. If bodies that grow take it, they are sent: of a thousand tables each has little.
    fn make_room(&mut self) -> Result<bool, Error> {
        if self.open_bytes + self.loader.account().open_bytes < self.memory {
            return Ok(true);
        }
        self.flush()?;
        self.await_room(Duration::ZERO)
    }

    /// Hands over all that was written.
    ///
    /// # Errors
    /// A row before an update cannot be deleted.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.open_bytes = 0;
        self.tables.all.iter_mut().try_for_each(|table| table.writer.flush())
    }

    /// Waits at most so long until there is room.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn await_room(&self, limit: Duration) -> Result<bool, Error> {
        let room = self.memory / 2;
        self.loader.wait(limit, |account| account.open_bytes <= room).map_err(|e| Error::new(Kind::Load, e))
    }

    /// Waits at most so long until each load is over.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn await_settled(&self, limit: Duration) -> Result<bool, Error> {
        self.loader.wait(limit, |account| account.open == 0).map_err(|e| Error::new(Kind::Load, e))
    }

    /// What was written so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The loader, for its account.
    pub fn loader(&self) -> &Loader {
        &self.loader
    }
}

/// `mysqlType` and `pkNames`: what a table's columns are, as the message says it.
fn schema<'r>(head: &Head<'r>) -> [&'r [u8]; 2] {
    [Member::MysqlType, Member::PkNames].map(|member| head.raw(member).unwrap_or_default())
}

fn bad(why: &str) -> Error {
    Error::new(Kind::Load, format!("a message cannot be read: {why}"))
}

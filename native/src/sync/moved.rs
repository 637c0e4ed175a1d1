//! One table on its way: its writer, and the messages that wait for something.

use super::ddl::alter::Impossible;
use super::ddl::{SchemaChange, TableName};
use super::history::Changed;
use super::place::Place;
use super::route::table_number;
use super::rules::TargetName;
use super::table::TableWriter;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU64;
use std::time::Instant;

/// A message that waits, with its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parked {
    /// Where it stands.
    pub place: Place,
    /// A flat message.
    pub message: String,
    /// It is a schema change.
    #[serde(default)]
    pub is_statement: bool,
}

/// Which tables a subtask moves.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Its index.
    pub subtask: u32,
    /// How many there are.
    pub subtasks: u32,
    /// Tables of others whose messages a checkpoint of another parallelism gave to this one.
    pub adopted: Vec<TableName>,
}

impl Owner {
    /// Whether it moves a table.
    pub fn owns(&self, name: &TableName) -> bool {
        table_number(&name.database, &name.name) % self.subtasks.max(1) == self.subtask || self.adopted.contains(name)
    }
}

/// A table that is moved.
pub struct MovedTable {
    /// In the source.
    pub name: TableName,
    /// In Doris.
    pub target: TargetName,
    /// Its writer, once a row came.
    pub opened: Option<Opened>,
    /// Rows that writers before the opened one have written.
    pub rows_before: u64,
    /// What it is at.
    pub stage: Stage,
    /// Messages that wait until it is ready, in the order that they came in.
    pub queue: VecDeque<Parked>,
    /// Why it stopped, as long as no message was written since.
    pub stopped: Option<String>,
    /// It has waited in vain for a schema change, and does not again before one comes.
    pub waited: bool,
    /// It was said that rows may come back in it.
    pub warned: bool,
    /// Why it was refused last.
    pub refused: Option<String>,
    /// Rows up to here were loaded by an earlier run, by partition.
    pub loaded: BTreeMap<u32, i64>,
    /// Messages that were passed over as they were loaded before.
    pub replayed: u64,
    /// The places of its messages.
    pub seen: Seen,
    /// Since when it waits, and whether that was said.
    pub wait: Option<(Instant, bool)>,
}

/// The last place of each partition.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of all partitions but the last message's.
    others: BTreeMap<u32, i64>,
    last: Option<Place>,
}

impl Seen {
    /// Notes a message.
    pub fn see(&mut self, place: Place) {
        if let Some(last) = self.last
            && last.partition != place.partition
        {
            self.others.insert(last.partition, last.sequence);
        }
        self.last = Some(place);
    }

    fn all(&self) -> impl Iterator<Item = (u32, i64)> {
        let others = self.others.iter().map(|(partition, sequence)| (*partition, *sequence));
        others.chain(self.last.map(|last| (last.partition, last.sequence)))
    }
}

/// A writer, and for which columns.
pub struct Opened {
    /// `database` and `table` as such a message spells them, and others may as well.
    pub names: [Box<[u8]>; 2],
    /// `mysqlType` and `pkNames` of the messages that it is for.
    pub schema: [Box<[u8]>; 2],
    /// An [outline](crate::canal::head::Head::outline) of messages with this schema.
    pub outline: Option<NonZeroU64>,
    /// Columns of the table that such messages lack, which an UPDATE must not.
    pub lacks: Vec<String>,
    /// The writer.
    pub writer: TableWriter,
}

/// What a table is at.
pub enum Stage {
    /// It takes messages.
    Ready,
    /// The loads of these tables, by their numbers, have to end before the first message that waits.
    Settling(Vec<usize>),
    /// The first message that waits is a schema change of several tables, and not all of them have come to it.
    Meeting,
    /// A change is being made, before the first message that waits.
    Changing(Work),
    /// A change that somebody has to make by hand.
    Stopped(Work),
    /// Its rows have columns of a change that has not come yet, from another partition.
    Awaiting(Instant),
    /// Doris cannot have it.
    Refused,
}

/// Changes that are being made.
pub struct Work {
    /// The first is under way.
    pub changes: VecDeque<SchemaChange>,
    /// Nothing can be done before somebody did this.
    pub by_hand: Option<Impossible>,
    /// When they were begun.
    pub since: Instant,
    /// When they are looked at again.
    pub again: Instant,
    /// Where they come from.
    pub changed: Changed,
    /// The message that waits is the statement itself, which is over when they are.
    pub is_statement: bool,
    /// What does not fit was reported.
    pub told: bool,
}

impl MovedTable {
    /// A table of which no message came yet.
    pub fn new(name: TableName, target: TargetName, loaded: BTreeMap<u32, i64>) -> MovedTable {
        MovedTable {
            name,
            target,
            opened: None,
            rows_before: 0,
            stage: Stage::Ready,
            queue: VecDeque::new(),
            stopped: None,
            waited: false,
            warned: false,
            refused: None,
            loaded,
            replayed: 0,
            seen: Seen::default(),
            wait: None,
        }
    }

    /// Closes its writer, all of whose rows are loaded; whether there was one.
    pub fn close(&mut self) -> bool {
        let closed = self.opened.take();
        self.rows_before += closed.as_ref().map_or(0, |opened| opened.writer.rows);
        closed.is_some()
    }

    /// Whether the message at `place` was loaded by an earlier run.
    pub fn is_loaded(&self, place: Place) -> bool {
        !self.loaded.is_empty() && self.loaded.get(&place.partition).is_some_and(|at| place.sequence <= *at)
    }

    /// Whether a message at `place` that has the columns of the one before needs nothing but to be written.
    pub fn is_plain(&self, place: Place) -> bool {
        matches!(self.stage, Stage::Ready) && self.queue.is_empty() && self.stopped.is_none() && !self.is_loaded(place)
    }

    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.rows_before + self.opened.as_ref().map_or(0, |opened| opened.writer.rows)
    }

    /// Whether it has come to the message at `place`, if it ever does.
    pub fn has_come_to(&self, place: Place) -> bool {
        let is_it = |parked: &Parked| parked.place == place;
        !self.queue.iter().any(is_it) || self.queue.front().is_some_and(is_it)
    }

    /// Up to where its messages came, by partition.
    pub fn places(&self) -> BTreeMap<u32, i64> {
        let mut places = self.loaded.clone();
        for (partition, sequence) in self.seen.all() {
            let place = places.entry(partition).or_insert(sequence);
            *place = sequence.max(*place);
        }
        places
    }
}

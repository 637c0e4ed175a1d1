//! What of the log's events becomes messages. Asks nobody: what it does not know it says, and is given the same event again.

mod rows;
mod statements;

use super::charset::Charset;
use super::definitions::Definitions;
use super::event::{self, RawEvent, kind};
use super::gtid::GtidSet;
use super::input::Input;
use super::position::LogPosition;
use super::start::is_own;
use super::zone::Zone;
use crate::changes::message::Change;
use crate::changes::outgoing::{Batch, Outgoing};
use crate::error::{Error, Kind};
use crate::snapshot::message::now;
use crate::sync::ddl::TableName;
use crate::sync::rules::Rules;
use crate::sync::source::{SourceTable, same_name};
use rows::{Images, Mapped};
use std::collections::HashMap;
use std::sync::Arc;

/// What has to be known before an event can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is read.
    Nothing,
    /// A table as the server has it; to be told by [`Log::learn`].
    Table(TableName),
    /// A character set; to be told by [`Log::learn_charset`].
    Charset(String),
}

/// What the server is, as far as reading its log goes.
#[derive(Debug)]
pub struct Server {
    /// Its zone.
    pub zone: Zone,
    /// Character sets of collations, by the collations' numbers.
    pub collations: HashMap<u16, String>,
}

/// The transaction under way.
#[derive(Debug, Default)]
struct Transaction {
    /// Its number was seen, or more of it.
    announced: bool,
    /// It ends with a COMMIT of its own.
    open: bool,
    gtid: Option<([u8; 16], u64)>,
    /// Rows of selected tables, by table; the sequence from which they are counted.
    counts: Vec<(TableName, i64)>,
    start: i64,
    /// It is an XA transaction, whose rows wait for its fate.
    is_xa: bool,
    waiting: Vec<Waiting>,
    /// Bytes of rows in the log, of all tables.
    bytes: i64,
    /// Where the compressed transaction ends that its events come from.
    payload_end: Option<u64>,
}

/// Rows of an XA transaction.
#[derive(Debug)]
struct Waiting {
    images: Images,
    rows: Box<[u8]>,
}

/// A transaction that is prepared: until its fate is known the position stays before it. Nothing else changes its rows or its tables meanwhile.
#[derive(Debug)]
struct Prepared {
    name: String,
    rows: Vec<Waiting>,
    bytes: i64,
}

/// The log from a place on.
#[derive(Debug)]
pub struct Log {
    rules: Rules,
    server: Server,
    charsets: HashMap<String, Arc<Charset>>,
    /// Tables that the server was asked for, since the last that was understood.
    asked: Vec<TableName>,
    by_gtid: bool,
    /// All transactions so far.
    gtid: GtidSet,
    /// The stream has said what its events look like.
    described: bool,
    /// The file that events come from, and where its last transaction ended.
    file: String,
    offset: u64,
    /// Of the next event.
    sequence: i64,
    transaction: Transaction,
    prepared: Vec<Prepared>,
    tables: HashMap<u64, Mapped>,
    outgoing: Outgoing<LogPosition, Definitions>,
}

impl Log {
    /// The log behind `position`, where the tables are as `definitions` says.
    pub fn new(
        (rules, message_bytes): (Rules, usize),
        server: Server,
        position: LogPosition,
        definitions: Arc<Definitions>,
    ) -> Log {
        Log {
            rules,
            server,
            charsets: HashMap::new(),
            asked: Vec::new(),
            by_gtid: !position.gtid.is_empty(),
            gtid: position.gtid.clone(),
            described: false,
            file: position.file.clone(),
            offset: position.offset,
            sequence: position.sequence,
            transaction: Transaction::default(),
            prepared: Vec::new(),
            tables: HashMap::new(),
            outgoing: Outgoing::new(position, definitions, message_bytes),
        }
    }

    /// Takes the next event. If something has to be known for it, nothing has happened, and it is to be taken again.
    ///
    /// # Errors
    /// [`Kind::Source`]: the log has something that cannot be followed, with the remedy.
    pub fn take(&mut self, event: &RawEvent<'_>) -> Result<Need, Error> {
        let placed = |log: &Log, e: Error| e.at(format!("{}:{}", log.file, event.end.saturating_sub(event.size)));
        self.read(event).map_err(|e| placed(self, e))
    }

    fn read(&mut self, event: &RawEvent<'_>) -> Result<Need, Error> {
        match event.kind {
            kind::FORMAT => self.described = true,
            // Before that nobody knows whether a checksum stands behind the file's name, which is the one that was asked for.
            kind::ROTATE if !self.described && !self.by_gtid => {}
            kind::ROTATE => self.rotate(event)?,
            kind::HEARTBEAT => self.heartbeat(event),
            kind::GTID | kind::ANONYMOUS_GTID | kind::TAGGED_GTID | kind::MARIADB_GTID => self.begin(event)?,
            kind::TRANSACTION_PAYLOAD => self.transaction.payload_end = Some(u64::from(event.end)),
            kind::TABLE_MAP => return self.table_map(event),
            kind::WRITE_ROWS | kind::WRITE_ROWS_1 => self.change_rows(event, Change::Insert)?,
            kind::UPDATE_ROWS | kind::UPDATE_ROWS_1 => self.change_rows(event, Change::Update)?,
            kind::DELETE_ROWS | kind::DELETE_ROWS_1 => self.change_rows(event, Change::Delete)?,
            kind::QUERY | kind::EXECUTE_LOAD => return self.query(event),
            kind::XID => self.commit(event),
            kind::XA_PREPARE => self.prepare(event)?,
            kind::INCIDENT => {
                return Err(unfollowed("the server tells of an incident: changes may be missing in its log"));
            }
            kind::WRITE_ROWS_0..=kind::DELETE_ROWS_0 => {
                return Err(unfollowed("rows are in the form of MySQL 5.1's test versions"));
            }
            kind::PARTIAL_UPDATE_ROWS => self.refuse_partial(event)?,
            kind::MARIADB_QUERY_COMPRESSED => {
                return Err(unfollowed("events are compressed; SET GLOBAL log_bin_compress = OFF"));
            }
            other if kind::MARIADB_ROWS_COMPRESSED.contains(&other) => {
                return Err(unfollowed("events are compressed; SET GLOBAL log_bin_compress = OFF"));
            }
            _ => {}
        }
        Ok(Need::Nothing)
    }

    /// Tells of a table that was needed; None where the server has none of that name.
    pub fn learn(&mut self, name: &TableName, table: Option<SourceTable>) {
        self.asked.push(name.clone());
        let Some(table) = table else { return };
        let definitions = self.outgoing.change_definitions();
        match definitions.get(name) {
            // Only its texts' character sets were not known: the rest is what the log says, which may be of long ago.
            Some(known) => {
                let mut known = known.clone();
                for column in &mut known.columns {
                    let there = table.columns.iter().find(|there| same_name(&there.name, &column.name));
                    column.charset = column.charset.take().or_else(|| there?.charset.clone());
                }
                definitions.learn(known);
            }
            None => definitions.learn(table),
        }
    }

    /// Tells of a character set that was needed.
    pub fn learn_charset(&mut self, name: &str, charset: Charset) {
        self.charsets.insert(name.to_string(), Arc::new(charset));
    }

    /// Whether there are enough messages for a batch.
    pub fn is_full(&self) -> bool {
        self.outgoing.is_full()
    }

    /// The messages so far, if there are any or the position has moved since `before`.
    pub fn batch(&mut self, before: &LogPosition) -> Option<Batch<LogPosition, Definitions>> {
        self.outgoing.batch(before)
    }

    fn rotate(&mut self, event: &RawEvent<'_>) -> Result<(), Error> {
        (self.file, self.offset) = event::rotate(event)?;
        // With numbers the transactions count, and the place only once it is behind one of them.
        if !self.by_gtid && self.is_between() {
            let position = &mut self.outgoing.position;
            (position.file, position.offset) = (self.file.clone(), self.offset);
        }
        self.tables.clear();
        Ok(())
    }

    /// Whether no transaction is under way, so that the log may be read again from here.
    fn is_between(&self) -> bool {
        !self.transaction.announced && !self.transaction.open && self.prepared.is_empty()
    }

    /// There was nothing to be sent for a while.
    fn heartbeat(&mut self, event: &RawEvent<'_>) {
        if !self.is_between() || event.body != self.file.as_bytes() {
            return;
        }
        let position = &mut self.outgoing.position;
        if u64::from(event.end) > position.offset && position.file == self.file {
            self.offset = u64::from(event.end);
            position.offset = self.offset;
        }
        position.time = now();
    }

    fn begin(&mut self, event: &RawEvent<'_>) -> Result<(), Error> {
        if self.transaction.payload_end.is_some() {
            return Err(unfollowed(
                "a compressed transaction could not be read; SET GLOBAL binlog_transaction_compression = OFF",
            ));
        }
        self.transaction.announced = true;
        self.transaction.start = self.sequence;
        match event.kind {
            kind::GTID => self.transaction.gtid = Some(event::gtid(event)?),
            kind::TAGGED_GTID if self.by_gtid => {
                return Err(unfollowed("a transaction's number has a tag, and those cannot be followed"));
            }
            kind::MARIADB_GTID => {
                let (standalone, prepared) = event::mariadb_gtid(event)?;
                (self.transaction.open, self.transaction.is_xa) = (!standalone, prepared);
            }
            _ => {}
        }
        Ok(())
    }

    /// The end of a transaction: from here on the log can be read again.
    fn commit(&mut self, event: &RawEvent<'_>) {
        self.outgoing.finish();
        let ended = std::mem::take(&mut self.transaction);
        if let Some((source, number)) = ended.gtid
            && self.by_gtid
        {
            self.gtid.add(source, number);
        }
        let end = ended.payload_end.unwrap_or(u64::from(event.end));
        if end > 0 {
            // A file may be longer than four bytes can say.
            let above = self.offset & !u64::from(u32::MAX);
            self.offset = if above + end < self.offset { above + end + (1 << 32) } else { above + end };
        }
        if !self.prepared.is_empty() {
            return;
        }
        let position = &mut self.outgoing.position;
        position.file.clone_from(&self.file);
        position.offset = self.offset;
        if self.by_gtid {
            position.gtid.clone_from(&self.gtid);
        }
        position.sequence = self.sequence;
        position.time = i64::from(event.seconds) * 1000;
        self.outgoing.settle();
    }

    /// An XA transaction is prepared, or takes effect at once.
    fn prepare(&mut self, event: &RawEvent<'_>) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.transaction.waiting);
        let (one_phase, name) = event::prepared(event)?;
        if one_phase {
            for rows in &rows {
                self.add_rows(&rows.images, Input::new(&rows.rows))?;
            }
        } else {
            self.prepared.push(Prepared { name, rows, bytes: self.transaction.bytes });
        }
        self.commit(event);
        Ok(())
    }

    /// A prepared transaction takes effect, or never does. Its rows come under sequences of their own behind all that came since.
    fn decide(&mut self, event: &RawEvent<'_>, name: &str, takes_effect: bool) -> Result<(), Error> {
        let Some(at) = self.prepared.iter().position(|prepared| prepared.name.eq_ignore_ascii_case(name)) else {
            if takes_effect {
                return Err(unfollowed(&format!(
                    "the transaction {name} was prepared (XA PREPARE) before the place that the log is read from, so its rows are not known"
                )));
            }
            self.sequence += i64::from(event.size);
            self.commit(event);
            return Ok(());
        };
        let prepared = self.prepared.remove(at);
        self.transaction.start = self.sequence;
        for rows in prepared.rows.iter().filter(|_| takes_effect) {
            self.add_rows(&rows.images, Input::new(&rows.rows))?;
        }
        self.sequence += i64::from(event.size) + prepared.bytes;
        self.commit(event);
        Ok(())
    }

    fn is_selected(&self, name: &TableName) -> Result<bool, Error> {
        Ok(!is_own(&name.database) && self.rules.target(&name.database, &name.name)?.is_some())
    }
}

#[cold]
fn unfollowed(why: &str) -> Error {
    Error::new(
        Kind::Source,
        format!(
            "the binary log cannot be followed: {why}; then start the job without its state, which reads the tables anew"
        ),
    )
}

#[cold]
fn misfit(name: &TableName, why: &str) -> Error {
    Error::new(
        Kind::Source,
        format!(
            "what is known of {name} does not fit its rows in the binary log: {why}; start the job without its state, which reads the tables anew"
        ),
    )
}

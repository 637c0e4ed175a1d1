//! What of the log's events becomes messages. Asks nobody: what it does not know it says, and is given the same event again.

use super::batch::{self, BATCH_BYTES, Batch};
use super::charset::Charset;
use super::definitions::Definitions;
use super::event::{self, Query, RawEvent, kind};
use super::gtid::GtidSet;
use super::input::Input;
use super::message::{self, Change, Layout, Rows, Unfit};
use super::position::LogPosition;
use super::start::is_own;
use super::statement::{self, Meaning};
use super::table_map::{self, TableMap};
use super::zone::Zone;
use crate::error::{Error, Kind};
use crate::sync::ddl::{self, SchemaChange, TableName};
use crate::sync::rules::Rules;
use crate::sync::source::{SourceTable, same_name};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

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

/// A table of the transaction under way.
#[derive(Debug)]
enum Mapped {
    /// It is not moved.
    Ignored,
    /// The body of the event, to know it again, and how its rows are read.
    Read(Box<[u8]>, Arc<Layout>),
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

/// How the rows of an event are read.
#[derive(Debug)]
struct Images {
    /// The row before, where it is only passed over: it has other columns than the one after.
    before: Option<Layout>,
    layout: Arc<Layout>,
    change: Change,
    millis: i64,
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
    message_bytes: usize,
    server: Server,
    charsets: HashMap<String, Arc<Charset>>,
    /// Of now,
    definitions: Arc<Definitions>,
    version: u64,
    /// and of `position`.
    settled: (Arc<Definitions>, u64),
    /// Tables that the server was asked for, since the last that was understood.
    asked: Vec<TableName>,
    position: LogPosition,
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
    rows: Rows,
    messages: Vec<u8>,
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
            message_bytes,
            server,
            charsets: HashMap::new(),
            definitions: definitions.clone(),
            version: 0,
            settled: (definitions, 0),
            asked: Vec::new(),
            by_gtid: !position.gtid.is_empty(),
            gtid: position.gtid.clone(),
            described: false,
            file: position.file.clone(),
            offset: position.offset,
            sequence: position.sequence,
            position,
            transaction: Transaction::default(),
            prepared: Vec::new(),
            tables: HashMap::new(),
            rows: Rows::default(),
            messages: Vec::new(),
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
        let definitions = Arc::make_mut(&mut self.definitions);
        self.version += 1;
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
        self.messages.len() >= BATCH_BYTES
    }

    /// The messages so far, if there are any or the position has moved since `before`.
    pub fn batch(&mut self, before: &LogPosition) -> Option<Batch> {
        self.rows.finish(&mut self.messages);
        if self.messages.is_empty() && self.position == *before {
            return None;
        }
        let messages = std::mem::take(&mut self.messages);
        let (definitions, version) = self.settled.clone();
        Some(Batch { messages, position: self.position.clone(), definitions, version })
    }

    fn rotate(&mut self, event: &RawEvent<'_>) -> Result<(), Error> {
        (self.file, self.offset) = event::rotate(event)?;
        // With numbers the transactions count, and the place only once it is behind one of them.
        if !self.by_gtid && self.is_between() {
            (self.position.file, self.position.offset) = (self.file.clone(), self.offset);
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
        if u64::from(event.end) > self.position.offset && self.position.file == self.file {
            self.offset = u64::from(event.end);
            self.position.offset = self.offset;
        }
        self.position.time = now();
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
        self.rows.finish(&mut self.messages);
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
        self.position.file.clone_from(&self.file);
        self.position.offset = self.offset;
        if self.by_gtid {
            self.position.gtid.clone_from(&self.gtid);
        }
        self.position.sequence = self.sequence;
        self.position.time = i64::from(event.seconds) * 1000;
        self.settled = (self.definitions.clone(), self.version);
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

    fn table_map(&mut self, event: &RawEvent<'_>) -> Result<Need, Error> {
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
        let Some(known) = self.definitions.get(&name) else {
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
                Arc::make_mut(&mut self.definitions).forget(&name);
                Ok(Need::Table(name))
            }
            Err(Unfit::UnknownCharset) => Ok(Need::Table(name)),
        }
    }

    fn change_rows(&mut self, event: &RawEvent<'_>, change: Change) -> Result<(), Error> {
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
                return Err(misfit(&layout.name, "rows have another number of columns than the log says before"));
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

    /// Writes rows of a table. A row's sequence is that of its transaction's begin and the number of rows of its table before it.
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

    fn add_rows(&mut self, images: &Images, mut input: Input<'_>) -> Result<(), Error> {
        let Images { before, layout, change, millis } = images;
        let start = self.transaction.start;
        let at = self.transaction.counts.iter().position(|(name, _)| *name == layout.name);
        let at = at.unwrap_or_else(|| {
            self.transaction.counts.push((layout.name.clone(), 0));
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
            if !self.rows.takes(layout, meant) || self.rows.is_full(self.message_bytes) {
                self.rows.finish(&mut self.messages);
            }
            let count = &mut self.transaction.counts[at].1;
            let added = self.rows.add((layout, meant), (start + *count, *millis), &mut input, &self.server.zone);
            added.map_err(|e| e.at(layout.name.to_string()))?;
            if both && meant == Change::Delete {
                // The row after, which says when the one before ended.
                layout.pass(&mut input)?;
            }
            *count += change.sequences();
        }
        Ok(())
    }

    fn refuse_partial(&mut self, event: &RawEvent<'_>) -> Result<(), Error> {
        match self.tables.get(&Input::new(event.body).u48()?) {
            Some(Mapped::Ignored) => Ok(()),
            _ => Err(unfollowed("rows have parts of JSON values; SET GLOBAL binlog_row_value_options = ''")),
        }
    }

    fn query(&mut self, event: &RawEvent<'_>) -> Result<Need, Error> {
        let query = Query::read(event)?;
        let charset = self.server.collations.get(&query.collation).map_or("utf8mb4", String::as_str);
        let charset = match (Charset::plain(charset), self.charsets.get(charset)) {
            (Some(plain), _) => Arc::new(plain),
            (None, Some(known)) => known.clone(),
            (None, None) => return Ok(Need::Charset(charset.to_string())),
        };
        let mut sql = Vec::with_capacity(query.sql.len());
        charset.decode(query.sql, &mut sql);
        let sql = String::from_utf8_lossy(&sql);
        let database = String::from_utf8_lossy(query.database);
        let has_rows = !self.transaction.counts.is_empty() || !self.transaction.waiting.is_empty();
        match statement::meaning(&sql) {
            Meaning::Begin => {
                self.transaction.open = true;
                self.transaction.start = self.sequence;
            }
            Meaning::Commit => self.commit(event),
            Meaning::Rollback | Meaning::RollbackTo if has_rows => {
                return Err(unfollowed(
                    "a transaction was rolled back that had changed tables with and without transactions, so what became of its rows is not known",
                ));
            }
            Meaning::Rollback => self.commit(event),
            Meaning::RollbackTo | Meaning::Savepoint => {}
            Meaning::XaBegin => {
                self.transaction.open = true;
                self.transaction.start = self.sequence;
                self.transaction.is_xa = true;
            }
            Meaning::XaEnd => {}
            Meaning::XaCommit(name) => self.decide(event, name, true)?,
            Meaning::XaRollback(name) => self.decide(event, name, false)?,
            Meaning::Rows => {
                self.refuse_rows(&database, &sql)?;
                self.end_of_statement(event);
            }
            Meaning::Other => {
                self.statement(event, &database, &sql)?;
                self.end_of_statement(event);
            }
        }
        Ok(Need::Nothing)
    }

    fn end_of_statement(&mut self, event: &RawEvent<'_>) {
        self.sequence += i64::from(event.size);
        if self.transaction.open {
            // Rows of the same transaction come behind it.
            self.transaction.start = self.sequence;
            self.transaction.counts.iter_mut().for_each(|(_, count)| *count = 0);
        } else {
            self.commit(event);
        }
    }

    /// A statement that changed rows which are not in the log.
    fn refuse_rows(&self, database: &str, sql: &str) -> Result<(), Error> {
        for table in self.definitions.tables() {
            let name = TableName::new(&table.database, &table.name);
            if statement::mentions(sql, database, &name) && self.is_selected(&name)? {
                let shown: String = sql.chars().take(200).collect();
                return Err(unfollowed(&format!(
                    "the log has a statement instead of its rows, maybe of {name} (binlog_format is not ROW in a session): {shown}"
                )));
            }
        }
        Ok(())
    }

    fn statement(&mut self, event: &RawEvent<'_>, database: &str, sql: &str) -> Result<(), Error> {
        let changes = ddl::parse(sql, database);
        let mentioned: Vec<TableName> = self
            .definitions
            .tables()
            .map(|table| TableName::new(&table.database, &table.name))
            .filter(|name| statement::mentions(sql, database, name))
            .collect();
        let mut about = Vec::new();
        let mut is_ours = false;
        for change in &changes {
            let names = match change {
                SchemaChange::Unparsed { .. } => mentioned.clone(),
                SchemaChange::DropDatabase { database } => {
                    let of = |table: &&SourceTable| table.database == *database;
                    self.definitions
                        .tables()
                        .filter(of)
                        .map(|table| TableName::new(&table.database, &table.name))
                        .collect()
                }
                change => change.tables(),
            };
            for name in names {
                is_ours |= self.is_selected(&name)?;
                about.push(name);
            }
        }
        self.define(&changes, &about, &mentioned, sql)?;
        if let Some(ty) = statement::name(sql, &changes).filter(|_| is_ours) {
            self.rows.finish(&mut self.messages);
            let table = changes.iter().flat_map(SchemaChange::tables).next().map_or(String::new(), |name| name.name);
            let millis = i64::from(event.seconds) * 1000;
            let message = message::statement(ty, (database, &table), sql, millis);
            batch::add(&mut self.messages, self.sequence, &[message.as_bytes()]);
        }
        Ok(())
    }

    /// Does schema changes to what is known of tables.
    fn define(
        &mut self,
        changes: &[SchemaChange],
        about: &[TableName],
        mentioned: &[TableName],
        sql: &str,
    ) -> Result<(), Error> {
        let is_known = |name: &TableName| self.definitions.tables().any(|table| table.database == name.database);
        let mut is_tracked = false;
        for name in about {
            is_tracked |= is_known(name) || self.is_selected(name)?;
        }
        let converted = statement::table_charset(sql, false).filter(|_| !mentioned.is_empty());
        if !is_tracked && converted.is_none() {
            return Ok(());
        }
        self.version += 1;
        // What tables are in the log has changed.
        self.tables.clear();
        let definitions = Arc::make_mut(&mut self.definitions);
        if let Some(charset) = converted {
            mentioned.iter().for_each(|name| definitions.set_charset(name, &charset, true));
        }
        for change in changes {
            match change {
                SchemaChange::Unparsed { .. } => mentioned.iter().for_each(|name| definitions.forget(name)),
                change => definitions.change(change),
            }
        }
        if let [.., SchemaChange::CreateTable { table, .. }] = changes
            && let Some(charset) = statement::table_charset(sql, true)
        {
            definitions.set_charset(&TableName::new(&table.database, &table.name), &charset, false);
        }
        Ok(())
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

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

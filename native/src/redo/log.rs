//! What of the log's records becomes messages. The log says which rows were changed, and in which order transactions were committed; the rows themselves are read from their tables.

use super::ddl::Ddl;
use super::definitions::{Definitions, Known};
use super::position::RedoPosition;
use super::record::{Operation, Record};
use super::rows::{self, Found, Last};
use super::server::Server;
use super::transactions::{Committed, Row, Transactions};
use crate::changes::message::{Change, Frame};
use crate::changes::outgoing::{Batch, Outgoing};
use crate::error::{Error, Kind};
use crate::json::write::{NotUtf8, Style};
use crate::snapshot::catalogue::Table;
use crate::snapshot::mysql::server::backquoted;
use crate::sync::ddl::TableName;
use crate::sync::rules::Rules;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows that may wait to be read.
const PENDING: usize = 5_000;

/// For how long a table may be missing before the log says that it was dropped or got another name.
const MISSING: Duration = Duration::from_secs(60);

/// How LogMiner calls a table of which it has no name.
const UNNAMED: &str = "OBJ# ";

/// A record takes two: what a table is like from there on stands between those of records.
const STEP: i64 = 2;

/// Rows of a table that are to be read.
#[derive(Debug, Default)]
struct Pending {
    rows: HashMap<Row, Last>,
    /// Since when they wait for a table that is not there.
    missing: Option<Instant>,
    /// What the table was when the log was last read to its end, if it was not as it is known.
    unlike: Option<Known>,
}

/// A place in the log, and the records that are there.
#[derive(Debug, Clone)]
struct End {
    scn: u64,
    records: HashSet<String>,
}

impl End {
    /// Whether the record is before it.
    fn has(&self, record: &Record) -> bool {
        record.scn < self.scn || record.scn == self.scn && self.records.contains(&record.id)
    }
}

/// How rows of a table are read and written.
#[derive(Debug)]
struct Layout {
    table: Table,
    frame: Arc<Frame>,
}

/// The log from a place on.
#[derive(Debug)]
pub struct Log {
    rules: Rules,
    /// By which the clock of the server's host is ahead of UTC, in seconds.
    ahead: i64,
    transactions: Transactions,
    pending: BTreeMap<TableName, Pending>,
    layouts: HashMap<TableName, Arc<Layout>>,
    /// Numbers of tables that LogMiner has no name for, and the name, if one was found.
    unnamed: HashMap<String, Option<TableName>>,
    /// Whether anybody wants the rows of a table, of those that came.
    followed: HashMap<TableName, bool>,
    /// Where the log was to be read from: what was committed up to there comes once more.
    from: RedoPosition,
    /// How far the log is read.
    read: End,
    /// How far it was when this reading began.
    before: End,
    /// What is committed so far; `scn` is not kept.
    now: RedoPosition,
    outgoing: Outgoing<RedoPosition, Definitions>,
}

impl Log {
    /// The log behind `position`, where the tables are as `definitions` says.
    pub fn new(
        (rules, message_bytes, ahead): (Rules, usize, i64),
        position: RedoPosition,
        definitions: Arc<Definitions>,
    ) -> Log {
        Log {
            rules,
            ahead,
            transactions: Transactions::default(),
            pending: BTreeMap::new(),
            layouts: HashMap::new(),
            unnamed: HashMap::new(),
            followed: HashMap::new(),
            from: position.clone(),
            read: End { scn: position.scn, records: HashSet::new() },
            before: End { scn: position.scn, records: HashSet::new() },
            now: position.clone(),
            outgoing: Outgoing::new(position, definitions, message_bytes),
        }
    }

    /// Where the log is to be read on, by a reading that begins now.
    pub fn begin(&mut self) -> u64 {
        self.before = self.read.clone();
        self.read.scn
    }

    /// All of the log before that is read.
    pub fn read_up_to(&mut self, scn: u64) {
        if scn > self.read.scn {
            self.read = End { scn, records: HashSet::new() };
        }
    }

    /// Whether there are enough messages for a batch.
    pub fn is_full(&self) -> bool {
        self.outgoing.is_full()
    }

    /// The messages so far, if there are any or the position has moved since `before`.
    pub fn batch(&mut self, before: &RedoPosition) -> Option<Batch<RedoPosition, Definitions>> {
        self.outgoing.batch(before)
    }

    /// Takes the next record; one that was taken before is passed over.
    ///
    /// # Errors
    /// [`Kind::Source`]: the log has something that cannot be followed, with the remedy; the server does not answer.
    pub fn take(&mut self, mut record: Record, server: &mut Server) -> Result<(), Error> {
        if self.before.has(&record) {
            return Ok(());
        }
        self.read_up_to(record.scn);
        if record.scn == self.read.scn {
            self.read.records.insert(record.id.clone());
        }
        match record.operation {
            Operation::Other => Ok(()),
            Operation::Gap => {
                let text = format!(
                    "something is missing in the log at SCN {}: a file of it is damaged, or was not there; start the job without its state, which reads the tables anew",
                    record.scn
                );
                Err(Error::new(Kind::Source, text))
            }
            Operation::Rollback => {
                self.transactions.end(&record.transaction);
                Ok(())
            }
            Operation::Commit => self.commit(&record, server),
            _ => {
                self.name(&mut record, server)?;
                let is_followed = self.is_followed(&record)?;
                let keys = self.outgoing.definitions().get(&record.table).map(|known| &known.keys[..]);
                self.transactions.take(&record, keys, is_followed).map_err(|e| e.at(record.table.to_string()))
            }
        }
    }

    /// Reads rows that wait for it, where `server` has their tables as they are known. `is_end`: the log was read to its end since.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server, a table, or a value.
    pub fn flush(&mut self, server: &mut Server, is_end: bool) -> Result<(), Error> {
        let names: Vec<TableName> = self.pending.keys().cloned().collect();
        for name in names {
            let Some(layout) = self.layout(&name, server, is_end)? else { continue };
            let Some(pending) = self.pending.get(&name) else { continue };
            let mut wanted: Vec<(&Row, Last)> = pending.rows.iter().map(|(row, last)| (row, *last)).collect();
            wanted.sort_by_key(|(_, last)| *last);
            match rows::read(&mut server.tables, &layout.table, &wanted)? {
                Ok(found) => {
                    self.pending.remove(&name);
                    found.iter().try_for_each(|row| self.write(&layout, row))?;
                }
                // It was changed since it was described.
                Err(rows::Outdated) => {
                    self.layouts.remove(&name);
                }
            }
        }
        if is_end {
            self.transactions.only(&server.under_way()?);
        }
        self.settle();
        Ok(())
    }

    /// Whether so many rows wait that they are to be read before more records are taken.
    pub fn is_behind(&self) -> bool {
        self.pending
            .values()
            .filter(|pending| pending.missing.is_none() && pending.unlike.is_none())
            .map(|pending| pending.rows.len())
            .sum::<usize>()
            >= PENDING
    }

    /// If nothing waits, the job may go on from here.
    fn settle(&mut self) {
        if self.pending.is_empty() {
            self.outgoing.finish();
            let scn = self.transactions.first().unwrap_or(self.read.scn).min(self.read.scn);
            self.outgoing.position = RedoPosition { scn, ..self.now.clone() };
            self.outgoing.settle();
        }
    }

    /// LogMiner has numbers for tables that are not there any more, or were changed.
    fn name(&mut self, record: &mut Record, server: &mut Server) -> Result<(), Error> {
        let Some(number) = record.table.name.strip_prefix(UNNAMED) else { return Ok(()) };
        record.is_readable = false;
        let name = match (self.unnamed.get(number), number.trim().parse()) {
            (Some(name), _) => name.clone(),
            (None, Ok(of)) => {
                let name = server.table_of(of)?;
                self.unnamed.insert(number.to_string(), name.clone());
                name
            }
            (None, Err(_)) => None,
        };
        if let Some(name) = name {
            record.table = name;
        }
        Ok(())
    }

    /// Whether anybody wants what a record says. Rules, and what was refused, stay as they are.
    fn is_followed(&mut self, record: &Record) -> Result<bool, Error> {
        let name = &record.table;
        if record.operation == Operation::Ddl {
            // It may be the last that comes of the table.
            self.followed.remove(name);
        } else if let Some(is_followed) = self.followed.get(name) {
            return Ok(*is_followed);
        }
        // A table that is not there any more.
        if name.name.starts_with(UNNAMED) {
            return Ok(false);
        }
        let is_refused = self.outgoing.definitions().is_refused(name);
        let is_selected =
            |table: &str| Ok::<bool, Error>(!is_refused && self.rules.target(&name.database, table)?.is_some());
        let is_followed = is_selected(&name.name)?;
        if record.operation != Operation::Ddl {
            self.followed.insert(name.clone(), is_followed);
            return Ok(is_followed);
        }
        Ok(is_followed
            || match Ddl::read(&record.sql) {
                Ddl::Rename(to) => is_selected(&to)?,
                _ => false,
            })
    }

    fn commit(&mut self, record: &Record, server: &mut Server) -> Result<(), Error> {
        let committed = self.transactions.end(&record.transaction);
        if self.from.has(record.scn, &record.transaction) {
            return Ok(());
        }
        self.now.give_out(record.scn, &record.transaction);
        self.now.time = (record.seconds - self.ahead) * 1000;
        let Some(Committed { rows, statements, sequences }) = committed else { return Ok(()) };
        let (first, millis) = (self.now.sequence, self.now.time);
        self.now.sequence += STEP * sequences;
        for (name, rows) in rows {
            let pending = self.pending.entry(name).or_default();
            pending.rows.extend(rows.into_iter().map(|(row, at)| (row, (first + STEP * at, millis))));
        }
        for (at, name, ddl) in statements {
            self.statement(first + STEP * at, name, ddl, server)?;
        }
        Ok(())
    }

    /// A table was changed. What its definition says is seen when that is looked at.
    fn statement(&mut self, sequence: i64, name: TableName, ddl: Ddl, server: &mut Server) -> Result<(), Error> {
        self.layouts.remove(&name);
        let of_both = |name: &TableName| format!("{}.{}", backquoted(&name.database), backquoted(&name.name));
        let (ty, sql) = match ddl {
            Ddl::Other => {
                self.pending.entry(name).or_default();
                return Ok(());
            }
            Ddl::Truncate => {
                self.flush(server, false)?;
                ("TRUNCATE", format!("TRUNCATE TABLE {}", of_both(&name)))
            }
            Ddl::Part(what) => ("ALTER", format!("ALTER TABLE {} {what} PARTITION `?`", of_both(&name))),
            Ddl::Drop => {
                self.flush(server, false)?;
                self.pending.remove(&name);
                self.outgoing.change_definitions().forget(&name);
                ("ERASE", format!("DROP TABLE {}", of_both(&name)))
            }
            Ddl::Rename(to) => {
                let to = TableName::new(&name.database, &to);
                self.flush(server, false)?;
                self.layouts.remove(&to);
                // Its rows are to be found under the other name.
                let moved = self.pending.remove(&name).unwrap_or_default().rows;
                self.pending.entry(to.clone()).or_default().rows.extend(moved);
                self.outgoing.change_definitions().rename(&name, &to);
                ("RENAME", format!("RENAME TABLE {} TO {}", of_both(&name), of_both(&to)))
            }
            Ddl::RenameColumn(from, to) => {
                let is_known = self.outgoing.change_definitions().rename_column(&name, &from, &to);
                let pending = self.pending.entry(name.clone()).or_default();
                let rows = std::mem::take(&mut pending.rows).into_iter();
                pending.rows = rows.map(|(row, last)| (row.renamed(&from, &to), last)).collect();
                if !is_known {
                    return Ok(());
                }
                let (from, to) = (backquoted(&from), backquoted(&to));
                ("ALTER", format!("ALTER TABLE {} RENAME COLUMN {from} TO {to}", of_both(&name)))
            }
        };
        self.outgoing.statement(ty, &name, &sql, (sequence, self.now.time));
        Ok(())
    }

    /// How rows of a table are read and written; None where they have to wait. A definition that is another one is taken over when the log has been read to its end since it was
    /// seen: until then a statement may come that says what a column or the table was called before.
    fn layout(&mut self, name: &TableName, server: &mut Server, is_end: bool) -> Result<Option<Arc<Layout>>, Error> {
        if let Some(layout) = self.layouts.get(name) {
            return Ok(Some(layout.clone()));
        }
        let described = server.describe(name)?;
        let Some(pending) = self.pending.get_mut(name) else { return Ok(None) };
        let Some(described) = described else {
            let since = *pending.missing.get_or_insert_with(Instant::now);
            if since.elapsed() > MISSING {
                let text = "the table is not there any more, or this user may not read it, and the log does not say that it was dropped or has another name; \
                            GRANT SELECT on it, or leave it out";
                return Err(Error::new(Kind::Source, text).at(name.to_string()));
            }
            return Ok(None);
        };
        pending.missing = None;
        let known = Known::of(&described);
        if self.outgoing.definitions().get(name) != Some(&known) {
            if !is_end || pending.unlike.as_ref() != Some(&known) {
                if is_end {
                    pending.unlike = Some(known);
                }
                return Ok(None);
            }
            let place = (self.now.sequence - 1, self.now.time);
            self.outgoing.statement("CREATE", name, &known.sql(), place);
            self.outgoing.change_definitions().learn(known);
        }
        pending.unlike = None;
        let types: Vec<String> = described.table.columns.iter().map(|column| column.ty.to_string()).collect();
        let columns =
            described.table.columns.iter().zip(&types).map(|(column, ty)| (column.name.as_str(), ty.as_str()));
        let frame = Arc::new(Frame::new(name.clone(), columns, described.table.keys.clone()));
        let layout = Arc::new(Layout { table: described.table, frame });
        self.layouts.insert(name.clone(), layout.clone());
        Ok(Some(layout))
    }

    /// A message for each row, as no two sequences are neighbours: which rows a message has would be others when the log is read again, and what was loaded is known by its first row.
    fn write(&mut self, layout: &Layout, row: &Found) -> Result<(), Error> {
        let change = if row.is_gone { Change::Delete } else { Change::Insert };
        let message = self.outgoing.row((&layout.frame, change), (row.sequence, row.millis));
        for (at, (column, cell)) in layout.table.columns.iter().zip(&row.cells).enumerate() {
            let (to, _) = message.value(&layout.frame, at);
            match cell {
                None => to.raw(b"null"),
                Some(bytes) if column.is_binary() => to.latin1_string(bytes, Style::Fastjson),
                Some(text) => to.string(text, Style::Fastjson).map_err(|NotUtf8| {
                    let why = format!("a value of the column {} cannot be read: it is not UTF-8", column.name);
                    Error::new(Kind::Source, why).at(layout.frame.name.to_string())
                })?,
            }
        }
        message.end()
    }
}

//! The tables of the messages that came so far: which message goes where, and what has to be done before it does.

use super::columns::ColumnRules;
use super::decoders::Decoders;
use super::existing::unfit;
use super::guess::Guesses;
use super::history::{Changed, Columns, History, HistoryState, is_log};
use super::journal::Journal;
use super::mapping::{MappedTable, Target};
use super::moved::{MovedTable, Opened, Owner, Parked, Stage};
use super::open::source_table;
use super::place::Place;
use super::report::{Report, Reports, Severity, Topic};
use super::rules::{Rules, TargetName};
use super::source::SourceTable;
use super::table::Progress;
use super::tables::{Change, DorisTables};
use super::writer::{Audience, Counts};
use crate::canal::envelope::Member;
use crate::canal::event::{Event, EventKind};
use crate::canal::head::{Head, HeadReader};
use crate::error::{Error, Kind};
use crate::sync::ddl::{SchemaChange, TableName};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// For how long rows wait for a change that their columns tell of and that has not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a message, or of those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is written, or counted, or parked.
    Done,
    /// The loader holds all the memory there is.
    Full,
}

/// What became of a message of rows.
pub(super) enum Taking {
    Done,
    Full,
    /// The table's stage has changed; then it is to be taken again.
    Later,
    /// Its rows wait at the head of the table's queue.
    Apart,
}

/// A message of rows, as far as it concerns its table.
pub(super) struct Rows<'m> {
    pub head: Head<'m>,
    pub message: &'m [u8],
    pub place: Place,
}

/// All tables of one subtask.
pub struct Database {
    pub(super) history: History,
    pub(super) rules: Rules,
    pub(super) columns: ColumnRules,
    pub(super) tables: DorisTables,
    pub(super) journal: Option<Journal>,
    /// The journal's table is there.
    pub(super) journal_made: bool,
    /// By `database`, a zero byte, `table`; None for a table that is not moved, or not by this subtask.
    names: HashMap<Box<[u8]>, Option<usize>>,
    name: Vec<u8>,
    /// The table of the message before.
    pub(super) last: Option<usize>,
    guesses: Guesses,
    decoders: Decoders,
    pub(super) owner: Owner,
    pub(super) all: Vec<MovedTable>,
    /// The partitions that messages came from: in one of several a change may stand behind newer rows in another one.
    pub(super) partitions: BTreeSet<u32>,
    /// The one of the message before.
    partition: Option<u32>,
    /// Where the message stands that is being taken.
    pub(super) place: Place,
    /// The table whose message waits for room, decoded. As long as there is one no other message is: tables share decoders.
    pub(super) waiting: Option<usize>,
    /// Bytes of the bodies that grow.
    pub(super) open_bytes: u64,
    /// The table whose body was handed over last to make room.
    turn: usize,
    /// Bytes of the messages that wait for a change of their table.
    pub(super) parked_bytes: u64,
    pub(super) counts: Counts,
    pub(super) reports: Reports,
}

impl Database {
    pub(super) fn new(
        (rules, columns): (Rules, ColumnRules),
        tables: DorisTables,
        journal: Option<Journal>,
    ) -> Database {
        let label = &tables.spec.label;
        let owner = Owner { subtask: label.subtask, subtasks: label.subtasks, adopted: Vec::new() };
        Database {
            history: History::default(),
            rules,
            columns,
            tables,
            journal,
            journal_made: false,
            names: HashMap::new(),
            name: Vec::new(),
            last: None,
            guesses: Guesses::default(),
            decoders: Decoders::default(),
            owner,
            all: Vec::new(),
            partitions: BTreeSet::new(),
            partition: None,
            place: Place { partition: 0, sequence: 0 },
            waiting: None,
            open_bytes: 0,
            turn: 0,
            parked_bytes: 0,
            counts: Counts::default(),
            reports: Reports::default(),
        }
    }

    pub(super) fn restore(&mut self, state: HistoryState) {
        self.history.restore(state);
    }

    pub(super) fn read_journal(&mut self) -> Result<(), Error> {
        let Some(journal) = &self.journal else { return Ok(()) };
        journal.read(&self.tables.doris)?.into_iter().for_each(|known| self.history.merge(known));
        Ok(())
    }

    /// Takes a message.
    pub(super) fn take(
        &mut self,
        heads: &mut HeadReader,
        message: &[u8],
        place: Place,
        audience: Audience,
    ) -> Result<Step, Error> {
        self.place = place;
        if self.partition != Some(place.partition) {
            self.partition = Some(place.partition);
            self.see_partition(place.partition);
        }
        if let Some(step) = self.take_guessed(message, place)? {
            return Ok(step);
        }
        let Ok(head) = heads.read(message) else {
            return self.unapplied("", "a message cannot be read: it is no message of Canal's: not strict JSON");
        };
        match head.event() {
            Event::Rows(_) | Event::Update => {}
            Event::Statement(EventKind::Ddl) => {
                self.counts.ddl += 1;
                self.statement(&head, message, place, audience)?;
                return self.advance_all(heads);
            }
            Event::Statement(_) => {
                self.counts.skipped += 1;
                return Ok(Step::Done);
            }
            Event::Unknown => {
                return self.unapplied("", "a message cannot be read: its `type` is none that Canal or Flink knows");
            }
        }
        let Some(which) = self.of(&head, audience)? else { return Ok(Step::Done) };
        let table = &mut self.all[which];
        if matches!(table.stage, Stage::Refused) && table.queue.is_empty() {
            self.counts.refused += 1;
            return Ok(Step::Done);
        }
        if matches!(table.stage, Stage::Ready) && table.queue.is_empty() {
            let rows = Rows { head, message, place };
            match self.rows(which, &rows)? {
                Taking::Done => return Ok(Step::Done),
                Taking::Full => return Ok(Step::Full),
                Taking::Apart => return self.advance(heads, which),
                Taking::Later => {}
            }
        }
        let message = String::from_utf8_lossy(message).into_owned();
        self.park(which, Parked { place, message, is_statement: false }, false);
        self.advance(heads, which)
    }

    /// Takes a message by the decoder of the table that it seems to be of, if that is ready and has messages of these columns. None if it is to be read
    /// first: nothing has happened then.
    fn take_guessed(&mut self, message: &[u8], place: Place) -> Result<Option<Step>, Error> {
        let again = self.last.filter(|last| self.guesses.is_of(message, self.all[*last].name.name.as_bytes()));
        let Some(which) = again.or_else(|| self.guesses.of(message)) else { return Ok(None) };
        let table = &mut self.all[which];
        if !table.is_plain(place) {
            return Ok(None);
        }
        let Some(Opened { names, schema: known, outline, lacks, writer }) = &mut table.opened else { return Ok(None) };
        let is_own = |head: &Head<'_>| {
            let own = names.each_ref().map(|name| &**name) == spelled(head)
                && (outline.is_some() && *outline == head.outline()
                    || known.each_ref().map(|known| &**known) == schema(head))
                && (lacks.is_empty() || head.event() != Event::Update);
            if own {
                *outline = head.outline();
            }
            own
        };
        let right = writer.decode_own(&mut self.decoders, message, place.sequence, is_own);
        self.guesses.settle(right);
        if !right {
            return Ok(None);
        }
        self.last = Some(which);
        Ok(Some(match self.decoded(which, place)? {
            Taking::Full => Step::Full,
            Taking::Done | Taking::Later | Taking::Apart => Step::Done,
        }))
    }

    fn see_partition(&mut self, partition: u32) {
        if self.partitions.insert(partition) && self.partitions.len() == 2 {
            let text = "the topic comes in several partitions: where Canal hashes by key, rows whose key changes, and rows around RENAME and \
                        TRUNCATE, have no order; let it hash such tables by table";
            self.reports.add(Severity::Warning, Topic::Order, "", text);
        }
    }

    /// Takes a message that a checkpoint has kept. The tables that it waited for were `whose`, and are this subtask's now.
    pub(super) fn park_restored(&mut self, heads: &mut HeadReader, parked: Parked, whose: &Owner) -> Result<(), Error> {
        let Ok(head) = heads.read(parked.message.as_bytes()) else { return Ok(()) };
        let is_statement = matches!(head.event(), Event::Statement(_));
        let names = if is_statement {
            self.tables_of_statement(&head)
        } else {
            vec![TableName::new(head.database().unwrap_or_default(), head.table().unwrap_or_default())]
        };
        for name in names.iter().filter(|name| whose.owns(name)) {
            if !self.owner.owns(name) {
                self.owner.adopted.push(name.clone());
            }
        }
        // In a queue of each of its tables there was a copy.
        for name in names.iter().filter(|name| whose.owns(name)) {
            if let Some(which) = self.mine(name)?
                && !self.all[which].queue.iter().any(|there| there.place == parked.place)
            {
                self.park(which, parked.clone(), false);
            }
        }
        Ok(())
    }

    /// The table that a message is of, by its number; None if it is not moved by this subtask, which is counted.
    fn of(&mut self, head: &Head<'_>, audience: Audience) -> Result<Option<usize>, Error> {
        // Messages of one table mostly come one after the other.
        if let Some(last) = self.last.map(|last| &self.all[last].name)
            && head.is(Member::Database, &last.database)
            && head.is(Member::Table, &last.name)
        {
            return Ok(self.last);
        }
        self.last = self.find(head, audience)?;
        Ok(self.last)
    }

    fn find(&mut self, head: &Head<'_>, audience: Audience) -> Result<Option<usize>, Error> {
        let (Some(database), Some(table)) = (head.database(), head.table()) else {
            self.unapplied("", "a message cannot be read: `database` or `table` is missing")?;
            return Ok(None);
        };
        self.name.clear();
        self.name.extend_from_slice(database.as_bytes());
        self.name.push(0);
        self.name.extend_from_slice(table.as_bytes());
        let which = match self.names.get(self.name.as_slice()) {
            Some(which) => *which,
            None => {
                let name = TableName::new(database, table);
                self.check_owner(&name, audience)?;
                let which = self.mine(&name)?;
                if which.is_none() {
                    self.names.insert(self.name.as_slice().into(), None);
                }
                which
            }
        };
        self.counts.filtered += u64::from(which.is_none());
        Ok(which)
    }

    /// The table of that name, whoever it belongs to; None if it is not moved.
    pub(super) fn named(&mut self, name: &TableName) -> Result<Option<usize>, Error> {
        let key: Vec<u8> = [name.database.as_bytes(), &[0], name.name.as_bytes()].concat();
        if let Some(Some(which)) = self.names.get(key.as_slice()) {
            return Ok(Some(*which));
        }
        let Some(target) = self.rules.target(&name.database, &name.name)? else { return Ok(None) };
        let loaded = self.loaded_before(name, &target)?;
        self.all.push(MovedTable::new(name.clone(), target, loaded));
        self.names.insert(key.into(), Some(self.all.len() - 1));
        self.guesses.note(&name.name, self.all.len() - 1);
        Ok(Some(self.all.len() - 1))
    }

    /// Up to where a table's rows were loaded by earlier runs. A table that is not there, though it was neither dropped nor renamed, begins from
    /// nothing.
    fn loaded_before(&mut self, name: &TableName, target: &TargetName) -> Result<BTreeMap<u32, i64>, Error> {
        let Some(changed) = self.history.changed(name) else { return Ok(BTreeMap::new()) };
        let (loaded, begun) = (changed.loaded.clone(), changed.begun);
        if !begun && self.history.table(name).is_some() && self.tables.ask(target)?.is_none() {
            self.history.forget_place(name);
            return Ok(BTreeMap::new());
        }
        Ok(loaded)
    }

    /// The table of that name, if it is this subtask's to move.
    pub(super) fn mine(&mut self, name: &TableName) -> Result<Option<usize>, Error> {
        if self.owner.owns(name) && !is_log(&name.name) && !self.is_ghost(name)? { self.named(name) } else { Ok(None) }
    }

    fn check_owner(&self, name: &TableName, audience: Audience) -> Result<(), Error> {
        if audience == Audience::All || self.owner.owns(name) {
            return Ok(());
        }
        let label = &self.tables.spec.label;
        Err(Error::new(
            Kind::IllegalState,
            format!(
                "a message of {name} reached subtask {} of {}, which does not move that table; messages have to be routed by table",
                label.subtask, label.subtasks
            ),
        ))
    }

    /// Whether a table was made by an online schema change: the table that it is for is known, or is in Doris.
    pub(super) fn is_ghost(&self, name: &TableName) -> Result<bool, Error> {
        if self.history.is_ghost(name) {
            return Ok(true);
        }
        let Some((_, of)) = super::ddl::online::role(&name.name) else { return Ok(false) };
        match self.rules.target(&name.database, of)? {
            Some(target) => Ok(self.tables.ask(&target)?.is_some()),
            None => Ok(false),
        }
    }

    /// Writes a message of rows into its table, if that is ready for it.
    pub(super) fn rows(&mut self, which: usize, rows: &Rows<'_>) -> Result<Taking, Error> {
        if self.all[which].is_loaded(rows.place) {
            self.replayed(which);
            return Ok(Taking::Done);
        }
        let table = &mut self.all[which];
        let same = |opened: &Opened| opened.schema.each_ref().map(|known| &**known) == schema(&rows.head);
        if !table.opened.as_ref().is_some_and(same)
            && let Some(taking) = self.reopen(which, rows)?
        {
            return Ok(taking);
        }
        let table = &mut self.all[which];
        let Some(opened) = &mut table.opened else { return Ok(Taking::Done) };
        if !opened.lacks.is_empty() && rows.head.event() == Event::Update {
            let lacks = opened.lacks.clone();
            return self.partial(which, &lacks);
        }
        if table.stopped.is_some() {
            self.resumed(which);
        }
        let table = &mut self.all[which];
        let Some(opened) = &mut table.opened else { return Ok(Taking::Done) };
        if let Err(e) = opened.writer.decode(&mut self.decoders, rows.message, rows.place.sequence) {
            if self.take_apart(which, rows) {
                return Ok(Taking::Apart);
            }
            let table = &mut self.all[which];
            table.seen.see(rows.place);
            self.counts.messages += 1;
            return self.failed(which, e);
        }
        self.decoded(which, rows.place)
    }

    /// Writes a message that its table has just decoded.
    fn decoded(&mut self, which: usize, place: Place) -> Result<Taking, Error> {
        self.all[which].seen.see(place);
        self.counts.messages += 1;
        self.waiting = Some(which);
        Ok(if self.write(which)? { Taking::Done } else { Taking::Full })
    }

    /// Writes the message that its table has decoded; false while there is no room.
    pub(super) fn write(&mut self, which: usize) -> Result<bool, Error> {
        loop {
            let Some(opened) = &mut self.all[which].opened else { return Ok(true) };
            let writer = &mut opened.writer;
            let (rows, bytes) = (writer.rows, writer.open_bytes());
            let progress = writer.write(&mut self.decoders)?;
            self.counts.rows += writer.rows - rows;
            self.open_bytes = self.open_bytes + writer.open_bytes() - bytes;
            match progress {
                Progress::Full => return Ok(false),
                Progress::Bad(why) => {
                    let table = self.all[which].name.to_string();
                    self.unapplied(&table, &why)?;
                }
                Progress::Done => {
                    self.waiting = None;
                    return Ok(true);
                }
            }
        }
    }

    /// Makes the table ready for a message with other columns. None when it is.
    fn reopen(&mut self, which: usize, rows: &Rows<'_>) -> Result<Option<Taking>, Error> {
        let name = self.all[which].name.clone();
        let message = match source_table(&rows.head) {
            Ok(message) => message,
            Err(e) => return self.failed(which, e).map(Some),
        };
        let alone = self.all[which].waited || self.partitions.len() < 2;
        let when = (rows.place, rows.head.executed().unwrap_or(0));
        let update = rows.head.event() == Event::Update;
        let columns = self.history.columns(&name, &message, when, alone, update);
        match columns {
            Columns::Partial(lacks) => return self.partial(which, &lacks).map(Some),
            Columns::Unclear => {
                self.all[which].stage = Stage::Awaiting(Instant::now() + PATIENCE);
                return Ok(Some(Taking::Later));
            }
            _ => {}
        }
        if !self.is_settled(which)? {
            self.all[which].stage = Stage::Settling(vec![which]);
            return Ok(Some(Taking::Later));
        }
        let changed = |loaded| Changed { loaded, ..Changed::at(rows.place, when.1) };
        match columns {
            Columns::Newer(clauses) => {
                let change = SchemaChange::AlterTable { table: name, changes: clauses };
                let changed = changed(self.all[which].places());
                self.begin(which, VecDeque::from([change]), changed, false)?;
                return Ok(Some(Taking::Later));
            }
            Columns::OtherKey(ref keys) => {
                if !self.has_key(which, keys)? {
                    let why = self.other_key(which, keys);
                    self.stop(which, Some(why), changed(BTreeMap::new()));
                    return Ok(Some(Taking::Later));
                }
                self.history.learn(message.clone());
            }
            _ => {}
        }
        self.open(which, rows, message, columns == Columns::Before)
    }

    /// Opens a writer for the message's columns; makes the table if it is not there.
    fn open(
        &mut self,
        which: usize,
        rows: &Rows<'_>,
        message: SourceTable,
        before: bool,
    ) -> Result<Option<Taking>, Error> {
        let name = self.all[which].name.clone();
        let is_new = self.history.table(&name).is_none();
        let known = self.history.table(&name).unwrap_or(&message);
        // Doris gets the table as it is known, the writer what this message has of it.
        let mapped = match self.mapped(which, known, None) {
            Ok(mapped) => mapped,
            Err(refusal) => return self.refuse(which, &refusal).map(Some),
        };
        let (target, when) = (self.all[which].target.clone(), rows.head.executed().unwrap_or(0));
        let table = match self.tables.ask(&target)? {
            Some(table) => {
                if let Some(unfit) = unfit(&mapped, &table) {
                    return self.refuse(which, &unfit).map(Some);
                }
                self.warn_of_order(which, &table);
                if is_new {
                    self.compare(which, &mapped)?;
                }
                match self.tables.widen(&mapped, &table)? {
                    Change::Impossible(impossible) => {
                        self.stop(which, Some(impossible), Changed::at(rows.place, when));
                        return Ok(Some(Taking::Later));
                    }
                    Change::UnderWay => {
                        self.stop(which, None, Changed::at(rows.place, when));
                        return Ok(Some(Taking::Later));
                    }
                    Change::Done => self.tables.ask(&target)?.unwrap_or(table),
                }
            }
            None => {
                let table = self.tables.create(&mapped)?;
                self.created(which, &mapped);
                table
            }
        };
        self.report_statements(which);
        if is_new {
            self.history.learn(message.clone());
        }
        let read = self.history.as_read(&name, &message);
        let mapped = match self.mapped(which, &read, before.then_some(&name)) {
            Ok(mapped) => mapped,
            Err(refusal) => return self.refuse(which, &refusal).map(Some),
        };
        let lacks = match self.history.table(&name) {
            Some(known) if !before => {
                known.columns.iter().filter(|c| message.column(&c.name).is_none()).map(|c| c.name.clone()).collect()
            }
            _ => Vec::new(),
        };
        self.counts.reopened += u64::from(self.all[which].close());
        if self.tables.plans() {
            return Ok(Some(Taking::Done));
        }
        let added = self.columns.added(&read.full_name());
        let writer = self
            .tables
            .writer(&mut self.decoders, &read, &mapped, added, &table)
            .map_err(|e| e.at(target.to_string()))?;
        let [names, schema] = [spelled(&rows.head), schema(&rows.head)].map(|raw| raw.map(Into::into));
        self.all[which].opened = Some(Opened { names, schema, outline: None, lacks, writer });
        Ok(None)
    }

    /// The table as it is to be in Doris. `before`: columns of a message of before the last change go by their names of now.
    pub(super) fn mapped(
        &self,
        which: usize,
        source: &SourceTable,
        before: Option<&TableName>,
    ) -> Result<MappedTable, super::refusal::Refusal> {
        let target = &self.all[which].target;
        let spec = &self.tables.spec;
        let table = source.full_name();
        let column = |name: &str| match before {
            Some(now) => self.columns.name(&table, &self.history.name_now(now, name)?),
            None => self.columns.name(&table, name),
        };
        let keyless = self.tables.properties.of(target).duplicate_without_key;
        let target = Target { database: &target.database, table: &target.table, column: &column };
        let mut mapped = MappedTable::of(source, target, &spec.types, keyless)?;
        self.columns.extend(&table, &mut mapped)?;
        Ok(mapped)
    }

    /// Whether all that was written to a table is in Doris. Hands over what is not.
    pub(super) fn is_settled(&mut self, which: usize) -> Result<bool, Error> {
        self.hand_over(which)?;
        self.all[which].opened.as_ref().map_or(Ok(true), |opened| opened.writer.settled(Duration::ZERO))
    }

    /// Hands over a table's body.
    fn hand_over(&mut self, which: usize) -> Result<(), Error> {
        let Some(Opened { writer, .. }) = &mut self.all[which].opened else { return Ok(()) };
        self.open_bytes -= writer.open_bytes();
        writer.flush()
    }

    /// Hands over all bodies.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.open_bytes = 0;
        self.all.iter_mut().filter_map(|table| table.opened.as_mut()).try_for_each(|opened| opened.writer.flush())
    }

    /// Hands over the bodies of some tables, of so many bytes or more: each time those whose turn it is, so that all have had the same time to grow.
    pub(super) fn flush_some(&mut self, bytes: u64) -> Result<(), Error> {
        let least = self.open_bytes.saturating_sub(bytes);
        for _ in 0..self.all.len() {
            if self.open_bytes <= least {
                break;
            }
            self.turn = (self.turn + 1) % self.all.len();
            self.hand_over(self.turn)?;
        }
        Ok(())
    }

    pub(super) fn rows_by_table(&self) -> impl Iterator<Item = (String, u64)> {
        self.all.iter().map(|table| (table.name.to_string(), table.rows()))
    }

    pub(super) fn take_reports(&mut self) -> Vec<Report> {
        let mut refused = Vec::new();
        for table in &mut self.all {
            refused.extend(table.opened.as_mut().map(|opened| opened.writer.take_refused()).unwrap_or_default());
        }
        for row in refused {
            self.counts.unapplied += 1;
            let text = format!("a row is refused by Doris: {}; it is {}", row.reason, row.row.trim_end());
            self.reports.add(Severity::Error, Topic::Unapplied, row.table, text);
        }
        self.reports.take()
    }
}

/// `database` and `table` as a message spells them: equal texts are equal names.
fn spelled<'r>(head: &Head<'r>) -> [&'r [u8]; 2] {
    [Member::Database, Member::Table].map(|member| head.raw(member).unwrap_or_default())
}

/// `mysqlType` and `pkNames`: what a table's columns are, as the message says it.
fn schema<'r>(head: &Head<'r>) -> [&'r [u8]; 2] {
    [Member::MysqlType, Member::PkNames].map(|member| head.raw(member).unwrap_or_default())
}

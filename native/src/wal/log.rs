//! What of the log's events becomes messages. Asks nobody: what it does not know it says, and is given the same event again.

use super::definitions::{Definitions, Known, KnownColumn};
use super::event::{Event, Old, Relation, Tuple};
use super::message::{Layout, Value};
use super::position::{Lsn, WalPosition};
use crate::changes::definitions::Named;
use crate::changes::message::{Change, Message};
use crate::changes::outgoing::{Batch, Outgoing};
use crate::error::{Error, Kind};
use crate::snapshot::default::constant;
use crate::snapshot::definition::{Definition, create_table};
use crate::snapshot::message::now;
use crate::snapshot::mysql::server::backquoted;
use crate::snapshot::postgres::catalogue::{Described, Types};
use crate::snapshot::postgres::types::travel;
use crate::sync::ddl::TableName;
use crate::sync::rules::Rules;
use std::collections::HashMap;
use std::sync::Arc;

/// What has to be known before an event can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is read.
    Nothing,
    /// The server's types; to be told by [`Log::learn_types`].
    Types,
    /// A table as the server has it; to be told by [`Log::learn_table`].
    Table(TableName),
    /// Values that an update did not change; to be told by [`Log::learn_values`].
    Values(Missing),
}

/// Values of a row that the log lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Whose row it is.
    pub table: TableName,
    /// Whether that has partitions.
    pub is_partitioned: bool,
    /// The columns.
    pub columns: Vec<String>,
    /// The row's key: columns and their texts.
    pub key: Vec<(String, Vec<u8>)>,
}

/// What was found of such values, in the order of the columns, as the server prints them; None if there is no such row.
pub type Found = Option<Vec<Option<Vec<u8>>>>;

/// A table that the server has described. It also describes partitions, of which no rows come; so what follows waits for the first row.
#[derive(Debug)]
enum Mapped {
    /// Rows are passed over.
    Ignored,
    /// How rows are read.
    Read(Arc<Layout>),
    /// The same, once this is said.
    First(Arc<Layout>, First),
}

/// What comes before a table's first row.
#[derive(Debug, Clone, Default)]
struct First {
    /// Schema changes: their types, SQL and sequences.
    statements: Vec<(&'static str, String, i64)>,
    /// Why it cannot be followed.
    problem: Option<String>,
}

/// The log from a place on.
#[derive(Debug)]
pub struct Log {
    rules: Rules,
    types: Option<Types>,
    /// What was asked for the event that is to be taken again.
    types_are_new: bool,
    table: Option<Option<Described>>,
    values: Option<Found>,
    /// By number.
    tables: HashMap<u32, Mapped>,
    /// When the transaction under way was committed; None between two.
    millis: Option<i64>,
    /// Of the next change.
    sequence: i64,
    outgoing: Outgoing<WalPosition, Definitions>,
}

impl Log {
    /// The log behind `position`, where the tables are as `definitions` says.
    pub fn new((rules, message_bytes): (Rules, usize), position: WalPosition, definitions: Arc<Definitions>) -> Log {
        Log {
            rules,
            types: None,
            types_are_new: false,
            table: None,
            values: None,
            tables: HashMap::new(),
            millis: None,
            sequence: position.sequence,
            outgoing: Outgoing::new(position, definitions, message_bytes),
        }
    }

    /// Takes the next event. If something has to be known for it, nothing has happened, and it is to be taken again.
    ///
    /// # Errors
    /// [`Kind::Source`]: the log has something that cannot be followed, with the remedy.
    pub fn take(&mut self, event: &Event<'_>) -> Result<Need, Error> {
        match event {
            Event::Begin { millis, .. } => self.millis = Some(*millis),
            Event::Commit { end } => self.commit(Lsn(*end)),
            Event::Relation(relation) => return self.relation(relation),
            Event::Insert { table, new } => self.insert(*table, new)?,
            Event::Update { table, old, new } => return self.update(*table, old.as_ref(), new),
            Event::Delete { table, old } => self.delete(*table, old)?,
            Event::Truncate { tables } => self.truncate(tables)?,
            Event::Other => {}
        }
        Ok(Need::Nothing)
    }

    /// Tells of the server's types.
    pub fn learn_types(&mut self, types: Types) {
        self.types = Some(types);
        self.types_are_new = true;
    }

    /// Tells of a table that was needed; None where the server has none of that name any more.
    pub fn learn_table(&mut self, table: Option<Described>) {
        self.table = Some(table);
    }

    /// Tells of values that were needed.
    pub fn learn_values(&mut self, found: Found) {
        self.values = Some(found);
    }

    /// Whether there are enough messages for a batch.
    pub fn is_full(&self) -> bool {
        self.outgoing.is_full()
    }

    /// The messages so far, if there are any or the position has moved since `before`.
    pub fn batch(&mut self, before: &WalPosition) -> Option<Batch<WalPosition, Definitions>> {
        self.outgoing.batch(before)
    }

    /// The server has nothing to be sent up to there.
    pub fn heartbeat(&mut self, end: Lsn) {
        let position = &mut self.outgoing.position;
        if self.millis.is_none() && end >= position.lsn {
            position.lsn = end;
            position.time = now();
        }
    }

    fn commit(&mut self, end: Lsn) {
        self.outgoing.finish();
        let position = &mut self.outgoing.position;
        position.lsn = end;
        position.sequence = self.sequence;
        position.time = self.millis.take().unwrap_or(position.time);
        self.outgoing.settle();
    }

    fn relation(&mut self, relation: &Relation) -> Result<Need, Error> {
        let name = TableName::new(&relation.schema, &relation.name);
        let is_refused = self.outgoing.definitions().is_refused(&name);
        let is_selected = !is_refused && self.rules.target(&name.database, &name.name)?.is_some();
        if is_selected && !self.types_are_new {
            let knows = |types: &Types| relation.columns.iter().all(|column| types.has(column.ty));
            if !self.types.as_ref().is_some_and(knows) {
                return Ok(Need::Types);
            }
        }
        let known = self.outgoing.definitions().get(&name);
        let is_known = known.is_some_and(|known| known.is(relation) && (known.keys.is_some() || !is_selected));
        if !is_known && is_selected && self.table.is_none() {
            return Ok(Need::Table(name));
        }
        // What was not said for want of a row is said with this.
        let mut first = match self.tables.remove(&relation.number) {
            Some(Mapped::First(_, first)) => first,
            _ => First::default(),
        };
        if !is_known {
            let described = self.table.take().flatten();
            first.statements.extend(self.define(&name, relation, is_selected, described.as_ref()));
        }
        self.types_are_new = false;
        let mapped = match (self.outgoing.definitions().get(&name), &self.types) {
            (Some(known), Some(types)) if is_selected => {
                first.problem = other_identity(relation, known);
                Mapped::First(Arc::new(Layout::new(relation, known, types)), first)
            }
            _ => Mapped::Ignored,
        };
        self.tables.insert(relation.number, mapped);
        Ok(Need::Nothing)
    }

    /// A table is new, or another one from here on: the statements that say so. It takes two sequences, selected or not, so that they are the same whatever
    /// is selected.
    fn define(
        &mut self,
        name: &TableName,
        relation: &Relation,
        is_selected: bool,
        described: Option<&Described>,
    ) -> Vec<(&'static str, String, i64)> {
        let known = known(relation, is_selected, described, self.outgoing.definitions().get(name));
        let mut statements = Vec::new();
        if let (true, Some(types)) = (is_selected, &self.types) {
            let renamed =
                self.outgoing.definitions().get(name).map(|old| renamed(old, &known, described)).unwrap_or_default();
            if !renamed.is_empty() {
                let of =
                    |(from, to): &(String, String)| format!("RENAME COLUMN {} TO {}", backquoted(from), backquoted(to));
                let clauses: Vec<String> = renamed.iter().map(of).collect();
                let sql = format!("ALTER TABLE {} {}", of_both(name), clauses.join(", "));
                statements.push(("ALTER", sql, self.sequence));
            }
            let sql = definition(relation, &known, described, types);
            statements.push(("CREATE", sql, self.sequence + 1));
        }
        self.sequence += 2;
        self.outgoing.change_definitions().learn(known);
        statements
    }

    /// How rows of a table are written; None if they are passed over. Before the first one it is said what the table is like.
    fn layout(&mut self, table: u32) -> Result<Option<Arc<Layout>>, Error> {
        let (layout, first) = match self.tables.get_mut(&table) {
            Some(Mapped::Ignored) => return Ok(None),
            Some(Mapped::Read(layout)) => return Ok(Some(layout.clone())),
            Some(Mapped::First(layout, first)) => (layout.clone(), std::mem::take(first)),
            None => {
                let text = format!("rows come of the table {table}, which the server's log did not describe before");
                return Err(Error::new(Kind::Source, text));
            }
        };
        if let Some(problem) = first.problem {
            return Err(Error::new(Kind::Source, problem));
        }
        for (ty, sql, sequence) in first.statements {
            self.outgoing.statement(ty, &layout.frame.name, &sql, (sequence, self.millis.unwrap_or_default()));
        }
        self.tables.insert(table, Mapped::Read(layout.clone()));
        Ok(Some(layout))
    }

    /// Where the next row goes.
    fn row(&mut self, layout: &Layout, change: Change) -> &mut Message {
        self.outgoing.row((&layout.frame, change), (self.sequence, self.millis.unwrap_or_default()))
    }

    fn insert(&mut self, table: u32, new: &Tuple<'_>) -> Result<(), Error> {
        if let Some(layout) = self.layout(table)? {
            layout.check(new)?;
            layout.insert(new, self.row(&layout, Change::Insert))?;
        }
        self.sequence += Change::Insert.sequences();
        Ok(())
    }

    fn update(&mut self, table: u32, old: Option<&Old<'_>>, new: &Tuple<'_>) -> Result<Need, Error> {
        if let Some(layout) = self.layout(table)? {
            layout.check(new)?;
            old.map_or(Ok(()), |old| layout.check(&old.tuple()))?;
            let (values, lacks) = layout.completed(new, old);
            let found = match (lacks.is_empty(), self.values.take()) {
                (true, _) => Some(Vec::new()),
                (false, Some(found)) => found,
                (false, None) => return missing(&layout, &values, lacks).map(Need::Values),
            };
            match found {
                Some(found) => {
                    let mut found = found.iter();
                    let filled: Vec<Value<'_>> = values
                        .into_iter()
                        .map(|value| value.unwrap_or_else(|| found.next().and_then(Option::as_deref)))
                        .collect();
                    layout.update(&filled, old, self.row(&layout, Change::Update))?;
                }
                // Later the log has what became of it. Until then the row before is right, unless that has another key.
                None => {
                    if let Some(old) = old {
                        layout.delete(old, self.row(&layout, Change::Delete))?;
                    }
                }
            }
        }
        self.sequence += Change::Update.sequences();
        Ok(Need::Nothing)
    }

    fn delete(&mut self, table: u32, old: &Old<'_>) -> Result<(), Error> {
        if let Some(layout) = self.layout(table)? {
            layout.check(&old.tuple())?;
            layout.delete(old, self.row(&layout, Change::Delete))?;
        }
        self.sequence += Change::Delete.sequences();
        Ok(())
    }

    fn truncate(&mut self, tables: &[u32]) -> Result<(), Error> {
        for table in tables {
            if let Some(layout) = self.layout(*table)? {
                let name = &layout.frame.name;
                let sql = format!("TRUNCATE TABLE {}", of_both(name));
                self.outgoing.statement("TRUNCATE", name, &sql, (self.sequence, self.millis.unwrap_or_default()));
            }
            self.sequence += 1;
        }
        Ok(())
    }
}

fn of_both(name: &TableName) -> String {
    format!("{}.{}", backquoted(&name.database), backquoted(&name.name))
}

fn missing(layout: &Layout, values: &[Option<Value<'_>>], columns: Vec<String>) -> Result<Missing, Error> {
    let Some(key) = layout.key(values) else {
        let text = format!(
            "an update of {} lacks {}, which it did not change, and the row has no key to ask for it by; ALTER TABLE {} REPLICA IDENTITY FULL, then start \
             the job without its state, which reads the tables anew",
            layout.frame.name,
            columns.join(", "),
            layout.frame.name
        );
        return Err(Error::new(Kind::Source, text));
    };
    Ok(Missing { table: layout.frame.name.clone(), is_partitioned: layout.is_partitioned, columns, key })
}

/// Why a table cannot be followed of which a row that is deleted or gets another key is not known by the key.
fn other_identity(relation: &Relation, known: &Known) -> Option<String> {
    let is_identity = |key: &String| relation.columns.iter().any(|column| column.name == *key && column.is_identity);
    if known.keys.iter().flatten().all(is_identity) {
        return None;
    }
    Some(format!(
        "the replica identity of {0} is another than its key, so which rows are changed is not in the server's log; ALTER TABLE {0} REPLICA IDENTITY DEFAULT, \
         then start the job without its state, which reads the tables anew",
        known.name()
    ))
}

fn known(relation: &Relation, is_selected: bool, described: Option<&Described>, before: Option<&Known>) -> Known {
    // By now it may have another name, or be gone.
    let number = |name: &str| {
        let now = described.and_then(|now| now.column(name)).map(|column| column.number);
        let then = || before?.columns.iter().find(|column| column.name == name).map(|column| column.number);
        now.or_else(then).unwrap_or(0)
    };
    let column = |column: &super::event::RelationColumn| KnownColumn {
        name: column.name.clone(),
        ty: column.ty,
        modifier: column.modifier,
        is_identity: column.is_identity,
        number: number(&column.name),
    };
    // A key that has columns of another name by now is not this table's.
    let has = |key: &String| relation.columns.iter().any(|column| column.name == *key);
    let keys = described.map(|now| now.keys.clone()).filter(|keys| keys.iter().all(has));
    let by_identity = || {
        let all = relation.columns.iter().filter(|column| column.is_identity && relation.identity == b'd');
        all.map(|column| column.name.clone()).collect()
    };
    Known {
        schema: relation.schema.clone(),
        table: relation.name.clone(),
        columns: relation.columns.iter().map(column).collect(),
        keys: is_selected.then(|| keys.unwrap_or_else(by_identity)),
        is_partitioned: described.is_some_and(|now| now.is_partitioned),
    }
}

/// Columns that the log has under another name than before, by their numbers, which the server knows of those that are there now.
fn renamed(old: &Known, new: &Known, described: Option<&Described>) -> Vec<(String, String)> {
    let Some(now) = described else { return Vec::new() };
    let is_in = |table: &Known, name: &str| table.columns.iter().any(|column| column.name == name);
    let of = |column: &KnownColumn| {
        let there = now.columns.iter().find(|there| there.number == column.number)?;
        let is_renamed = !is_in(new, &column.name) && is_in(new, &there.name) && !is_in(old, &there.name);
        is_renamed.then(|| (column.name.clone(), there.name.clone()))
    };
    old.columns.iter().filter(|column| column.number > 0).filter_map(of).collect()
}

/// The table as MySQL's SQL has it: columns of the log, with what only the server says of them.
fn definition(relation: &Relation, known: &Known, described: Option<&Described>, types: &Types) -> String {
    let keys = known.keys.clone().unwrap_or_default();
    let column = |column: &super::event::RelationColumn| {
        let travel = travel(&types.resolve(column.ty, column.modifier), types.money_scale());
        let now = described.and_then(|now| now.column(&column.name));
        Definition {
            name: column.name.clone(),
            ty: travel.ty,
            not_null: now.map_or_else(|| keys.contains(&column.name), |now| now.not_null),
            default: now.and_then(|now| constant(now.default.as_ref()?, travel.constant)),
            comment: now.map(|now| now.comment.clone()).unwrap_or_default(),
        }
    };
    let columns: Vec<Definition> = relation.columns.iter().map(column).collect();
    let comment = described.map_or("", |now| now.comment.as_str());
    create_table(&relation.name, &columns, &keys, comment)
}

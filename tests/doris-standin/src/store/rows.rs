//! Stored rows, and how a load's rows change them when the load becomes visible.

use super::Table;
use crate::cast::{CastRules, default_cell};
use crate::cell::{Cell, Decimal};
use crate::schema::{Aggregation, Column, KeyModel, Sequence, TableSchema};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// One cell for each column of the schema, hidden ones included.
pub type Row = Vec<Cell>;

/// The rows of a load or a statement, ready to be applied.
#[derive(Clone, Debug)]
pub struct WriteSet {
    /// The schema that the rows follow: as it was when the load was planned.
    pub schema: Arc<TableSchema>,
    /// Rows in order of arrival.
    pub rows: Vec<Row>,
    /// Whole rows or parts of rows.
    pub mode: WriteMode,
}

/// Which columns of a row were given.
#[derive(Clone, Debug)]
pub enum WriteMode {
    /// All; what was not given has its default already.
    Full,
    /// The same columns in all rows (fixed) or other ones in each (flexible); the rest is taken from the stored row.
    Partial {
        /// Which ones.
        given: GivenColumns,
        /// What to do with a key that is not stored.
        new_key: NewKey,
    },
}

/// Positions of the columns given.
#[derive(Clone, Debug)]
pub enum GivenColumns {
    /// The same in every row.
    Fixed(Vec<usize>),
    /// One list for each row.
    PerRow(Vec<Vec<usize>>),
}

/// `partial_update_new_key_behavior`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// Insert it with defaults.
    Append,
    /// Refuse it.
    Error,
}

impl WriteSet {
    /// Whole rows.
    pub fn full(schema: Arc<TableSchema>, rows: Vec<Row>) -> WriteSet {
        WriteSet { schema, rows, mode: WriteMode::Full }
    }
}

/// Rows as stored.
#[derive(Debug)]
pub enum Rows {
    /// DUPLICATE: in order of arrival.
    Appended(Vec<Row>),
    /// UNIQUE and AGGREGATE: by key.
    Keyed(BTreeMap<Vec<Cell>, Row>),
}

/// Is this delete sign set?
pub fn is_set(cell: &Cell) -> bool {
    match cell {
        Cell::Int(i) => *i != 0,
        Cell::Bool(b) => *b,
        _ => false,
    }
}

impl Rows {
    pub(crate) fn empty(model: KeyModel) -> Rows {
        match model {
            KeyModel::Duplicate => Rows::Appended(Vec::new()),
            _ => Rows::Keyed(BTreeMap::new()),
        }
    }

    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = &Row> + '_> {
        match self {
            Rows::Appended(rows) => Box::new(rows.iter()),
            Rows::Keyed(rows) => Box::new(rows.values()),
        }
    }

    /// Rows whose first key cell is a number in one of these, which are in order; all without them, or where rows are in no order.
    pub(crate) fn within(&self, spans: Option<Vec<(i128, i128)>>) -> Box<dyn Iterator<Item = &Row> + '_> {
        let (Rows::Keyed(rows), Some(spans)) = (self, spans) else { return self.iter() };
        Box::new(spans.into_iter().flat_map(move |(low, high)| {
            let from = [Cell::Int(low)];
            let (low, high) = (Bound::Included(&from[..]), Cell::Int(high));
            rows.range::<[Cell], _>((low, Bound::Unbounded))
                .take_while(move |(key, _)| key[0] <= high)
                .map(|(_, row)| row)
        }))
    }

    pub(crate) fn find(&self, key: &[Cell]) -> Option<&Row> {
        match self {
            Rows::Appended(_) => None,
            Rows::Keyed(rows) => rows.get(key),
        }
    }

    /// Rebuilds every row.
    pub(crate) fn map(&mut self, schema: &TableSchema, change: impl Fn(Row) -> Row) {
        let keys = schema.key_positions();
        match self {
            Rows::Appended(rows) => *rows = std::mem::take(rows).into_iter().map(change).collect(),
            Rows::Keyed(rows) => {
                let changed = std::mem::take(rows).into_values().map(change);
                *rows = changed.map(|row| (key_of(&row, &keys), row)).collect();
            }
        }
    }
}

fn key_of(row: &Row, keys: &[usize]) -> Vec<Cell> {
    keys.iter().map(|&i| row[i].clone()).collect()
}

/// How each column of `to` is had from a row of `from`: by unique id, with a cast, or its default.
pub(crate) fn converter<'a>(
    from: &'a TableSchema,
    to: &'a TableSchema,
    rules: CastRules,
    now_ms: i64,
) -> impl Fn(Row) -> Row + 'a {
    let sources: Vec<(Option<usize>, Cell)> = to
        .columns
        .iter()
        .map(|column| {
            let source = from.columns.iter().position(|c| c.uid == column.uid);
            (source, default_cell(column, &rules, now_ms, 0).unwrap_or(Cell::Null))
        })
        .collect();
    move |mut row| {
        let take = |(i, (source, default)): (usize, &(Option<usize>, Cell))| match source {
            Some(s) if from.columns[*s].ty == to.columns[i].ty => std::mem::replace(&mut row[*s], Cell::Null),
            Some(s) => rules.cell(&row[*s], &to.columns[i].ty).unwrap_or(Cell::Null),
            None => default.clone(),
        };
        sources.iter().enumerate().map(take).collect()
    }
}

impl Table {
    /// Makes a load visible as the table's next version.
    pub(crate) fn publish(&mut self, mut write: WriteSet, rules: CastRules, now_ms: i64) {
        self.version += 1;
        self.updated_ms = now_ms;
        if write.schema.schema_version != self.schema.schema_version {
            write = conform(write, &self.schema, rules, now_ms);
        }
        let schema = self.schema.clone();
        let apply = Apply::new(&schema, self.version, rules, now_ms);
        match &mut self.rows {
            Rows::Appended(rows) => rows.append(&mut write.rows),
            Rows::Keyed(rows) => {
                for (index, row) in write.rows.into_iter().enumerate() {
                    match (&write.mode, schema.model) {
                        (WriteMode::Full, KeyModel::Aggregate) => apply.aggregate(rows, row),
                        (WriteMode::Full, _) => apply.upsert(rows, row),
                        (WriteMode::Partial { given, new_key }, _) => {
                            let given = match given {
                                GivenColumns::Fixed(columns) => columns,
                                GivenColumns::PerRow(columns) => &columns[index],
                            };
                            apply.partial(rows, row, given, *new_key);
                        }
                    }
                }
            }
        }
    }
}

/// A load planned before a schema change, brought to the schema of now.
fn conform(write: WriteSet, schema: &Arc<TableSchema>, rules: CastRules, now_ms: i64) -> WriteSet {
    let uid_position = |old: usize| schema.columns.iter().position(|c| c.uid == write.schema.columns[old].uid);
    let moved = |columns: &Vec<usize>| columns.iter().filter_map(|&c| uid_position(c)).collect::<Vec<_>>();
    let mode = match &write.mode {
        WriteMode::Full => WriteMode::Full,
        WriteMode::Partial { given, new_key } => WriteMode::Partial {
            given: match given {
                GivenColumns::Fixed(columns) => GivenColumns::Fixed(moved(columns)),
                GivenColumns::PerRow(rows) => GivenColumns::PerRow(rows.iter().map(moved).collect()),
            },
            new_key: *new_key,
        },
    };
    let convert = converter(&write.schema, schema, rules, now_ms);
    let rows = write.rows.into_iter().map(convert).collect();
    WriteSet { schema: schema.clone(), rows, mode }
}

struct Apply<'a> {
    schema: &'a TableSchema,
    keys: Vec<usize>,
    sequence: Option<usize>,
    /// The column whose value the sequence column takes.
    sequence_source: Option<usize>,
    delete_sign: Option<usize>,
    version_column: Option<usize>,
    version: u64,
    rules: CastRules,
    now_ms: i64,
}

impl<'a> Apply<'a> {
    fn new(schema: &'a TableSchema, version: u64, rules: CastRules, now_ms: i64) -> Apply<'a> {
        let sequence_source = match &schema.sequence {
            Some(Sequence::Column(name)) => schema.position(name),
            _ => None,
        };
        Apply {
            keys: schema.key_positions(),
            sequence: schema.sequence_position(),
            sequence_source,
            delete_sign: schema.delete_sign(),
            version_column: schema.position(crate::schema::VERSION_COL),
            schema,
            version,
            rules,
            now_ms,
        }
    }

    /// UNIQUE: the later row wins, unless its sequence is smaller.
    fn upsert(&self, rows: &mut BTreeMap<Vec<Cell>, Row>, mut row: Row) {
        if let (Some(sequence), Some(source)) = (self.sequence, self.sequence_source) {
            row[sequence] = row[source].clone();
        }
        self.place(rows, key_of(&row, &self.keys), row);
    }

    fn place(&self, rows: &mut BTreeMap<Vec<Cell>, Row>, key: Vec<Cell>, mut row: Row) {
        if let Some(version) = self.version_column {
            row[version] = Cell::Int(self.version as i128);
        }
        // It may stay for good.
        row.shrink_to_fit();
        match rows.entry(key) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(row);
            }
            std::collections::btree_map::Entry::Occupied(mut stored) => {
                if self.sequence.is_none_or(|s| row[s] >= stored.get()[s]) {
                    stored.insert(row);
                }
            }
        }
    }

    /// Partial update: columns not given come from the stored row, or are defaults if there is none or it is deleted.
    fn partial(&self, rows: &mut BTreeMap<Vec<Cell>, Row>, mut row: Row, given: &[usize], new_key: NewKey) {
        let key = key_of(&row, &self.keys);
        let stored = rows.get(&key);
        let live = stored.filter(|r| self.delete_sign.is_none_or(|d| !is_set(&r[d])));
        if live.is_none() && new_key == NewKey::Error {
            return;
        }
        let source_given = self.sequence_source.is_some_and(|s| given.contains(&s));
        if let (Some(sequence), Some(source), true) = (self.sequence, self.sequence_source, source_given) {
            row[sequence] = row[source].clone();
        }
        for (i, column) in self.schema.columns.iter().enumerate() {
            let was_given = given.contains(&i) || column.key || (Some(i) == self.sequence && source_given);
            if was_given {
                continue;
            }
            row[i] = match live {
                Some(stored) if Some(i) != self.delete_sign => stored[i].clone(),
                // The sequence outlives the row it came with.
                None if Some(i) == self.sequence && stored.is_some() => stored.map_or(Cell::Null, |r| r[i].clone()),
                _ => default_cell(column, &self.rules, self.now_ms, 0).unwrap_or(Cell::Null),
            };
        }
        self.place(rows, key, row);
    }

    /// AGGREGATE: value columns combined.
    fn aggregate(&self, rows: &mut BTreeMap<Vec<Cell>, Row>, row: Row) {
        let key = key_of(&row, &self.keys);
        let Some(stored) = rows.get_mut(&key) else {
            rows.insert(key, row);
            return;
        };
        for ((cell, new), column) in stored.iter_mut().zip(row).zip(&self.schema.columns) {
            if !column.key {
                combine(cell, new, column);
            }
        }
    }
}

fn combine(stored: &mut Cell, new: Cell, column: &Column) {
    match column.aggregation {
        Some(Aggregation::Sum) => *stored = sum(stored, new),
        Some(Aggregation::Min) if new.is_null() || (!stored.is_null() && *stored <= new) => {}
        Some(Aggregation::Max) if new.is_null() || *stored >= new => {}
        Some(Aggregation::ReplaceIfNotNull) if new.is_null() => {}
        _ => *stored = new,
    }
}

/// As Doris adds them: NULL counts as nothing, integers wrap at the column's width only when read out of i128.
fn sum(a: &Cell, b: Cell) -> Cell {
    match (a, &b) {
        (Cell::Null, _) => b,
        (_, Cell::Null) => a.clone(),
        (Cell::Int(x), Cell::Int(y)) => Cell::Int(x.wrapping_add(*y)),
        (Cell::Decimal(x), Cell::Decimal(y)) if x.scale == y.scale => {
            Cell::Decimal(Decimal { unscaled: x.unscaled.wrapping_add(y.unscaled), scale: x.scale })
        }
        (Cell::Float(x), Cell::Float(y)) => Cell::Float(x + y),
        _ => Cell::Double(a.to_f64().unwrap_or(0.0) + b.to_f64().unwrap_or(0.0)),
    }
}

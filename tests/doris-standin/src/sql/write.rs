//! INSERT, UPDATE, DELETE and TRUNCATE.

use super::ast::{Delete, Insert, InsertSource, TableName, Update};
use super::error::SqlError;
use super::expr::Expr;
use super::information_schema;
use super::relation::RowScope;
use super::select::{self, Tables};
use super::session::{Outcome, Session};
use crate::cast::{CastRules, default_cell};
use crate::cell::Cell;
use crate::load::partition::Partitions;
use crate::schema::{Column, KeyModel, Sequence, TableSchema};
use crate::store::rows::Rows;
use crate::store::{GivenColumns, NewKey, Row, Store, WriteMode, WriteSet};
use std::collections::HashSet;
use std::sync::Arc;

type Done<T> = Result<T, SqlError>;

fn refuse<T>(message: impl std::fmt::Display) -> Done<T> {
    Err(SqlError::detail(message))
}

fn schema_of(session: &Session, name: &TableName) -> Done<(String, Arc<TableSchema>)> {
    let database = session.database_of(name)?;
    if database.eq_ignore_ascii_case(information_schema::NAME) {
        return refuse("information_schema is read-only");
    }
    let schema = session.cluster.store().table(&database, &name.table)?.schema.clone();
    Ok((database, schema))
}

/// Runs INSERT: strict unless `enable_insert_strict` is off, part of the columns if `enable_unique_key_partial_update` is on.
pub fn insert(session: &mut Session, insert: &Insert) -> Done<Outcome> {
    let (database, schema) = schema_of(session, &insert.table)?;
    let given = given_columns(insert, &schema)?;
    let partial = session.is_on("enable_unique_key_partial_update")
        && insert.columns.is_some()
        && schema.model == (KeyModel::Unique { merge_on_write: true });
    check_sequence(session, &schema, &given, partial)?;
    let values = source_rows(session, &insert.source, given.len())?;
    let builder = RowBuilder::new(session, &schema, &given, partial)?;
    let mut store = session.cluster.store();
    let mut next_number = next_auto_increment(&store, &database, &schema)?;
    let mut rows = Vec::with_capacity(values.len());
    for row in values {
        rows.push(builder.row(row, &mut next_number)?);
    }
    if insert.overwrite {
        store.truncate_table(&database, &insert.table.table)?;
    }
    let mut write = WriteSet::full(schema.clone(), rows);
    if partial {
        write.mode = WriteMode::Partial { given: GivenColumns::Fixed(given), new_key: NewKey::Append };
    }
    publish(&mut store, &database, &insert.table.table, insert.label.as_deref(), write)
}

fn publish(store: &mut Store, database: &str, table: &str, label: Option<&str>, write: WriteSet) -> Done<Outcome> {
    let affected = write.rows.len() as u64;
    if affected == 0 {
        return Ok(Outcome::done());
    }
    let (label, txn) = store.insert(database, table, label, write)?;
    Ok(Outcome::Done { affected, info: format!("{{'label':'{label}', 'status':'VISIBLE', 'txnId':'{txn}'}}") })
}

fn given_columns(insert: &Insert, schema: &TableSchema) -> Done<Vec<usize>> {
    let Some(names) = &insert.columns else {
        return Ok(schema.visible().map(|(position, _)| position).collect());
    };
    let position = |name: &String| {
        schema.position(name).ok_or_else(|| SqlError::detail(format!("Unknown column '{name}' in '{}'", schema.name)))
    };
    names.iter().map(position).collect()
}

fn check_sequence(session: &Session, schema: &TableSchema, given: &[usize], partial: bool) -> Done<()> {
    let Some(position) = schema.sequence_position() else { return Ok(()) };
    let mapped = match &schema.sequence {
        Some(Sequence::Column(name)) => schema.position(name),
        _ => None,
    };
    let has_default = mapped.is_some_and(|mapped| schema.columns[mapped].default.is_some());
    let named = given.contains(&position) || mapped.is_some_and(|mapped| given.contains(&mapped));
    if named || has_default || partial || !session.is_on("require_sequence_in_insert") {
        return Ok(());
    }
    refuse(format!("Table {} has sequence column, need to specify the sequence column", schema.name))
}

/// The rows of values; None: the column's default.
fn source_rows(session: &Session, source: &InsertSource, width: usize) -> Done<Vec<Vec<Option<Cell>>>> {
    let rows: Vec<Vec<Option<Cell>>> = match source {
        InsertSource::Select(select) => {
            let relation = select::run(select, session)?;
            relation.rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect()
        }
        InsertSource::Values(rows) => {
            let value = |expr: &Option<Expr>| -> Done<Option<Cell>> {
                let Some(expr) = expr else { return Ok(None) };
                let mut expr = expr.clone();
                select::resolve(&mut expr, session)?;
                Ok(Some(expr.eval(session)?))
            };
            rows.iter().map(|row| row.iter().map(value).collect()).collect::<Done<_>>()?
        }
    };
    match rows.iter().find(|row| row.len() != width) {
        Some(row) => refuse(format!("Column count doesn't match value count: {width} columns, {} values", row.len())),
        None => Ok(rows),
    }
}

fn next_auto_increment(store: &Store, database: &str, schema: &TableSchema) -> Done<i128> {
    let Some(position) = schema.columns.iter().position(|column| column.auto_increment) else { return Ok(1) };
    let used = store.table(database, &schema.name)?.iter(true).filter_map(|row| match row[position] {
        Cell::Int(number) => Some(number),
        _ => None,
    });
    Ok(used.max().unwrap_or(0) + 1)
}

/// Makes whole rows of the values given.
struct RowBuilder<'a> {
    schema: &'a TableSchema,
    given: &'a [usize],
    partial: bool,
    strict: bool,
    rules: CastRules,
    partitions: Partitions<'a>,
    now_ms: i64,
}

impl<'a> RowBuilder<'a> {
    fn new(session: &Session, schema: &'a TableSchema, given: &'a [usize], partial: bool) -> Done<RowBuilder<'a>> {
        let strict = session.is_on("enable_insert_strict");
        let version = session.cluster.version();
        let rules = if strict { CastRules::strict(version) } else { CastRules::lenient(version) };
        let partitions = named_partitions(schema, &[])?;
        Ok(RowBuilder { schema, given, partial, strict, rules, partitions, now_ms: session.cluster.clock.now_ms() })
    }

    fn row(&self, values: Vec<Option<Cell>>, next_number: &mut i128) -> Done<Row> {
        let mut cells: Vec<Option<Cell>> = vec![None; self.schema.columns.len()];
        for (position, value) in self.given.iter().zip(values) {
            let column = &self.schema.columns[*position];
            cells[*position] = match value {
                Some(value) => Some(self.cast(value, column)?),
                None => None,
            };
        }
        if let (Some(position), Some(Sequence::Column(name))) = (self.schema.sequence_position(), &self.schema.sequence)
            && cells[position].is_none()
        {
            cells[position] = self.schema.position(name).and_then(|mapped| cells[mapped].clone());
        }
        let mut row = Vec::with_capacity(cells.len());
        for (position, (cell, column)) in cells.into_iter().zip(&self.schema.columns).enumerate() {
            row.push(match cell {
                Some(cell) => cell,
                None if column.auto_increment => {
                    *next_number += 1;
                    Cell::Int(*next_number - 1)
                }
                None => self.default(column, position)?,
            });
        }
        if !self.partitions.take(&row) {
            return refuse("Insert has filtered data in strict mode. no partition for this tuple");
        }
        Ok(row)
    }

    fn default(&self, column: &Column, position: usize) -> Done<Cell> {
        match default_cell(column, &self.rules, self.now_ms, 0) {
            Some(cell) => Ok(cell),
            // Taken from the stored row; a hidden column is filled in at publish.
            None if !column.visible || (self.partial && !self.given.contains(&position)) => Ok(Cell::Null),
            None => refuse(format!("Column has no default value, column={}", column.name)),
        }
    }

    fn cast(&self, value: Cell, column: &Column) -> Done<Cell> {
        let cast = match self.rules.cell(&value, &column.ty) {
            Ok(cell) => cell,
            Err(_) if self.strict => {
                return refuse(format!(
                    "Insert has filtered data in strict mode. column({}) value is incorrect, src value is {value}",
                    column.name
                ));
            }
            Err(_) => Cell::Null,
        };
        if cast.is_null() && !column.nullable {
            return refuse(format!(
                "Insert has filtered data in strict mode. column({}) values is null while columns is not nullable",
                column.name
            ));
        }
        Ok(cast)
    }
}

/// Runs UPDATE: whole rows with the new values, in a load of their own.
pub fn update(session: &mut Session, update: &Update) -> Done<Outcome> {
    let (database, schema) = schema_of(session, &update.table)?;
    if !schema.model.is_unique() {
        return refuse("Only unique table could be updated.");
    }
    let mut assignments = Vec::new();
    for (name, expr) in &update.assignments {
        let Some(position) = schema.position(name) else {
            return refuse(format!("Unknown column '{name}' in '{}'", schema.name));
        };
        if schema.columns[position].key {
            return refuse("Only value columns of unique table could be updated");
        }
        let mut expr = expr.clone();
        select::resolve(&mut expr, session)?;
        assignments.push((position, expr));
    }
    let matched = matching(session, &update.table, update.filter.as_ref())?;
    let given: Vec<usize> = assignments.iter().map(|(position, _)| *position).collect();
    let builder = RowBuilder::new(session, &schema, &given, false)?;
    let mut rows = Vec::new();
    for mut row in matched.rows {
        let scope = RowScope { fields: &matched.fields, row: Some(&row), session: &*session };
        let mut changed = Vec::new();
        for (position, expr) in &assignments {
            changed.push((*position, builder.cast(expr.eval(&scope)?, &schema.columns[*position])?));
        }
        for (position, cell) in changed {
            row[position] = cell;
        }
        if let (Some(hidden), Some(Sequence::Column(name))) = (schema.sequence_position(), &schema.sequence) {
            row[hidden] = schema.position(name).map_or(Cell::Null, |mapped| row[mapped].clone());
        }
        rows.push(row);
    }
    publish(&mut session.cluster.store(), &database, &update.table.table, None, WriteSet::full(schema, rows))
}

struct Matched {
    fields: super::relation::Relation,
    rows: Vec<Row>,
}

fn matching(session: &Session, table: &TableName, filter: Option<&Expr>) -> Done<Matched> {
    let mut filter = filter.cloned();
    if let Some(filter) = &mut filter {
        select::resolve(filter, session)?;
    }
    let mut fields = session.relation(table, &table.table, filter.as_ref())?;
    let rows = std::mem::take(&mut fields.rows);
    Ok(Matched { fields, rows })
}

/// Runs DELETE: rows with a delete sign in UNIQUE tables, which a SELECT passes over; elsewhere the rows go.
pub fn delete(session: &mut Session, delete: &Delete) -> Done<Outcome> {
    let (database, schema) = schema_of(session, &delete.table)?;
    let Some(filter) = &delete.filter else {
        return refuse("delete all rows is forbidden temporary.");
    };
    let key_only = |name: &String| schema.column(name).is_none_or(|column| column.key);
    if schema.model == KeyModel::Aggregate && !filter.columns().iter().all(key_only) {
        return refuse(
            "delete predicate on value column only supports Unique table with merge-on-write enabled and Duplicate table",
        );
    }
    let mut matched = matching(session, &delete.table, Some(filter))?;
    let partitions = named_partitions(&schema, &delete.partitions)?;
    if !delete.partitions.is_empty() {
        matched.rows.retain(|row| partitions.take(row));
    }
    let affected = matched.rows.len() as u64;
    let mut store = session.cluster.store();
    if let Some(sign) = schema.delete_sign() {
        for row in &mut matched.rows {
            row[sign] = Cell::Int(1);
        }
        return publish(&mut store, &database, &delete.table.table, None, WriteSet::full(schema, matched.rows));
    }
    let gone: HashSet<Row> = matched.rows.into_iter().collect();
    remove_rows(&mut store, &database, &delete.table.table, |row| gone.contains(row))?;
    Ok(Outcome::Done { affected, info: String::new() })
}

/// The partitions of these names; of all when there are none.
fn named_partitions<'a>(schema: &'a TableSchema, names: &[String]) -> Done<Partitions<'a>> {
    if schema.partitioning.is_none() && !names.is_empty() {
        return refuse(format!("Table {} is not partitioned", schema.name));
    }
    Partitions::of(schema, names).map_err(SqlError::detail)
}

/// Takes stored rows out of a table.
pub fn remove_rows(store: &mut Store, database: &str, table: &str, mut gone: impl FnMut(&Row) -> bool) -> Done<()> {
    let now = store.now_ms();
    let table = store.table_mut(database, table)?;
    match &mut table.rows {
        Rows::Appended(rows) => rows.retain(|row| !gone(row)),
        Rows::Keyed(rows) => rows.retain(|_, row| !gone(row)),
    }
    table.version += 1;
    table.updated_ms = now;
    Ok(())
}

/// Takes out the rows of some partitions.
pub fn remove_from_partitions(
    store: &mut Store,
    database: &str,
    table: &str,
    schema: &TableSchema,
    names: &[String],
) -> Done<()> {
    let partitions = named_partitions(schema, names)?;
    remove_rows(store, database, table, |row| partitions.take(row))
}

/// Runs TRUNCATE, of the whole table or of some partitions.
pub fn truncate(session: &Session, name: &TableName, names: &[String]) -> Done<()> {
    let (database, schema) = schema_of(session, name)?;
    let mut store = session.cluster.store();
    if names.is_empty() {
        return Ok(store.truncate_table(&database, &name.table)?);
    }
    remove_from_partitions(&mut store, &database, &name.table, &schema, names)
}

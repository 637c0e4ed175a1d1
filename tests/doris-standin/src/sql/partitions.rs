//! Which partition a row belongs to.

use crate::cell::Cell;
use crate::schema::{Bound, PartitionValues, Partitioning, TableSchema};
use std::cmp::Ordering;

/// Whether these values of the partition columns belong to a partition.
pub fn contains(values: &PartitionValues, cells: &[&Cell]) -> bool {
    match values {
        PartitionValues::List(tuples) => {
            tuples.iter().any(|tuple| tuple.iter().zip(cells).all(|(value, cell)| value == *cell))
        }
        PartitionValues::Range { lower, upper } => compare(cells, lower).is_ge() && compare(cells, upper).is_lt(),
    }
}

/// NULL lies where the lowest value does.
fn compare(cells: &[&Cell], bounds: &[Bound]) -> Ordering {
    for (cell, bound) in cells.iter().zip(bounds) {
        let ordering = match bound {
            Bound::Max => Ordering::Less,
            Bound::Min if cell.is_null() => Ordering::Equal,
            Bound::Min => Ordering::Greater,
            // So is a bound that is the lowest value of its type.
            Bound::Value(Cell::Int(low)) if cell.is_null() && *low <= i64::MIN.into() => Ordering::Equal,
            Bound::Value(value) => (*cell).cmp(value),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

/// The partition columns' values of a row.
pub fn key<'a>(partitioning: &Partitioning, schema: &TableSchema, row: &'a [Cell]) -> Vec<&'a Cell> {
    partitioning.columns.iter().filter_map(|name| schema.position(name)).map(|at| &row[at]).collect()
}

/// Whether a table has a place for a row.
pub fn has_place(schema: &TableSchema, row: &[Cell]) -> bool {
    schema.partitioning.as_ref().is_none_or(|partitioning| {
        let key = key(partitioning, schema, row);
        partitioning.auto.is_some() || partitioning.partitions.iter().any(|found| contains(&found.values, &key))
    })
}

//! Which values belong to a partition.

use crate::cell::Cell;
use crate::schema::{Bound, PartitionValues};
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

//! Which partition a row belongs to.

use crate::cell::Cell;
use crate::schema::{Bound, PartitionValues, TableSchema};
use std::cmp::Ordering;

/// Finds partitions for rows of one table.
pub struct Partitions<'a> {
    columns: Vec<usize>,
    values: Vec<&'a PartitionValues>,
    any: bool,
}

impl<'a> Partitions<'a> {
    /// Of all partitions, or of those named.
    pub fn of(schema: &'a TableSchema, names: &[String]) -> Result<Partitions<'a>, String> {
        let Some(by) = &schema.partitioning else {
            return Ok(Partitions { columns: Vec::new(), values: Vec::new(), any: true });
        };
        if let Some(name) = names.iter().find(|n| !by.partitions.iter().any(|p| p.name.eq_ignore_ascii_case(n))) {
            return Err(format!("unknown partition {name} in table {}", schema.name));
        }
        let picked = by.partitions.iter();
        let picked = picked.filter(|p| names.is_empty() || names.iter().any(|n| p.name.eq_ignore_ascii_case(n)));
        Ok(Partitions {
            columns: by.columns.iter().filter_map(|c| schema.position(c)).collect(),
            values: picked.map(|p| &p.values).collect(),
            any: by.auto.is_some() && names.is_empty(),
        })
    }

    /// Has this row a partition?
    pub fn take(&self, row: &[Cell]) -> bool {
        self.any || self.values.iter().any(|values| self.holds(values, row))
    }

    fn holds(&self, values: &PartitionValues, row: &[Cell]) -> bool {
        match values {
            PartitionValues::Range { lower, upper } => {
                self.compare(row, lower) != Ordering::Less && self.compare(row, upper) == Ordering::Less
            }
            PartitionValues::List(tuples) => {
                tuples.iter().any(|t| t.iter().zip(&self.columns).all(|(cell, &i)| *cell == row[i]))
            }
        }
    }

    /// The row against a bound; NULL is the lowest value of all, and so lies in a partition without a lower bound or
    /// whose lower bound is the type's lowest value.
    fn compare(&self, row: &[Cell], bounds: &[Bound]) -> Ordering {
        for (&i, bound) in self.columns.iter().zip(bounds) {
            let order = match bound {
                Bound::Min => Ordering::Greater,
                Bound::Max => Ordering::Less,
                Bound::Value(Cell::Int(low)) if row[i].is_null() && *low <= i64::MIN as i128 => Ordering::Equal,
                Bound::Value(value) => row[i].cmp(value),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        if bounds.len() < self.columns.len() { Ordering::Greater } else { Ordering::Equal }
    }
}

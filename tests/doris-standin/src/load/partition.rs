//! Which rows have a place in the partitions that a load names, or in any.

use crate::cell::Cell;
use crate::schema::{PartitionValues, TableSchema};
use crate::sql;

/// Places for rows of one table.
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

    /// Has this row a place?
    pub fn take(&self, row: &[Cell]) -> bool {
        self.any || {
            let key: Vec<&Cell> = self.columns.iter().map(|&i| &row[i]).collect();
            self.values.iter().any(|values| sql::contains(values, &key))
        }
    }
}

//! Whether a message's points in time fit into their columns, asked before any of its rows is taken.

use super::column::in_unit;
use crate::row::read::{Array, Malformed, Row, Slot};
use crate::schema::{Field, Root};

/// The columns of a table that have a timestamp in them.
#[derive(Debug)]
pub struct Stamps {
    columns: Vec<(usize, Root)>,
}

impl Stamps {
    pub fn new(fields: &[Field]) -> Stamps {
        let columns = fields.iter().enumerate().filter(|(_, field)| has_stamp(&field.ty.root));
        Stamps { columns: columns.map(|(i, field)| (i, field.ty.root.clone())).collect() }
    }

    /// Whether there is anything to ask.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Whether all of them in `row` can be held by their columns' units.
    #[inline]
    pub fn fit(&self, row: &Row<'_>, wide: bool) -> Result<bool, Malformed> {
        for (i, root) in &self.columns {
            if !fits(row.get(*i)?, root, wide)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn has_stamp(root: &Root) -> bool {
    match root {
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } => true,
        Root::Array { element: inner } | Root::Map { value: inner, .. } => has_stamp(&inner.root),
        Root::Row { fields } => fields.iter().any(|field| has_stamp(&field.ty.root)),
        _ => false,
    }
}

fn fits(slot: Option<Slot<'_>>, root: &Root, wide: bool) -> Result<bool, Malformed> {
    let Some(slot) = slot else { return Ok(true) };
    match root {
        Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
            Ok(in_unit(&slot, *precision, wide).is_some())
        }
        Root::Array { element } if has_stamp(&element.root) => all_fit(slot.array(&element.root)?, &element.root),
        Root::Map { key, value } if has_stamp(&value.root) => {
            all_fit(slot.map(&key.root, &value.root)?.values, &value.root)
        }
        Root::Row { fields } => {
            let row = slot.row(fields.len())?;
            for (i, field) in fields.iter().enumerate() {
                if !fits(row.get(i)?, &field.ty.root, false)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

fn all_fit(array: Array<'_>, element: &Root) -> Result<bool, Malformed> {
    for i in 0..array.len() {
        if !fits(array.get(i)?, element, false)? {
            return Ok(false);
        }
    }
    Ok(true)
}

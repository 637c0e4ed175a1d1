//! Flink's `BinaryArrayData` and `BinaryMapData`.
//!
//! ```text
//! array: ┌───────────┬───────────────────┬─────────────────────────┬───────────────┐
//!        │ size: i32 │ null bits, 4 B ·n │ elements, padded to 8 B │ variable part │
//!        └───────────┴───────────────────┴─────────────────────────┴───────────────┘
//! map:   ┌──────────────────────┬────────────┬──────────────┐
//!        │ bytes of keys: i32   │ keys array │ values array │
//!        └──────────────────────┴────────────┴──────────────┘
//! ```

use super::{Cell, Sources, Variable, map_order, padded, variable_len};
use crate::json::Refused;

/// Appends an array of elements that take `element_len` bytes each (1, 2, 4 or 8: `BinaryArrayData.calculateFixLengthPartSize`).
///
/// `wide`: the elements are timestamps with nanoseconds.
pub fn write_array(out: &mut Vec<u8>, cells: &[Cell], element_len: usize, wide: bool, sources: Sources<'_>) {
    let header = 4 + cells.len().div_ceil(32) * 4;
    let fixed = padded(header + element_len * cells.len());
    let variable_len: usize = cells.iter().map(|cell| variable_len(cell, wide)).sum();
    let base = out.len();
    out.resize(base + fixed + variable_len, 0);
    let (array, tail) = out[base..].split_at_mut(fixed);
    let mut variable = Variable { bytes: tail, base: fixed, used: 0 };
    array[..4].copy_from_slice(&(cells.len() as u32).to_le_bytes());
    for (i, cell) in cells.iter().enumerate() {
        if cell.is_null() {
            array[4 + i / 8] |= 1 << (i % 8);
            continue;
        }
        let field = variable.write_cell(cell, wide, sources).to_le_bytes();
        let at = header + element_len * i;
        array[at..at + element_len].copy_from_slice(&field[..element_len]);
    }
}

/// Appends a map with text keys. Entries come in document order, without duplicates, and leave in the order of the
/// `java.util.HashMap` that Flink's codec puts them into.
///
/// # Errors
/// When that order cannot be told (eight keys in one bucket).
pub fn write_map(
    out: &mut Vec<u8>,
    keys: &[Cell],
    values: &[Cell],
    value_len: usize,
    wide: bool,
    sources: Sources<'_>,
) -> Result<(), Refused> {
    let order = map_order::of(keys.iter().map(|key| sources.bytes(key)))?;
    let sorted = |cells: &[Cell]| order.iter().map(|i| cells[*i]).collect::<Vec<_>>();
    write_entries(out, &sorted(keys), &sorted(values), value_len, wide, sources);
    Ok(())
}

/// Appends a map whose entries stay in their order.
pub fn write_entries(
    out: &mut Vec<u8>,
    keys: &[Cell],
    values: &[Cell],
    value_len: usize,
    wide: bool,
    sources: Sources<'_>,
) {
    let base = out.len();
    out.resize(base + 4, 0);
    write_array(out, keys, 8, false, sources);
    let keys_len = (out.len() - base - 4) as u32;
    out[base..base + 4].copy_from_slice(&keys_len.to_le_bytes());
    write_array(out, values, value_len, wide, sources);
}

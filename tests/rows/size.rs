//! How many bytes values take, computed from the values alone.

use crate::reference::value::Value;
use canal_native::schema::{LogicalType, Root};

/// Up to a multiple of 8.
pub fn round8(size: usize) -> usize {
    size.div_ceil(8) * 8
}

/// Row kind and null bits of a row of `arity` fields.
pub fn row_header(arity: usize) -> usize {
    (arity + 8).div_ceil(64) * 8
}

/// Count and null bits of an array of `count` elements.
pub fn array_header(count: usize) -> usize {
    4 + count.div_ceil(32) * 4
}

/// Bytes of an array element's slot; also the used bytes of a row's 8-byte slot.
pub fn element_width(root: &Root) -> usize {
    match root {
        Root::Boolean | Root::Tinyint => 1,
        Root::Smallint => 2,
        Root::Integer | Root::Float | Root::Date | Root::TimeWithoutTimeZone { .. } | Root::IntervalYearMonth => 4,
        _ => 8,
    }
}

/// A row; `wide`: its timestamps all have nanoseconds.
pub fn row(values: &[Value], types: &[&LogicalType], wide: bool) -> usize {
    let variable = values.iter().zip(types).map(|(value, ty)| variable(value, &ty.root, wide));
    row_header(types.len()) + 8 * types.len() + variable.sum::<usize>()
}

fn array<'v>(values: impl ExactSizeIterator<Item = &'v Value>, root: &Root) -> usize {
    let count = values.len();
    round8(array_header(count) + element_width(root) * count) + values.map(|v| variable(v, root, false)).sum::<usize>()
}

/// What a value takes in the variable part.
fn variable(value: &Value, root: &Root, wide: bool) -> usize {
    match (value, root) {
        (Value::Null, _) => 0,
        (Value::Text(text), _) => bytes(text.len()),
        (Value::Bytes(value), _) => bytes(value.len()),
        (Value::Decimal(_), Root::Decimal { precision: 19.., .. }) => 16,
        (_, Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision })
            if *precision > 3 || wide =>
        {
            8
        }
        (Value::Array(items), Root::Array { element }) => array(items.iter(), &element.root),
        (Value::Row(values), Root::Row { fields }) => {
            row(values, &fields.iter().map(|f| &f.ty).collect::<Vec<_>>(), false)
        }
        (Value::Map(map), Root::Map { value, .. }) => map_size(map, &value.root),
        (Value::Map(map), Root::Multiset { .. }) => map_size(map, &Root::Integer),
        _ => 0,
    }
}

fn map_size(map: &std::collections::BTreeMap<String, Value>, value: &Root) -> usize {
    let keys: Vec<Value> = map.keys().cloned().map(Value::Text).collect();
    round8(4 + array(keys.iter(), &Root::Varchar) + array(map.values(), value))
}

fn bytes(len: usize) -> usize {
    if len <= 7 { 0 } else { round8(len) }
}

//! Rows → a batch, column by column, as a host would build it.

use crate::reference::value::{Kind, Timestamp, Value};
use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::*;
use canal_native::batch::{ROW_KINDS, types};
use canal_native::schema::{Field as Column, LogicalType, Root};
use std::sync::Arc;

/// A batch with `row_kind` and these columns.
pub fn batch(kinds: &[Kind], rows: &[Vec<Value>], columns: &[Column]) -> StructArray {
    let kinds: Vec<&str> = kinds.iter().map(|kind| ROW_KINDS[*kind as usize]).collect();
    let mut fields: Vec<FieldRef> = vec![Arc::new(Field::new("row_kind", DataType::Utf8, false))];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(StringArray::from(kinds))];
    for (i, column) in columns.iter().enumerate() {
        let values: Vec<&Value> = rows.iter().map(|row| &row[i]).collect();
        let values = array(&values, &column.ty);
        fields.push(types::nullable(&column.name, values.data_type().clone()));
        arrays.push(values);
    }
    StructArray::try_new_with_length(fields.into(), arrays, None, rows.len()).expect("a batch")
}

/// What Arrow can hold of a value: as many digits as the unit, and the epoch for what is out of its reach.
pub fn in_reach(value: &Value, root: &Root) -> Value {
    match (value, root) {
        (Value::Timestamp(v), Root::TimestampWithoutTimeZone { precision }) => Value::Timestamp(reach(*v, *precision)),
        (Value::Instant(v), Root::TimestampWithLocalTimeZone { precision }) => Value::Instant(reach(*v, *precision)),
        (Value::Array(v), Root::Array { element }) => {
            Value::Array(v.iter().map(|v| in_reach(v, &element.root)).collect())
        }
        (Value::Map(v), Root::Map { value, .. }) => {
            Value::Map(v.iter().map(|(k, v)| (k.clone(), in_reach(v, &value.root))).collect())
        }
        (Value::Row(v), Root::Row { fields }) => {
            Value::Row(v.iter().zip(fields).map(|(v, f)| in_reach(v, &f.ty.root)).collect())
        }
        (other, _) => other.clone(),
    }
}

fn reach(stamp: Timestamp, precision: u8) -> Timestamp {
    let digits = 1_000_000 / per_milli(precision) as u32;
    let stamp = Timestamp { nanos: stamp.nanos / digits * digits, ..stamp };
    if count(stamp, precision).is_some() { stamp } else { Timestamp { millis: 0, nanos: 0 } }
}

fn per_milli(precision: u8) -> i64 {
    match precision {
        0..=3 => 1,
        4..=6 => 1_000,
        _ => 1_000_000,
    }
}

fn count(stamp: Timestamp, precision: u8) -> Option<i64> {
    let per_milli = per_milli(precision);
    stamp.millis.checked_mul(per_milli)?.checked_add(i64::from(stamp.nanos) * per_milli / 1_000_000)
}

macro_rules! plain {
    ($array:ty, $values:expr, $($variant:pat => $value:expr),+) => {
        Arc::new($values.iter().map(|value| match value { $($variant => Some($value),)+ _ => None }).collect::<$array>())
    };
}

fn array(values: &[&Value], ty: &LogicalType) -> ArrayRef {
    match &ty.root {
        Root::Boolean => plain!(BooleanArray, values, Value::Boolean(v) => *v),
        Root::Tinyint => plain!(Int8Array, values, Value::Tinyint(v) => *v),
        Root::Smallint => plain!(Int16Array, values, Value::Smallint(v) => *v),
        Root::Integer => plain!(Int32Array, values, Value::Int(v) => *v),
        Root::Bigint => plain!(Int64Array, values, Value::Bigint(v) => *v),
        Root::Float => plain!(Float32Array, values, Value::Float(v) => f32::from_bits(*v)),
        Root::Double => plain!(Float64Array, values, Value::Double(v) => f64::from_bits(*v)),
        Root::Date => plain!(Date32Array, values, Value::Date(v) => *v),
        Root::TimeWithoutTimeZone { .. } => plain!(Time32MillisecondArray, values, Value::Time(v) => *v),
        Root::IntervalYearMonth => plain!(IntervalYearMonthArray, values, Value::Int(v) => *v),
        Root::IntervalDayTime => plain!(DurationMillisecondArray, values, Value::Bigint(v) => *v),
        Root::Char | Root::Varchar => plain!(StringArray, values, Value::Text(v) => v.clone()),
        Root::Binary | Root::Varbinary => plain!(BinaryArray, values, Value::Bytes(v) => v.clone()),
        Root::Decimal { precision, scale } => {
            let decimals = values.iter().map(|value| match value {
                Value::Decimal(v) => Some(v.unscaled()),
                _ => None,
            });
            let decimals = decimals.collect::<Decimal128Array>();
            Arc::new(decimals.with_precision_and_scale(*precision, *scale as i8).expect("a decimal type"))
        }
        Root::TimestampWithoutTimeZone { precision } => stamps(values, *precision, None),
        Root::TimestampWithLocalTimeZone { precision } => stamps(values, *precision, Some("+00:00".into())),
        Root::Array { element } => {
            let lists: Vec<Option<Vec<&Value>>> = values
                .iter()
                .map(|value| if let Value::Array(v) = value { Some(v.iter().collect()) } else { None })
                .collect();
            let elements: Vec<&Value> = lists.iter().flatten().flatten().copied().collect();
            let elements = array(&elements, element);
            // Another name than a decoded batch has: it does not matter.
            let field = Arc::new(Field::new("element", elements.data_type().clone(), true));
            let lengths = lists.iter().map(|list| list.as_ref().map_or(0, Vec::len));
            let nulls = NullBuffer::from_iter(lists.iter().map(Option::is_some));
            Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), elements, Some(nulls)))
        }
        Root::Multiset { element } => map(values, element, &LogicalType { root: Root::Integer, nullable: false }),
        Root::Map { key, value } => map(values, key, value),
        Root::Row { fields } => {
            let null = Value::Null;
            let columns = fields.iter().enumerate().map(|(i, field)| {
                let column = values.iter().map(|value| if let Value::Row(v) = value { &v[i] } else { &null });
                array(&column.collect::<Vec<_>>(), &field.ty)
            });
            let nulls = NullBuffer::from_iter(values.iter().map(|value| **value != Value::Null));
            let columns: Vec<ArrayRef> = columns.collect();
            let types = fields.iter().zip(&columns);
            let types = types.map(|(field, column)| types::nullable(&field.name, column.data_type().clone())).collect();
            Arc::new(StructArray::try_new_with_length(types, columns, Some(nulls), values.len()).expect("a struct"))
        }
        Root::Null => panic!("NULL is not written"),
    }
}

fn stamps(values: &[&Value], precision: u8, zone: Option<Arc<str>>) -> ArrayRef {
    let counts = values.iter().map(|value| match value {
        Value::Timestamp(v) | Value::Instant(v) => count(*v, precision),
        _ => None,
    });
    match precision {
        0..=3 => Arc::new(counts.collect::<TimestampMillisecondArray>().with_timezone_opt(zone)),
        4..=6 => Arc::new(counts.collect::<TimestampMicrosecondArray>().with_timezone_opt(zone)),
        _ => Arc::new(counts.collect::<TimestampNanosecondArray>().with_timezone_opt(zone)),
    }
}

fn map(values: &[&Value], key: &LogicalType, value: &LogicalType) -> ArrayRef {
    let (mut keys, mut items, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for one in values {
        let before = keys.len();
        if let Value::Map(entries) = one {
            keys.extend(entries.keys().map(|key| Value::Text(key.clone())));
            items.extend(entries.values());
        }
        lengths.push(keys.len() - before);
    }
    let keys = array(&keys.iter().collect::<Vec<_>>(), key);
    let items = array(&items, value);
    let fields =
        vec![Field::new("k", keys.data_type().clone(), false), Field::new("v", items.data_type().clone(), true)];
    let entries = StructArray::new(fields.into(), vec![keys, items], None);
    let field = Arc::new(Field::new("entry", entries.data_type().clone(), false));
    let nulls = NullBuffer::from_iter(values.iter().map(|value| **value != Value::Null));
    Arc::new(MapArray::new(field, OffsetBuffer::from_lengths(lengths), entries, Some(nulls), false))
}

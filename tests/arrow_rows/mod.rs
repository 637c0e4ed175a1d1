//! The rows of a batch, out of its Arrow arrays: each column must have the type that docs/other-hosts.md lists for it.
#![allow(dead_code)]

pub mod write;

use crate::reference::decimal::Decimal;
use crate::reference::value::{Kind, Row, Timestamp, Value};
use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::datatypes::*;
use canal_native::schema::{Field, LogicalType, MetadataKey, Root};

/// The rows of `batch`, whose columns are `row_kind`, `fields` and `metadata`.
pub fn read(batch: &StructArray, fields: &[Field], metadata: &[MetadataKey]) -> Result<Vec<Row>, String> {
    if batch.null_count() != 0 || batch.num_columns() != 1 + fields.len() + metadata.len() {
        return Err(format!("{} columns, {} rows are NULL", batch.num_columns(), batch.null_count()));
    }
    let kinds = batch.column(0).as_dictionary_opt::<Int8Type>().ok_or("row_kind is no dictionary")?;
    if kinds.values().as_string::<i32>().iter().flatten().collect::<Vec<_>>() != ["+I", "-U", "+U", "-D"] {
        return Err(format!("row kinds {:?}", kinds.values()));
    }
    let kinds: Vec<Kind> = kinds.keys().values().iter().map(|code| Kind::of(*code as u8)).collect();
    let mut rows: Vec<Row> = kinds.into_iter().map(|kind| Row { kind, values: Vec::new() }).collect();
    let (physical, meta) = batch.columns()[1..].split_at(fields.len());
    for (array, field) in physical.iter().zip(fields) {
        for (row, value) in rows.iter_mut().zip(values(array, &field.ty)?) {
            row.values.push(value);
        }
    }
    for (array, key) in meta.iter().zip(metadata) {
        for (row, value) in rows.iter_mut().zip(metadata_values(array, *key)?) {
            row.values.push(value);
        }
    }
    Ok(rows)
}

/// The values of a column.
pub fn values(array: &ArrayRef, ty: &LogicalType) -> Result<Vec<Value>, String> {
    (0..array.len())
        .map(|i| {
            if array.is_null(i) || ty.root == Root::Null && array.data_type() == &DataType::Null {
                return Ok(Value::Null);
            }
            value(array, i, &ty.root).ok_or_else(|| format!("{:?} as {}", ty.root, array.data_type()))
        })
        .collect()
}

fn value(array: &ArrayRef, i: usize, root: &Root) -> Option<Value> {
    Some(match root {
        Root::Null => return None,
        Root::Boolean => Value::Boolean(array.as_boolean_opt()?.value(i)),
        Root::Tinyint => Value::Tinyint(array.as_primitive_opt::<Int8Type>()?.value(i)),
        Root::Smallint => Value::Smallint(array.as_primitive_opt::<Int16Type>()?.value(i)),
        Root::Integer => Value::Int(array.as_primitive_opt::<Int32Type>()?.value(i)),
        Root::IntervalYearMonth => Value::Int(array.as_primitive_opt::<IntervalYearMonthType>()?.value(i)),
        Root::Bigint => Value::Bigint(array.as_primitive_opt::<Int64Type>()?.value(i)),
        Root::IntervalDayTime => Value::Bigint(array.as_primitive_opt::<DurationMillisecondType>()?.value(i)),
        Root::Float => Value::Float(array.as_primitive_opt::<Float32Type>()?.value(i).to_bits()),
        Root::Double => Value::Double(array.as_primitive_opt::<Float64Type>()?.value(i).to_bits()),
        Root::Char | Root::Varchar => Value::Text(array.as_string_opt::<i32>()?.value(i).to_string()),
        Root::Binary | Root::Varbinary => Value::Bytes(array.as_binary_opt::<i32>()?.value(i).to_vec()),
        Root::Decimal { precision, scale } => {
            let decimals = array.as_primitive_opt::<Decimal128Type>()?;
            if (decimals.precision(), decimals.scale()) != (*precision, *scale as i8) {
                return None;
            }
            Value::Decimal(Decimal::of(decimals.value(i), *scale))
        }
        Root::Date => Value::Date(array.as_primitive_opt::<Date32Type>()?.value(i)),
        Root::TimeWithoutTimeZone { .. } => Value::Time(array.as_primitive_opt::<Time32MillisecondType>()?.value(i)),
        Root::TimestampWithoutTimeZone { precision } => Value::Timestamp(stamp(array, i, *precision, None)?),
        Root::TimestampWithLocalTimeZone { precision } => Value::Instant(stamp(array, i, *precision, Some("UTC"))?),
        Root::Array { element } => Value::Array(values(&array.as_list_opt::<i32>()?.value(i), element).ok()?),
        Root::Multiset { element } => map(array, i, element, &LogicalType { root: Root::Integer, nullable: false })?,
        Root::Map { key, value } => map(array, i, key, value)?,
        Root::Row { fields } => {
            let parts = array.as_struct_opt()?;
            let one = parts.columns().iter().zip(fields).zip(parts.fields());
            let one = one.map(|((column, field), arrow)| {
                let column = column.slice(i, 1);
                (arrow.name() == &field.name).then(|| values(&column, &field.ty).ok()?.pop()).flatten()
            });
            Value::Row(one.collect::<Option<_>>()?)
        }
    })
}

fn stamp(array: &ArrayRef, i: usize, precision: u8, zone: Option<&str>) -> Option<Timestamp> {
    let DataType::Timestamp(_, found) = array.data_type() else { return None };
    if found.as_deref() != zone {
        return None;
    }
    let (count, per_milli) = match precision {
        0..=3 => (array.as_primitive_opt::<TimestampMillisecondType>()?.value(i), 1),
        4..=6 => (array.as_primitive_opt::<TimestampMicrosecondType>()?.value(i), 1_000),
        _ => (array.as_primitive_opt::<TimestampNanosecondType>()?.value(i), 1_000_000),
    };
    let nanos = count.rem_euclid(per_milli) * (1_000_000 / per_milli);
    Some(Timestamp { millis: count.div_euclid(per_milli), nanos: nanos as u32 })
}

fn map(array: &ArrayRef, i: usize, key: &LogicalType, value: &LogicalType) -> Option<Value> {
    let entries = array.as_map_opt()?.value(i);
    let keys = values(entries.column(0), key).ok()?.into_iter().map(|key| match key {
        Value::Text(key) => Some(key),
        _ => None,
    });
    let pairs = keys.zip(values(entries.column(1), value).ok()?);
    Some(Value::Map(pairs.map(|(key, value)| Some((key?, value))).collect::<Option<_>>()?))
}

fn metadata_values(array: &ArrayRef, key: MetadataKey) -> Result<Vec<Value>, String> {
    let string = || LogicalType { root: Root::Varchar, nullable: true };
    let root = match key {
        MetadataKey::Sql | MetadataKey::Gtid => return values(array, &string()),
        MetadataKey::Id | MetadataKey::BinlogOffset => {
            return values(array, &LogicalType { root: Root::Bigint, nullable: true });
        }
        MetadataKey::IsDdl => return values(array, &LogicalType { root: Root::Boolean, nullable: true }),
        MetadataKey::Old => {
            let root = Root::Map { key: Box::new(string()), value: Box::new(string()) };
            return values(array, &LogicalType { root, nullable: true });
        }
        MetadataKey::Database | MetadataKey::Table | MetadataKey::Type | MetadataKey::BinlogFile => Root::Varchar,
        MetadataKey::SqlType => {
            Root::Map { key: Box::new(string()), value: Box::new(LogicalType { root: Root::Integer, nullable: true }) }
        }
        MetadataKey::PkNames => Root::Array { element: Box::new(string()) },
        MetadataKey::IngestionTimestamp | MetadataKey::EventTimestamp => {
            let root = Root::TimestampWithLocalTimeZone { precision: 3 };
            return values(array, &LogicalType { root, nullable: true });
        }
    };
    let array = array.as_dictionary_opt::<Int32Type>().ok_or_else(|| format!("{key:?} is no dictionary"))?;
    let distinct = values(array.values(), &LogicalType { root, nullable: true })?;
    for (i, value) in distinct.iter().enumerate() {
        if *value == Value::Null || !array.keys().iter().flatten().any(|index| index as usize == i) {
            return Err(format!("{key:?}: the dictionary's value {i}, {value}, is not needed"));
        }
    }
    Ok(array.keys().iter().map(|index| index.map_or(Value::Null, |i| distinct[i as usize].clone())).collect())
}

//! Flink's types as Arrow's.
//!
//! | Flink | Arrow |
//! |---|---|
//! | NULL | Null |
//! | BOOLEAN | Boolean |
//! | TINYINT, SMALLINT, INT, BIGINT | Int8, Int16, Int32, Int64 |
//! | FLOAT, DOUBLE | Float32, Float64 |
//! | CHAR, VARCHAR, STRING | Utf8 |
//! | BINARY, VARBINARY, BYTES | Binary |
//! | DECIMAL(p, s) | Decimal128(p, s) |
//! | DATE | Date32 |
//! | TIME(p) | Time32(ms) |
//! | TIMESTAMP(0…3), (4…6), (7…9) | Timestamp(ms), (µs), (ns) without a zone |
//! | TIMESTAMP_LTZ(p) | the same with the zone `UTC` |
//! | INTERVAL YEAR TO MONTH | Interval(YearMonth) |
//! | INTERVAL DAY TO SECOND | Duration(ms) |
//! | ARRAY<t> | List(`item`: t) |
//! | MAP<t, u> | Map(`key`: t, `value`: u), unsorted |
//! | MULTISET<t> | Map(`key`: t, `value`: Int32) |
//! | ROW<…> | Struct |
//!
//! Everything but a map's keys is nullable, whatever the column says: a NULL for a NOT NULL column is no error of the
//! message in Flink either.

use crate::schema::{Field, LogicalType, Root};
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, IntervalUnit, TimeUnit};
use std::sync::Arc;

/// The zone of TIMESTAMP_LTZ.
pub const UTC: &str = "UTC";

/// The Arrow type of a Flink type.
pub fn of(ty: &LogicalType) -> DataType {
    of_root(&ty.root)
}

/// The Arrow type of a Flink type's root.
pub fn of_root(root: &Root) -> DataType {
    match root {
        Root::Null => DataType::Null,
        Root::Boolean => DataType::Boolean,
        Root::Tinyint => DataType::Int8,
        Root::Smallint => DataType::Int16,
        Root::Integer => DataType::Int32,
        Root::Bigint => DataType::Int64,
        Root::Float => DataType::Float32,
        Root::Double => DataType::Float64,
        Root::Char | Root::Varchar => DataType::Utf8,
        Root::Binary | Root::Varbinary => DataType::Binary,
        Root::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        Root::Date => DataType::Date32,
        Root::TimeWithoutTimeZone { .. } => DataType::Time32(TimeUnit::Millisecond),
        Root::TimestampWithoutTimeZone { precision } => DataType::Timestamp(unit(*precision), None),
        Root::TimestampWithLocalTimeZone { precision } => DataType::Timestamp(unit(*precision), Some(UTC.into())),
        Root::IntervalYearMonth => DataType::Interval(IntervalUnit::YearMonth),
        Root::IntervalDayTime => DataType::Duration(TimeUnit::Millisecond),
        Root::Array { element } => DataType::List(item(of(element))),
        Root::Multiset { element } => map(of(element), DataType::Int32),
        Root::Map { key, value } => map(of(key), of(value)),
        Root::Row { fields } => DataType::Struct(fields.iter().map(field).collect()),
    }
}

/// A column as an Arrow field.
pub fn field(field: &Field) -> FieldRef {
    nullable(&field.name, of(&field.ty))
}

/// A nullable Arrow field.
pub fn nullable(name: &str, ty: DataType) -> FieldRef {
    Arc::new(ArrowField::new(name, ty, true))
}

/// The field of a list's elements.
pub fn item(element: DataType) -> FieldRef {
    nullable("item", element)
}

/// A map's type.
pub fn map(key: DataType, value: DataType) -> DataType {
    let fields = vec![Arc::new(ArrowField::new("key", key, false)), nullable("value", value)];
    DataType::Map(Arc::new(ArrowField::new("entries", DataType::Struct(fields.into()), false)), false)
}

/// The unit that holds `precision` digits of a second.
pub fn unit(precision: u8) -> TimeUnit {
    match precision {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

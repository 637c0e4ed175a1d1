//! Values as a table sees them, and their readable text (described in tests/data/README.md).

use super::decimal::Decimal;
use super::float;
use super::temporal::{date_text, time_text, timestamp_text};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

/// A value of a Flink logical type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Null,
    Boolean(bool),
    Tinyint(i8),
    Smallint(i16),
    /// INT and INTERVAL YEAR TO MONTH.
    Int(i32),
    /// BIGINT and INTERVAL DAY TO SECOND.
    Bigint(i64),
    /// The bits: `-0.0` and `0.0` differ, NaN equals itself.
    Float(u32),
    Double(u64),
    Decimal(Decimal),
    Text(String),
    Bytes(Vec<u8>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Milliseconds of the day.
    Time(i32),
    Timestamp(Timestamp),
    /// TIMESTAMP_LTZ, in UTC.
    Instant(Timestamp),
    Array(Vec<Value>),
    /// MAP and MULTISET: the order of the entries does not count.
    Map(BTreeMap<String, Value>),
    Row(Vec<Value>),
}

/// What Flink's `TimestampData` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01 00:00:00.
    pub millis: i64,
    /// Nanoseconds of the millisecond, 0 to 999,999.
    pub nanos: u32,
}

/// Flink's `RowKind`, with its byte values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Insert = 0,
    UpdateBefore = 1,
    UpdateAfter = 2,
    Delete = 3,
}

impl Kind {
    pub fn of(byte: u8) -> Kind {
        match byte {
            0 => Kind::Insert,
            1 => Kind::UpdateBefore,
            2 => Kind::UpdateAfter,
            3 => Kind::Delete,
            other => panic!("{other} is no row kind"),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Kind::Insert => "+I",
            Kind::UpdateBefore => "-U",
            Kind::UpdateAfter => "+U",
            Kind::Delete => "-D",
        }
    }
}

/// A changelog row: the physical columns, then the metadata columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub kind: Kind,
    pub values: Vec<Value>,
}

impl Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        list(f, ['(', ')'], self.values.iter())
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Boolean(v) => v.fmt(f),
            Value::Tinyint(v) => v.fmt(f),
            Value::Smallint(v) => v.fmt(f),
            Value::Int(v) => v.fmt(f),
            Value::Bigint(v) => v.fmt(f),
            Value::Float(bits) => f.write_str(&float::shortest(f32::from_bits(*bits).into(), true)),
            Value::Double(bits) => f.write_str(&float::shortest(f64::from_bits(*bits), false)),
            Value::Decimal(v) => f.write_str(&v.plain()),
            Value::Text(v) => quoted(f, v),
            Value::Bytes(v) => {
                f.write_str("x'")?;
                v.iter().try_for_each(|b| write!(f, "{b:02x}"))?;
                f.write_str("'")
            }
            Value::Date(days) => f.write_str(&date_text((*days).into())),
            Value::Time(millis) => f.write_str(&time_text(*millis)),
            Value::Timestamp(v) => f.write_str(&timestamp_text(*v)),
            Value::Instant(v) => write!(f, "{}Z", timestamp_text(*v)),
            Value::Array(v) => list(f, ['[', ']'], v.iter()),
            Value::Row(v) => list(f, ['(', ')'], v.iter()),
            Value::Map(v) => list(f, ['{', '}'], v.iter().map(Entry)),
        }
    }
}

struct Entry<'v>((&'v String, &'v Value));

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quoted(f, self.0.0)?;
        write!(f, "={}", self.0.1)
    }
}

fn list<T: Display>(f: &mut fmt::Formatter<'_>, brackets: [char; 2], items: impl Iterator<Item = T>) -> fmt::Result {
    f.write_char(brackets[0])?;
    for (i, item) in items.enumerate() {
        f.write_str(if i == 0 { "" } else { ", " })?;
        item.fmt(f)?;
    }
    f.write_char(brackets[1])
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\0'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

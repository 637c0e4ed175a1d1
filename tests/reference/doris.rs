//! Bodies of Doris' loads, slow and obvious: what is to be written, or why it may not be.

use super::float::java_text;
use super::temporal::{date_text, time_text, timestamp_text};
use super::value::{Timestamp, Value};
use canal_native::doris::body::BadValue;
use canal_native::doris::table::DorisType;
use canal_native::schema::{Field, LogicalType, Root};
use std::collections::BTreeMap;

/// How values stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// Top-level members of a JSON body.
    Body,
    /// Fields of a CSV body, texts in `"` with `\` before `"` and `\`.
    Csv,
    /// JSON in a column of text.
    Json,
    /// Doris' form of nested values.
    Doris,
    /// Nothing around texts: what has to be in the column.
    Content,
}

/// What values depend on beside their types.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Offsets in seconds by the milliseconds from which they count.
    pub zone: BTreeMap<i64, i32>,
    pub null_for_nan: bool,
    pub max_text_bytes: u32,
}

/// A value that is not NULL.
enum Plain {
    Null,
    Bare(String),
    Fraction(String),
    Time(String),
    Text(String),
}

impl Reference {
    /// A column of a row.
    pub fn column(
        &self,
        value: &Value,
        from: &LogicalType,
        to: &DorisType,
        nullable: bool,
        notation: Notation,
    ) -> Result<Option<String>, BadValue> {
        let null = || if nullable { Ok(None) } else { Err(BadValue::NullInNotNull) };
        if *value == Value::Null {
            return null();
        }
        if let Some(text) = self.nested(value, &from.root, to)? {
            return written(Plain::Text(text), notation).map(Some);
        }
        match self.plain(value, &from.root, to)? {
            Plain::Null => null(),
            plain => written(plain, notation).map(Some),
        }
    }

    /// A nested value as the text of its column.
    fn nested(&self, value: &Value, from: &Root, to: &DorisType) -> Result<Option<String>, BadValue> {
        if !matches!(value, Value::Array(_) | Value::Map(_) | Value::Row(_)) {
            return Ok(None);
        }
        let (notation, most) = match to {
            DorisType::Char(n) | DorisType::Varchar(n) => (Notation::Json, *n),
            DorisType::Array(_) | DorisType::Map(..) | DorisType::Struct(_) => (Notation::Doris, u32::MAX),
            _ => (Notation::Json, self.max_text_bytes),
        };
        let own = holder(from);
        let text = self.inside(value, from, if notation == Notation::Json { &own } else { to }, notation)?;
        let bytes = text.len();
        if bytes > most as usize { Err(BadValue::TooLong { bytes: bytes as u32, most }) } else { Ok(Some(text)) }
    }

    fn inside(&self, value: &Value, from: &Root, to: &DorisType, notation: Notation) -> Result<String, BadValue> {
        let key =
            |name: &str, ty: &DorisType| match (self.plain(&Value::Text(name.into()), &Root::Varchar, ty)?, notation) {
                (Plain::Text(text), _) => written(Plain::Text(text), notation),
                _ => unreachable!("keys are texts"),
            };
        let list = |parts: Result<Vec<String>, BadValue>| parts.map(|parts| parts.join(","));
        match (value, from, to) {
            (Value::Null, ..) => Ok("null".into()),
            (Value::Array(items), Root::Array { element }, DorisType::Array(to)) => {
                let items = items.iter().map(|item| self.inside(item, &element.root, to, notation)).collect();
                list(items).map(|items| format!("[{items}]"))
            }
            (Value::Map(entries), root, DorisType::Map(to_key, to)) => {
                let ty = if let Root::Map { value, .. } = root { &value.root } else { &Root::Integer };
                let entry = |(name, value): (&String, &Value)| {
                    Ok(format!("{}:{}", key(name, to_key)?, self.inside(value, ty, to, notation)?))
                };
                list(entries.iter().map(entry).collect()).map(|entries| format!("{{{entries}}}"))
            }
            (Value::Row(values), Root::Row { fields }, DorisType::Struct(to)) => {
                let member = |(name, to): &(String, DorisType)| {
                    let i = fields.iter().position(|f| f.name.eq_ignore_ascii_case(name)).expect("a field");
                    let value = self.inside(&values[i], &fields[i].ty.root, to, notation)?;
                    Ok(format!("{}:{value}", written(Plain::Text(name.clone()), notation)?))
                };
                list(to.iter().map(member).collect()).map(|members| format!("{{{members}}}"))
            }
            (Value::Array(_) | Value::Map(_) | Value::Row(_), ..) => {
                let text = self.nested(value, from, to)?.expect("a nested value");
                written(Plain::Text(text), notation)
            }
            _ => match self.plain(value, from, to)? {
                Plain::Null => Ok("null".into()),
                plain => written(plain, notation),
            },
        }
    }

    fn plain(&self, value: &Value, from: &Root, to: &DorisType) -> Result<Plain, BadValue> {
        let most = match to {
            DorisType::Char(n) | DorisType::Varchar(n) => *n,
            _ => self.max_text_bytes,
        };
        let limited = |text: String| match text.len() {
            bytes if bytes > most as usize => Err(BadValue::TooLong { bytes: bytes as u32, most }),
            _ => Ok(Plain::Text(text)),
        };
        let not_finite = || if self.null_for_nan { Ok(Plain::Null) } else { Err(BadValue::NotFinite) };
        match (value, to) {
            (Value::Boolean(v), DorisType::Boolean) => Ok(Plain::Bare(v.to_string())),
            (Value::Boolean(v), to) if is_integer(to) => Ok(Plain::Bare(u8::from(*v).to_string())),
            (Value::Boolean(v), _) => Ok(Plain::Text(v.to_string())),
            (Value::Tinyint(v), _) => integer((*v).into(), to).map(Plain::Bare),
            (Value::Smallint(v), _) => integer((*v).into(), to).map(Plain::Bare),
            (Value::Int(v), _) => integer((*v).into(), to).map(Plain::Bare),
            (Value::Bigint(v), _) => integer((*v).into(), to).map(Plain::Bare),
            (Value::Float(bits), _) if !f32::from_bits(*bits).is_finite() => not_finite(),
            (Value::Float(bits), to) => {
                Ok(Plain::Fraction(java_text(f32::from_bits(*bits).into(), *to != DorisType::Double)))
            }
            (Value::Double(bits), _) if !f64::from_bits(*bits).is_finite() => not_finite(),
            (Value::Double(bits), _) => Ok(Plain::Fraction(java_text(f64::from_bits(*bits), false))),
            (Value::Decimal(v), _) => {
                let text = with_scale(&v.plain(), from);
                decimal(&text, to)?;
                Ok(Plain::Fraction(text))
            }
            (Value::Text(v), DorisType::Json) => match serde_json::from_str::<serde_json::Value>(v) {
                Ok(_) => limited(v.clone()),
                Err(_) => Err(BadValue::NotOfType),
            },
            (Value::Text(v), _) => limited(v.clone()),
            (Value::Bytes(v), _) => limited(v.iter().map(|b| format!("{b:02X}")).collect()),
            (Value::Date(day), _) => dated(date_text(i64::from(*day))).map(Plain::Time),
            (Value::Time(millis), _) if !(0..86_400_000).contains(millis) => Err(BadValue::OutOfRange),
            (Value::Time(millis), _) => Ok(Plain::Text(shortened(&time_text(*millis), 3))),
            (Value::Timestamp(v), _) => self.stamp(*v, to).map(Plain::Time),
            (Value::Instant(v), _) => {
                let offset =
                    self.zone.range(..=v.millis).next_back().or(self.zone.iter().next()).map_or(0, |(_, s)| *s);
                let millis = v.millis.checked_add(i64::from(offset) * 1000).ok_or(BadValue::OutOfRange)?;
                self.stamp(Timestamp { millis, nanos: v.nanos }, to).map(Plain::Time)
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn stamp(&self, stamp: Timestamp, to: &DorisType) -> Result<String, BadValue> {
        let day = stamp.millis.div_euclid(86_400_000);
        if !(-800_000..4_000_000).contains(&day) {
            return Err(BadValue::OutOfRange);
        }
        let digits = if let DorisType::DateTime { scale } = to { usize::from(*scale) } else { 9 };
        dated(shortened(&timestamp_text(stamp), digits))
    }
}

/// The text with at most so many digits behind the point, and none that are zeros at the end.
fn shortened(text: &str, digits: usize) -> String {
    let (whole, fraction) = text.split_once('.').expect("a fraction");
    let fraction = fraction[..digits.min(fraction.len())].trim_end_matches('0');
    if fraction.is_empty() { whole.into() } else { format!("{whole}.{fraction}") }
}

/// Years of four digits only.
fn dated(text: String) -> Result<String, BadValue> {
    if text.starts_with(['+', '-']) { Err(BadValue::OutOfRange) } else { Ok(text) }
}

fn is_integer(ty: &DorisType) -> bool {
    use DorisType::{BigInt, Int, LargeInt, SmallInt, TinyInt};
    matches!(ty, TinyInt | SmallInt | Int | BigInt | LargeInt)
}

fn integer(value: i128, to: &DorisType) -> Result<String, BadValue> {
    let text = value.to_string();
    let fits = match to {
        DorisType::Boolean => (0..=1).contains(&value),
        DorisType::TinyInt => i8::try_from(value).is_ok(),
        DorisType::SmallInt => i16::try_from(value).is_ok(),
        DorisType::Int => i32::try_from(value).is_ok(),
        DorisType::BigInt => i64::try_from(value).is_ok(),
        DorisType::Float => value.abs() <= 1 << 24,
        DorisType::Double => value.abs() <= 1 << 53,
        DorisType::Decimal { precision, scale } => {
            value == 0 || value.abs().to_string().len() <= usize::from(precision - scale)
        }
        DorisType::Char(n) | DorisType::Varchar(n) => text.len() <= *n as usize,
        _ => true,
    };
    if fits { Ok(text) } else { Err(BadValue::OutOfRange) }
}

/// The plain text with all digits of the type's scale.
fn with_scale(plain: &str, from: &Root) -> String {
    let Root::Decimal { scale, .. } = from else { panic!("{from:?}") };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    match *scale {
        0 => whole.into(),
        scale => format!("{whole}.{fraction:0<width$}", width = usize::from(scale)),
    }
}

fn decimal(text: &str, to: &DorisType) -> Result<(), BadValue> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match to {
        DorisType::Decimal { precision, scale } => {
            let whole = whole.trim_start_matches('-').trim_start_matches('0');
            if whole.len() > usize::from(precision - scale) {
                return Err(BadValue::OutOfRange);
            }
            let digits = fraction.trim_end_matches('0').len();
            if digits > usize::from(*scale) { Err(BadValue::LosesDigits) } else { Ok(()) }
        }
        to if is_integer(to) => integer(whole.parse().expect("an integer"), to).map(|_| ()),
        _ => Ok(()),
    }
}

fn written(plain: Plain, notation: Notation) -> Result<String, BadValue> {
    Ok(match (plain, notation) {
        (Plain::Bare(text), _) => text,
        (Plain::Fraction(text), Notation::Body) => format!("\"{text}\""),
        (Plain::Fraction(text), _) => text,
        (Plain::Time(text), Notation::Csv | Notation::Content) => text,
        (Plain::Time(text), _) => format!("\"{text}\""),
        (Plain::Text(text), Notation::Content) => text,
        (Plain::Text(text), Notation::Csv) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        (Plain::Text(text), Notation::Body | Notation::Json) => serde_json::to_string(&text).expect("a text"),
        (Plain::Text(text), Notation::Doris) => nested_text(&text)?,
        (Plain::Null, _) => unreachable!("NULL is for the caller"),
    })
}

fn nested_text(text: &str) -> Result<String, BadValue> {
    let escaped = text.replace('\\', "\\\\");
    // Quotes of its own are not to be taken for those around it.
    let alone = |quote: char| {
        let own = text.chars().count() > 1 && text.starts_with(quote) && text.ends_with(quote);
        if own { format!("\\{escaped}") } else { escaped.clone() }
    };
    match (text.contains('"'), text.contains('\'')) {
        (true, true) => Err(BadValue::BothQuotes),
        (true, false) => Ok(format!("'{}'", alone('"'))),
        _ => Ok(format!("\"{}\"", alone('\''))),
    }
}

/// The Doris type that holds all values of a Flink type.
pub fn holder(from: &Root) -> DorisType {
    match from {
        Root::Boolean => DorisType::Boolean,
        Root::Tinyint => DorisType::TinyInt,
        Root::Smallint => DorisType::SmallInt,
        Root::Integer => DorisType::Int,
        Root::Bigint => DorisType::BigInt,
        Root::Float => DorisType::Float,
        Root::Double => DorisType::Double,
        Root::Decimal { precision, scale } => DorisType::Decimal { precision: *precision, scale: *scale },
        Root::Date => DorisType::Date,
        Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
            DorisType::DateTime { scale: (*precision).min(6) }
        }
        Root::Array { element } => DorisType::Array(Box::new(holder(&element.root))),
        Root::Map { value, .. } => DorisType::Map(Box::new(DorisType::String), Box::new(holder(&value.root))),
        Root::Multiset { .. } => DorisType::Map(Box::new(DorisType::String), Box::new(DorisType::Int)),
        Root::Row { fields } => {
            DorisType::Struct(fields.iter().map(|f: &Field| (f.name.clone(), holder(&f.ty.root))).collect())
        }
        _ => DorisType::String,
    }
}

//! The reference encoder: what flink-json's `CanalJsonSerializationSchema` writes, and what Canal 1.1.7 would write for the
//! same row, text by text.

use super::float;
use super::temporal::{date_text, time_text, timestamp_text};
use super::value::{Kind, Timestamp, Value};
use base64::Engine;
use canal_native::canal::encode::Reason;
use canal_native::schema::{EncoderSpec, Field, LogicalType, Root, TimestampFormat, UpdateMode};

const DAY_MILLIS: i64 = 86_400_000;

/// The message, or why there is none. `id`: number of the message, `now`: its time.
pub fn message(spec: &EncoderSpec, values: &[Value], kind: Kind, id: u64, now: i64) -> Result<String, Reason> {
    let one = spec.update == UpdateMode::Update;
    let (event, before) = match kind {
        Kind::UpdateBefore if one => return Err(Reason::UpdateBefore),
        Kind::UpdateAfter if one => ("UPDATE", "[{}]"),
        Kind::Insert | Kind::UpdateAfter => ("INSERT", "null"),
        Kind::Delete | Kind::UpdateBefore => ("DELETE", "null"),
    };
    let Some(envelope) = &spec.envelope else {
        let row = object(spec, &spec.fields, values, &|value, ty| json(spec, value, ty))?;
        let before = if event == "UPDATE" { r#""old":[{}],"# } else { "" };
        return Ok(format!(r#"{{"data":[{row}],{before}"type":"{event}"}}"#));
    };
    let row = object(spec, &spec.fields, values, &|value, ty| match value {
        Value::Null => Ok("null".into()),
        value => Ok(string(spec, &text(spec, value, ty)?)),
    })?;
    let types = |of: fn(&Root) -> (String, i32), named: bool| {
        let members = spec.fields.iter().map(|f| {
            let (name, code) = of(&f.ty.root);
            let value = if named { string(spec, &name) } else { code.to_string() };
            format!("{}:{value}", string(spec, &f.name))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    };
    let keys: Vec<String> = envelope.pk_names.iter().map(|name| string(spec, name)).collect();
    let keys = if keys.is_empty() { "null".into() } else { format!("[{}]", keys.join(",")) };
    let (database, table) = (string(spec, &envelope.database), string(spec, &envelope.table));
    let (names, codes) = (types(mysql, true), types(mysql, false));
    Ok([
        format!(r#"{{"data":[{row}],"database":{database},"es":{now},"gtid":"","id":{id},"isDdl":false,"#),
        format!(r#""mysqlType":{names},"old":{before},"pkNames":{keys},"sql":"","sqlType":{codes},"#),
        format!(r#""table":{table},"ts":{now},"type":"{event}"}}"#),
    ]
    .concat())
}

/// MySQL's name and `java.sql.Types` code for a column.
fn mysql(root: &Root) -> (String, i32) {
    let precise = |name: &str, p: u8| if p == 0 { name.to_string() } else { format!("{name}({})", p.min(6)) };
    match root {
        Root::Boolean => ("tinyint(1)".into(), -6),
        Root::Tinyint => ("tinyint".into(), -6),
        Root::Smallint => ("smallint".into(), 5),
        Root::Integer | Root::IntervalYearMonth => ("int".into(), 4),
        Root::Bigint | Root::IntervalDayTime => ("bigint".into(), -5),
        Root::Float => ("float".into(), 7),
        Root::Double => ("double".into(), 8),
        Root::Decimal { precision, scale } => (format!("decimal({precision},{scale})"), 3),
        Root::Char | Root::Varchar => ("text".into(), 2005),
        Root::Binary | Root::Varbinary => ("blob".into(), 2004),
        Root::Date => ("date".into(), 91),
        Root::TimeWithoutTimeZone { precision } => (precise("time", *precision), 92),
        Root::TimestampWithoutTimeZone { precision } => (precise("datetime", *precision), 93),
        Root::TimestampWithLocalTimeZone { precision } => (precise("timestamp", *precision), 93),
        _ => ("json".into(), 12),
    }
}

type Write<'w> = &'w dyn Fn(&Value, &LogicalType) -> Result<String, Reason>;

fn object(spec: &EncoderSpec, fields: &[Field], values: &[Value], write: Write<'_>) -> Result<String, Reason> {
    let mut members = Vec::new();
    for (field, value) in fields.iter().zip(values) {
        let null = *value == Value::Null;
        if null && !field.ty.nullable && spec.envelope.is_none() {
            return Err(Reason::NullInNotNull);
        }
        if !null || !spec.ignore_nulls {
            members.push(format!("{}:{}", string(spec, &field.name), write(value, &field.ty)?));
        }
    }
    Ok(format!("{{{}}}", members.join(",")))
}

/// A value as flink-json writes it.
fn json(spec: &EncoderSpec, value: &Value, ty: &LogicalType) -> Result<String, Reason> {
    Ok(match (value, &ty.root) {
        (Value::Null, _) if !ty.nullable && spec.envelope.is_none() => return Err(Reason::NullInNotNull),
        (Value::Null, _) => "null".into(),
        (Value::Boolean(v), _) => v.to_string(),
        (Value::Tinyint(v), _) => v.to_string(),
        (Value::Smallint(v), _) => v.to_string(),
        (Value::Int(v), _) => v.to_string(),
        (Value::Bigint(v), _) => v.to_string(),
        (Value::Float(bits), _) => number(float::java_text(f32::from_bits(*bits).into(), true)),
        (Value::Double(bits), _) => number(float::java_text(f64::from_bits(*bits), false)),
        (Value::Decimal(v), _) => match (spec.plain_decimals, spec.strip_plain_decimals) {
            (false, _) => v.stripped().text(),
            (true, true) => v.stripped().plain(),
            (true, false) => v.plain(),
        },
        (Value::Text(v), _) => string(spec, v),
        (Value::Bytes(v), _) => format!("\"{}\"", base64::engine::general_purpose::STANDARD.encode(v)),
        (Value::Date(v), _) => format!("\"{}\"", date_text((*v).into())),
        (Value::Time(v), _) => format!("\"{}\"", time(*v, spec.time_millis || spec.envelope.is_some())?),
        (Value::Timestamp(v), _) => format!("\"{}\"", stamp(spec, *v)?),
        (Value::Instant(v), _) => format!("\"{}Z\"", stamp(spec, *v)?),
        (Value::Array(v), Root::Array { element }) => {
            let items: Result<Vec<_>, _> = v.iter().map(|v| json(spec, v, element)).collect();
            format!("[{}]", items?.join(","))
        }
        (Value::Map(v), root) => {
            let int = LogicalType { root: Root::Integer, nullable: false };
            let ty = if let Root::Map { value, .. } = root { value } else { &int };
            let entry =
                |(k, v): (&String, &Value)| Ok::<_, Reason>(format!("{}:{}", string(spec, k), json(spec, v, ty)?));
            format!("{{{}}}", v.iter().map(entry).collect::<Result<Vec<_>, _>>()?.join(","))
        }
        (Value::Row(v), Root::Row { fields }) => object(spec, fields, v, &|value, ty| json(spec, value, ty))?,
        other => panic!("{other:?}"),
    })
}

/// `NaN` and the infinities are no JSON numbers.
fn number(text: String) -> String {
    if text.ends_with(char::is_alphabetic) { format!("\"{text}\"") } else { text }
}

fn time(millis: i32, fraction: bool) -> Result<String, Reason> {
    let shown = if fraction { millis } else { millis / 1000 * 1000 };
    if !(0..86_400_000).contains(&shown) {
        return Err(Reason::OutOfRange);
    }
    Ok(without_zeros(&time_text(shown)))
}

fn stamp(spec: &EncoderSpec, stamp: Timestamp) -> Result<String, Reason> {
    let day = stamp.millis.div_euclid(DAY_MILLIS);
    if day <= i32::MIN.into() || day > i32::MAX.into() {
        return Err(Reason::OutOfRange);
    }
    let text = without_zeros(&timestamp_text(stamp));
    Ok(if spec.timestamp == TimestampFormat::Sql { text } else { text.replace(' ', "T") })
}

fn without_zeros(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A value as Canal writes it.
fn text(spec: &EncoderSpec, value: &Value, ty: &LogicalType) -> Result<String, Reason> {
    let common = |day: i64| if (-719_528..=2_932_896).contains(&day) { Ok(()) } else { Err(Reason::OutOfRange) };
    Ok(match (value, &ty.root) {
        (Value::Boolean(v), _) => i32::from(*v).to_string(),
        (Value::Text(v), _) => v.clone(),
        (Value::Bytes(v), _) => v.iter().map(|b| char::from(*b)).collect(),
        (Value::Decimal(v), _) => v.plain(),
        (Value::Float(bits), _) => float::java_text(f32::from_bits(*bits).into(), true),
        (Value::Double(bits), _) => float::java_text(f64::from_bits(*bits), false),
        (Value::Date(v), _) => {
            common((*v).into())?;
            date_text((*v).into())
        }
        (Value::Time(v), Root::TimeWithoutTimeZone { precision }) => at_least(&time(*v, true)?, *precision),
        (Value::Timestamp(v), Root::TimestampWithoutTimeZone { precision }) => {
            common(v.millis.div_euclid(DAY_MILLIS))?;
            at_least(&timestamp_text(*v), *precision)
        }
        (Value::Instant(v), Root::TimestampWithLocalTimeZone { precision }) => {
            common(v.millis.div_euclid(DAY_MILLIS))?;
            at_least(&timestamp_text(*v), *precision) + "Z"
        }
        _ => json(spec, value, ty)?,
    })
}

/// With as many digits of the second as are needed, and at least `digits`.
fn at_least(text: &str, digits: u8) -> String {
    let shortest = match text.split_once('.') {
        Some(_) => without_zeros(text),
        None => text.into(),
    };
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    let fraction = format!("{fraction:0<width$}", width = usize::from(digits));
    if fraction.is_empty() { whole.into() } else { format!("{whole}.{fraction}") }
}

/// A JSON string: as Jackson writes it, or in a whole envelope as fastjson 2 does.
fn string(spec: &EncoderSpec, text: &str) -> String {
    let fastjson = spec.envelope.is_some();
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\u{8}' => json.push_str("\\b"),
            '\t' => json.push_str("\\t"),
            '\n' => json.push_str("\\n"),
            '\u{c}' => json.push_str("\\f"),
            '\r' => json.push_str("\\r"),
            '\0'..=' ' if c < ' ' && fastjson => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            '\0'..=' ' if c < ' ' => json.push_str(&format!("\\u{:04X}", u32::from(c))),
            '\u{10000}'.. if !fastjson => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| json.push_str(&format!("\\u{unit:04X}")));
            }
            _ => json.push(c),
        }
    }
    json + "\""
}

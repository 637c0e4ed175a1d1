//! Default values of the source in Doris' terms.

use super::mapping::{BinaryText, DorisDefault, TypeOptions};
use super::mysql_type::MysqlType;
use super::source::{ColumnDefault, SourceColumn};
use crate::doris::table::DorisType;
use crate::schema::ZeroDate;
use base64::Engine;

/// The column's default, if Doris can hold it.
pub fn in_doris(column: &SourceColumn, doris: &DorisType, options: &TypeOptions) -> Option<DorisDefault> {
    match column.default.as_ref()? {
        ColumnDefault::Literal(text) => literal(&column.ty, text, doris, options).map(DorisDefault::Literal),
        ColumnDefault::CurrentTimestamp => match doris {
            DorisType::DateTime { scale } => Some(DorisDefault::CurrentTimestamp(*scale)),
            _ => None,
        },
        ColumnDefault::Expression(_) => None,
    }
}

/// What MySQL gives the rows that are there when a NOT NULL column without a default is added.
pub fn implicit(ty: &MysqlType, doris: &DorisType, options: &TypeOptions) -> Option<DorisDefault> {
    let text = match ty {
        MysqlType::Date => "0000-00-00",
        MysqlType::DateTime(_) | MysqlType::Timestamp(_) => "0000-00-00 00:00:00",
        MysqlType::Time(_) => "00:00:00",
        MysqlType::Enum(Some(labels)) => labels.first()?,
        MysqlType::Char(_)
        | MysqlType::Varchar(_)
        | MysqlType::Text(_)
        | MysqlType::Binary(_)
        | MysqlType::Varbinary(_)
        | MysqlType::Blob(_)
        | MysqlType::Set(_) => "",
        MysqlType::Json | MysqlType::Geometry(_) | MysqlType::Enum(None) | MysqlType::Unknown(_) => return None,
        MysqlType::Uuid | MysqlType::Inet4 | MysqlType::Inet6 => return None,
        _ => "0",
    };
    literal(ty, text, doris, options).map(DorisDefault::Literal)
}

/// A constant as Canal would write it, in the form that Doris takes.
fn literal(ty: &MysqlType, text: &str, doris: &DorisType, options: &TypeOptions) -> Option<String> {
    match doris {
        DorisType::Boolean => Some(if integer(text)? == 0 { "0" } else { "1" }.to_string()),
        DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt | DorisType::LargeInt => {
            Some(integer(text)?.to_string())
        }
        DorisType::Decimal { .. } => is_decimal(text).then(|| text.to_string()),
        DorisType::Float | DorisType::Double => {
            text.parse::<f64>().ok().filter(|n| n.is_finite()).map(|_| text.to_string())
        }
        DorisType::Date | DorisType::DateTime { .. } => date(text, doris, options.zero_date),
        DorisType::Varchar(_) | DorisType::String => {
            let text = as_text(ty, text, options)?;
            let most = if let DorisType::Varchar(most) = doris { *most as usize } else { usize::MAX };
            (text.len() <= most).then_some(text)
        }
        _ => None,
    }
}

fn integer(text: &str) -> Option<i128> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(1),
        "false" => Some(0),
        digits => digits.parse().ok(),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
}

/// A date with or without a time; zeros as the option says, where NULL is no default.
fn date(text: &str, doris: &DorisType, zero: ZeroDate) -> Option<String> {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let shape = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(b, f)| if f == b'0' { b.is_ascii_digit() } else { b == f })
    };
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, ""));
    if !shape(day, "0000-00-00") || !shape(seconds, "00:00:00") || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let day = match (day, zero) {
        ("0000-00-00", ZeroDate::Epoch) => "1970-01-01",
        // Months and days of zero are no dates in Doris.
        _ if day.starts_with("0000") || day[5..].contains("00") => return None,
        _ => day,
    };
    Some(match doris {
        DorisType::Date => day.to_string(),
        _ => format!("{day} {time}"),
    })
}

/// As the values of a text column are written.
fn as_text(ty: &MysqlType, text: &str, options: &TypeOptions) -> Option<String> {
    match ty {
        MysqlType::Time(digits) => time(text, *digits),
        MysqlType::Binary(_) | MysqlType::Varbinary(_) | MysqlType::Blob(_) => {
            let mut bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>()?;
            if let MysqlType::Binary(length) = ty {
                bytes.resize((*length as usize).max(bytes.len()), 0);
            }
            Some(match options.binary {
                BinaryText::Hex => bytes.iter().map(|b| format!("{b:02X}")).collect(),
                BinaryText::Base64 => base64::engine::general_purpose::STANDARD.encode(&bytes),
            })
        }
        _ => Some(text.to_string()),
    }
}

/// `[-]h:mm:ss[.f]` with the column's digits, as Canal writes values.
fn time(text: &str, digits: u8) -> Option<String> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (sign, clock) = clock.strip_prefix('-').map_or(("", clock), |rest| ("-", rest));
    let parts: Vec<u32> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    let digits = usize::from(digits);
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || fraction.len() > digits {
        return None;
    }
    let fraction = if digits == 0 { String::new() } else { format!(".{fraction:0<digits$}") };
    Some(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"))
}

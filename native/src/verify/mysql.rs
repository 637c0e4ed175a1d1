//! What MySQL and MariaDB are asked, in their SQL: keys as literals, and values as the texts that Doris has of them.

use super::checksum::{Value, is_integer, is_scale, unlike};
use super::key::{KeyColumn, hex, is_date, is_number};
use crate::doris::catalogue::quoted;
use crate::doris::table::{DorisType, backquoted};
use crate::error::Error;
use crate::schema::ZeroDate;
use crate::sync::mapping::{BinaryText, Conversion, MappedColumn, TypeOptions};
use crate::sync::mysql_type::MysqlType;
use std::error::Error as _;

/// A date that is NULL in Doris where the job says so.
const ZERO_DATE: &str = "'0000-00-00'";

/// Whether the server puts values of a key's column into the order that Doris has. Texts are in the order of a collation in the source and of bytes in
/// Doris; dates of zeros move where they become another date.
pub(super) fn is_ordered_alike(key: &KeyColumn) -> bool {
    match key.ty {
        MysqlType::TinyInt { .. }
        | MysqlType::SmallInt { .. }
        | MysqlType::MediumInt { .. }
        | MysqlType::Int { .. }
        | MysqlType::BigInt { .. } => true,
        MysqlType::TinyInt1 => key.doris != DorisType::Boolean,
        MysqlType::Decimal { .. } => matches!(key.doris, DorisType::Decimal { .. }),
        MysqlType::Date | MysqlType::DateTime(_) => key.zeros_are_null,
        MysqlType::Binary(_) | MysqlType::Varbinary(_) => key.binary == BinaryText::Hex,
        _ => false,
    }
}

/// Whether Doris may have the value that a bound of a range is: a date without a month or a day it has not.
pub(super) fn is_bound(literal: &str) -> bool {
    !literal.contains("-00") || literal.starts_with("'0000-00-00")
}

/// A bound of a range, which is a literal of MySQL's, in Doris; None for what is NULL there.
pub(super) fn bound(key: &KeyColumn, literal: &str) -> Option<String> {
    if key.zeros_are_null && literal.starts_with("'0000-00-00") {
        return None;
    }
    // Bytes in hexadecimal are a text there.
    Some(literal.strip_prefix('X').unwrap_or(literal).to_string())
}

/// The condition that a column of a key has a value.
pub(super) fn equal(key: &KeyColumn, cell: Option<&str>) -> String {
    format!("{} = {}", backquoted(&key.source), literal(key, cell))
}

/// The same of a text, whatever the column's character set.
pub(super) fn equal_by_letters(key: &KeyColumn, cell: Option<&str>) -> String {
    match literal(key, cell) {
        text if text.starts_with("_utf8mb4") => {
            format!("CONVERT({} USING utf8mb4) = {text} COLLATE utf8mb4_bin", backquoted(&key.source))
        }
        literal => format!("{} = {literal}", backquoted(&key.source)),
    }
}

/// Whether the server could not compare a text with a column, which has another character set.
pub(super) fn is_of_character_sets(e: &Error) -> bool {
    /// `ER_CANT_AGGREGATE_2COLLATIONS` and its like for three and more.
    const UNLIKE: [u16; 3] = [1267, 1270, 1271];
    let mut cause = e.source();
    while let Some(e) = cause {
        if let Some(mysql_async::Error::Server(refused)) = e.downcast_ref::<mysql_async::Error>() {
            return UNLIKE.contains(&refused.code);
        }
        cause = e.source();
    }
    false
}

fn literal(key: &KeyColumn, cell: Option<&str>) -> String {
    let Some(text) = cell else { return if is_date(&key.ty) { ZERO_DATE.into() } else { "NULL".into() } };
    match key.ty {
        MysqlType::Binary(_) | MysqlType::Varbinary(_) | MysqlType::Blob(_) => match key.bytes(text) {
            Some(bytes) => format!("X'{}'", hex(&bytes)),
            // What only Doris has.
            None => "NULL".into(),
        },
        // A number of fewer digits would be a year of this century.
        MysqlType::Year => format!("'{text:0>4}'"),
        MysqlType::Date | MysqlType::DateTime(_) | MysqlType::Timestamp(_) | MysqlType::Time(_) => quoted(text),
        _ if is_number(text) && !is_text(&key.ty) => text.to_string(),
        _ => format!("_utf8mb4 X'{}'", hex(text.as_bytes())),
    }
}

fn is_text(ty: &MysqlType) -> bool {
    !ty.is_integer() && !matches!(ty, MysqlType::Decimal { .. } | MysqlType::Bit(_))
}

/// A value's text, as Doris has it.
///
/// # Errors
/// Why there is none.
pub(super) fn value(
    ty: &MysqlType,
    mapped: &MappedColumn,
    there: &DorisType,
    options: &TypeOptions,
) -> Result<Value, String> {
    let name = backquoted(&mapped.source);
    let plain = |text: String| Ok(Value { text, is_null: format!("{name} IS NULL") });
    let is_integer = is_integer(there);
    // Text that the job makes of another type is not the server's.
    let is_text = there.is_text() && mapped.doris.is_text();
    match ty {
        MysqlType::TinyInt1 if is_integer || *there == DorisType::Boolean => plain(name.clone()),
        MysqlType::Bit(1) if *there == DorisType::Boolean => plain(format!("CAST({name} AS UNSIGNED)")),
        // ZEROFILL, which only unsigned ones have, is no more behind a CAST.
        ty if is_integer && (ty.is_unsigned() || matches!(ty, MysqlType::Bit(_) | MysqlType::Year)) => {
            plain(format!("CAST({name} AS UNSIGNED)"))
        }
        ty if is_integer && ty.is_integer() => plain(name.clone()),
        MysqlType::Decimal { precision, scale } if is_scale(there, *scale) => {
            plain(format!("CAST({name} AS DECIMAL({precision},{scale}))"))
        }
        MysqlType::Date if *there == DorisType::Date => Ok(date(&name, "0000-00-00", "1970-01-01", options)),
        MysqlType::DateTime(digits) | MysqlType::Timestamp(digits)
            if *there == (DorisType::DateTime { scale: *digits }) =>
        {
            let fraction = if *digits == 0 { String::new() } else { format!(".{:0<1$}", "", usize::from(*digits)) };
            let at = |date: &str| format!("{date} 00:00:00{fraction}");
            Ok(date(&name, &at("0000-00-00"), &at("1970-01-01"), options))
        }
        MysqlType::Time(_) | MysqlType::Decimal { .. } | MysqlType::Uuid | MysqlType::Inet4 | MysqlType::Inet6
            if is_text =>
        {
            plain(format!("CAST({name} AS CHAR)"))
        }
        MysqlType::Binary(_) | MysqlType::Varbinary(_) | MysqlType::Blob(_) | MysqlType::Geometry(_)
            if is_text && mapped.conversion != Conversion::Wkt =>
        {
            plain(match options.binary {
                BinaryText::Hex => format!("HEX({name})"),
                // The server breaks lines after 76 characters.
                BinaryText::Base64 => format!("REPLACE(TO_BASE64({name}), '\\n', '')"),
            })
        }
        ty if is_text && is_chars(ty) => {
            // One collation for all, or they could not be joined.
            let text = format!("CONVERT({name} USING utf8mb4) COLLATE utf8mb4_bin");
            plain(if matches!(there, DorisType::Char(_)) { format!("RTRIM({text})") } else { text })
        }
        ty => Err(unlike(ty, there)),
    }
}

/// Types whose values are texts, the same for the server as for the job.
fn is_chars(ty: &MysqlType) -> bool {
    matches!(
        ty,
        MysqlType::Char(_)
            | MysqlType::Varchar(_)
            | MysqlType::Text(_)
            | MysqlType::Enum(Some(_))
            | MysqlType::Set(Some(_))
            | MysqlType::Json
    )
}

/// A date, of which `zero` is the server's text where it is none, and `epoch` that of the first day.
fn date(name: &str, zero: &str, epoch: &str, options: &TypeOptions) -> Value {
    let (text, is_null) = (format!("CAST({name} AS CHAR)"), format!("{name} IS NULL"));
    match options.zero_date {
        ZeroDate::Null => Value { is_null: format!("{is_null} OR {text} = '{zero}'"), text },
        ZeroDate::Epoch => Value { text: format!("IF({text} = '{zero}', '{epoch}', {text})"), is_null },
        ZeroDate::Fail => Value { text, is_null },
    }
}

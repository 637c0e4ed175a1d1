//! What Oracle is asked, in its SQL: keys as literals, and texts that are summed up.

use super::checksum::{Value, is_integer, is_scale, unlike};
use super::key::{KeyColumn, hex, is_number};
use crate::doris::catalogue::quoted;
use crate::doris::table::DorisType;
use crate::snapshot::catalogue::Native;
use crate::snapshot::quoted::{quoted_name, quoted_text};
use crate::sync::mapping::{BinaryText, MappedColumn, TypeOptions};
use crate::sync::mysql_type::MysqlType;

const SECONDS: &str = "YYYY-MM-DD HH24:MI:SS";

/// Whether the server puts values of a key's column into the order that Doris has.
pub(super) fn is_ordered_alike(key: &KeyColumn, native: &Native) -> bool {
    match native.ty.as_str() {
        "NUMBER" => is_integer(&key.doris) || matches!(key.doris, DorisType::Decimal { .. }),
        ty if is_point(ty) => matches!(key.doris, DorisType::DateTime { .. }),
        _ => false,
    }
}

/// Whether it is a point of time without a zone.
fn is_point(ty: &str) -> bool {
    ty == "DATE" || ty.starts_with("TIMESTAMP(") && ty.ends_with(')')
}

/// A bound of a range, which is a literal of Oracle's, in Doris; None for what Doris cannot have: years before our era.
pub(super) fn bound(native: &Native, literal: &str) -> Option<String> {
    if native.ty == "NUMBER" {
        return is_number(literal).then(|| literal.to_string());
    }
    // TO_DATE(' 2024-01-31 00:00:00', '…')
    let text = literal.split('\'').nth(1)?.strip_prefix(' ')?;
    (is_point(&native.ty) && !text.starts_with("0000")).then(|| quoted(text))
}

/// The condition that a column of a key has a value.
pub(super) fn equal(key: &KeyColumn, native: &Native, cell: Option<&str>) -> String {
    const NONE: &str = "1 = 0";
    let name = quoted_name(&key.source);
    // A key has no NULL.
    let Some(text) = cell.filter(|text| !text.contains('\0')) else { return NONE.into() };
    match native.ty.as_str() {
        "NUMBER" if is_number(text) => format!("{name} = {text}"),
        "NUMBER" => NONE.into(),
        "VARCHAR2" | "NVARCHAR2" | "CHAR" | "NCHAR" => format!("{name} = {}", quoted_text(text)),
        "RAW" => match key.bytes(text) {
            Some(bytes) => format!("{name} = HEXTORAW('{}')", hex(&bytes)),
            None => NONE.into(),
        },
        "DATE" if is_date(text) => format!("{name} = TO_DATE('{text}', '{SECONDS}')"),
        ty if is_point(ty) && is_date(text) => {
            format!("{name} = TO_TIMESTAMP('{text}', '{SECONDS}.FF9')")
        }
        // No index serves it, and no text is wrong.
        _ => format!("{} = {}", native.selected, quoted_text(text)),
    }
}

/// `2024-01-31 00:00:00`, perhaps with a fraction: nothing that would end a literal.
fn is_date(text: &str) -> bool {
    text.len() >= "2024-01-31 00:00:00".len()
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b' ' | b':' | b'.'))
}

/// A value's text, as Doris has it. The server has expressions of 4000 bytes; with longer rows it refuses the sum.
///
/// # Errors
/// Why there is none.
pub(super) fn value(
    ty: &MysqlType,
    native: &Native,
    mapped: &MappedColumn,
    there: &DorisType,
    options: &TypeOptions,
) -> Result<Value, String> {
    let name = quoted_name(&mapped.source);
    let is_null = format!("{name} IS NULL");
    let plain = |text: String| Ok(Value { text, is_null });
    // Text that the job makes of another type is not the server's.
    let is_text = there.is_text() && mapped.doris.is_text();
    let is_of = |types: &[&str]| types.contains(&native.ty.as_str());
    match ty {
        ty if is_integer(there) && ty.is_integer() => plain(format!("TO_CHAR({name})")),
        MysqlType::Bit(1) if *there == DorisType::Boolean => plain(format!("TO_CHAR({})", native.selected)),
        MysqlType::Decimal { precision, scale } if is_scale(there, *scale) => {
            plain(format!("TO_CHAR({name}, '{}')", all_digits(*precision, *scale)))
        }
        MysqlType::DateTime(digits) if *there == (DorisType::DateTime { scale: *digits }) => {
            plain(native.selected.clone())
        }
        MysqlType::Varbinary(_) if is_text && is_of(&["RAW"]) && options.binary == BinaryText::Hex => {
            plain(format!("RAWTOHEX({name})"))
        }
        MysqlType::Char(_) if is_text => plain(format!("RTRIM(TO_CHAR({name}))")),
        MysqlType::Varchar(_) if is_text && is_of(&["VARCHAR2", "NVARCHAR2", "VARCHAR"]) => {
            let text = format!("TO_CHAR({name})");
            plain(if matches!(there, DorisType::Char(_)) { format!("RTRIM({text})") } else { text })
        }
        MysqlType::Varchar(_)
            if is_text && (native.ty.starts_with("TIMESTAMP") || native.ty.starts_with("INTERVAL")) =>
        {
            plain(native.selected.clone())
        }
        ty => Err(unlike(ty, there)),
    }
}

/// The format of a number with all digits of its scale: `FM9999999990.00`.
fn all_digits(precision: u8, scale: u8) -> String {
    let before = "9".repeat(usize::from(precision.saturating_sub(scale).saturating_sub(1)));
    let behind = if scale > 0 { format!(".{}", "0".repeat(scale.into())) } else { String::new() };
    format!("FM{before}0{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::catalogue::Dialect;
    use crate::snapshot::oracle::types::{ColumnType, travel};
    use crate::sync::mapping::{TypeOptions, map_type};
    use crate::sync::mysql_type::MysqlType;
    use crate::verify::checksum::mapped_column;

    fn key(name: &str, precision: Option<i32>) -> (KeyColumn, Native) {
        let of = ColumnType {
            name: name.into(),
            precision,
            scale: precision.map(|_| 0),
            chars: 9,
            bytes: 9,
            ..ColumnType::default()
        };
        let travel = travel("K", &of).unwrap();
        let (ty, options) = (MysqlType::parse(&travel.ty), TypeOptions::default());
        let native = Native { dialect: Dialect::Oracle, selected: travel.selected, ty: name.into(), by_bytes: false };
        let mut mapped = mapped_column(&ty, &options);
        mapped.source = "K".into();
        let doris = map_type(&ty, true, &options).doris;
        (KeyColumn::of(&mapped, &ty, Some(&native), (&doris, false), &options), native)
    }

    #[test]
    fn keys_as_conditions() {
        for (ty, precision, cell, expected) in [
            ("NUMBER", Some(9), "7", "\"K\" = 7"),
            ("NUMBER", Some(9), "7 OR 1 = 1", "1 = 0"),
            ("VARCHAR2", None, "it's", "\"K\" = 'it''s'"),
            ("RAW", None, "00FF", "\"K\" = HEXTORAW('00FF')"),
            ("RAW", None, "no bytes", "1 = 0"),
            ("DATE", None, "2024-01-31 00:00:00", "\"K\" = TO_DATE('2024-01-31 00:00:00', 'YYYY-MM-DD HH24:MI:SS')"),
            (
                "TIMESTAMP(6)",
                None,
                "2024-01-31 00:00:00.5",
                "\"K\" = TO_TIMESTAMP('2024-01-31 00:00:00.5', 'YYYY-MM-DD HH24:MI:SS.FF9')",
            ),
            ("ROWID", None, "AAA", "\"K\" = 'AAA'"),
        ] {
            let (key, native) = key(ty, precision);
            assert_eq!(equal(&key, &native, Some(cell)), expected, "{ty}");
            assert_eq!(equal(&key, &native, None), "1 = 0", "{ty}");
        }
    }

    #[test]
    fn texts_that_are_summed_up() {
        let text = |name: &str, precision: Option<i32>, scale: Option<i32>| {
            let of = ColumnType { name: name.into(), has_owner: false, precision, scale, chars: 9, bytes: 9 };
            let travel = travel("c", &of).unwrap();
            let ty = MysqlType::parse(&travel.ty);
            let native =
                Native { dialect: Dialect::Oracle, selected: travel.selected, ty: name.into(), by_bytes: false };
            let mapped = mapped_column(&ty, &TypeOptions::default());
            value(&ty, &native, &mapped, &mapped.doris, &TypeOptions::default()).map(|value| {
                assert_eq!(value.is_null, "\"c\" IS NULL");
                value.text
            })
        };
        let point = |shape: &str| format!("LTRIM(TO_CHAR(\"c\", 'SYYYY-MM-DD HH24:MI:SS{shape}'))");
        for (name, precision, scale, expected) in [
            ("NUMBER", Some(9), Some(0), "TO_CHAR(\"c\")".to_string()),
            ("NUMBER", Some(38), Some(0), format!("TO_CHAR(\"c\", 'FM{}0')", "9".repeat(37))),
            ("NUMBER", Some(10), Some(2), "TO_CHAR(\"c\", 'FM99999990.00')".into()),
            ("NUMBER", Some(3), Some(5), "TO_CHAR(\"c\", 'FM0.00000')".into()),
            ("DATE", None, None, point("")),
            ("TIMESTAMP(3)", None, Some(3), point(".FF3")),
            ("TIMESTAMP(9)", None, Some(9), point(".FF9")),
            ("CHAR", None, None, "RTRIM(TO_CHAR(\"c\"))".into()),
            ("NVARCHAR2", None, None, "TO_CHAR(\"c\")".into()),
            ("RAW", None, None, "RAWTOHEX(\"c\")".into()),
            ("INTERVAL YEAR(2) TO MONTH", Some(2), None, "TO_CHAR(\"c\")".into()),
            ("BOOLEAN", None, None, "TO_CHAR(CASE WHEN \"c\" THEN 1 WHEN NOT \"c\" THEN 0 END)".into()),
        ] {
            assert_eq!(text(name, precision, scale), Ok(expected), "{name}({precision:?},{scale:?})");
        }
        for (name, precision) in [
            ("NUMBER", None),
            ("FLOAT", Some(126)),
            ("BINARY_DOUBLE", None),
            ("CLOB", None),
            ("BLOB", None),
            ("ROWID", None),
            ("XMLTYPE", None),
            ("JSON", None),
        ] {
            assert!(text(name, precision, None).is_err(), "{name}");
        }
    }

    #[test]
    fn bounds_in_doris() {
        let (number, native) = key("NUMBER", Some(18));
        assert!(is_ordered_alike(&number, &native) && bound(&native, "-5").as_deref() == Some("-5"));
        let (date, native) = key("DATE", None);
        assert!(is_ordered_alike(&date, &native));
        assert_eq!(
            bound(&native, "TO_DATE(' 2024-01-31 00:00:00', 'SYYYY-MM-DD HH24:MI:SS')").as_deref(),
            Some("'2024-01-31 00:00:00'")
        );
        assert_eq!(bound(&native, "TO_DATE('-4712-01-01 00:00:00', 'SYYYY-MM-DD HH24:MI:SS')"), None);
        let (text, native) = key("VARCHAR2", None);
        assert!(!is_ordered_alike(&text, &native));
    }
}

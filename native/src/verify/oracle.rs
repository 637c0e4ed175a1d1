//! What Oracle is asked, in its SQL: keys as literals.

use super::checksum::is_integer;
use super::key::{KeyColumn, hex, is_number};
use crate::doris::catalogue::quoted;
use crate::doris::table::DorisType;
use crate::snapshot::catalogue::Native;
use crate::snapshot::quoted::{quoted_name, quoted_text};

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
        (KeyColumn::of(&mapped, &ty, Some(&native), &doris, &options), native)
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

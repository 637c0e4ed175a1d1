//! What PostgreSQL and Greenplum are asked, in their SQL: keys as literals, and values as the texts that Doris has of them.
//!
//! A literal is of the column's own type, so that the index of the key serves it; so none is written that the server would not read as such. What only
//! Doris has, such as a word where the source has a uuid, is no condition that fails but one that holds for no row.

use super::checksum::{Value, is_integer, is_scale, unlike};
use super::key::{KeyColumn, hex, is_number};
use crate::doris::catalogue::quoted;
use crate::doris::table::DorisType;
use crate::snapshot::catalogue::Native;
use crate::snapshot::quoted::{quoted_name, quoted_text};
use crate::sync::mapping::{BinaryText, MappedColumn, TypeOptions};
use crate::sync::mysql_type::MysqlType;

/// Whether the server puts values of a key's column into the order that Doris has. Texts are in the order of a collation here, and of bytes there; which are
/// the same where the collation is C. Labels, addresses and intervals have orders of their own.
pub(super) fn is_ordered_alike(key: &KeyColumn, native: &Native) -> bool {
    match native.ty.as_str() {
        "int2" | "int4" | "int8" | "oid" => is_integer(&key.doris),
        "numeric" => matches!(key.doris, DorisType::Decimal { .. }),
        "date" => key.doris == DorisType::Date,
        "timestamp" | "timestamptz" => matches!(key.doris, DorisType::DateTime { .. }),
        "bytea" => key.doris.is_text() && key.binary == BinaryText::Hex,
        _ => native.by_bytes && key.doris.is_text(),
    }
}

/// A bound of a range, which is a literal of PostgreSQL's, in Doris; None for what Doris cannot have: dates that are infinite or of other ages, numbers that
/// are none.
pub(super) fn bound(native: &Native, literal: &str) -> Option<String> {
    let text = unquoted(literal);
    match native.ty.as_str() {
        "int2" | "int4" | "int8" | "oid" | "numeric" => is_number(&text).then_some(text),
        "date" | "timestamp" => is_date(&text).then(|| quoted(&text)),
        "timestamptz" => text.strip_suffix("+00").filter(|text| is_date(text)).map(quoted),
        "bytea" => text.strip_prefix("\\x").map(|digits| quoted(&digits.to_uppercase())),
        _ => Some(quoted(&text)),
    }
}

/// The text of a literal as `quote_literal` writes it: `'it''s'`, `E'\\x00'`; of a number as it is.
fn unquoted(literal: &str) -> String {
    let (escaped, rest) = literal.strip_prefix('E').map_or((false, literal), |rest| (true, rest));
    let Some(inner) = rest.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else { return literal.into() };
    let text = inner.replace("''", "'");
    if escaped { text.replace("\\\\", "\\") } else { text }
}

/// `2024-01-31`, perhaps with a time, of the years that Doris has.
fn is_date(text: &str) -> bool {
    let date = text.split(' ').next().unwrap_or_default();
    date.len() == "2024-01-31".len() && !text.starts_with("0000") && !text.ends_with("BC")
}

/// The condition that a column of a key has a value.
pub(super) fn equal(key: &KeyColumn, native: &Native, cell: Option<&str>) -> String {
    const NONE: &str = "false";
    let name = quoted_name(&key.source);
    // A key has no NULL, and no text a zero byte.
    let Some(text) = cell.filter(|text| !text.contains('\0')) else { return NONE.into() };
    let literal_if = |fits: bool| if fits { format!("{name} = {}", quoted_text(text)) } else { NONE.into() };
    match native.ty.as_str() {
        "int2" | "int4" | "int8" | "numeric" if is_number(text) => format!("{name} = {text}"),
        "money" if is_number(text) => format!("{} = {text}", native.selected),
        "bool" if ["0", "1"].contains(&text) => literal_if(true),
        "text" | "varchar" | "bpchar" | "name" => literal_if(true),
        "uuid" => literal_if(is_uuid(text)),
        "date" if key.doris == DorisType::Date => literal_if(is_date(text)),
        "timestamp" | "timestamptz" if matches!(key.doris, DorisType::DateTime { .. }) => literal_if(is_date(text)),
        "bytea" => match key.bytes(text) {
            Some(bytes) => format!("{name} = '\\x{}'", hex(&bytes)),
            None => NONE.into(),
        },
        // No index serves it, and no text is wrong.
        _ => format!("CONCAT({}) = {}", native.selected, quoted_text(text)),
    }
}

/// As the server writes them.
fn is_uuid(text: &str) -> bool {
    let is_right = |(i, byte): (usize, u8)| match i {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}

/// A value's text, as Doris has it.
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
    let (name, selected) = (quoted_name(&mapped.source), &native.selected);
    let plain = |text: String| Ok(Value { text, is_null: format!("{name} IS NULL") });
    let cast = || plain(format!("CAST({selected} AS text)"));
    // Text that the job makes of another type is not the server's.
    let is_text = there.is_text() && mapped.doris.is_text();
    match ty {
        ty if is_integer(there) && ty.is_integer() => cast(),
        MysqlType::Bit(1) if *there == DorisType::Boolean => cast(),
        MysqlType::Decimal { scale, .. } if is_scale(there, *scale) => cast(),
        MysqlType::Date if *there == DorisType::Date => cast(),
        MysqlType::DateTime(digits) if *there == (DorisType::DateTime { scale: *digits }) => {
            plain(datetime(selected, *digits))
        }
        MysqlType::Blob(_) if is_text => plain(match options.binary {
            BinaryText::Hex => format!("UPPER(ENCODE({selected}, 'hex'))"),
            // The server breaks lines after 76 characters.
            BinaryText::Base64 => format!("REPLACE(ENCODE({selected}, 'base64'), CHR(10), '')"),
        }),
        MysqlType::Char(_)
        | MysqlType::Varchar(_)
        | MysqlType::Text(_)
        | MysqlType::Time(_)
        | MysqlType::Decimal { .. }
        | MysqlType::Json
            if is_text =>
        {
            // As COPY writes it; a cast to text adds the mask to an inet.
            let text = format!("CONCAT({selected})");
            let text = if matches!(there, DorisType::Char(_)) { format!("RTRIM({text})") } else { text };
            // A row of a composite type counts as NULL if all of its fields are.
            let is_null =
                if native.ty.is_empty() { format!("CAST({name} AS text) IS NULL") } else { format!("{name} IS NULL") };
            Ok(Value { text, is_null })
        }
        ty => Err(unlike(ty, there)),
    }
}

/// A point of time with so many digits of its seconds' fraction, of which the server prints no zeros at the end. What Doris cannot have is as the server prints it.
fn datetime(selected: &str, digits: u8) -> String {
    let shape = "YYYY-MM-DD HH24:MI:SS";
    let text = match digits {
        0 => format!("TO_CHAR({selected}, '{shape}')"),
        6 => format!("TO_CHAR({selected}, '{shape}.US')"),
        _ => format!("LEFT(TO_CHAR({selected}, '{shape}.US'), {})", "2024-01-31 10:20:30.".len() + usize::from(digits)),
    };
    let is_of_doris = format!("{selected} >= '0001-01-01' AND {selected} < '10000-01-01'");
    format!("CASE WHEN {is_of_doris} THEN {text} ELSE CAST({selected} AS text) END")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::catalogue::Dialect;
    use crate::snapshot::postgres::types::{ColumnType, Family, travel};
    use crate::sync::mapping::JsonColumn;
    use crate::verify::checksum;

    /// A type's own name, or none, and how it travels.
    fn of(family: Family, name: &str, modifier: i32) -> (Native, MysqlType) {
        let travel = travel(&ColumnType { family, name: name.into(), modifier }, 2);
        let ty = if family == Family::Own { name } else { "" };
        let by_bytes = ["uuid", "text"].contains(&ty);
        (
            Native { dialect: Dialect::Postgres, selected: travel.selected.of("c"), ty: ty.into(), by_bytes },
            MysqlType::parse(&travel.ty),
        )
    }

    fn key(family: Family, name: &str, modifier: i32, doris: &str) -> KeyColumn {
        let (native, ty) = of(family, name, modifier);
        KeyColumn {
            source: "c".into(),
            ty,
            name: "C".into(),
            doris: DorisType::parse(doris),
            zeros_are_null: false,
            is_nullable: false,
            binary: BinaryText::Hex,
            native: Some(native),
        }
    }

    const UUID: &str = "123e4567-e89b-12d3-a456-426655440000";

    #[test]
    fn values_are_looked_for_as_what_they_were() {
        use Family::{Enum, Other, Own};
        for (family, ty, doris, cell, expected) in [
            (Own, "int4", "int", "-7", "\"c\" = -7"),
            (Own, "oid", "bigint", "7", "CONCAT(\"c\") = '7'"),
            (Own, "numeric", "decimal(9,2)", "1.50", "\"c\" = 1.50"),
            (Own, "numeric", "varchar(65533)", "NaN", "CONCAT(\"c\") = 'NaN'"),
            (Own, "money", "decimal(19,2)", "1.50", "\"c\"::pg_catalog.numeric = 1.50"),
            (Own, "bool", "boolean", "1", "\"c\" = '1'"),
            (Own, "text", "varchar(65533)", "it's \\", "\"c\" = 'it''s \\'"),
            (Own, "text", "varchar(65533)", "a\0", "false"),
            (Own, "bpchar", "varchar(40)", "a", "\"c\" = 'a'"),
            (Own, "uuid", "varchar(144)", UUID, "\"c\" = '123e4567-e89b-12d3-a456-426655440000'"),
            (Own, "uuid", "varchar(144)", "FFFF0A", "false"),
            (Own, "bytea", "varchar(65533)", "00FF", "\"c\" = '\\x00FF'"),
            (Own, "bytea", "varchar(65533)", "0~", "false"),
            (Own, "date", "date", "2024-02-29", "\"c\" = '2024-02-29'"),
            (Own, "date", "date", "0000-01-01", "false"),
            (Own, "timestamptz", "datetime(6)", "2024-02-29 10:20:30.5", "\"c\" = '2024-02-29 10:20:30.5'"),
            (Own, "inet", "varchar(196)", "10.0.0.1", "CONCAT(\"c\") = '10.0.0.1'"),
            (Own, "interval", "varchar(320)", "1 day", "CONCAT(\"c\") = '1 day'"),
            (Enum, "mood", "varchar(252)", "no label", "CONCAT(\"c\") = 'no label'"),
            (Other, "citext", "varchar(65533)", "A", "CONCAT(\"c\") = 'A'"),
        ] {
            let key = key(family, ty, -1, doris);
            assert_eq!(key.equal_in_source(Some(cell)), expected, "{ty}: {cell}");
        }
    }

    #[test]
    fn a_bound_is_the_same_to_both_servers() {
        for (ty, doris, literal, expected) in [
            ("int8", "bigint", "'-5'", Some("-5")),
            ("int8", "bigint", "250", Some("250")),
            ("numeric", "decimal(20,3)", "'1.500'", Some("1.500")),
            ("numeric", "decimal(20,3)", "'NaN'", None),
            ("date", "date", "'2024-02-29'", Some("'2024-02-29'")),
            ("date", "date", "'infinity'", None),
            ("date", "date", "'0044-03-15 BC'", None),
            ("date", "date", "'10000-01-01'", None),
            ("timestamp", "datetime(6)", "'2024-02-29 10:20:30.5'", Some("'2024-02-29 10:20:30.5'")),
            ("timestamptz", "datetime(6)", "'2024-02-29 10:20:30.5+00'", Some("'2024-02-29 10:20:30.5'")),
            ("timestamptz", "datetime(6)", "'-infinity'", None),
            ("bytea", "varchar(65533)", "E'\\\\x00ff'", Some("'00FF'")),
            (
                "uuid",
                "varchar(144)",
                "'123e4567-e89b-12d3-a456-426655440000'",
                Some("'123e4567-e89b-12d3-a456-426655440000'"),
            ),
            ("text", "varchar(65533)", "E'it''s \\\\'", Some("'it''s \\\\'")),
        ] {
            let key = key(Family::Own, ty, -1, doris);
            assert!(key.is_ordered_alike(), "{ty}");
            assert_eq!(key.is_bound(literal), expected.is_some(), "{literal}");
            assert_eq!(bound(key.native.as_ref().unwrap(), literal).as_deref(), expected, "{literal}");
        }
        for (ty, doris) in [
            ("bool", "boolean"),
            ("money", "decimal(19,2)"),
            ("varchar", "varchar(65533)"),
            ("inet", "varchar(196)"),
            ("numeric", "varchar(65533)"),
        ] {
            assert!(!key(Family::Own, ty, -1, doris).is_ordered_alike(), "{ty}");
        }
    }

    fn texts(family: Family, name: &str, modifier: i32, options: &TypeOptions) -> Result<String, String> {
        let (native, ty) = of(family, name, modifier);
        let mapped = checksum::mapped_column(&ty, options);
        checksum::column(&ty, Some(&native), &mapped, "C", &mapped.doris, options).map(|texts| texts.source)
    }

    #[test]
    fn texts_by_type() {
        use Family::{Enum, Other, Own, OwnArray};
        let of = |text: &str| format!("CASE WHEN \"c\" IS NULL THEN 'N' ELSE {text} END");
        let short = |text: &str| of(&format!("OCTET_LENGTH(CONVERT_TO({text}, 'UTF8')) || ':' || {text}"));
        let long = |text: &str| of(&format!("MD5(CONVERT_TO({text}, 'UTF8'))"));
        let other = |text: &str| long(text).replace("\"c\" IS NULL", "CAST(\"c\" AS text) IS NULL");
        let ages = "\"c\" >= '0001-01-01' AND \"c\" < '10000-01-01'";
        let at = |text: &str| of(&format!("CASE WHEN {ages} THEN {text} ELSE CAST(\"c\" AS text) END"));
        let numeric = |precision: i32, scale: i32| (precision << 16 | scale) + 4;
        for (family, ty, modifier, expected) in [
            (Own, "bool", -1, of("CAST(\"c\"::pg_catalog.int4 AS text)")),
            (Own, "int2", -1, of("CAST(\"c\" AS text)")),
            (Own, "oid", -1, of("CAST(\"c\" AS text)")),
            (Own, "numeric", numeric(10, 2), of("CAST(\"c\" AS text)")),
            (Own, "numeric", numeric(50, 10), long("CONCAT(\"c\")")),
            (Own, "numeric", -1, long("CONCAT(\"c\")")),
            (Own, "money", -1, of("CAST(\"c\"::pg_catalog.numeric AS text)")),
            (Own, "bpchar", 14, short("CONCAT(\"c\"::pg_catalog.text)")),
            (Own, "varchar", 24, short("CONCAT(\"c\")")),
            (Own, "text", -1, long("CONCAT(\"c\")")),
            (Own, "bytea", -1, long("UPPER(ENCODE(\"c\", 'hex'))")),
            (Own, "date", -1, of("CAST(\"c\" AS text)")),
            (Own, "timestamp", -1, at("TO_CHAR(\"c\", 'YYYY-MM-DD HH24:MI:SS.US')")),
            (Own, "timestamp", 3, at("LEFT(TO_CHAR(\"c\", 'YYYY-MM-DD HH24:MI:SS.US'), 23)")),
            (Own, "timestamp", 0, at("TO_CHAR(\"c\", 'YYYY-MM-DD HH24:MI:SS')")),
            (Own, "time", -1, short("CONCAT(\"c\")")),
            (Own, "interval", -1, short("CONCAT(\"c\")")),
            (Own, "uuid", -1, short("CONCAT(\"c\")")),
            (Own, "inet", -1, short("CONCAT(\"c\")")),
            (Own, "varbit", -1, long("CONCAT(\"c\")")),
            (Enum, "mood", -1, short("CONCAT(\"c\")").replace("\"c\" IS NULL", "CAST(\"c\" AS text) IS NULL")),
            (OwnArray, "numeric", -1, other("CONCAT(\"c\")")),
            (Other, "pair", -1, other("CONCAT(\"c\")")),
        ] {
            assert_eq!(texts(family, ty, modifier, &TypeOptions::default()), Ok(expected), "{ty}");
        }
        let utc = texts(Own, "timestamptz", -1, &TypeOptions::default()).unwrap();
        assert!(utc.contains("TO_CHAR(pg_catalog.timezone('UTC', \"c\"), 'YYYY-MM-DD HH24:MI:SS.US')"), "{utc}");
    }

    #[test]
    fn texts_by_the_jobs_choices() {
        let base64 = TypeOptions { binary: BinaryText::Base64, ..TypeOptions::default() };
        let text = texts(Family::Own, "bytea", -1, &base64).unwrap();
        assert!(text.contains("MD5(CONVERT_TO(REPLACE(ENCODE(\"c\", 'base64'), CHR(10), ''), 'UTF8'))"), "{text}");
        let json = TypeOptions { json: JsonColumn::String, ..TypeOptions::default() };
        assert!(texts(Family::Own, "jsonb", -1, &json).unwrap().contains("CONCAT(\"c\")"));
        let array = texts(Family::OwnArray, "int4", -1, &json).unwrap();
        assert!(array.contains("CONCAT(pg_catalog.array_to_json(\"c\"))"), "{array}");
    }

    #[test]
    fn what_has_no_text_on_both_sides() {
        for (family, ty, why) in [
            (Family::Own, "float4", "FLOAT and DOUBLE"),
            (Family::Own, "float8", "FLOAT and DOUBLE"),
            (Family::Own, "jsonb", "by value"),
            (Family::OwnArray, "int4", "by value"),
        ] {
            let found = texts(family, ty, -1, &TypeOptions::default()).unwrap_err();
            assert!(found.contains(why), "{ty}: {found}");
        }
    }
}

//! Keys in statements: of rows that are looked for, and of ranges as the target has them.

use super::{mysql, oracle, postgres};
use crate::doris::catalogue::quoted;
use crate::doris::table::{DorisType, backquoted};
use crate::schema::ZeroDate;
use crate::snapshot::catalogue::{Dialect, Native};
use crate::sync::mapping::{BinaryText, MappedColumn, TypeOptions};
use crate::sync::mysql_type::MysqlType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A column of a key.
#[derive(Debug, Clone)]
pub struct KeyColumn {
    /// Its name in the source.
    pub source: String,
    /// Its type there.
    pub ty: MysqlType,
    /// Its name in Doris.
    pub name: String,
    /// Its type there.
    pub doris: DorisType,
    /// Dates of zeros are NULL in Doris, below all others.
    pub zeros_are_null: bool,
    /// It may be NULL in Doris: such a row, which the source cannot have, is below all others, too.
    pub is_nullable: bool,
    /// How bytes are written.
    pub binary: BinaryText,
    /// What PostgreSQL or Oracle knows of it; None of MySQL.
    pub native: Option<Native>,
}

/// A key's cells in canonical form.
pub type Key = Vec<Option<String>>;

impl KeyColumn {
    /// The key column that a mapped column is.
    pub fn of(
        mapped: &MappedColumn,
        ty: &MysqlType,
        native: Option<&Native>,
        (doris, is_nullable): (&DorisType, bool),
        options: &TypeOptions,
    ) -> KeyColumn {
        KeyColumn {
            source: mapped.source.clone(),
            ty: ty.clone(),
            name: mapped.name.clone(),
            doris: doris.clone(),
            zeros_are_null: is_date(ty) && options.zero_date == ZeroDate::Null,
            is_nullable,
            binary: options.binary,
            native: native.cloned(),
        }
    }

    /// What a server that is no MySQL knows of it, and whose SQL that is.
    fn known(&self) -> Option<(Dialect, &Native)> {
        self.native.as_ref().map(|native| (native.dialect, native))
    }

    /// Whether both servers put its values into one order, so that a bound means the same to them.
    pub fn is_ordered_alike(&self) -> bool {
        match self.known() {
            None => mysql::is_ordered_alike(self),
            Some((Dialect::Oracle, native)) => oracle::is_ordered_alike(self, native),
            Some((Dialect::Postgres, native)) => postgres::is_ordered_alike(self, native),
        }
    }

    /// Whether a bound of a range, which is a literal of the source's, is a value that Doris may have.
    pub fn is_bound(&self, literal: &str) -> bool {
        match self.known() {
            None => mysql::is_bound(literal),
            Some((Dialect::Oracle, native)) => oracle::bound(native, literal).is_some(),
            Some((Dialect::Postgres, native)) => postgres::bound(native, literal).is_some(),
        }
    }

    /// The condition in the source's SQL that it has a value.
    pub fn equal_in_source(&self, cell: Option<&str>) -> String {
        match self.known() {
            None => mysql::equal(self, cell),
            Some((Dialect::Oracle, native)) => oracle::equal(self, native, cell),
            Some((Dialect::Postgres, native)) => postgres::equal(self, native, cell),
        }
    }

    /// The bytes that a text stands for; None if it is no such text.
    pub(super) fn bytes(&self, text: &str) -> Option<Vec<u8>> {
        match self.binary {
            BinaryText::Hex => unhex(text),
            BinaryText::Base64 => STANDARD.decode(text).ok(),
        }
    }

    /// A value as Canal's messages have it.
    pub fn message_text(&self, cell: Option<&str>) -> Option<String> {
        let Some(text) = cell else {
            return match self.ty {
                MysqlType::Date => Some("0000-00-00".to_string()),
                MysqlType::DateTime(_) | MysqlType::Timestamp(_) => Some("0000-00-00 00:00:00".to_string()),
                _ => None,
            };
        };
        let place = |labels: &[String], label: &str| labels.iter().position(|own| own == label);
        Some(match &self.ty {
            MysqlType::Binary(_) | MysqlType::Varbinary(_) | MysqlType::Blob(_) => {
                self.bytes(text).unwrap_or_default().into_iter().map(char::from).collect()
            }
            // A label may be digits, which would be taken for a number.
            MysqlType::Enum(Some(labels)) => place(labels, text).map_or(0, |at| at + 1).to_string(),
            MysqlType::Set(Some(labels)) => {
                let bits =
                    text.split(',').filter_map(|label| place(labels, label)).fold(0_u64, |bits, at| bits | 1 << at);
                bits.to_string()
            }
            _ => text.to_string(),
        })
    }

    /// A value as Doris' SQL has it.
    pub fn target_literal(&self, text: &str) -> String {
        match self.doris {
            DorisType::Boolean
            | DorisType::TinyInt
            | DorisType::SmallInt
            | DorisType::Int
            | DorisType::BigInt
            | DorisType::LargeInt
            | DorisType::Decimal { .. }
                if is_number(text) =>
            {
                text.to_string()
            }
            _ => quoted(text),
        }
    }

    /// A bound of a range, which is a literal of the source's, as Doris' SQL has it; None for what is NULL there.
    fn target_bound(&self, literal: &str) -> Option<String> {
        match self.known() {
            None => mysql::bound(self, literal),
            Some((Dialect::Oracle, native)) => oracle::bound(native, literal),
            Some((Dialect::Postgres, native)) => postgres::bound(native, literal),
        }
    }
}

/// The rows of these keys in the source.
pub fn in_source(keys: &[KeyColumn], wanted: &[Key]) -> String {
    any_of(wanted, |key| {
        let of = |(column, cell): (&KeyColumn, &Option<String>)| column.equal_in_source(cell.as_deref());
        keys.iter().zip(key).map(of).collect()
    })
}

/// The same, by texts in Unicode: no index serves it, and no text is refused.
pub fn in_source_by_letters(keys: &[KeyColumn], wanted: &[Key]) -> String {
    any_of(wanted, |key| {
        let of = |(column, cell): (&KeyColumn, &Option<String>)| match column.known() {
            None => mysql::equal_by_letters(column, cell.as_deref()),
            Some(_) => column.equal_in_source(cell.as_deref()),
        };
        keys.iter().zip(key).map(of).collect()
    })
}

/// The rows of these keys in Doris.
pub fn in_target(keys: &[KeyColumn], wanted: &[Key]) -> String {
    any_of(wanted, |key| {
        let of = |(column, cell): (&KeyColumn, &Option<String>)| match cell {
            Some(text) => format!("{} = {}", backquoted(&column.name), column.target_literal(text)),
            None => format!("{} IS NULL", backquoted(&column.name)),
        };
        keys.iter().zip(key).map(of).collect()
    })
}

fn any_of(wanted: &[Key], conditions: impl Fn(&Key) -> Vec<String>) -> String {
    let each: Vec<String> = wanted.iter().map(|key| format!("({})", conditions(key).join(" AND "))).collect();
    each.join(" OR ")
}

/// The rows of a range in Doris: behind one bound, up to the other; empty for all.
pub fn between(keys: &[KeyColumn], after: &[String], up_to: &[String]) -> String {
    let bounds = [(after, Side::After), (up_to, Side::UpTo)];
    let conditions: Vec<String> = bounds
        .iter()
        .filter(|(bound, _)| !bound.is_empty())
        .map(|(bound, side)| format!("({})", compared(keys, bound, *side)))
        .collect();
    conditions.join(" AND ")
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    After,
    UpTo,
}

fn compared(keys: &[KeyColumn], bound: &[String], side: Side) -> String {
    let ([key, keys @ ..], [literal, bound @ ..]) = (keys, bound) else { return "TRUE".into() };
    let (name, value) = (backquoted(&key.name), key.target_bound(literal));
    let equal = value.as_ref().map_or(format!("{name} IS NULL"), |value| format!("{name} = {value}"));
    let beyond = match (side, &value) {
        (Side::After, Some(value)) => format!("{name} > {value}"),
        (Side::After, None) => format!("{name} IS NOT NULL"),
        (Side::UpTo, Some(value)) if key.zeros_are_null || key.is_nullable => {
            format!("({name} < {value} OR {name} IS NULL)")
        }
        (Side::UpTo, Some(value)) => format!("{name} < {value}"),
        (Side::UpTo, None) => "FALSE".into(),
    };
    match (keys.is_empty(), side) {
        (true, Side::After) => beyond,
        (true, Side::UpTo) => format!("{beyond} OR {equal}"),
        (false, _) => format!("{beyond} OR {equal} AND ({})", compared(keys, bound, side)),
    }
}

pub(super) fn is_date(ty: &MysqlType) -> bool {
    matches!(ty, MysqlType::Date | MysqlType::DateTime(_) | MysqlType::Timestamp(_))
}

pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| (0..text.len() / 2).filter_map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, ty: &str, doris: &str) -> KeyColumn {
        KeyColumn {
            source: name.to_string(),
            ty: MysqlType::parse(ty),
            name: name.to_uppercase(),
            doris: DorisType::parse(doris),
            zeros_are_null: is_date(&MysqlType::parse(ty)),
            is_nullable: false,
            binary: BinaryText::Hex,
            native: None,
        }
    }

    #[test]
    fn a_range_is_the_same_rows_to_both_servers() {
        let texts = |bound: &[&str]| bound.iter().map(ToString::to_string).collect::<Vec<_>>();
        let id = [column("id", "bigint", "bigint")];
        assert_eq!(between(&id, &[], &[]), "");
        assert_eq!(between(&id, &texts(&["10"]), &texts(&["20"])), "(`ID` > 10) AND (`ID` < 20 OR `ID` = 20)");
        let two = [column("d", "date", "date"), column("b", "varbinary(4)", "varchar(8)")];
        assert_eq!(
            between(&two, &texts(&["'2024-01-31'", "X'00FF'"]), &[]),
            "(`D` > '2024-01-31' OR `D` = '2024-01-31' AND (`B` > '00FF'))"
        );
        assert_eq!(
            between(&two, &[], &texts(&["'2024-01-31'", "X''"])),
            "((`D` < '2024-01-31' OR `D` IS NULL) OR `D` = '2024-01-31' AND (`B` < '' OR `B` = ''))"
        );
        // Somebody has made the column so that it may be NULL, and a row that is.
        let nullable = [KeyColumn { is_nullable: true, ..column("id", "bigint", "bigint") }];
        assert_eq!(between(&nullable, &[], &texts(&["20"])), "((`ID` < 20 OR `ID` IS NULL) OR `ID` = 20)");
        assert_eq!(between(&nullable, &texts(&["20"]), &[]), "(`ID` > 20)");
        // Dates of zeros are NULL in Doris, and below all others in the source.
        assert_eq!(
            between(&two[..1], &texts(&["'0000-00-00'"]), &texts(&["'0000-00-00'"])),
            "(`D` IS NOT NULL) AND (FALSE OR `D` IS NULL)"
        );
    }

    #[test]
    fn values_are_looked_for_as_what_they_were() {
        for (ty, doris, cell, source, target) in [
            ("int", "int", Some("-7"), "-7", "-7"),
            ("decimal(9,2)", "decimal(9,2)", Some("1.50"), "1.50", "1.50"),
            ("bit(1)", "boolean", Some("1"), "1", "1"),
            ("year", "smallint", Some("0"), "'0000'", "0"),
            ("varchar(9)", "varchar(36)", Some("7"), "_utf8mb4 X'37'", "'7'"),
            ("varchar(9)", "varchar(36)", Some("it's"), "_utf8mb4 X'69742773'", "'it''s'"),
            ("enum('a')", "varchar(1020)", Some("a"), "_utf8mb4 X'61'", "'a'"),
            ("binary(2)", "varchar(4)", Some("00FF"), "X'00FF'", "'00FF'"),
            (
                "datetime(3)",
                "datetime(3)",
                Some("2024-01-31 10:20:30.5"),
                "'2024-01-31 10:20:30.5'",
                "'2024-01-31 10:20:30.5'",
            ),
            ("time", "varchar(17)", Some("-01:00:00"), "'-01:00:00'", "'-01:00:00'"),
        ] {
            let keys = [column("k", ty, doris)];
            let key = [vec![cell.map(str::to_string)]];
            assert_eq!(in_source(&keys, &key), format!("(`k` = {source})"), "{ty}");
            assert_eq!(in_target(&keys, &key), format!("(`K` = {target})"), "{ty}");
        }
        let dates = [column("k", "date", "date")];
        assert_eq!(in_source(&dates, &[vec![None]]), "(`k` = '0000-00-00')");
        assert_eq!(
            in_target(&dates, &[vec![None], vec![Some("2024-01-31".into())]]),
            "(`K` IS NULL) OR (`K` = '2024-01-31')"
        );
    }

    #[test]
    fn values_are_told_of_as_canal_tells_of_them() {
        for (ty, cell, told) in [
            ("varbinary(4)", Some("00FF"), Some("\0\u{FF}")),
            ("enum('1','0')", Some("0"), Some("2")),
            ("enum('1','0')", Some(""), Some("0")),
            ("set('a','b','c')", Some("a,c"), Some("5")),
            ("set('a','b','c')", Some(""), Some("0")),
            ("varchar(9)", Some("7"), Some("7")),
            ("date", None, Some("0000-00-00")),
            ("int", None, None),
        ] {
            assert_eq!(column("k", ty, "string").message_text(cell).as_deref(), told, "{ty}");
        }
    }

    #[test]
    fn texts_are_in_no_order_that_both_have() {
        for (ty, doris, alike) in [
            ("bigint unsigned", "largeint", true),
            ("decimal(38,0)", "decimal(38,0)", true),
            ("date", "date", true),
            ("binary(16)", "varchar(32)", true),
            ("varchar(9)", "varchar(36)", false),
            ("char(9)", "varchar(36)", false),
            ("decimal(65,0)", "varchar(68)", false),
            ("tinyint(1)", "boolean", false),
            ("enum('a')", "varchar(1020)", false),
        ] {
            assert_eq!(column("k", ty, doris).is_ordered_alike(), alike, "{ty}");
        }
    }
}

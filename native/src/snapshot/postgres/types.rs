//! Which type of MySQL a column travels as: the one that has the same values. docs/type-mapping.md has the table.

use crate::snapshot::default::Constant;
use crate::snapshot::quoted::quoted_name;

/// A column's type as the catalogue has it; of a domain the type that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnType {
    /// Whose type it is.
    pub family: Family,
    /// Its name; of an array its elements'.
    pub name: String,
    /// `atttypmod`: a length, precision and scale, or digits; -1 without.
    pub modifier: i32,
}

/// Whose a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// PostgreSQL's own, of the schema pg_catalog.
    Own,
    /// An array of such.
    OwnArray,
    /// Labels.
    Enum,
    /// Everything else: composite types, ranges, those of extensions, and arrays of these.
    Other,
}

/// How a column travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Travel {
    /// MySQL's type, as SQL has it.
    pub ty: String,
    /// How its values are selected.
    pub selected: Selected,
    /// Which constants may be its default.
    pub constant: Constant,
}

/// How values are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selected {
    /// As they are.
    Plain,
    /// Truth values as 1 and 0.
    Number,
    /// Points of time as of UTC, without the zone.
    Utc,
    /// Without the blanks at the end, which count for nothing in `char(n)`.
    Unpadded,
    /// Money as a number.
    Amount,
    /// Arrays as JSON.
    Json,
}

impl Selected {
    /// The expression behind SELECT.
    pub fn of(self, column: &str) -> String {
        let name = quoted_name(column);
        match self {
            Selected::Plain => name,
            Selected::Number => format!("{name}::pg_catalog.int4"),
            Selected::Utc => format!("pg_catalog.timezone('UTC', {name})"),
            Selected::Unpadded => format!("{name}::pg_catalog.text"),
            Selected::Amount => format!("{name}::pg_catalog.numeric"),
            Selected::Json => format!("pg_catalog.array_to_json({name})"),
        }
    }
}

/// Digits of a number with a fraction that Doris has as such are these at most; MySQL has more.
const MYSQL_DIGITS: i32 = 65;
const MYSQL_SCALE: i32 = 30;

/// Elements whose JSON has the same values: an array of numbers with a fraction would come as numbers of JSON, which readers make doubles of.
const JSON_ELEMENTS: [&str; 8] = ["int2", "int4", "int8", "bool", "text", "varchar", "uuid", "name"];

/// How a column of that type travels. `money_scale`: digits behind the point of money, which the server's locale says.
pub fn travel(ty: &ColumnType, money_scale: u32) -> Travel {
    use Constant::{Date, Flag, None as No, Number, Text};
    let plain = |ty: String, constant| Travel { ty, selected: Selected::Plain, constant };
    let text = || "longtext".to_string();
    // A length counts characters, behind four bytes of its own.
    let length = (ty.modifier >= 4).then(|| ty.modifier - 4);
    let characters = |kind: &str| length.map_or_else(text, |n| format!("{kind}({n})"));
    let digits = if (0..=6).contains(&ty.modifier) { ty.modifier } else { 6 };
    match (ty.family, ty.name.as_str()) {
        (Family::OwnArray, element) if JSON_ELEMENTS.contains(&element) => {
            Travel { ty: "json".into(), selected: Selected::Json, constant: No }
        }
        // A label has 63 bytes at most. Not ENUM, whose labels are numbers on their way.
        (Family::Enum, _) => plain("varchar(63)".into(), Text),
        (Family::Other | Family::OwnArray, _) => plain(text(), No),
        (Family::Own, name) => match name {
            // The one type of MySQL that is BOOLEAN in Doris.
            "bool" => Travel { ty: "bit(1)".into(), selected: Selected::Number, constant: Flag },
            "int2" => plain("smallint".into(), Number),
            "int4" => plain("int".into(), Number),
            "int8" => plain("bigint".into(), Number),
            "oid" => plain("int unsigned".into(), Number),
            "float4" => plain("float".into(), Number),
            "float8" => plain("double".into(), Number),
            "numeric" => plain(numeric(ty.modifier), Number),
            "money" => Travel { ty: format!("decimal(19,{money_scale})"), selected: Selected::Amount, constant: No },
            "bpchar" => Travel { ty: characters("char"), selected: Selected::Unpadded, constant: Text },
            "varchar" => plain(characters("varchar"), Text),
            "text" | "xml" => plain(text(), if name == "text" { Text } else { No }),
            "name" => plain("varchar(63)".into(), Text),
            // One byte, or a backslash and its number.
            "char" => plain("varchar(4)".into(), No),
            "bytea" => plain("longblob".into(), No),
            "date" => plain("date".into(), Date),
            "timestamp" => plain(format!("datetime({digits})"), Date),
            "timestamptz" => Travel { ty: format!("datetime({digits})"), selected: Selected::Utc, constant: No },
            "time" => plain(format!("time({digits})"), No),
            // 24:00:00.000000+15:59:59
            "timetz" => plain("varchar(24)".into(), No),
            // -178000000 years -11 mons -2147483648 days -2562047788:00:54.775808
            "interval" => plain("varchar(80)".into(), No),
            "uuid" => plain("char(36)".into(), Text),
            "json" | "jsonb" => plain("json".into(), No),
            // ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128
            "inet" | "cidr" => plain("varchar(49)".into(), Text),
            "macaddr" => plain("varchar(17)".into(), Text),
            "macaddr8" => plain("varchar(23)".into(), Text),
            "bit" | "varbit" if ty.modifier > 0 => plain(format!("varchar({})", ty.modifier), No),
            _ => plain(text(), No),
        },
    }
}

/// Without a precision a number may have 131,072 digits before the point. A scale below zero says how many of the last digits are zeros; one
/// beyond the precision how many of the first behind the point are.
fn numeric(modifier: i32) -> String {
    if modifier < 4 {
        return "longtext".into();
    }
    let precision = ((modifier - 4) >> 16) & 0xFFFF;
    // Eleven bits with a sign.
    let scale = (((modifier - 4) & 0x7FF) ^ 0x400) - 0x400;
    let (precision, scale) = if scale < 0 { (precision - scale, 0) } else { (precision.max(scale), scale) };
    if precision <= MYSQL_DIGITS && scale <= MYSQL_SCALE {
        return format!("decimal({precision},{scale})");
    }
    // A sign, a point, and a zero before it.
    format!("varchar({})", precision + 3)
}

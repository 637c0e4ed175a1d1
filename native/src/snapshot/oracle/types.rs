//! Which type of MySQL a column travels as: the one that has the same values. docs/type-mapping.md has the table.

use crate::snapshot::default::Constant;
use crate::snapshot::quoted::quoted_name;

/// A column as the catalogue has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnType {
    /// `NUMBER`, `TIMESTAMP(6) WITH TIME ZONE`.
    pub name: String,
    /// Whether it is of somebody, and no type of the language.
    pub has_owner: bool,
    /// Digits of a number; None where none was given.
    pub precision: Option<i32>,
    /// Digits behind its point, also below zero.
    pub scale: Option<i32>,
    /// Length in characters.
    pub chars: u32,
    /// Length in bytes.
    pub bytes: u32,
}

/// How a column travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Travel {
    /// MySQL's type, as SQL has it.
    pub ty: String,
    /// The expression behind SELECT.
    pub selected: String,
    /// Which constants may be its default.
    pub constant: Constant,
}

/// Digits of a number with a fraction that Doris has as such are these at most; MySQL has more.
const MYSQL_DIGITS: i32 = 65;
const MYSQL_SCALE: i32 = 30;
/// Digits of a second's fraction that a DATETIME has.
const MICROSECONDS: u32 = 6;

/// How a column of that name and type travels.
///
/// # Errors
/// Why its values cannot be read.
pub fn travel(column: &str, ty: &ColumnType) -> Result<Travel, String> {
    use Constant::{None as No, Number, Text};
    let name = quoted_name(column);
    let of = |ty: String, selected: String, constant| Ok(Travel { ty, selected, constant });
    let plain = |ty: String, constant| of(ty, name.clone(), constant);
    let long = || "longtext".to_string();
    let (base, digits) = parts(&ty.name);
    if ty.has_owner && base != "XMLTYPE" {
        return Err(unreadable(column, &ty.name));
    }
    match base.as_str() {
        "NUMBER" => plain(number(ty.precision, ty.scale), Number),
        // A number with so many binary digits, of any size.
        "FLOAT" => plain(long(), Number),
        "BINARY_FLOAT" => plain("float".into(), No),
        "BINARY_DOUBLE" => plain("double".into(), No),
        // Blanks at the end count for nothing; the reader takes them away, as a text of blanks only would be NULL to the server.
        "CHAR" | "NCHAR" => plain(format!("char({})", ty.chars), Text),
        "VARCHAR2" | "NVARCHAR2" | "VARCHAR" => plain(format!("varchar({})", ty.chars), Text),
        "CLOB" | "NCLOB" | "LONG" => plain(long(), No),
        "RAW" => plain(format!("varbinary({})", ty.bytes), No),
        "BLOB" | "LONG RAW" => plain("longblob".into(), No),
        "DATE" => of("datetime".into(), time(&name, 0), No),
        "TIMESTAMP" => of(point(digits), time(&name, digits), No),
        // Points of time, of whichever zone.
        "TIMESTAMP WITH TIME ZONE" => of(point(digits), time(&format!("SYS_EXTRACT_UTC({name})"), digits), No),
        // In the session's zone, which is UTC.
        "TIMESTAMP WITH LOCAL TIME ZONE" => of(point(digits), time(&name, digits), No),
        // -999999999-11, +000000001 02:03:04.000000000
        "INTERVAL YEAR TO MONTH" | "INTERVAL DAY TO SECOND" => of("varchar(40)".into(), format!("TO_CHAR({name})"), No),
        "ROWID" | "UROWID" => plain("varchar(4000)".into(), No),
        "XMLTYPE" => of(long(), format!("XMLSERIALIZE(CONTENT {name} AS CLOB)"), No),
        "JSON" => of("json".into(), format!("JSON_SERIALIZE({name} RETURNING CLOB)"), No),
        "BOOLEAN" => of("bit(1)".into(), format!("CASE WHEN {name} THEN 1 WHEN NOT {name} THEN 0 END"), No),
        _ => Err(unreadable(column, &ty.name)),
    }
}

fn unreadable(column: &str, ty: &str) -> String {
    format!(
        "its column {column} is of the type {ty}, which is not read; leave the table out, or copy it into one without that column"
    )
}

/// A type's name without numbers in parentheses, and the last of these.
fn parts(name: &str) -> (String, u32) {
    let (mut base, mut digits, mut inside) = (String::new(), String::new(), false);
    for c in name.chars() {
        match c {
            '(' => (inside, digits) = (true, String::new()),
            ')' => inside = false,
            c if inside => digits.push(c),
            c => base.push(c),
        }
    }
    (base, digits.parse().unwrap_or(MICROSECONDS))
}

/// Without a precision a number may have any size; without a scale then, too, any digits. A scale below zero says how many of the last digits are zeros; one
/// beyond the precision how many of the first behind the point are.
fn number(precision: Option<i32>, scale: Option<i32>) -> String {
    let (precision, scale) = match (precision, scale) {
        (None, None) => return "longtext".into(),
        // INTEGER: 38 digits.
        (None, Some(scale)) => (38, scale),
        (Some(precision), scale) => (precision, scale.unwrap_or(0)),
    };
    let (precision, scale) = if scale < 0 { (precision - scale, 0) } else { (precision.max(scale), scale) };
    match (precision, scale) {
        (1..=2, 0) => "tinyint".into(),
        (3..=4, 0) => "smallint".into(),
        (5..=9, 0) => "int".into(),
        (10..=18, 0) => "bigint".into(),
        _ if precision <= MYSQL_DIGITS && scale <= MYSQL_SCALE => format!("decimal({precision},{scale})"),
        // A sign, a point, and a zero before it.
        _ => format!("varchar({})", precision + 3),
    }
}

/// Nanoseconds are kept as text.
fn point(digits: u32) -> String {
    if digits > MICROSECONDS { "varchar(30)".into() } else { format!("datetime({digits})") }
}

/// A point of time as text, with a minus before a year that is before our era.
fn time(expression: &str, digits: u32) -> String {
    let fraction = if digits == 0 { String::new() } else { format!(".FF{digits}") };
    format!("LTRIM(TO_CHAR({expression}, 'SYYYY-MM-DD HH24:MI:SS{fraction}'))")
}

//! What both servers are asked so that each sums up its rows, and equal rows have equal sums: SQL alone. docs/verify.md says what is summed by type.
//!
//! A row is a text: of each column its value's text, and commas between. NULL is `N`; what is a text in Doris has its length in front, so no value can
//! look like two, or like NULL. Of that text 60 bits of its MD5 are summed: `conv` of Doris has 64 bits with a sign, and one sum needs one MD5.

use super::pair::TablePair;
use super::spec::VerifySpec;
use crate::doris::table::{DorisType, backquoted};
use crate::schema::ZeroDate;
use crate::sync::mapping::{BinaryText, Conversion, MappedColumn, TypeOptions};
use crate::sync::mysql_type::MysqlType;
use crate::sync::source::same_name;

/// Hexadecimal digits of an MD5 that are summed.
const DIGITS: u32 = 15;

/// What is said in SQL of the rows of one table. Every text is an expression, in the source's SQL and in Doris'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    source: Said,
    target: Said,
}

/// One side's expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    /// A row's text.
    row: String,
    /// Its key's text.
    key: String,
}

/// A column on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// In the source.
    pub source: String,
    /// In Doris.
    pub target: String,
}

impl Checksum {
    /// That of a table.
    ///
    /// # Errors
    /// Why it has none: a column whose values have no text that both servers make alike.
    pub fn of(pair: &TablePair, spec: &VerifySpec) -> Result<Checksum, String> {
        let (mut source, mut target) = (Vec::new(), Vec::new());
        for compared in &pair.compared {
            let mapped = &pair.mapped.columns[compared.index];
            let why = |why: String| format!("the column {}: {why}", compared.name);
            let own = pair.table.columns.iter().find(|own| same_name(&own.name, &mapped.source));
            let own = own.ok_or_else(|| why("the job adds it".into()))?;
            let texts = column(&own.ty, mapped, &compared.name, &compared.ty, &spec.sink.types).map_err(why)?;
            source.push(texts.source);
            target.push(texts.target);
        }
        let said = |texts: &[String]| Said { row: joined(texts), key: joined(&texts[..pair.keys.len()]) };
        Ok(Checksum { source: said(&source), target: said(&target) })
    }

    /// One whose rows and keys have these texts, on both sides.
    #[cfg(test)]
    pub(super) fn of_texts(key: &str, row: &str) -> Checksum {
        let said = Said { row: row.into(), key: key.into() };
        Checksum { source: said.clone(), target: said }
    }

    /// What is selected in the source: a part of the table, the count of its rows and their sum. `digits`: rows whose key's MD5 begins alike are a
    /// part; 0 for all in one. Rows are to be grouped by the first.
    pub fn in_source(&self, digits: u32) -> String {
        let part = part(&self.source.key, digits);
        // A row that is too long for the server has no MD5, and is not to be equal to one that has none in Doris either.
        let sum = format!("IFNULL(CAST(CONV(SUBSTR(MD5({}), 1, {DIGITS}), 16, 10) AS UNSIGNED), 1)", self.source.row);
        format!("{part}, COUNT(*), SUM({sum})")
    }

    /// The same in Doris. LARGEINT, as a sum of BIGINT may be beyond it.
    pub fn in_target(&self, digits: u32) -> String {
        let part = part(&self.target.key, digits);
        let sum = format!("IFNULL(CAST(CONV(SUBSTR(MD5({}), 1, {DIGITS}), 16, 10) AS LARGEINT), 2)", self.target.row);
        format!("{part}, COUNT(*), SUM({sum})")
    }

    /// The condition for rows of some parts, in the source and in Doris.
    pub fn of_parts(&self, digits: u32, parts: &[String]) -> Texts {
        let all: Vec<String> = parts.iter().map(|part| format!("'{part}'")).collect();
        let is_in = |key: &str| format!("{} IN ({})", part(key, digits), all.join(", "));
        Texts { source: is_in(&self.source.key), target: is_in(&self.target.key) }
    }
}

fn part(key: &str, digits: u32) -> String {
    if digits == 0 { "''".into() } else { format!("SUBSTR(MD5({key}), 1, {digits})") }
}

fn joined(texts: &[String]) -> String {
    format!("CONCAT({})", texts.join(", ',', "))
}

/// A value's text and when it is NULL, in one side's SQL.
struct Value {
    text: String,
    is_null: String,
}

/// The text of a column's cells, as SQL, on both sides.
///
/// # Errors
/// Why there is none.
pub fn column(
    ty: &MysqlType,
    mapped: &MappedColumn,
    name: &str,
    there: &DorisType,
    options: &TypeOptions,
) -> Result<Texts, String> {
    let source = in_source(ty, mapped, there, options)?;
    let name = backquoted(name);
    let text = match there {
        DorisType::Boolean => format!("IF({name}, '1', '0')"),
        DorisType::Char(_) => format!("RTRIM({name})"),
        there if there.is_text() => name.clone(),
        _ => format!("CAST({name} AS STRING)"),
    };
    let target = Value { text, is_null: format!("{name} IS NULL") };
    Ok(Texts { source: source.told(there), target: target.told(there) })
}

impl Value {
    /// As it stands in a row's text.
    fn told(self, there: &DorisType) -> String {
        let Value { text, is_null } = self;
        let told = match there {
            // Too long to be copied into a row.
            DorisType::String => format!("MD5({text})"),
            there if there.is_text() => format!("CONCAT(LENGTH({text}), ':', {text})"),
            _ => text,
        };
        format!("IF({is_null}, 'N', {told})")
    }
}

fn in_source(ty: &MysqlType, mapped: &MappedColumn, there: &DorisType, options: &TypeOptions) -> Result<Value, String> {
    let name = backquoted(&mapped.source);
    let plain = |text: String| Ok(Value { text, is_null: format!("{name} IS NULL") });
    let is_integer = matches!(
        there,
        DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt | DorisType::LargeInt
    );
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

fn is_scale(there: &DorisType, wanted: u8) -> bool {
    matches!(there, DorisType::Decimal { scale, .. } if *scale == wanted)
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

fn unlike(ty: &MysqlType, there: &DorisType) -> String {
    match (ty, there) {
        (_, DorisType::Float | DorisType::Double) => "the servers print FLOAT and DOUBLE otherwise".into(),
        (_, DorisType::Json) => "JSON is compared by value".into(),
        _ => format!("no text of {ty} and {there} is known that both servers make alike"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::LogicalType;
    use crate::sync::mapping::{GeometryText, JsonColumn, TinyInt1, map_type};

    /// A column `c` of that type, which is `C` in Doris: of the job's type there, or of another.
    fn texts(ty: &str, there: Option<&str>, options: &TypeOptions) -> Result<(String, String), String> {
        let ty = MysqlType::parse(ty);
        let to = map_type(&ty, false, options);
        let there = there.map_or(to.doris.clone(), DorisType::parse);
        let mapped = MappedColumn {
            source: "c".into(),
            name: "C".into(),
            key: false,
            logical: LogicalType { root: to.root, nullable: true },
            conversion: to.conversion,
            doris: to.doris,
            default: None,
            filler: None,
            unsigned: ty.is_unsigned(),
            implicit: None,
            comment: String::new(),
            note: None,
        };
        column(&ty, &mapped, "C", &there, options).map(|texts| (texts.source, texts.target))
    }

    #[test]
    fn texts_by_type() {
        let number = "IF(`C` IS NULL, 'N', CAST(`C` AS STRING))";
        let short = "IF(`C` IS NULL, 'N', CONCAT(LENGTH(`C`), ':', `C`))";
        let long = "IF(`C` IS NULL, 'N', MD5(`C`))";
        let chars = "CONVERT(`c` USING utf8mb4) COLLATE utf8mb4_bin";
        let of = |text: &str| format!("IF(`c` IS NULL, 'N', {text})");
        let counted = |text: &str| of(&format!("CONCAT(LENGTH({text}), ':', {text})"));
        let dated = |zero: &str| format!("IF(`c` IS NULL OR CAST(`c` AS CHAR) = '{zero}', 'N', CAST(`c` AS CHAR))");
        for (ty, source, target) in [
            ("tinyint", of("`c`"), number),
            ("tinyint(1)", of("`c`"), number),
            ("int", of("`c`"), number),
            ("int(5) unsigned zerofill", of("CAST(`c` AS UNSIGNED)"), number),
            ("bigint unsigned", of("CAST(`c` AS UNSIGNED)"), number),
            ("decimal(10,2)", of("CAST(`c` AS DECIMAL(10,2))"), number),
            ("decimal(65,30)", of("MD5(CAST(`c` AS CHAR))"), long),
            ("bit(1)", of("CAST(`c` AS UNSIGNED)"), "IF(`C` IS NULL, 'N', IF(`C`, '1', '0'))"),
            ("bit(64)", of("CAST(`c` AS UNSIGNED)"), number),
            ("year", of("CAST(`c` AS UNSIGNED)"), number),
            ("date", dated("0000-00-00"), number),
            ("datetime", dated("0000-00-00 00:00:00"), number),
            ("timestamp(3)", dated("0000-00-00 00:00:00.000"), number),
            ("time(6)", counted("CAST(`c` AS CHAR)"), short),
            ("char(10)", counted(chars), short),
            ("varchar(20)", counted(chars), short),
            ("enum('a','b')", counted(chars), short),
            ("set('a','b')", of(&format!("MD5({chars})")), long),
            ("text", of(&format!("MD5({chars})")), long),
            ("binary(3)", counted("HEX(`c`)"), short),
            ("blob", of("MD5(HEX(`c`))"), long),
            ("point", of("MD5(HEX(`c`))"), long),
            ("inet6", counted("CAST(`c` AS CHAR)"), short),
        ] {
            assert_eq!(texts(ty, None, &TypeOptions::default()), Ok((source, target.to_string())), "{ty}");
        }
    }

    #[test]
    fn texts_by_the_jobs_choices() {
        let with = |change: fn(&mut TypeOptions)| {
            let mut options = TypeOptions::default();
            change(&mut options);
            options
        };
        let source = |ty: &str, there: Option<&str>, options: &TypeOptions| texts(ty, there, options).unwrap().0;
        let base64 = with(|options| options.binary = BinaryText::Base64);
        assert_eq!(source("blob", None, &base64), "IF(`c` IS NULL, 'N', MD5(REPLACE(TO_BASE64(`c`), '\\n', '')))");
        let epoch = with(|options| options.zero_date = ZeroDate::Epoch);
        assert_eq!(
            source("datetime(1)", None, &epoch),
            "IF(`c` IS NULL, 'N', IF(CAST(`c` AS CHAR) = '0000-00-00 00:00:00.0', '1970-01-01 00:00:00.0', CAST(`c` AS CHAR)))"
        );
        // What is no date in Doris is a text that no date there has.
        let fail = with(|options| options.zero_date = ZeroDate::Fail);
        assert_eq!(source("date", None, &fail), "IF(`c` IS NULL, 'N', CAST(`c` AS CHAR))");
        let boolean = with(|options| options.tinyint1 = TinyInt1::Boolean);
        assert_eq!(texts("tinyint(1)", None, &boolean).unwrap().1, "IF(`C` IS NULL, 'N', IF(`C`, '1', '0'))");
        let text = with(|options| options.json = JsonColumn::String);
        assert_eq!(
            source("json", None, &text),
            "IF(`c` IS NULL, 'N', MD5(CONVERT(`c` USING utf8mb4) COLLATE utf8mb4_bin))"
        );
        // A table that is there already.
        let (source, target) = texts("char(3)", Some("char(12)"), &TypeOptions::default()).unwrap();
        assert!(source.contains("RTRIM(CONVERT(") && target.contains("RTRIM(`C`)"), "{source}, {target}");
        assert_eq!(texts("int", Some("bigint"), &TypeOptions::default()), texts("int", None, &TypeOptions::default()));
    }

    #[test]
    fn what_has_no_text_on_both_sides() {
        let wkt = TypeOptions { geometry: GeometryText::Wkt, ..TypeOptions::default() };
        for (ty, there, options, why) in [
            ("float", None, TypeOptions::default(), "FLOAT and DOUBLE"),
            ("double", None, TypeOptions::default(), "FLOAT and DOUBLE"),
            ("json", None, TypeOptions::default(), "by value"),
            ("point", None, wkt, "no text of point and STRING"),
            ("enum", None, TypeOptions::default(), "no text of enum and VARCHAR(1020)"),
            ("vector(3)", None, TypeOptions::default(), "no text of vector(3) and STRING"),
            ("decimal(10,2)", Some("decimal(10,4)"), TypeOptions::default(), "no text of decimal(10,2)"),
            ("decimal(10,2)", Some("varchar(20)"), TypeOptions::default(), "no text of decimal(10,2)"),
            ("datetime(6)", Some("datetime"), TypeOptions::default(), "no text of datetime(6) and DATETIME"),
            ("varchar(9)", Some("int"), TypeOptions::default(), "no text of varchar(9) and INT"),
            ("int", Some("varchar(9)"), TypeOptions::default(), "no text of int and VARCHAR(9)"),
        ] {
            let found = texts(ty, there, &options).unwrap_err();
            assert!(found.contains(why), "{ty}: {found}");
        }
    }

    #[test]
    fn what_is_selected() {
        let said = |side: &str| Said { row: format!("{side} row"), key: format!("{side} key") };
        let checksum = Checksum { source: said("source"), target: said("target") };
        assert_eq!(
            checksum.in_source(0),
            "'', COUNT(*), SUM(IFNULL(CAST(CONV(SUBSTR(MD5(source row), 1, 15), 16, 10) AS UNSIGNED), 1))"
        );
        assert_eq!(
            checksum.in_target(2),
            "SUBSTR(MD5(target key), 1, 2), COUNT(*), SUM(IFNULL(CAST(CONV(SUBSTR(MD5(target row), 1, 15), 16, 10) AS LARGEINT), 2))"
        );
        let parts = checksum.of_parts(1, &["a".into(), "f".into()]);
        assert_eq!(parts.source, "SUBSTR(MD5(source key), 1, 1) IN ('a', 'f')");
        assert_eq!(parts.target, "SUBSTR(MD5(target key), 1, 1) IN ('a', 'f')");
        assert_eq!(joined(&["a".into(), "b".into()]), "CONCAT(a, ',', b)");
    }
}

//! What both servers are asked so that each sums up its rows, and equal rows have equal sums: SQL alone. docs/verify.md says what is summed by type.
//!
//! A row is a text: of each column its value's text, and commas between. NULL is `N`; what is a text in Doris has its length in front, so no value can
//! look like two, or like NULL. Of that text 60 bits of its MD5 are summed: `conv` of Doris has 64 bits with a sign, and one sum needs one MD5.

use super::pair::TablePair;
use super::spec::VerifySpec;
use super::{mysql, oracle, postgres};
use crate::doris::table::{DorisType, backquoted};
use crate::snapshot::catalogue::{self, Native};
use crate::sync::mapping::{MappedColumn, TypeOptions};
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
    dialect: Dialect,
    /// A row's text.
    row: String,
    /// Its key's text.
    key: String,
}

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Mysql,
    Postgres,
    Oracle,
    Doris,
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
            let native = pair.table.native(&own.name);
            let texts = column(&own.ty, native, mapped, &compared.name, &compared.ty, &spec.sink.types).map_err(why)?;
            source.push(texts.source);
            target.push(texts.target);
        }
        let own = Dialect::of(pair.table.native.first());
        let said = |dialect: Dialect, texts: &[String]| Said {
            dialect,
            row: dialect.joined(texts),
            key: dialect.joined(&texts[..pair.keys.len()]),
        };
        Ok(Checksum { source: said(own, &source), target: said(Dialect::Doris, &target) })
    }

    /// One whose rows and keys have these texts, on both sides.
    #[cfg(test)]
    pub(super) fn of_texts(key: &str, row: &str) -> Checksum {
        let said = |dialect| Said { dialect, row: row.into(), key: key.into() };
        Checksum { source: said(Dialect::Mysql), target: said(Dialect::Doris) }
    }

    /// What is selected in the source: a part of the table, the count of its rows and their sum. `digits`: rows whose key's MD5 begins alike are a
    /// part; 0 for all in one.
    pub fn in_source(&self, digits: u32) -> String {
        self.source.selected(digits)
    }

    /// What rows are grouped by in the source, as a clause: nothing for all in one part.
    pub fn grouped_in_source(&self, digits: u32) -> String {
        self.source.grouped(digits)
    }

    /// The same in Doris.
    pub fn grouped_in_target(&self, digits: u32) -> String {
        self.target.grouped(digits)
    }

    /// What is selected in Doris.
    pub fn in_target(&self, digits: u32) -> String {
        self.target.selected(digits)
    }

    /// The condition for rows of some parts, in the source and in Doris.
    pub fn of_parts(&self, digits: u32, parts: &[String]) -> Texts {
        let all: Vec<String> = parts.iter().map(|part| format!("'{part}'")).collect();
        let is_in = |said: &Said| format!("{} IN ({})", said.part(digits), all.join(", "));
        Texts { source: is_in(&self.source), target: is_in(&self.target) }
    }
}

impl Said {
    fn selected(&self, digits: u32) -> String {
        format!("{}, COUNT(*), SUM({})", self.part(digits), self.dialect.number(&self.row))
    }

    fn part(&self, digits: u32) -> String {
        match (digits, self.dialect) {
            // An empty text is NULL there.
            (0, Dialect::Oracle) => "'-'".into(),
            (0, _) => "''".into(),
            _ => format!("SUBSTR({}, 1, {digits})", self.dialect.md5(&self.key)),
        }
    }

    fn grouped(&self, digits: u32) -> String {
        match (digits, self.dialect) {
            (0, _) => String::new(),
            // A number is no place in the list there, but a constant.
            (_, Dialect::Oracle) => format!(" GROUP BY {}", self.part(digits)),
            _ => " GROUP BY 1".into(),
        }
    }
}

impl Dialect {
    /// A source's, by what it knows of a column that MySQL would not.
    fn of(native: Option<&Native>) -> Dialect {
        match native.map(|native| native.dialect) {
            None => Dialect::Mysql,
            Some(catalogue::Dialect::Postgres) => Dialect::Postgres,
            Some(catalogue::Dialect::Oracle) => Dialect::Oracle,
        }
    }

    fn joined(self, texts: &[String]) -> String {
        match self {
            // A function there has no more than a hundred arguments.
            Dialect::Postgres | Dialect::Oracle => texts.join(" || ',' || "),
            _ => format!("CONCAT({})", texts.join(", ',', ")),
        }
    }

    fn md5(self, text: &str) -> String {
        match self {
            Dialect::Postgres => format!("MD5(CONVERT_TO({text}, 'UTF8'))"),
            Dialect::Oracle => format!("LOWER(RAWTOHEX(STANDARD_HASH(CONVERT({text}, 'AL32UTF8'), 'MD5')))"),
            _ => format!("MD5({text})"),
        }
    }

    /// The number that a row's text is summed up as.
    fn number(self, row: &str) -> String {
        let digits = format!("SUBSTR({}, 1, {DIGITS})", self.md5(row));
        match self {
            // A row that is too long for the server has no MD5, and is not to be equal to one that has none in Doris either.
            Dialect::Mysql => format!("IFNULL(CAST(CONV({digits}, 16, 10) AS UNSIGNED), 1)"),
            Dialect::Postgres => format!("CAST(CAST('x' || {digits} AS bit({})) AS int8)", DIGITS * 4),
            Dialect::Oracle => format!("TO_NUMBER({digits}, '{}')", "x".repeat(DIGITS as usize)),
            // LARGEINT, as a sum of BIGINT may be beyond it.
            Dialect::Doris => format!("IFNULL(CAST(CONV({digits}, 16, 10) AS LARGEINT), 2)"),
        }
    }

    /// A value as it stands in a row's text.
    fn told(self, value: Value, there: &DorisType) -> String {
        let Value { text, is_null } = value;
        let told = match there {
            // Too long to be copied into a row.
            DorisType::String => self.md5(&text),
            there if there.is_text() => match self {
                Dialect::Postgres => format!("OCTET_LENGTH(CONVERT_TO({text}, 'UTF8')) || ':' || {text}"),
                // A CHAR of blanks is NULL without them.
                Dialect::Oracle => format!("NVL(LENGTHB(CONVERT({text}, 'AL32UTF8')), 0) || ':' || {text}"),
                _ => format!("CONCAT(LENGTH({text}), ':', {text})"),
            },
            _ => text,
        };
        match self {
            Dialect::Postgres | Dialect::Oracle => format!("CASE WHEN {is_null} THEN 'N' ELSE {told} END"),
            _ => format!("IF({is_null}, 'N', {told})"),
        }
    }
}

/// A value's text and when it is NULL, in one side's SQL.
pub(super) struct Value {
    pub text: String,
    pub is_null: String,
}

/// The text of a column's cells, as SQL, on both sides.
///
/// # Errors
/// Why there is none.
pub fn column(
    ty: &MysqlType,
    native: Option<&Native>,
    mapped: &MappedColumn,
    name: &str,
    there: &DorisType,
    options: &TypeOptions,
) -> Result<Texts, String> {
    let value = match native.map(|native| (native.dialect, native)) {
        None => mysql::value(ty, mapped, there, options)?,
        Some((catalogue::Dialect::Oracle, native)) => oracle::value(ty, native, mapped, there, options)?,
        Some((catalogue::Dialect::Postgres, native)) => postgres::value(ty, native, mapped, there, options)?,
    };
    let source = Dialect::of(native).told(value, there);
    let name = backquoted(name);
    let text = match there {
        DorisType::Boolean => format!("IF({name}, '1', '0')"),
        DorisType::Char(_) => format!("RTRIM({name})"),
        there if there.is_text() => name.clone(),
        _ => format!("CAST({name} AS STRING)"),
    };
    let target = Value { text, is_null: format!("{name} IS NULL") };
    Ok(Texts { source, target: Dialect::Doris.told(target, there) })
}

pub(super) fn is_integer(there: &DorisType) -> bool {
    matches!(there, DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt | DorisType::LargeInt)
}

pub(super) fn is_scale(there: &DorisType, wanted: u8) -> bool {
    matches!(there, DorisType::Decimal { scale, .. } if *scale == wanted)
}

/// Why values of a type have no text that Doris has, too.
pub(super) fn unlike(ty: &MysqlType, there: &DorisType) -> String {
    match (ty, there) {
        (_, DorisType::Float | DorisType::Double) => "the servers print FLOAT and DOUBLE otherwise".into(),
        (_, DorisType::Json) => "JSON is compared by value".into(),
        _ => format!("no text of {ty} and {there} is known that both servers make alike"),
    }
}

/// A column `c` of that type, which is `C` in Doris.
#[cfg(test)]
pub(super) fn mapped_column(ty: &MysqlType, options: &TypeOptions) -> MappedColumn {
    let to = crate::sync::mapping::map_type(ty, false, options);
    MappedColumn {
        source: "c".into(),
        name: "C".into(),
        key: false,
        logical: crate::schema::LogicalType { root: to.root, nullable: true },
        conversion: to.conversion,
        doris: to.doris,
        default: None,
        filler: None,
        unsigned: ty.is_unsigned(),
        implicit: None,
        comment: String::new(),
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ZeroDate;
    use crate::sync::mapping::{BinaryText, GeometryText, JsonColumn, TinyInt1};

    /// A column `c` of that type, which is `C` in Doris: of the job's type there, or of another.
    fn texts(ty: &str, there: Option<&str>, options: &TypeOptions) -> Result<(String, String), String> {
        let ty = MysqlType::parse(ty);
        let mapped = mapped_column(&ty, options);
        let there = there.map_or(mapped.doris.clone(), DorisType::parse);
        column(&ty, None, &mapped, "C", &there, options).map(|texts| (texts.source, texts.target))
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
        let said = |dialect, side: &str| Said { dialect, row: format!("{side} row"), key: format!("{side} key") };
        let of = |dialect| Checksum { source: said(dialect, "source"), target: said(Dialect::Doris, "target") };
        let checksum = of(Dialect::Mysql);
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
        let postgres = of(Dialect::Postgres);
        assert_eq!(
            postgres.in_source(1),
            "SUBSTR(MD5(CONVERT_TO(source key, 'UTF8')), 1, 1), COUNT(*), \
             SUM(CAST(CAST('x' || SUBSTR(MD5(CONVERT_TO(source row, 'UTF8')), 1, 15) AS bit(60)) AS int8))"
        );
        assert_eq!(
            postgres.of_parts(1, &["a".into()]).source,
            "SUBSTR(MD5(CONVERT_TO(source key, 'UTF8')), 1, 1) IN ('a')"
        );
        let oracle = of(Dialect::Oracle);
        assert_eq!(
            oracle.in_source(0),
            "'-', COUNT(*), SUM(TO_NUMBER(SUBSTR(LOWER(RAWTOHEX(STANDARD_HASH(CONVERT(source row, 'AL32UTF8'), 'MD5'))), 1, 15), 'xxxxxxxxxxxxxxx'))"
        );
        let part = "SUBSTR(LOWER(RAWTOHEX(STANDARD_HASH(CONVERT(source key, 'AL32UTF8'), 'MD5'))), 1, 2)";
        assert_eq!(oracle.of_parts(2, &["0f".into()]).source, format!("{part} IN ('0f')"));
        assert_eq!(
            (oracle.grouped_in_source(0), oracle.grouped_in_source(2), oracle.grouped_in_target(2)),
            (String::new(), format!(" GROUP BY {part}"), " GROUP BY 1".into())
        );
        let joined = |dialect: Dialect| dialect.joined(&["a".into(), "b".into()]);
        assert_eq!(
            (joined(Dialect::Mysql), joined(Dialect::Postgres)),
            ("CONCAT(a, ',', b)".into(), "a || ',' || b".into())
        );
    }
}

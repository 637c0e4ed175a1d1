//! Types of MySQL and MariaDB, from the texts that Canal (`mysqlType`) and SQL have for them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A column's type. It is kept in state as the text that [`Display`](fmt::Display) writes and [`parse`](MysqlType::parse) reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[allow(missing_docs)]
pub enum MysqlType {
    /// `tinyint(1)`, `bool` and `boolean`, which are one type, of -128 to 127.
    TinyInt1,
    TinyInt {
        unsigned: bool,
    },
    SmallInt {
        unsigned: bool,
    },
    /// Three bytes.
    MediumInt {
        unsigned: bool,
    },
    Int {
        unsigned: bool,
    },
    BigInt {
        unsigned: bool,
    },
    Float,
    Double,
    /// Precision to 65, scale to 30.
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// 1 to 64 bits.
    Bit(u8),
    Date,
    /// -838:59:59 to 838:59:59 with so many digits of a fraction, 0 to 6, as the next two.
    Time(u8),
    DateTime(u8),
    Timestamp(u8),
    Year,
    /// Length in characters.
    Char(u32),
    Varchar(u32),
    Text(Size),
    /// Length in bytes; values are padded with zeros.
    Binary(u32),
    Varbinary(u32),
    Blob(Size),
    /// The labels, if the text has them.
    Enum(Option<Vec<String>>),
    Set(Option<Vec<String>>),
    Json,
    /// Any type of geometries, by its name.
    Geometry(String),
    /// MariaDB's.
    Uuid,
    Inet4,
    Inet6,
    /// A text that is not understood, as it is.
    Unknown(String),
}

/// Which of the four TEXT or BLOB types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// 255 bytes.
    Tiny,
    /// 65,535 bytes.
    Plain,
    /// 16 MB.
    Medium,
    /// 4 GB.
    Long,
}

impl MysqlType {
    /// Whether it is an integer type.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            MysqlType::TinyInt1
                | MysqlType::TinyInt { .. }
                | MysqlType::SmallInt { .. }
                | MysqlType::MediumInt { .. }
                | MysqlType::Int { .. }
                | MysqlType::BigInt { .. }
        )
    }

    /// Whether it is an integer type without numbers below zero.
    pub fn is_unsigned(&self) -> bool {
        matches!(
            self,
            MysqlType::TinyInt { unsigned: true }
                | MysqlType::SmallInt { unsigned: true }
                | MysqlType::MediumInt { unsigned: true }
                | MysqlType::Int { unsigned: true }
                | MysqlType::BigInt { unsigned: true }
        )
    }

    /// The type that a text means; case, display widths, character sets and collations do not count.
    pub fn parse(text: &str) -> MysqlType {
        let mut reader = Reader { rest: text };
        reader.ty().filter(|_| reader.rest.trim().is_empty()).unwrap_or_else(|| MysqlType::Unknown(text.to_string()))
    }

    /// The widest type that a code of `java.sql.Types` may stand for in `sqlType`.
    pub fn of_jdbc(code: i32) -> MysqlType {
        match code {
            -7 | -5 => MysqlType::BigInt { unsigned: false },
            -6 => MysqlType::TinyInt { unsigned: false },
            5 => MysqlType::SmallInt { unsigned: false },
            4 => MysqlType::Int { unsigned: false },
            6 | 7 => MysqlType::Float,
            8 => MysqlType::Double,
            // Precision and scale are not known: longer than what Doris has numbers for, so text.
            2 | 3 => MysqlType::Decimal { precision: 65, scale: 30 },
            91 => MysqlType::Date,
            92 => MysqlType::Time(6),
            93 => MysqlType::DateTime(6),
            -4..=-2 | 2004 => MysqlType::Blob(Size::Long),
            -1 | 1 | 12 | 2005 => MysqlType::Text(Size::Long),
            other => MysqlType::Unknown(format!("java.sql.Types {other}")),
        }
    }
}

impl From<String> for MysqlType {
    fn from(text: String) -> MysqlType {
        MysqlType::parse(&text)
    }
}

impl From<MysqlType> for String {
    fn from(ty: MysqlType) -> String {
        ty.to_string()
    }
}

impl Size {
    fn prefix(self) -> &'static str {
        match self {
            Size::Tiny => "tiny",
            Size::Plain => "",
            Size::Medium => "medium",
            Size::Long => "long",
        }
    }

    /// The smallest that holds so many bytes.
    fn of(bytes: u64) -> Size {
        match bytes {
            0..=255 => Size::Tiny,
            256..=65_535 => Size::Plain,
            65_536..=16_777_215 => Size::Medium,
            _ => Size::Long,
        }
    }
}

impl fmt::Display for MysqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let integer = |f: &mut fmt::Formatter<'_>, name: &str, unsigned: bool| {
            write!(f, "{name}{}", if unsigned { " unsigned" } else { "" })
        };
        let fraction = |f: &mut fmt::Formatter<'_>, name: &str, digits: u8| match digits {
            0 => f.write_str(name),
            _ => write!(f, "{name}({digits})"),
        };
        match self {
            MysqlType::TinyInt1 => f.write_str("tinyint(1)"),
            MysqlType::TinyInt { unsigned } => integer(f, "tinyint", *unsigned),
            MysqlType::SmallInt { unsigned } => integer(f, "smallint", *unsigned),
            MysqlType::MediumInt { unsigned } => integer(f, "mediumint", *unsigned),
            MysqlType::Int { unsigned } => integer(f, "int", *unsigned),
            MysqlType::BigInt { unsigned } => integer(f, "bigint", *unsigned),
            MysqlType::Float => f.write_str("float"),
            MysqlType::Double => f.write_str("double"),
            MysqlType::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            MysqlType::Bit(bits) => write!(f, "bit({bits})"),
            MysqlType::Date => f.write_str("date"),
            MysqlType::Time(digits) => fraction(f, "time", *digits),
            MysqlType::DateTime(digits) => fraction(f, "datetime", *digits),
            MysqlType::Timestamp(digits) => fraction(f, "timestamp", *digits),
            MysqlType::Year => f.write_str("year"),
            MysqlType::Char(length) => write!(f, "char({length})"),
            MysqlType::Varchar(length) => write!(f, "varchar({length})"),
            MysqlType::Text(size) => write!(f, "{}text", size.prefix()),
            MysqlType::Binary(length) => write!(f, "binary({length})"),
            MysqlType::Varbinary(length) => write!(f, "varbinary({length})"),
            MysqlType::Blob(size) => write!(f, "{}blob", size.prefix()),
            MysqlType::Enum(labels) => list(f, "enum", labels.as_deref()),
            MysqlType::Set(labels) => list(f, "set", labels.as_deref()),
            MysqlType::Json => f.write_str("json"),
            MysqlType::Geometry(name) => f.write_str(name),
            MysqlType::Uuid => f.write_str("uuid"),
            MysqlType::Inet4 => f.write_str("inet4"),
            MysqlType::Inet6 => f.write_str("inet6"),
            MysqlType::Unknown(text) => f.write_str(text),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, name: &str, labels: Option<&[String]>) -> fmt::Result {
    let Some(labels) = labels else { return f.write_str(name) };
    for (i, label) in labels.iter().enumerate() {
        let label = label.replace('\\', "\\\\").replace('\'', "''");
        write!(f, "{}'{label}'", if i == 0 { format!("{name}(") } else { ",".to_string() })?;
    }
    f.write_str(")")
}

/// What is left of a type's text.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn ty(&mut self) -> Option<MysqlType> {
        let name = self.word()?.to_ascii_lowercase();
        let ty = match name.as_str() {
            "tinyint" | "int1" => self.tinyint()?,
            "bool" | "boolean" => MysqlType::TinyInt1,
            "smallint" | "int2" => self.integer(|unsigned| MysqlType::SmallInt { unsigned })?,
            "mediumint" | "middleint" | "int3" => self.integer(|unsigned| MysqlType::MediumInt { unsigned })?,
            "int" | "integer" | "int4" => self.integer(|unsigned| MysqlType::Int { unsigned })?,
            "bigint" | "int8" => self.integer(|unsigned| MysqlType::BigInt { unsigned })?,
            "serial" => MysqlType::BigInt { unsigned: true },
            "float" | "float4" => self.float()?,
            "double" | "real" | "float8" => {
                self.take_word("precision");
                self.numbers()?;
                MysqlType::Double
            }
            "decimal" | "dec" | "numeric" | "fixed" | "number" => self.decimal()?,
            "bit" => MysqlType::Bit(self.number_in(1, 1..=64)? as u8),
            "date" => MysqlType::Date,
            "time" => MysqlType::Time(self.fraction()?),
            "datetime" => MysqlType::DateTime(self.fraction()?),
            "timestamp" => MysqlType::Timestamp(self.fraction()?),
            "year" => {
                self.numbers()?;
                MysqlType::Year
            }
            "json" => MysqlType::Json,
            "enum" => MysqlType::Enum(self.labels()?),
            "set" => MysqlType::Set(self.labels()?),
            "uuid" => MysqlType::Uuid,
            "inet4" => MysqlType::Inet4,
            "inet6" => MysqlType::Inet6,
            _ => self.strings(&name)?,
        };
        self.attributes();
        Some(ty)
    }

    /// Character and byte strings, and geometries.
    fn strings(&mut self, name: &str) -> Option<MysqlType> {
        Some(match name {
            "char" | "character" | "nchar" => self.char()?,
            "national" => {
                let name = self.word()?.to_ascii_lowercase();
                match name.as_str() {
                    "char" | "character" => self.char()?,
                    "varchar" => MysqlType::Varchar(self.length(None)?),
                    _ => return None,
                }
            }
            "varchar" | "nvarchar" | "varcharacter" | "varchar2" => MysqlType::Varchar(self.length(None)?),
            "binary" => MysqlType::Binary(self.length(Some(1))?),
            "varbinary" | "raw" => MysqlType::Varbinary(self.length(None)?),
            "tinytext" => MysqlType::Text(Size::Tiny),
            // A length is in characters; the type is the smallest that holds them at four bytes each.
            "text" | "clob" => {
                MysqlType::Text(self.numbers()?.first().map_or(Size::Plain, |n| Size::of(4 * u64::from(*n))))
            }
            "mediumtext" => MysqlType::Text(Size::Medium),
            "longtext" => MysqlType::Text(Size::Long),
            "long" => match self.take_word("varbinary") {
                true => MysqlType::Blob(Size::Medium),
                false => {
                    self.take_word("varchar");
                    MysqlType::Text(Size::Medium)
                }
            },
            "tinyblob" => MysqlType::Blob(Size::Tiny),
            "blob" => MysqlType::Blob(self.numbers()?.first().map_or(Size::Plain, |n| Size::of(u64::from(*n)))),
            "mediumblob" => MysqlType::Blob(Size::Medium),
            "longblob" => MysqlType::Blob(Size::Long),
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring" | "multipolygon"
            | "geometrycollection" | "geomcollection" => MysqlType::Geometry(name.to_string()),
            _ => return None,
        })
    }

    fn char(&mut self) -> Option<MysqlType> {
        if self.take_word("varying") {
            return Some(MysqlType::Varchar(self.length(None)?));
        }
        let length = self.length(Some(1))?;
        Some(if self.take_word("byte") { MysqlType::Binary(length) } else { MysqlType::Char(length) })
    }

    fn tinyint(&mut self) -> Option<MysqlType> {
        let width = self.numbers()?.first().copied();
        let unsigned = self.unsigned();
        Some(if width == Some(1) && !unsigned { MysqlType::TinyInt1 } else { MysqlType::TinyInt { unsigned } })
    }

    /// A display width says nothing about values.
    fn integer(&mut self, of: impl Fn(bool) -> MysqlType) -> Option<MysqlType> {
        self.numbers()?;
        Some(of(self.unsigned()))
    }

    /// ZEROFILL makes a number unsigned.
    fn unsigned(&mut self) -> bool {
        let mut unsigned = false;
        loop {
            if self.take_word("unsigned") || self.take_word("zerofill") {
                unsigned = true;
            } else if !self.take_word("signed") {
                return unsigned;
            }
        }
    }

    /// `float(p)` with more than 24 bits is DOUBLE; `float(m, d)` rounds and stays FLOAT.
    fn float(&mut self) -> Option<MysqlType> {
        let double = matches!(self.numbers()?[..], [bits] if bits > 24);
        Some(if double { MysqlType::Double } else { MysqlType::Float })
    }

    fn decimal(&mut self) -> Option<MysqlType> {
        let (precision, scale) = match self.numbers()?[..] {
            [] => (10, 0),
            [precision] => (if precision == 0 { 10 } else { precision }, 0),
            [precision, scale] => (precision, scale),
            _ => return None,
        };
        self.unsigned();
        let right = (1..=65).contains(&precision) && scale <= precision;
        right.then_some(MysqlType::Decimal { precision: precision as u8, scale: scale as u8 })
    }

    fn fraction(&mut self) -> Option<u8> {
        Some(self.number_in(0, 0..=6)? as u8)
    }

    /// The number in `(…)`, if it is one of those allowed; `default` without parentheses.
    fn number_in(&mut self, default: u32, allowed: std::ops::RangeInclusive<u32>) -> Option<u32> {
        match self.numbers()?[..] {
            [] => Some(default),
            [number] => allowed.contains(&number).then_some(number),
            _ => None,
        }
    }

    fn length(&mut self, default: Option<u32>) -> Option<u32> {
        match self.numbers()?[..] {
            [] => default,
            [length] => Some(length),
            _ => None,
        }
    }

    /// What may stand behind any type and says nothing about how values are written.
    fn attributes(&mut self) {
        loop {
            let known = ["unsigned", "signed", "zerofill", "binary", "ascii", "unicode", "compressed"];
            if known.iter().any(|word| self.take_word(word)) {
                continue;
            }
            let charset = self.take_word("charset") || (self.take_word("character") && self.take_word("set"));
            if !(charset || self.take_word("collate")) {
                return;
            }
            self.take('=');
            if self.quoted().is_none() && self.word().is_none() {
                return;
            }
        }
    }

    /// The numbers in `(…)`; none without parentheses.
    fn numbers(&mut self) -> Option<Vec<u32>> {
        let Some(inside) = self.rest.trim_start().strip_prefix('(') else { return Some(Vec::new()) };
        let (numbers, rest) = inside.split_once(')')?;
        self.rest = rest;
        numbers.split(',').map(|number| number.trim().parse().ok()).collect()
    }

    /// `('a','b')`, or nothing.
    fn labels(&mut self) -> Option<Option<Vec<String>>> {
        if !self.take('(') {
            return Some(None);
        }
        let mut labels = Vec::new();
        loop {
            labels.push(self.quoted()?);
            if !self.take(',') {
                return self.take(')').then_some(Some(labels));
            }
        }
    }

    /// A text in quotes, with quotes doubled or behind a backslash.
    fn quoted(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let mut text = String::new();
        let mut chars = rest[1..].char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == quote {
                if chars.next_if(|(_, next)| *next == quote).is_none() {
                    self.rest = &rest[1 + at + 1..];
                    return Some(text);
                }
                text.push(quote);
            } else if c == '\\' {
                text.push(unescaped(chars.next()?.1));
            } else {
                text.push(c);
            }
        }
        None
    }

    fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let before = self.rest;
        let found = self.word().is_some_and(|found| found.eq_ignore_ascii_case(word));
        if !found {
            self.rest = before;
        }
        found
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

/// What a letter behind a backslash means in MySQL's strings.
fn unescaped(c: char) -> char {
    match c {
        '0' => '\0',
        'b' => '\u{8}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'Z' => '\u{1a}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_canal_and_of_sql() {
        for (text, expected) in [
            ("bigint(20) unsigned", "bigint unsigned"),
            ("BIGINT", "bigint"),
            ("INT(8) unsigned zerofill", "int unsigned"),
            ("int(11) zerofill", "int unsigned"),
            ("integer signed", "int"),
            ("tinyint(1)", "tinyint(1)"),
            ("BOOLEAN", "tinyint(1)"),
            ("tinyint(1) unsigned", "tinyint unsigned"),
            ("tinyint(4)", "tinyint"),
            ("mediumint(9)", "mediumint"),
            ("serial", "bigint unsigned"),
            ("decimal(10,2) unsigned zerofill", "decimal(10,2)"),
            ("DECIMAL", "decimal(10,0)"),
            ("NUMERIC(5, 5)", "decimal(5,5)"),
            ("fixed(65,30)", "decimal(65,30)"),
            ("FLOAT(7,3)", "float"),
            ("float(24)", "float"),
            ("float(53)", "double"),
            ("DOUBLE(15,5) unsigned", "double"),
            ("double precision", "double"),
            ("REAL", "double"),
            ("bit", "bit(1)"),
            ("bit(8)", "bit(8)"),
            ("datetime(6)", "datetime(6)"),
            ("TIMESTAMP", "timestamp"),
            ("time(3)", "time(3)"),
            ("year(4)", "year"),
            ("char", "char(1)"),
            ("varchar(255) character set latin1 collate latin1_bin", "varchar(255)"),
            ("VARCHAR(10) CHARSET utf8mb4", "varchar(10)"),
            ("national varchar(10)", "varchar(10)"),
            ("character varying(7)", "varchar(7)"),
            ("char(3) byte", "binary(3)"),
            ("binary", "binary(1)"),
            ("text(100)", "text"),
            ("text(50)", "tinytext"),
            ("blob(300)", "blob"),
            ("long varbinary", "mediumblob"),
            ("longtext", "longtext"),
            ("enum('a','b')", "enum('a','b')"),
            ("ENUM('','é','中文','it''s','a,b','😀')", "enum('','é','中文','it''s','a,b','😀')"),
            (r"set('a\'b', 'c\\d')", r"set('a''b','c\\d')"),
            ("enum", "enum"),
            ("geometry", "geometry"),
            ("GEOMCOLLECTION", "geomcollection"),
            ("INET6", "inet6"),
            ("uuid", "uuid"),
        ] {
            let ty = MysqlType::parse(text);
            assert!(!matches!(ty, MysqlType::Unknown(_)), "{text}");
            assert_eq!(ty.to_string(), expected, "{text}");
            assert_eq!(MysqlType::parse(expected), ty, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_kept() {
        for text in ["vector(3)", "varchar", "decimal(70,2)", "bit(65)", "datetime(7)", "int x", "enum('a'", ""] {
            assert_eq!(MysqlType::parse(text), MysqlType::Unknown(text.to_string()));
            assert_eq!(MysqlType::parse(text).to_string(), text);
        }
    }
}

//! A table as Doris describes it.

use std::fmt;

/// What becomes of rows with equal keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyModel {
    /// The later row replaces the earlier one; rows can be deleted.
    Unique,
    /// All rows are kept.
    Duplicate,
    /// Values are combined, each by its column's function.
    Aggregate,
}

/// A table's name, model and visible columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DorisTable {
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// What becomes of rows with equal keys.
    pub model: KeyModel,
    /// The visible columns, in the table's order.
    pub columns: Vec<DorisColumn>,
    /// How it is decided which of two rows with one key stays.
    pub sequence: Sequence,
}

/// Which of two rows with one key stays in a unique-key table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sequence {
    /// The one loaded later.
    #[default]
    None,
    /// The one with the higher value in a column of the table (`function_column.sequence_col`).
    Column,
    /// The one with the higher value in a hidden column, which every load has to fill (`function_column.sequence_type`).
    Hidden,
}

/// A visible column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DorisColumn {
    /// Name in the table's spelling; Doris compares names without regard to case, but keys of JSON bodies exactly.
    pub name: String,
    /// Its type.
    pub ty: DorisType,
    /// It may be NULL.
    pub nullable: bool,
    /// It is part of the key.
    pub key: bool,
    /// It has a default value, which a row gets that does not mention the column.
    pub default: bool,
}

/// A column's type. Lengths of CHAR and VARCHAR are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DorisType {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    /// 128 bits.
    LargeInt,
    Float,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    /// `scale`: digits of a second's fraction, 0 to 6.
    DateTime {
        scale: u8,
    },
    Char(u32),
    Varchar(u32),
    String,
    /// JSON, also called JSONB.
    Json,
    Array(Box<DorisType>),
    Map(Box<DorisType>, Box<DorisType>),
    Struct(Vec<(String, DorisType)>),
    Variant,
    Bitmap,
    Hll,
    Ipv4,
    Ipv6,
    /// A type that is not known here, in Doris' own words.
    Other(String),
}

/// A name as statements and headers have it, in back quotes.
pub fn backquoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Longest VARCHAR in bytes, which `varchar(*)` has too (`ScalarType.MAX_VARCHAR_LENGTH`).
const MAX_VARCHAR: u32 = 65_533;

impl DorisType {
    /// The type that a text of `information_schema.columns` (COLUMN_TYPE), `DESC` or `SHOW CREATE TABLE` means; case and
    /// blanks do not count. A text that is not understood is [`Other`](DorisType::Other).
    pub fn parse(text: &str) -> DorisType {
        let mut reader = Reader { rest: text };
        match reader.ty() {
            Some(ty) if reader.rest.trim().is_empty() => ty,
            _ => DorisType::Other(text.trim().to_string()),
        }
    }

    /// Whether values are text of any kind: CHAR, VARCHAR, STRING.
    pub fn is_text(&self) -> bool {
        matches!(self, DorisType::Char(_) | DorisType::Varchar(_) | DorisType::String)
    }
}

impl fmt::Display for DorisType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DorisType::Boolean => f.write_str("BOOLEAN"),
            DorisType::TinyInt => f.write_str("TINYINT"),
            DorisType::SmallInt => f.write_str("SMALLINT"),
            DorisType::Int => f.write_str("INT"),
            DorisType::BigInt => f.write_str("BIGINT"),
            DorisType::LargeInt => f.write_str("LARGEINT"),
            DorisType::Float => f.write_str("FLOAT"),
            DorisType::Double => f.write_str("DOUBLE"),
            DorisType::Decimal { precision, scale } => write!(f, "DECIMAL({precision}, {scale})"),
            DorisType::Date => f.write_str("DATE"),
            DorisType::DateTime { scale: 0 } => f.write_str("DATETIME"),
            DorisType::DateTime { scale } => write!(f, "DATETIME({scale})"),
            DorisType::Char(bytes) => write!(f, "CHAR({bytes})"),
            DorisType::Varchar(bytes) => write!(f, "VARCHAR({bytes})"),
            DorisType::String => f.write_str("STRING"),
            DorisType::Json => f.write_str("JSON"),
            DorisType::Array(element) => write!(f, "ARRAY<{element}>"),
            DorisType::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            DorisType::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (i, (name, ty)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {ty}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(">")
            }
            DorisType::Variant => f.write_str("VARIANT"),
            DorisType::Bitmap => f.write_str("BITMAP"),
            DorisType::Hll => f.write_str("HLL"),
            DorisType::Ipv4 => f.write_str("IPV4"),
            DorisType::Ipv6 => f.write_str("IPV6"),
            DorisType::Other(text) => f.write_str(text),
        }
    }
}

/// What is left of a type's text.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn ty(&mut self) -> Option<DorisType> {
        let name = self.word()?.to_ascii_lowercase();
        Some(match name.as_str() {
            "boolean" | "bool" => DorisType::Boolean,
            "tinyint" | "smallint" | "int" | "integer" | "bigint" => self.integer(&name)?,
            "largeint" => self.after_width(DorisType::LargeInt)?,
            "float" => DorisType::Float,
            "double" => DorisType::Double,
            "decimal" | "decimalv2" | "decimalv3" | "decimal32" | "decimal64" | "decimal128" | "decimal128i"
            | "decimal256" | "numeric" => self.decimal()?,
            "date" | "datev2" | "datev1" => DorisType::Date,
            "datetime" | "datetimev2" | "datetimev1" => match self.numbers()?[..] {
                [] => DorisType::DateTime { scale: 0 },
                [scale @ 0..=6] => DorisType::DateTime { scale: scale as u8 },
                _ => return None,
            },
            "char" | "character" => DorisType::Char(self.length(1)?),
            "varchar" => DorisType::Varchar(self.length(MAX_VARCHAR)?),
            "string" | "text" => self.after_width(DorisType::String)?,
            "json" | "jsonb" => DorisType::Json,
            "array" => DorisType::Array(Box::new(self.within(Reader::ty)?)),
            "map" => self.within(|inner| {
                let key = inner.ty()?;
                inner.take(',')?;
                Some(DorisType::Map(Box::new(key), Box::new(inner.ty()?)))
            })?,
            "struct" => DorisType::Struct(self.within(Reader::fields)?),
            "variant" => self.variant(),
            "bitmap" => DorisType::Bitmap,
            "hll" => DorisType::Hll,
            "ipv4" => DorisType::Ipv4,
            "ipv6" => DorisType::Ipv6,
            _ => return None,
        })
    }

    /// `int(11)`, and `bigint unsigned`, as which Doris shows LARGEINT.
    fn integer(&mut self, name: &str) -> Option<DorisType> {
        let ty = match name {
            "tinyint" => DorisType::TinyInt,
            "smallint" => DorisType::SmallInt,
            "bigint" => DorisType::BigInt,
            _ => DorisType::Int,
        };
        let ty = self.after_width(ty)?;
        if !self.rest.trim_start().to_ascii_lowercase().starts_with("unsigned") {
            return Some(ty);
        }
        self.word();
        (ty == DorisType::BigInt).then_some(DorisType::LargeInt)
    }

    /// A display width says nothing about values.
    fn after_width(&mut self, ty: DorisType) -> Option<DorisType> {
        self.numbers()?;
        Some(ty)
    }

    fn decimal(&mut self) -> Option<DorisType> {
        let (precision, scale) = match self.numbers()?[..] {
            [] => (38, 9),
            [precision] => (precision, 0),
            [precision, scale] => (precision, scale),
            _ => return None,
        };
        let right = (1..=76).contains(&precision) && scale <= precision;
        right.then_some(DorisType::Decimal { precision: precision as u8, scale: scale as u8 })
    }

    fn length(&mut self, default: u32) -> Option<u32> {
        if let Some(rest) = self.rest.trim_start().strip_prefix("(*)") {
            self.rest = rest;
            return Some(default);
        }
        match self.numbers()?[..] {
            [] => Some(default),
            [length] => Some(length),
            _ => None,
        }
    }

    /// `name:type`, again and again.
    fn fields(&mut self) -> Option<Vec<(String, DorisType)>> {
        let mut fields = Vec::new();
        loop {
            let (name, rest) = self.rest.split_once(':')?;
            self.rest = rest;
            fields.push((name.trim().trim_matches('`').to_string(), self.ty()?));
            self.comment();
            if self.take(',').is_none() {
                return Some(fields);
            }
        }
    }

    /// `comment 'text'` behind a field of a STRUCT.
    fn comment(&mut self) {
        let rest = self.rest.trim_start();
        if !rest.to_ascii_lowercase().starts_with("comment") {
            return;
        }
        if let Some((_, rest)) =
            rest["comment".len()..].trim_start().strip_prefix('\'').and_then(|r| r.split_once('\''))
        {
            self.rest = rest;
        }
    }

    /// Paths and properties in `variant<…>` do not limit what is written.
    fn variant(&mut self) -> DorisType {
        if self.rest.trim_start().starts_with(['<', '(']) {
            self.rest = "";
        }
        DorisType::Variant
    }

    /// What stands in `<…>`.
    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.take('<')?;
        let inner = read(self)?;
        self.take('>')?;
        Some(inner)
    }

    /// The numbers in `(…)`; none if there is no parenthesis.
    fn numbers(&mut self) -> Option<Vec<u32>> {
        let Some(inside) = self.rest.trim_start().strip_prefix('(') else { return Some(Vec::new()) };
        let (numbers, rest) = inside.split_once(')')?;
        self.rest = rest;
        numbers.split(',').map(|number| number.trim().parse().ok()).collect()
    }

    fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(c)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_as_doris_writes_them() {
        let array = |ty| DorisType::Array(Box::new(ty));
        for (text, expected) in [
            ("tinyint", DorisType::TinyInt),
            ("tinyint(4)", DorisType::TinyInt),
            ("boolean", DorisType::Boolean),
            ("INT", DorisType::Int),
            ("int(11)", DorisType::Int),
            ("bigint(20)", DorisType::BigInt),
            ("bigint unsigned", DorisType::LargeInt),
            ("bigint(20) unsigned", DorisType::LargeInt),
            ("largeint", DorisType::LargeInt),
            ("decimalv3(10, 2)", DorisType::Decimal { precision: 10, scale: 2 }),
            ("decimal(38,9)", DorisType::Decimal { precision: 38, scale: 9 }),
            ("DECIMAL(9)", DorisType::Decimal { precision: 9, scale: 0 }),
            ("date", DorisType::Date),
            ("datev2", DorisType::Date),
            ("datetime", DorisType::DateTime { scale: 0 }),
            ("datetimev2(3)", DorisType::DateTime { scale: 3 }),
            ("datetime(6)", DorisType::DateTime { scale: 6 }),
            ("char(3)", DorisType::Char(3)),
            ("varchar(20)", DorisType::Varchar(20)),
            ("VARCHAR(*)", DorisType::Varchar(65_533)),
            ("varchar(65533)", DorisType::Varchar(65_533)),
            ("string", DorisType::String),
            ("text", DorisType::String),
            ("json", DorisType::Json),
            ("jsonb", DorisType::Json),
            ("variant", DorisType::Variant),
            ("variant<'a.b' : int>", DorisType::Variant),
            ("bitmap", DorisType::Bitmap),
            ("hll", DorisType::Hll),
            ("ipv4", DorisType::Ipv4),
            ("array<int>", array(DorisType::Int)),
            ("ARRAY<ARRAY<VARCHAR(3)>>", array(array(DorisType::Varchar(3)))),
            (
                "map<varchar(10), decimal(5, 1)>",
                DorisType::Map(
                    Box::new(DorisType::Varchar(10)),
                    Box::new(DorisType::Decimal { precision: 5, scale: 1 }),
                ),
            ),
            (
                "struct<a:int,`b c`:array<string> comment 'x,y', d : datetimev2(6)>",
                DorisType::Struct(vec![
                    ("a".into(), DorisType::Int),
                    ("b c".into(), array(DorisType::String)),
                    ("d".into(), DorisType::DateTime { scale: 6 }),
                ]),
            ),
        ] {
            assert_eq!(DorisType::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_kept_as_it_is() {
        for text in [
            "quantile_state",
            "int unsigned",
            "array<int",
            "decimal(99, 2)",
            "datetime(7)",
            "agg_state<x>",
            "",
            "int x",
        ] {
            assert_eq!(DorisType::parse(text), DorisType::Other(text.to_string()));
        }
    }

    #[test]
    fn shown_types_are_read_back() {
        for text in [
            "BOOLEAN",
            "TINYINT",
            "LARGEINT",
            "DOUBLE",
            "DECIMAL(10, 2)",
            "DATETIME",
            "DATETIME(3)",
            "CHAR(3)",
            "VARCHAR(20)",
            "STRING",
            "JSON",
            "ARRAY<MAP<STRING, INT>>",
            "STRUCT<a: INT, b: STRUCT<c: DATE>>",
            "VARIANT",
            "BITMAP",
            "IPV6",
        ] {
            assert_eq!(DorisType::parse(text).to_string(), text);
        }
    }
}

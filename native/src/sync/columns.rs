//! Columns that have another name in Doris, that are left out, and that only Doris has.

use super::mapping::{Conversion, MappedColumn, MappedTable};
use super::refusal::Refusal;
use super::rules::whole;
use super::source::same_name;
use crate::canal::envelope::Member;
use crate::canal::head::Head;
use crate::doris::table::DorisType;
use crate::error::{Error, Kind};
use crate::schema::{LogicalType, Root};
use regex::Regex;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is special about the columns of some tables.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnsSpec {
    /// Pattern for the whole of `database.table` in the source.
    pub table: String,
    /// Names in the source, and in Doris.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// Names in the source.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Columns that only Doris has.
    #[serde(default)]
    pub add: Vec<AddedSpec>,
}

/// A column that only Doris has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedSpec {
    /// Its name in Doris.
    pub name: String,
    /// Its type in Doris: of a constant CHAR, VARCHAR, STRING, BOOLEAN or an integer; of metadata what [`Metadata::ty`] says.
    #[serde(default, rename = "type")]
    pub ty: Option<String>,
    /// A constant, or
    #[serde(default)]
    pub value: Option<String>,
    /// what the row's message says.
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// What a message says of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metadata {
    /// `database`.
    Database,
    /// `table`.
    Table,
    /// `type`: INSERT, UPDATE or DELETE.
    Type,
    /// `es`, in UTC.
    EventTimestamp,
    /// `ts`, in UTC.
    IngestionTimestamp,
}

impl Metadata {
    /// The column that is made for it: `VARCHAR(256)`, `VARCHAR(16)` for `type`, `DATETIME(3)` for the times.
    pub fn ty(self) -> DorisType {
        match self {
            Metadata::Database | Metadata::Table => DorisType::Varchar(256),
            Metadata::Type => DorisType::Varchar(16),
            Metadata::EventTimestamp | Metadata::IngestionTimestamp => DorisType::DateTime { scale: 3 },
        }
    }
}

/// The rules, compiled; the first whose pattern matches counts.
#[derive(Debug, Default)]
pub struct ColumnRules(Vec<(Regex, ColumnsSpec, Vec<Added>)>);

/// An added column, with where its value comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    column: MappedColumn,
    source: AddedValue,
}

#[derive(Debug, Clone, PartialEq)]
enum AddedValue {
    /// A field of a row: eight bytes.
    Fixed(u64),
    Text(String),
    Message(Metadata),
}

/// A value of an added column, for the rows of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// The field's eight bytes.
    Fixed(u64),
    /// UTF-8.
    Text(&'v [u8]),
    /// The message does not say.
    Null,
}

impl ColumnRules {
    /// Compiles the rules.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] names the pattern that is none, the type that a constant cannot have, or the value that is none of its type.
    pub fn new(specs: &[ColumnsSpec]) -> Result<ColumnRules, Error> {
        let rule = |spec: &ColumnsSpec| {
            let added = spec.add.iter().map(Added::new).collect::<Result<_, Error>>()?;
            Ok((whole("tables.columns.table", &spec.table)?, spec.clone(), added))
        };
        specs.iter().map(rule).collect::<Result<_, Error>>().map(ColumnRules)
    }

    fn of(&self, table: &str) -> Option<&(Regex, ColumnsSpec, Vec<Added>)> {
        self.0.iter().find(|(pattern, ..)| pattern.is_match(table))
    }

    /// The name in Doris of a column of the table `database.table`; None if it is left out.
    pub fn name(&self, table: &str, column: &str) -> Option<String> {
        let Some((_, rule, _)) = self.of(table) else { return Some(column.to_string()) };
        if rule.exclude.iter().any(|name| same_name(name, column)) {
            return None;
        }
        let renamed = rule.rename.iter().find(|(name, _)| same_name(name, column));
        Some(renamed.map_or(column, |(_, name)| name).to_string())
    }

    /// What is added to the table `database.table`.
    pub fn added(&self, table: &str) -> &[Added] {
        self.of(table).map(|(.., added)| added.as_slice()).unwrap_or_default()
    }

    /// Puts the added columns behind those of the source.
    ///
    /// # Errors
    /// A column of that name is there.
    pub fn extend(&self, table: &str, mapped: &mut MappedTable) -> Result<(), Refusal> {
        for added in self.added(table) {
            if mapped.column(&added.column.name).is_some() {
                return Err(Refusal::SameName { table: table.into(), name: added.column.name.clone() });
            }
            mapped.columns.push(added.column.clone());
        }
        Ok(())
    }
}

impl Added {
    fn new(spec: &AddedSpec) -> Result<Added, Error> {
        let place = format!("tables.columns.add: {}", spec.name);
        let invalid = |what: String| Error::new(Kind::InvalidSpec, what).at(&place);
        let told = spec.ty.as_deref().map(DorisType::parse);
        let (doris, root, source) = match (&spec.value, spec.metadata) {
            (None, Some(metadata)) => {
                let root = match metadata {
                    Metadata::EventTimestamp | Metadata::IngestionTimestamp => {
                        Root::TimestampWithoutTimeZone { precision: 3 }
                    }
                    _ => Root::Varchar,
                };
                let doris = told.unwrap_or_else(|| metadata.ty());
                let fits =
                    if root == Root::Varchar { doris.is_text() } else { matches!(doris, DorisType::DateTime { .. }) };
                if !fits {
                    return Err(invalid(format!(
                        "{doris} does not hold it; leave 'type' out, or write {}",
                        metadata.ty()
                    )));
                }
                (doris, root, AddedValue::Message(metadata))
            }
            (Some(value), None) => {
                let doris = told.ok_or_else(|| invalid("'type' is missing".into()))?;
                let wrong = |_| invalid(format!("'{value}' is no {doris}"));
                match &doris {
                    ty if ty.is_text() => (doris, Root::Varchar, AddedValue::Text(value.clone())),
                    DorisType::Boolean => {
                        let flag = value
                            .parse::<bool>()
                            .map_err(|_| invalid(format!("'{value}' is neither true nor false")))?;
                        (doris, Root::Boolean, AddedValue::Fixed(flag.into()))
                    }
                    DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt => {
                        let number = value.parse::<i64>().map_err(wrong)?;
                        (doris, Root::Bigint, AddedValue::Fixed(number as u64))
                    }
                    other => {
                        return Err(invalid(format!(
                            "a constant cannot be {other}; write varchar(n), string, boolean or an integer type"
                        )));
                    }
                }
            }
            _ => return Err(invalid("write 'value' or 'metadata'".into())),
        };
        let column = MappedColumn {
            // No column of a message has this name, so the decoder leaves it to us.
            source: format!("\0{}", spec.name),
            name: spec.name.clone(),
            key: false,
            logical: LogicalType { root, nullable: true },
            conversion: Conversion::None,
            doris,
            default: None,
            filler: None,
            unsigned: false,
            implicit: None,
            comment: String::new(),
            note: None,
        };
        Ok(Added { column, source })
    }

    /// Its name in Doris.
    pub fn name(&self) -> &str {
        &self.column.name
    }

    /// Whether its value depends on how and when the row came, and so cannot be told from the row.
    pub fn is_of_the_way(&self) -> bool {
        use Metadata::{EventTimestamp, IngestionTimestamp, Type};
        matches!(self.source, AddedValue::Message(EventTimestamp | IngestionTimestamp | Type))
    }

    /// Its value for the rows of a message.
    pub fn value<'v>(&'v self, head: &'v Head<'_>) -> Value<'v> {
        let text = |member: Member| match head.raw(member) {
            Some([b'"', text @ .., b'"']) if !text.contains(&b'\\') => Value::Text(text),
            _ => Value::Null,
        };
        let time = |member: Member| {
            let millis = head.raw(member).and_then(|raw| std::str::from_utf8(raw).ok()?.parse::<i64>().ok());
            millis.map_or(Value::Null, |millis| Value::Fixed(millis as u64))
        };
        match &self.source {
            AddedValue::Fixed(field) => Value::Fixed(*field),
            AddedValue::Text(constant) => Value::Text(constant.as_bytes()),
            AddedValue::Message(Metadata::Database) => text(Member::Database),
            AddedValue::Message(Metadata::Table) => text(Member::Table),
            AddedValue::Message(Metadata::Type) => text(Member::Type),
            AddedValue::Message(Metadata::EventTimestamp) => time(Member::Es),
            AddedValue::Message(Metadata::IngestionTimestamp) => time(Member::Ts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canal::head::HeadReader;

    fn rules(json: &str) -> Result<ColumnRules, Error> {
        ColumnRules::new(&serde_json::from_str::<Vec<ColumnsSpec>>(json).unwrap())
    }

    #[test]
    fn names_of_the_first_rule_that_matches() {
        let rules =
            rules(r#"[{"table":"a\\.b","rename":{"X":"y"},"exclude":["z"]},{"table":".*","exclude":["x"]}]"#).unwrap();
        let name = |table, column| rules.name(table, column);
        assert_eq!((name("a.b", "x"), name("a.b", "Z"), name("a.b", "w")), (Some("y".into()), None, Some("w".into())));
        assert_eq!((name("a.c", "x"), name("a.c", "z")), (None, Some("z".into())));
    }

    #[test]
    fn values_by_message() {
        let rules = rules(
            r#"[{"table":".*","add":[{"name":"s","type":"varchar(9)","value":"shop"},{"name":"n","type":"int","value":"-7"},
                {"name":"d","metadata":"database"},{"name":"k","metadata":"type"},{"name":"at","metadata":"event-timestamp"},
                {"name":"in","metadata":"ingestion-timestamp"}]}]"#,
        )
        .unwrap();
        let mut heads = HeadReader::default();
        let head = heads.read(br#"{"database":"a","es":1600,"type":"DELETE","ts":null}"#).unwrap();
        let values: Vec<Value> = rules.added("x.y").iter().map(|added| added.value(&head)).collect();
        assert_eq!(
            values,
            [
                Value::Text(b"shop"),
                Value::Fixed(-7_i64 as u64),
                Value::Text(b"a"),
                Value::Text(b"DELETE"),
                Value::Fixed(1600),
                Value::Null
            ]
        );
    }

    #[test]
    fn what_is_no_column() {
        for (add, expected) in [
            (r#"{"name":"a","value":"x"}"#, "'type' is missing"),
            (r#"{"name":"a","type":"int","value":"x"}"#, "'x' is no INT"),
            (r#"{"name":"a","type":"boolean","value":"1"}"#, "neither true nor false"),
            (r#"{"name":"a","type":"date","value":"2024-01-01"}"#, "a constant cannot be DATE"),
            (r#"{"name":"a","type":"int","metadata":"table"}"#, "INT does not hold it"),
            (r#"{"name":"a"}"#, "'value' or 'metadata'"),
        ] {
            let error = rules(&format!(r#"[{{"table":".*","add":[{add}]}}]"#)).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("tables.columns.add: a"), "{add}: {error}");
        }
    }
}

//! What a host says about a table, as JSON text.

use super::pattern::NamePattern;
use crate::error::{Error, Kind};
use crate::schema::{DecoderSpec, EncoderSpec};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The column of row kinds, as `columnNames` knows it.
pub const ROW_KIND: &str = "row_kind";

/// A decoder's specification: the members of [`DecoderSpec`], of which `semantics` and `timestamp` may be missing (`canal`,
/// `SQL`), and:
///
/// | member | what |
/// |---|---|
/// | `databaseInclude`, `tableInclude` | a [`NamePattern`] for the whole name; default: every name passes |
/// | `columnNames` | object: `row_kind` or a metadata key → the name of its column in the batch; default: its own |
///
/// `filterDatabase` and `filterTable` are no members here: there is nobody to ask.
#[derive(Debug, Clone)]
pub struct DecoderOptions {
    /// What the decoder is told.
    pub decoder: DecoderSpec,
    /// `databaseInclude`.
    pub database_include: Option<NamePattern>,
    /// `tableInclude`.
    pub table_include: Option<NamePattern>,
    column_names: HashMap<String, String>,
}

impl DecoderOptions {
    /// Reads the JSON text.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] for text that is no specification, a member nobody knows, a pattern that does not compile, a name
    /// in `columnNames` that is none of the table's columns; [`Kind::UnsupportedType`] as for [`DecoderSpec::from_json`].
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let mut members = object(text)?;
        let pattern = |members: &mut Map<String, Value>, name: &str| match members.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(pattern)) => NamePattern::new(name, &pattern).map(Some),
            Some(other) => Err(Error::new(Kind::InvalidSpec, format!("{other} is no pattern")).at(name)),
        };
        let database_include = pattern(&mut members, "databaseInclude")?;
        let table_include = pattern(&mut members, "tableInclude")?;
        let column_names = column_names(members.remove("columnNames"))?;
        for (name, set) in [("filterDatabase", &database_include), ("filterTable", &table_include)] {
            if members.insert(name.into(), set.is_some().into()).is_some() {
                let remedy = format!("{name} is not for this interface; set databaseInclude or tableInclude");
                return Err(Error::new(Kind::InvalidSpec, remedy));
            }
        }
        members.entry("semantics").or_insert("canal".into());
        members.entry("timestamp").or_insert("SQL".into());
        let decoder = DecoderSpec::from_json(Value::Object(members.clone()).to_string().as_bytes())?;
        only_known(&members, &decoder, &["databaseInclude", "tableInclude", "columnNames"])?;
        Ok(DecoderOptions { decoder, database_include, table_include, column_names })
    }

    /// The name of the column that holds `key`: `row_kind` or a metadata key.
    pub fn column_name<'n>(&'n self, key: &'n str) -> &'n str {
        self.column_names.get(key).map_or(key, String::as_str)
    }

    /// The keys that `columnNames` has.
    pub fn renamed(&self) -> impl Iterator<Item = &str> {
        self.column_names.keys().map(String::as_str)
    }
}

/// An encoder's specification: the members of [`EncoderSpec`], of which all but `fields` may be missing (`SQL`, `FAIL`,
/// `null`, `shortest`, `delete-insert`), and `columnNames`, which knows `row_kind` here.
#[derive(Debug, Clone)]
pub struct EncoderOptions {
    /// What the encoder is told.
    pub encoder: EncoderSpec,
    /// The name of the column of row kinds.
    pub row_kind: String,
}

impl EncoderOptions {
    /// Reads the JSON text.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] for text that is no specification, a member nobody knows, another name than `row_kind` in
    /// `columnNames`; [`Kind::UnsupportedType`] as for [`EncoderSpec::from_json`].
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let mut members = object(text)?;
        let mut column_names = column_names(members.remove("columnNames"))?;
        let row_kind = column_names.remove(ROW_KIND).unwrap_or(ROW_KIND.into());
        if let Some(name) = column_names.keys().next() {
            let text = format!("columnNames renames {name:?}; an encoder has {ROW_KIND} to rename");
            return Err(Error::new(Kind::InvalidSpec, text));
        }
        for (name, default) in [
            ("timestamp", "SQL"),
            ("mapNullKey", "FAIL"),
            ("mapNullKeyLiteral", "null"),
            ("floatText", "shortest"),
            ("update", "delete-insert"),
        ] {
            members.entry(name).or_insert(default.into());
        }
        let encoder = EncoderSpec::from_json(Value::Object(members.clone()).to_string().as_bytes())?;
        only_known(&members, &encoder, &["columnNames"])?;
        Ok(EncoderOptions { encoder, row_kind })
    }
}

/// The members of a JSON object.
fn object(text: &[u8]) -> Result<Map<String, Value>, Error> {
    serde_json::from_slice(text)
        .map_err(|e| Error::new(Kind::InvalidSpec, "the specification is not a JSON object").caused_by(e))
}

/// A member that is misspelt would be an option that silently does nothing. `spec` is what was read of `members`; `also` is
/// known beside it.
fn only_known(members: &Map<String, Value>, spec: &impl serde::Serialize, also: &[&str]) -> Result<(), Error> {
    let known = serde_json::to_value(spec).map_err(|e| Error::new(Kind::Internal, "a specification").caused_by(e))?;
    match members.iter().find_map(|(name, value)| unknown(name, value, &known)) {
        None => Ok(()),
        Some((name, known)) => {
            let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
            names.retain(|name| !name.starts_with("filter"));
            let here = members.contains_key(name);
            let names = names.into_iter().chain(also.iter().copied().filter(|_| here)).collect::<Vec<_>>();
            let text =
                format!("the specification has a member {name:?} that nobody knows; known here: {}", names.join(", "));
            Err(Error::new(Kind::InvalidSpec, text))
        }
    }
}

/// The first member of `name` and below it that is not among `known`'s, and those that are.
fn unknown<'v>(name: &'v str, value: &'v Value, known: &'v Value) -> Option<(&'v str, &'v Map<String, Value>)> {
    let members = known.as_object()?;
    let Some(known) = members.get(name) else { return Some((name, members)) };
    below(value, known)
}

fn below<'v>(value: &'v Value, known: &'v Value) -> Option<(&'v str, &'v Map<String, Value>)> {
    match (value, known) {
        (Value::Object(value), _) => value.iter().find_map(|(name, value)| unknown(name, value, known)),
        (Value::Array(values), Value::Array(known)) => values.iter().zip(known).find_map(|(v, k)| below(v, k)),
        _ => None,
    }
}

fn column_names(member: Option<Value>) -> Result<HashMap<String, String>, Error> {
    member.map_or(Ok(HashMap::new()), |value| {
        serde_json::from_value(value).map_err(|e| {
            let text = "columnNames is not an object of names";
            Error::new(Kind::InvalidSpec, text).caused_by(e)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<DecoderOptions, Error> {
        DecoderOptions::from_json(text.as_bytes())
    }

    #[test]
    fn defaults_and_patterns() {
        let options =
            read(r#"{"fields":[{"name":"id","type":{"root":"BIGINT"}}],"tableInclude":"orders_\\d+"}"#).unwrap();
        assert!(options.decoder.filter_table && !options.decoder.filter_database);
        assert!(options.table_include.unwrap().matches("orders_7"));
        let options = read(r#"{"fields":[],"semantics":"flink","columnNames":{"row_kind":"op"}}"#).unwrap();
        assert_eq!((options.column_name("row_kind"), options.column_name("table")), ("op", "table"));
    }

    #[test]
    fn an_encoder_needs_no_more_than_fields() {
        let fields = r#"{"fields":[{"name":"id","type":{"root":"BIGINT"}}]"#;
        let read = |rest: &str| EncoderOptions::from_json(format!("{fields}{rest}").as_bytes());
        assert_eq!(read("}").unwrap().row_kind, "row_kind");
        assert_eq!(read(r#","columnNames":{"row_kind":"op"}}"#).unwrap().row_kind, "op");
        assert_eq!(read(r#","envelope":{"database":"d","table":"t"}}"#).unwrap().encoder.envelope.unwrap().table, "t");
        for (rest, part) in [
            (r#","columnNames":{"table":"op"}}"#, "\"table\"; an encoder has row_kind"),
            (r#","ignorenulls":true}"#, "\"ignorenulls\" that nobody knows"),
            (r#","update":"upsert"}"#, "upsert"),
        ] {
            let error = read(rest).unwrap_err().to_string();
            assert!(error.contains(part), "{rest}: {error}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("", "not a JSON object"),
            ("[]", "not a JSON object"),
            (r#"{"fields":[],"tableinclude":"a"}"#, r#"a member "tableinclude" that nobody knows; known here: "#),
            (
                r#"{"fields":[{"name":"a","type":{"root":"DATE"},"nullable":false}]}"#,
                "\"nullable\" that nobody knows; known here: name, type",
            ),
            (
                r#"{"fields":[{"name":"a","type":{"root":"ARRAY","element":{"root":"DATE","not":1}}}]}"#,
                "\"not\" that nobody knows",
            ),
            (r#"{"fields":[],"filterTable":true}"#, "set databaseInclude or tableInclude"),
            (r#"{"fields":[],"tableInclude":7}"#, "7 is no pattern"),
            (r#"{"fields":[],"tableInclude":"(?!a)"}"#, r#""(?!a)""#),
            (r#"{"fields":[],"columnNames":["a"]}"#, "columnNames"),
            (r#"{}"#, "fields"),
            (
                r#"{"fields":[{"name":"m","type":{"root":"MAP","key":{"root":"INTEGER"},"value":{"root":"INTEGER"}}}]}"#,
                "map key",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

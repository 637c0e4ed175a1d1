//! Which value of a message cannot be read, for people: looked for when a message could not be.

use crate::canal::decode::{Decoder, Outcome, Reason};
use crate::schema::{DecoderSpec, Field};
use serde_json::{Value, json};

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// Says which value it is, and what to do about it.
pub fn reason(spec: &DecoderSpec, message: &[u8]) -> String {
    match first(spec, message) {
        Some((column, value)) => format!(
            "{value:?} in the column {column} is no value of its type in Doris; change it in the source, or leave the column out by tables.columns"
        ),
        None => "a value is none of its column's type".to_string(),
    }
}

/// The first column with a value that cannot be read, and the value.
fn first(spec: &DecoderSpec, message: &[u8]) -> Option<(String, String)> {
    let message: Value = serde_json::from_slice(message).ok()?;
    let rows = ["data", "old"].into_iter().filter_map(|member| message[member].as_array()).flatten();
    let mut readers: Vec<(&Field, Decoder)> = Vec::with_capacity(spec.fields.len());
    for field in &spec.fields {
        let one = DecoderSpec { fields: vec![field.clone()], ..spec.clone() };
        readers.push((field, Decoder::new(one).ok()?));
    }
    for row in rows {
        for (field, reader) in &mut readers {
            let Some(value) = row.get(&field.name) else { continue };
            // Types of columns say how binary values are written.
            let alone = json!({"data": [{&field.name: value}], "mysqlType": message["mysqlType"], "type": "INSERT"});
            if reader.decode(alone.to_string().as_bytes()) == Outcome::Delegate(Reason::Value) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
                return Some((field.name.clone(), text.chars().take(SHOWN).collect()));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DdlHandling, LogicalType, Root, Semantics, TimestampFormat, Wire, ZeroDate};

    #[test]
    fn the_first_value_that_cannot_be_read_is_named() {
        let field = |name: &str, root| Field { name: name.into(), ty: LogicalType { root, nullable: true } };
        let spec = DecoderSpec {
            fields: vec![field("d", Root::Date), field("n", Root::Decimal { precision: 10, scale: 2 })],
            metadata: Vec::new(),
            semantics: Semantics::Canal,
            lenient: false,
            timestamp: TimestampFormat::Sql,
            filter_database: false,
            filter_table: false,
            time_millis: true,
            ddl: DdlHandling::Skip,
            zero_date: ZeroDate::Fail,
            wire: Wire::Json,
        };
        let said = |rows: &str| {
            let message =
                format!(r#"{{"data":[{rows}],"mysqlType":{{"n":"decimal(10,2)","d":"date"}},"type":"INSERT"}}"#);
            reason(&spec, message.as_bytes())
        };
        let nan = said(r#"{"n":"1.5","d":"2024-01-01"},{"n":"NaN","d":null}"#);
        assert!(nan.starts_with("\"NaN\" in the column n is no value of its type in Doris; "), "{nan}");
        assert!(said(r#"{"n":null,"d":"infinity"}"#).starts_with("\"infinity\" in the column d "));
        assert_eq!(said(r#"{"n":"1","d":"2024-01-01"}"#), "a value is none of its column's type");
    }
}

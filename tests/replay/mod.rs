//! A plain replay of messages: what a table holds after them, each value as Canal's text.

use flate2::read::GzDecoder;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Messages of a file of tests/data, one a line.
pub fn captured(file: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    let mut text = Vec::new();
    GzDecoder::new(File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        .read_to_end(&mut text)
        .expect("gzip");
    text.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

/// A table after some messages.
pub struct Replay {
    rows: BTreeMap<Vec<Key>, Map<String, Value>>,
    /// By column.
    types: Map<String, Value>,
}

/// A key's value: numbers in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i128),
    Text(String),
}

impl Replay {
    pub fn of(messages: &[Vec<u8>], database: &str, table: &str) -> Replay {
        let mut replay = Replay { rows: BTreeMap::new(), types: Map::new() };
        for message in messages {
            let message: Value = serde_json::from_slice(message).expect("JSON");
            if message["database"] == database && message["table"] == table && message["data"].is_array() {
                replay.message(&message);
            }
        }
        replay
    }

    fn message(&mut self, message: &Value) {
        let names = message["pkNames"].as_array().expect("a key");
        let key: Vec<&str> = names.iter().map(|name| name.as_str().expect("a name")).collect();
        self.types = message["mysqlType"].as_object().expect("types").clone();
        for (i, image) in message["data"].as_array().expect("rows").iter().enumerate() {
            let after = image.as_object().expect("a row");
            let mut before = after.clone();
            if let Some(old) = message["old"][i].as_object() {
                before.extend(old.clone());
            }
            if message["type"] != "INSERT" {
                self.rows.remove(&key_of(&before, &key));
            }
            if message["type"] != "DELETE" {
                self.rows.insert(key_of(after, &key), after.clone());
            }
        }
    }

    /// The rows in the order of the key, as Doris shows them.
    pub fn rows(&self, columns: &[&str]) -> Vec<Vec<Option<String>>> {
        let cell = |row: &Map<String, Value>, column: &&str| {
            let text = row.get(*column)?.as_str()?;
            Some(shown(text, self.types[*column].as_str().expect("a type")))
        };
        self.rows.values().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect()
    }
}

/// Canal's text as Doris shows it: a label for an ENUM's number, a DECIMAL with all digits of its scale.
fn shown(text: &str, ty: &str) -> String {
    if let Some(labels) = ty.strip_prefix("ENUM('").and_then(|rest| rest.strip_suffix("')")) {
        return labels.split("','").nth(text.parse::<usize>().expect("an index") - 1).expect("a label").into();
    }
    if let Some((_, scale)) = ty.strip_prefix("DECIMAL(").and_then(|rest| rest.strip_suffix(')')?.split_once(',')) {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        return format!("{whole}.{fraction:0<width$}", width = scale.parse().expect("a scale"));
    }
    text.into()
}

fn key_of(row: &Map<String, Value>, key: &[&str]) -> Vec<Key> {
    let value = |column: &&str| {
        let text = row[*column].as_str().expect("a key").to_string();
        text.parse().map_or(Key::Text(text), Key::Number)
    };
    key.iter().map(value).collect()
}

//! Rows of a log's messages under their sequences, to compare two readings of it.

use serde_json::Value;
use std::collections::BTreeMap;

/// Each row and statement under its table and sequence.
pub fn by_sequence(messages: &[(i64, Value)]) -> BTreeMap<(String, i64), String> {
    let mut rows = BTreeMap::new();
    for (sequence, message) in messages {
        let table = message["table"].as_str().unwrap().to_string();
        if message["isDdl"] == true {
            assert!(rows.insert((table, *sequence), message["sql"].to_string()).is_none(), "two of {sequence}");
            continue;
        }
        let each = if message["type"] == "UPDATE" { 2 } else { 1 };
        for (i, row) in message["data"].as_array().unwrap().iter().enumerate() {
            let text = format!("{} {row} {}", message["type"], message["old"][i]);
            let was = rows.insert((table.clone(), sequence + each * i as i64), text);
            assert!(was.is_none(), "two rows of {table} under {sequence} + {i}");
        }
    }
    rows
}

/// Of two readings each row has the same sequence, and neither has a row that the other has not.
pub fn assert_same(one: &BTreeMap<(String, i64), String>, other: &BTreeMap<(String, i64), String>, what: &str) {
    for (row, same) in one.iter().zip(other) {
        assert_eq!(row, same, "{what}");
    }
    assert_eq!(one.len(), other.len(), "{what}");
}

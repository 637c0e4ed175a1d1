//! A table's definition as MySQL's SHOW CREATE TABLE would have it.

use crate::snapshot::mysql::server::{backquoted, quoted};
use serde::{Deserialize, Serialize};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// MySQL's type.
    #[serde(rename = "type")]
    pub ty: String,
    /// It may not be NULL.
    #[serde(default)]
    pub not_null: bool,
    /// Its default, if that is a constant.
    #[serde(default)]
    pub default: Option<String>,
    /// Its comment.
    #[serde(default)]
    pub comment: String,
}

/// The CREATE TABLE with these columns, and that key.
pub fn create_table(table: &str, columns: &[Definition], keys: &[String], comment: &str) -> String {
    let mut lines: Vec<String> = columns.iter().map(line).collect();
    if !keys.is_empty() {
        let keys: Vec<String> = keys.iter().map(|key| backquoted(key)).collect();
        lines.push(format!("PRIMARY KEY ({})", keys.join(",")));
    }
    let comment = if comment.is_empty() { String::new() } else { format!(" COMMENT={}", quoted(comment)) };
    format!("CREATE TABLE {} (\n  {}\n){comment}", backquoted(table), lines.join(",\n  "))
}

fn line(column: &Definition) -> String {
    let mut line = format!("{} {}", backquoted(&column.name), column.ty);
    if column.not_null {
        line.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        line.push_str(&format!(" DEFAULT {}", quoted(default)));
    }
    if !column.comment.is_empty() {
        line.push_str(&format!(" COMMENT {}", quoted(&column.comment)));
    }
    line
}

//! CREATE TABLE for Doris.

use super::mapping::{DorisDefault, MappedColumn, MappedTable};
use super::refusal::Refusal;
use crate::doris::table::backquoted;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// How a table is made, beside its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct TableProperties {
    /// Buckets; `None`, the default, is AUTO.
    pub buckets: Option<u32>,
    /// `replication_num`; `None`, the default, leaves it to Doris.
    pub replication: Option<u16>,
    /// Type of the hidden sequence column of a UNIQUE table. Default `bigint`; `None`: there is none.
    pub sequence_type: Option<String>,
    /// A table without a primary key becomes a DUPLICATE table. Default false: it is refused.
    pub duplicate_without_key: bool,
    /// Further properties, which win over those made here.
    pub extra: BTreeMap<String, String>,
}

impl Default for TableProperties {
    fn default() -> Self {
        TableProperties {
            buckets: None,
            replication: None,
            sequence_type: Some("bigint".to_string()),
            duplicate_without_key: false,
            extra: BTreeMap::new(),
        }
    }
}

/// The statement that creates the table, unless it is there: a UNIQUE KEY table with merge-on-write, or without a key a DUPLICATE one.
///
/// # Errors
/// [`Refusal::NoPrimaryKey`] where the table has no key, no DUPLICATE table is wanted, or no column can begin one.
pub fn create_table(table: &MappedTable, properties: &TableProperties) -> Result<String, Refusal> {
    let unique = table.keys > 0;
    if !unique && !properties.duplicate_without_key {
        return Err(Refusal::NoPrimaryKey { table: format!("{}.{}", table.database, table.name) });
    }
    let mut sql = format!("CREATE TABLE IF NOT EXISTS {}.{} (\n", backquoted(&table.database), backquoted(&table.name));
    for (i, column) in table.columns.iter().enumerate() {
        let _ = write!(sql, "{}  {}", if i > 0 { ",\n" } else { "" }, definition(column, column.nullable()));
    }
    sql.push_str("\n)");
    // A DUPLICATE table's key only says how it is sorted.
    let keys: Vec<String> = table.columns[..table.keys.max(1)].iter().map(|column| backquoted(&column.name)).collect();
    let keys = keys.join(", ");
    let _ = write!(sql, " {} KEY({keys})", if unique { "UNIQUE" } else { "DUPLICATE" });
    if !table.comment.is_empty() {
        let _ = write!(sql, " COMMENT {}", literal(&table.comment));
    }
    let buckets = properties.buckets.map_or("AUTO".to_string(), |n| n.to_string());
    if unique {
        let _ = write!(sql, "\nDISTRIBUTED BY HASH({keys}) BUCKETS {buckets}");
    } else {
        let _ = write!(sql, "\nDISTRIBUTED BY RANDOM BUCKETS {buckets}");
    }
    let all = all_properties(unique, properties);
    if !all.is_empty() {
        let all: Vec<String> =
            all.iter().map(|(key, value)| format!("{} = {}", literal(key), literal(value))).collect();
        let _ = write!(sql, "\nPROPERTIES ({})", all.join(", "));
    }
    Ok(sql)
}

fn all_properties(unique: bool, properties: &TableProperties) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if unique {
        all.insert("enable_unique_key_merge_on_write".to_string(), "true".to_string());
        if let Some(ty) = &properties.sequence_type {
            all.insert("function_column.sequence_type".to_string(), ty.clone());
        }
    }
    if let Some(replication) = properties.replication {
        all.insert("replication_num".to_string(), replication.to_string());
    }
    all.insert("light_schema_change".to_string(), "true".to_string());
    // A sequence column of the table's own excludes the hidden one.
    if properties.extra.contains_key("function_column.sequence_col") {
        all.remove("function_column.sequence_type");
    }
    all.extend(properties.extra.iter().map(|(key, value)| (key.clone(), value.clone())));
    all
}

/// `` `name` TYPE NOT NULL DEFAULT '…' COMMENT '…' ``.
pub fn definition(column: &MappedColumn, nullable: bool) -> String {
    let mut sql =
        format!("{} {} {}", backquoted(&column.name), column.doris, if nullable { "NULL" } else { "NOT NULL" });
    match &column.default {
        Some(DorisDefault::Literal(value)) => {
            let _ = write!(sql, " DEFAULT {}", literal(value));
        }
        Some(DorisDefault::CurrentTimestamp(0)) => sql.push_str(" DEFAULT CURRENT_TIMESTAMP"),
        Some(DorisDefault::CurrentTimestamp(scale)) => {
            let _ = write!(sql, " DEFAULT CURRENT_TIMESTAMP({scale})");
        }
        None => {}
    }
    if !column.comment.is_empty() {
        let _ = write!(sql, " COMMENT {}", literal(&column.comment));
    }
    sql
}

/// A text in quotes, as Doris reads it: a backslash escapes.
pub fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\0' => quoted.push_str("\\0"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

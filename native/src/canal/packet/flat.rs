//! An entry as the flat message that Canal would have written: for those few that only Flink's codec can judge, and for the writer of whole
//! databases.
//!
//! Members and their order are Canal's, and two more say where the event stands in the binlog. Unlike Canal's, `data` has the columns that
//! only the image before has, and `ts` is null: a packet does not say when Canal handled it.

use super::message::{EntryMessage, Row, differs, rows_of};
use super::wire::{Broken, text};
use crate::canal::packet::entry::{Column, RowImages, Span};
use serde_json::Value;
use std::fmt::Write;

/// The message as JSON.
///
/// # Errors
/// A text that is not UTF-8, or broken protobuf.
pub(super) fn message(entry: &EntryMessage<'_>) -> Result<String, Broken> {
    let buf = entry.buf;
    let broken = |_| Broken { at: entry.change.first(), what: "rows that are no protobuf" };
    let rows = rows_of(buf, entry.change).map_err(broken)?;
    let update = entry.change.images() == RowImages::Both;
    let data: Vec<Vec<Column>> = rows.iter().map(image).collect();
    let old: Vec<Vec<Column>> = rows.iter().map(|row| changed(buf, row)).collect();
    let columns: Vec<Column> = data.iter().flatten().copied().collect();
    let number = |number: Option<i64>| number.map_or("null".into(), |number| number.to_string());
    let mut json = String::from("{");
    member(&mut json, "data", &objects(buf, &data, entry.change.has_rows, value)?);
    member(&mut json, "database", &quoted(buf, entry.header.schema)?);
    member(&mut json, "es", &number(entry.header.execute_time));
    member(&mut json, "gtid", &quoted(buf, entry.header.gtid)?);
    member(&mut json, "id", &number(entry.batch));
    member(&mut json, "isDdl", if entry.change.is_ddl { "true" } else { "false" });
    member(&mut json, "mysqlType", &object_or_null(buf, &columns, |buf, column| quoted(buf, column.mysql_type))?);
    member(&mut json, "old", &objects(buf, &old, update && entry.change.has_rows, value)?);
    member(&mut json, "pkNames", &keys(buf, &columns)?);
    member(&mut json, "sql", &quoted(buf, entry.change.sql)?);
    member(&mut json, "sqlType", &object_or_null(buf, &columns, |_, column| Ok(column.sql_type.to_string()))?);
    member(&mut json, "table", &quoted(buf, entry.header.table)?);
    member(&mut json, "ts", "null");
    member(&mut json, "type", &json_text(entry.change.event_name()));
    member(&mut json, "binlogFile", &quoted(buf, entry.header.log_file)?);
    member(&mut json, "binlogOffset", &number(entry.header.log_offset));
    json.push('}');
    Ok(json)
}

/// The image that a row of `data` shows.
fn image(row: &Row) -> Vec<Column> {
    let mut columns = row.after.clone();
    columns.extend(row.before.iter().copied());
    columns
}

fn changed(buf: &[u8], row: &Row) -> Vec<Column> {
    row.before.iter().filter(|before| differs(buf, before, row)).copied().collect()
}

fn member(json: &mut String, name: &str, value: &str) {
    if json.len() > 1 {
        json.push(',');
    }
    // Writing to a string does not fail.
    let _ = write!(json, "\"{name}\":{value}");
}

fn json_text(text: &str) -> String {
    Value::from(text).to_string()
}

fn quoted(buf: &[u8], span: Span) -> Result<String, Broken> {
    Ok(json_text(text(buf, span)?))
}

fn value(buf: &[u8], column: &Column) -> Result<String, Broken> {
    column.text().map_or(Ok("null".into()), |span| quoted(buf, span))
}

type Write1 = fn(&[u8], &Column) -> Result<String, Broken>;

/// An array of objects, or null.
fn objects(buf: &[u8], rows: &[Vec<Column>], there: bool, value: Write1) -> Result<String, Broken> {
    if !there {
        return Ok("null".into());
    }
    let rows: Result<Vec<_>, _> = rows.iter().map(|columns| object(buf, columns, value)).collect();
    Ok(format!("[{}]", rows?.join(",")))
}

/// An object of columns; of two with one name the first counts, as an image after the change stands before the one before it.
fn object(buf: &[u8], columns: &[Column], value: Write1) -> Result<String, Broken> {
    let mut json = String::from("{");
    let mut seen = std::collections::HashSet::new();
    for column in columns {
        let name = text(buf, column.name)?;
        if seen.insert(name) {
            if json.len() > 1 {
                json.push(',');
            }
            let _ = write!(json, "{}:{}", json_text(name), value(buf, column)?);
        }
    }
    json.push('}');
    Ok(json)
}

fn object_or_null(buf: &[u8], columns: &[Column], value: Write1) -> Result<String, Broken> {
    if columns.is_empty() { Ok("null".into()) } else { object(buf, columns, value) }
}

fn keys(buf: &[u8], columns: &[Column]) -> Result<String, Broken> {
    let mut names: Vec<String> = Vec::new();
    for column in columns.iter().filter(|column| column.is_key) {
        let name = quoted(buf, column.name)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(if names.is_empty() { "null".into() } else { format!("[{}]", names.join(",")) })
}

//! Entries as flat messages: as Canal writes them, and with what a packet knows beyond.

use super::wire::{Column, Event, RowData};
use serde_json::{Map, Value, json};

const EVENTS: [&str; 16] = [
    "",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "ALTER",
    "ERASE",
    "QUERY",
    "TRUNCATE",
    "RENAME",
    "CINDEX",
    "DINDEX",
    "GTID",
    "XACOMMIT",
    "XAROLLBACK",
    "MHEARTBEAT",
];

fn text(column: &Column) -> Value {
    if column.is_null == Some(true) { Value::Null } else { column.value.clone().unwrap_or_default().into() }
}

fn object<'c>(columns: impl IntoIterator<Item = &'c Column>, value: impl Fn(&Column) -> Value) -> Map<String, Value> {
    columns.into_iter().map(|column| (column.name.clone(), value(column))).collect()
}

fn or_null(object: Map<String, Value>) -> Value {
    if object.is_empty() { Value::Null } else { object.into() }
}

/// The flat message of an entry of rows; `None` for one without. `exact`: columns that only the image before has are in `data`, `old` has
/// the columns that its own row changed (Canal's also those that rows before it in the message did), and two members more.
pub fn message(event: &Event, exact: bool) -> Option<Value> {
    let change = event.change.as_ref()?;
    let header = event.entry.header.clone().unwrap_or_default();
    let number = change.event.unwrap_or_default();
    let name = usize::try_from(number).ok().and_then(|n| EVENTS.get(n)).copied().unwrap_or("");
    let is_ddl = change.is_ddl == Some(true);
    let rows: Vec<&RowData> = match number {
        1..=3 if !is_ddl => change.rows.iter().collect(),
        _ => Vec::new(),
    };
    let (mut data, mut old, mut all, mut updated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let (image, before) = if number == 3 { (&row.before, None) } else { (&row.after, Some(&row.before)) };
        let before = before.filter(|_| number == 2);
        if image.is_empty() && before.is_none_or(Vec::is_empty) {
            continue;
        }
        let mut columns: Vec<&Column> = Vec::new();
        if exact {
            columns.extend(before.into_iter().flatten());
            updated.clear();
        }
        // What comes later counts.
        columns.extend(image);
        updated.extend(image_updated(row));
        data.push(Value::Object(object(columns.iter().copied(), text)));
        all.extend(columns);
        if let Some(before) = before {
            let named = before.iter().filter(|column| updated.contains(&column.name));
            old.push(Value::Object(object(named, text)));
        }
    }
    let mut keys: Vec<&str> = Vec::new();
    for column in all.iter().filter(|column| column.is_key == Some(true)) {
        if !keys.contains(&column.name.as_str()) {
            keys.push(&column.name);
        }
    }
    let array = |rows: Vec<Value>| if rows.is_empty() { Value::Null } else { rows.into() };
    let mut flat = json!({
        "data": array(data), "database": header.schema, "es": header.execute_time, "gtid": header.gtid, "id": event.batch, "isDdl": is_ddl,
        "mysqlType": or_null(object(all.iter().copied(), |column| column.mysql_type.clone().into())),
        "old": array(old), "pkNames": if keys.is_empty() { Value::Null } else { json!(keys) }, "sql": change.sql,
        "sqlType": or_null(object(all.iter().copied(), |column| column.sql_type.unwrap_or_default().into())),
        "table": header.table, "type": name,
    });
    if exact {
        flat["binlogFile"] = header.log_file.into();
        flat["binlogOffset"] = header.log_offset.into();
    }
    Some(flat)
}

fn image_updated(row: &RowData) -> impl Iterator<Item = String> + '_ {
    row.after.iter().filter(|column| column.updated == Some(true)).map(|column| column.name.clone())
}

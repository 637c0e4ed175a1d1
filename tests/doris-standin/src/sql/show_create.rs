//! SHOW CREATE TABLE: the statement that makes a table again, laid out as Doris does.

use super::create_table::{kind, lowest};
use crate::schema::{Bound, Column, ColumnType, DefaultValue, KeyModel, PartitionValues, Partitioning, TableSchema};
use std::fmt::Write;

/// The statement.
pub fn statement(schema: &TableSchema) -> String {
    let mut out = format!("CREATE TABLE `{}` (\n", schema.name);
    let columns: Vec<String> = schema.visible().map(|(_, column)| column_line(column)).collect();
    out += &columns.join(",\n");
    let keys: Vec<String> =
        schema.columns.iter().filter(|column| column.key).map(|column| format!("`{}`", column.name)).collect();
    let model = match schema.model {
        KeyModel::Duplicate => "DUPLICATE",
        KeyModel::Unique { .. } => "UNIQUE",
        KeyModel::Aggregate => "AGGREGATE",
    };
    // Writing to a String cannot fail, here and below.
    let _ = write!(out, "\n) ENGINE=OLAP\n{model} KEY({})", keys.join(", "));
    if !schema.comment.is_empty() {
        let _ = write!(out, "\nCOMMENT {}", quoted(&schema.comment));
    }
    if let Some(partitioning) = &schema.partitioning {
        out += &partition_clause(partitioning, schema);
    }
    let hash: Vec<String> = schema.distribution.hash.iter().map(|name| format!("`{name}`")).collect();
    let by = if hash.is_empty() { "RANDOM".to_owned() } else { format!("HASH({})", hash.join(", ")) };
    let buckets = schema.distribution.buckets.map_or("AUTO".to_owned(), |count| count.to_string());
    let _ =
        write!(out, "\nDISTRIBUTED BY {by} BUCKETS {buckets}\nPROPERTIES (\n{}\n);", properties(schema).join(",\n"));
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn column_line(column: &Column) -> String {
    let mut line = format!("  `{}` {}", column.name, column.ty);
    if let Some(aggregation) = column.aggregation {
        let _ = write!(line, " {}", aggregation.text());
    }
    line += if column.nullable { " NULL" } else { " NOT NULL" };
    if column.auto_increment {
        line += " AUTO_INCREMENT(1)";
    }
    match &column.default {
        None => {}
        Some(DefaultValue::Null) => line += " DEFAULT NULL",
        Some(DefaultValue::Text(text)) => {
            let _ = write!(line, " DEFAULT \"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        }
        Some(DefaultValue::CurrentDate) => line += " DEFAULT CURRENT_DATE",
        Some(DefaultValue::CurrentTimestamp { scale, on_update }) => {
            let precision = if *scale == 0 { String::new() } else { format!("({scale})") };
            let _ = write!(line, " DEFAULT CURRENT_TIMESTAMP{precision}");
            if *on_update {
                let _ = write!(line, " ON UPDATE CURRENT_TIMESTAMP{precision}");
            }
        }
    }
    if !column.comment.is_empty() {
        let _ = write!(line, " COMMENT {}", quoted(&column.comment));
    }
    line
}

fn partition_clause(partitioning: &Partitioning, schema: &TableSchema) -> String {
    let by: Vec<String> = partitioning.columns.iter().map(|name| format!("`{name}`")).collect();
    let by = partitioning.auto.clone().unwrap_or(by.join(", "));
    let auto = if partitioning.auto.is_some() { "AUTO " } else { "" };
    let kind = if partitioning.range { "RANGE" } else { "LIST" };
    let partitions: Vec<String> = partitioning
        .partitions
        .iter()
        .map(|partition| {
            format!("PARTITION {} VALUES {}", partition.name, values_text(&partition.values, partitioning, schema))
        })
        .collect();
    format!("\n{auto}PARTITION BY {kind}({by})\n({})", partitions.join(",\n"))
}

/// `[('1'), ('2'))` or `IN ("a", "b")`.
pub fn values_text(values: &PartitionValues, partitioning: &Partitioning, schema: &TableSchema) -> String {
    let lowest_of = |index: usize| {
        let column = partitioning.columns.get(index).and_then(|name| schema.column(name));
        column.and_then(|column| lowest(&column.ty)).map_or(String::new(), |cell| cell.to_string())
    };
    let bounds = |bounds: &[Bound]| {
        let texts: Vec<String> = bounds
            .iter()
            .enumerate()
            .map(|(index, bound)| match bound {
                Bound::Min => format!("'{}'", lowest_of(index)),
                Bound::Max => "MAXVALUE".to_owned(),
                Bound::Value(cell) => format!("'{cell}'"),
            })
            .collect();
        format!("({})", texts.join(", "))
    };
    match values {
        PartitionValues::Range { lower, upper } => format!("[{}, {})", bounds(lower), bounds(upper)),
        PartitionValues::List(tuples) => {
            let tuple = |cells: &Vec<crate::cell::Cell>| {
                let texts: Vec<String> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
                if texts.len() == 1 { texts.concat() } else { format!("({})", texts.join(", ")) }
            };
            format!("IN ({})", tuples.iter().map(tuple).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The given properties and the defaults that Doris always prints.
fn properties(schema: &TableSchema) -> Vec<String> {
    let mut all = vec![("replication_allocation".to_owned(), "tag.location.default: 1".to_owned())];
    if let KeyModel::Unique { merge_on_write } = schema.model {
        all.push(("enable_unique_key_merge_on_write".to_owned(), merge_on_write.to_string()));
    }
    all.push(("light_schema_change".to_owned(), schema.light_schema_change().to_string()));
    let given = schema.properties.iter().filter(|(name, _)| name != "replication_num");
    for (name, value) in given {
        if all.iter().all(|(found, _)| found != name) {
            all.push((name.clone(), value.clone()));
        }
    }
    all.iter().map(|(name, value)| format!("\"{name}\" = \"{value}\"")).collect()
}

/// DATA_TYPE of information_schema.COLUMNS: MySQL's nearest word.
pub fn mysql_word(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Boolean => "tinyint".to_owned(),
        ColumnType::LargeInt => "bigint unsigned".to_owned(),
        ColumnType::String => "string".to_owned(),
        _ => kind(ty).to_lowercase(),
    }
}

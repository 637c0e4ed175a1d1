//! The tables of `information_schema` that clients read: SCHEMATA, TABLES, COLUMNS and a few that are empty here.

use super::error::SqlError;
use super::expr::Expr;
use super::relation::{Field, Relation};
use super::session::Session;
use super::show_create::mysql_word;
use super::span;
use crate::cell::{Cell, DateTime};
use crate::schema::{Column, ColumnType, KeyModel, TableSchema};
use crate::store::{Store, Table};

/// The database.
pub const NAME: &str = "information_schema";

/// Its tables.
pub const TABLES: [&str; 8] =
    ["schemata", "tables", "columns", "views", "statistics", "key_column_usage", "table_constraints", "partitions"];

const TABLE_FIELDS: [&str; 21] = [
    "TABLE_CATALOG",
    "TABLE_SCHEMA",
    "TABLE_NAME",
    "TABLE_TYPE",
    "ENGINE",
    "VERSION",
    "ROW_FORMAT",
    "TABLE_ROWS",
    "AVG_ROW_LENGTH",
    "DATA_LENGTH",
    "MAX_DATA_LENGTH",
    "INDEX_LENGTH",
    "DATA_FREE",
    "AUTO_INCREMENT",
    "CREATE_TIME",
    "UPDATE_TIME",
    "CHECK_TIME",
    "TABLE_COLLATION",
    "CHECKSUM",
    "CREATE_OPTIONS",
    "TABLE_COMMENT",
];
const COLUMN_FIELDS: [&str; 24] = [
    "TABLE_CATALOG",
    "TABLE_SCHEMA",
    "TABLE_NAME",
    "COLUMN_NAME",
    "ORDINAL_POSITION",
    "COLUMN_DEFAULT",
    "IS_NULLABLE",
    "DATA_TYPE",
    "CHARACTER_MAXIMUM_LENGTH",
    "CHARACTER_OCTET_LENGTH",
    "NUMERIC_PRECISION",
    "NUMERIC_SCALE",
    "DATETIME_PRECISION",
    "CHARACTER_SET_NAME",
    "COLLATION_NAME",
    "COLUMN_TYPE",
    "COLUMN_KEY",
    "EXTRA",
    "PRIVILEGES",
    "COLUMN_COMMENT",
    "COLUMN_SIZE",
    "DECIMAL_DIGITS",
    "GENERATION_EXPRESSION",
    "SRS_ID",
];

/// A table of it; of rows for which the condition does not hold some or all may be left out.
pub fn relation(session: &Session, table: &str, filter: Option<&Expr>) -> Result<Relation, SqlError> {
    let relation = match table.to_lowercase().as_str() {
        "schemata" => schemata(session),
        "tables" => tables(session, filter),
        "columns" => columns(session, filter),
        "views" => typed(&["TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "VIEW_DEFINITION"], Vec::new()),
        "statistics" => typed(&["TABLE_SCHEMA", "TABLE_NAME", "INDEX_NAME", "COLUMN_NAME"], Vec::new()),
        "key_column_usage" => typed(&["CONSTRAINT_NAME", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME"], Vec::new()),
        "table_constraints" => typed(&["CONSTRAINT_NAME", "TABLE_SCHEMA", "TABLE_NAME", "CONSTRAINT_TYPE"], Vec::new()),
        "partitions" => typed(&["TABLE_SCHEMA", "TABLE_NAME", "PARTITION_NAME"], Vec::new()),
        _ => return Err(SqlError::detail(format!("Table [{table}] does not exist in database [{NAME}]."))),
    };
    Ok(relation)
}

fn typed(names: &[&str], rows: Vec<Vec<Cell>>) -> Relation {
    let field = |name: &&str| Field { table: String::new(), name: (*name).to_owned(), ty: None, visible: true };
    Relation { fields: names.iter().map(field).collect(), rows }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn number(number: impl Into<i128>) -> Cell {
    Cell::Int(number.into())
}

/// DATETIME of a moment in milliseconds.
pub fn moment(ms: i64) -> Cell {
    Cell::DateTime(DateTime { micros: ms.div_euclid(1000) * 1_000_000, scale: 0 })
}

fn schemata(session: &Session) -> Relation {
    let store = session.cluster.store();
    let names = std::iter::once(NAME).chain(store.databases().map(|(name, _)| name));
    let row = |name: &str| vec![text("internal"), text(name), text("utf8mb4"), text("utf8mb4_0900_bin"), Cell::Null];
    typed(
        &["CATALOG_NAME", "SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME", "DEFAULT_COLLATION_NAME", "SQL_PATH"],
        names.map(row).collect(),
    )
}

fn tables(session: &Session, filter: Option<&Expr>) -> Relation {
    let store = session.cluster.store();
    let rows = wanted(&store, filter).map(|(database, table)| table_row(database, table));
    typed(&TABLE_FIELDS, rows.collect())
}

/// The tables that a condition asks for: clients ask for each of thousands.
fn wanted<'s>(store: &'s Store, filter: Option<&'s Expr>) -> impl Iterator<Item = (&'s str, &'s Table)> {
    let named = move |column, name: &str| {
        filter.and_then(|filter| span::text_of(filter, column)).is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
    };
    let databases = store.databases().filter(move |(database, _)| named("TABLE_SCHEMA", database));
    databases.flat_map(move |(database, found)| {
        let tables = found.tables.values().filter(move |table| named("TABLE_NAME", &table.schema.name));
        tables.map(move |table| (database, table))
    })
}

fn table_row(database: &str, table: &Table) -> Vec<Cell> {
    let rows = table.row_count() as i128;
    let mut row = vec![text("internal"), text(database), text(&table.schema.name), text("BASE TABLE"), text("Doris")];
    row.extend([
        Cell::Null,
        Cell::Null,
        Cell::Int(rows),
        number(0),
        number(0),
        Cell::Null,
        number(0),
        Cell::Null,
        Cell::Null,
    ]);
    row.extend([moment(table.created_ms), moment(table.updated_ms), Cell::Null, text("utf-8"), Cell::Null, Cell::Null]);
    row.push(text(&table.schema.comment));
    row
}

fn columns(session: &Session, filter: Option<&Expr>) -> Relation {
    let store = session.cluster.store();
    let rows = wanted(&store, filter).flat_map(|(database, table)| {
        let columns = table.schema.visible();
        columns.map(move |(position, column)| column_row(database, &table.schema, position, column))
    });
    typed(&COLUMN_FIELDS, rows.collect())
}

fn column_row(database: &str, schema: &TableSchema, position: usize, column: &Column) -> Vec<Cell> {
    let length = match column.ty {
        ColumnType::Char(length) | ColumnType::Varchar(length) => number(length),
        ColumnType::String => number(2_147_483_643_i64),
        _ => Cell::Null,
    };
    let (precision, scale) = digits(&column.ty);
    let fraction = match column.ty {
        ColumnType::DateTime { scale } => number(scale),
        _ => Cell::Null,
    };
    let key = match schema.model {
        _ if !column.key => "",
        KeyModel::Unique { .. } => "UNI",
        KeyModel::Duplicate => "DUP",
        KeyModel::Aggregate => "AGG",
    };
    let mut row =
        vec![text("internal"), text(database), text(&schema.name), text(&column.name), number(position as i64 + 1)];
    row.extend([default_text(column).map_or(Cell::Null, Cell::Text), text(if column.nullable { "YES" } else { "NO" })]);
    row.extend([text(mysql_word(&column.ty)), length.clone(), length, precision.clone(), scale.clone(), fraction]);
    row.extend([Cell::Null, Cell::Null, text(column_type_text(&column.ty)), text(key), text(extra(column)), text("")]);
    row.extend([text(&column.comment), precision, scale, Cell::Null, Cell::Null]);
    row
}

/// COLUMN_TYPE: the whole type; BOOLEAN is `tinyint(1)`, LARGEINT `bigint unsigned`.
fn column_type_text(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Boolean => "tinyint(1)".to_owned(),
        ColumnType::LargeInt => "bigint unsigned".to_owned(),
        ColumnType::String => "string".to_owned(),
        other => other.to_string(),
    }
}

fn digits(ty: &ColumnType) -> (Cell, Cell) {
    let precision = match ty {
        ColumnType::Boolean => 0,
        ColumnType::TinyInt => 3,
        ColumnType::SmallInt => 5,
        ColumnType::Int => 10,
        ColumnType::BigInt => 19,
        ColumnType::LargeInt => 39,
        ColumnType::Float => 7,
        ColumnType::Double => 15,
        ColumnType::Decimal { precision, scale } => return (number(*precision), number(*scale)),
        _ => return (Cell::Null, Cell::Null),
    };
    let scale = if matches!(ty, ColumnType::Float | ColumnType::Double) { Cell::Null } else { number(0) };
    (number(precision), scale)
}

/// The default as SHOW FULL COLUMNS prints it.
pub fn default_text(column: &Column) -> Option<String> {
    use crate::schema::DefaultValue;
    match column.default.as_ref()? {
        DefaultValue::Null => None,
        DefaultValue::Text(text) => Some(text.clone()),
        DefaultValue::CurrentDate => Some("CURRENT_DATE".to_owned()),
        DefaultValue::CurrentTimestamp { scale: 0, .. } => Some("CURRENT_TIMESTAMP".to_owned()),
        DefaultValue::CurrentTimestamp { scale, .. } => Some(format!("CURRENT_TIMESTAMP({scale})")),
    }
}

/// What DESC and SHOW COLUMNS have under Extra.
pub fn extra(column: &Column) -> String {
    match column.aggregation {
        Some(aggregation) => aggregation.text().to_owned(),
        None if column.auto_increment => "AUTO_INCREMENT".to_owned(),
        None => String::new(),
    }
}

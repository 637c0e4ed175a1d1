//! Where tables are cut: ranges of the key of about so many rows each, which are read on their own.
//!
//! A bound belongs to the range before it. The server sorts and compares, both by the columns' own collation, so every row is in one range.

use super::catalogue::Table;
use super::select::{self, Column};
use super::server::{self, backquoted, texts};
use super::spec::SourceSpec;
use crate::error::Error;
use crate::sync::mysql_type::MysqlType;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde::{Deserialize, Serialize};

/// A table whose numbers are that sparse is not cut by numbers alone: ranges would be of very different sizes.
const SPARSE: u64 = 4;

/// A part of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The table's database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Which one of the table's ranges, from 0,
    pub number: usize,
    /// of how many.
    pub of: usize,
    /// The SELECT that reads it.
    pub query: String,
    /// What it selects.
    pub columns: Vec<Column>,
    /// The table's key.
    pub keys: Vec<String>,
    /// The bound that it begins behind, as literals of SQL in the key's order; empty for the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The bound that it ends with; empty for the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub up_to: Vec<String>,
}

/// A row's key as literals of SQL.
type Bound = Vec<String>;

/// The ranges of a table.
///
/// # Errors
/// The server does not answer.
pub fn ranges(spec: &SourceSpec, table: &Table) -> Result<Vec<Range>, Error> {
    let keys: Option<Vec<&Column>> =
        table.keys.iter().map(|key| table.column(key).filter(|column| column.may_be_cut())).collect();
    let bounds = match keys {
        Some(keys) if !keys.is_empty() => server::ask(async {
            let mut conn = server::connect(spec).await?;
            let found = bounds(&mut conn, table, &keys, spec.range_rows.max(1)).await.map_err(|e| e.at(spec.address()));
            // What it says at its end matters to nobody.
            let _ = conn.disconnect().await;
            found
        })?,
        _ => Vec::new(),
    };
    Ok(between(table, &bounds))
}

async fn bounds(conn: &mut Conn, table: &Table, keys: &[&Column], rows: u64) -> Result<Vec<Bound>, Error> {
    if let Err(e) = conn.query_drop(format!("SELECT 1 FROM {} LIMIT 0", table.quoted())).await
        && server::is_missing(&e)
    {
        // Who reads it finds that, too.
        return Ok(Vec::new());
    }
    if let [key] = keys
        && is_integer(&key.ty)
        && let Some(bounds) = by_numbers(conn, table, key, rows).await?
    {
        return Ok(bounds);
    }
    let list: Vec<String> = keys.iter().map(|key| literal_of(key)).collect();
    let order: Vec<String> = keys.iter().map(|key| backquoted(&key.name)).collect();
    let mut bounds: Vec<Bound> = Vec::new();
    loop {
        let after = bounds.last().map(|bound| format!(" WHERE {}", beyond(&order, bound))).unwrap_or_default();
        let statement = format!(
            "SELECT {} FROM {}{after} ORDER BY {} LIMIT 1 OFFSET {}",
            list.join(", "),
            table.quoted(),
            order.join(", "),
            rows - 1
        );
        let Some(bound) = texts(conn, &statement).await?.into_iter().next() else { return Ok(bounds) };
        match bound.into_iter().collect::<Option<Bound>>() {
            Some(bound) => bounds.push(bound),
            None => return Ok(bounds),
        }
    }
}

/// Bounds of a key of numbers that are dense enough; the table need not be read for them.
async fn by_numbers(conn: &mut Conn, table: &Table, key: &Column, rows: u64) -> Result<Option<Vec<Bound>>, Error> {
    let name = backquoted(&key.name);
    let statement = format!("SELECT MIN({name}), MAX({name}) FROM {}", table.quoted());
    let ends = texts(conn, &statement).await?.into_iter().next().unwrap_or_default();
    let Ok([Some(least), Some(most)]) = <[Option<String>; 2]>::try_from(ends) else { return Ok(Some(Vec::new())) };
    let (Ok(least), Ok(most)) = (least.parse::<i128>(), most.parse::<i128>()) else { return Ok(None) };
    Ok(cut(least, most, table.rows, rows)
        .map(|bounds| bounds.into_iter().map(|bound| vec![bound.to_string()]).collect()))
}

/// Numbers between `least` and `most`, at so many `rows` from each other; none if they are too sparse for so many rows of a table.
fn cut(least: i128, most: i128, table_rows: u64, rows: u64) -> Option<Vec<i128>> {
    let numbers = (most - least + 1) as u128;
    if numbers > u128::from(table_rows.max(rows)) * u128::from(SPARSE) {
        return None;
    }
    let step = (numbers / u128::from((table_rows / rows).max(1))).max(1);
    let first = least + step as i128 - 1;
    Some((0..).map(|i| first + i * step as i128).take_while(|bound| *bound < most).collect())
}

fn is_integer(ty: &MysqlType) -> bool {
    matches!(
        ty,
        MysqlType::TinyInt1
            | MysqlType::TinyInt { .. }
            | MysqlType::SmallInt { .. }
            | MysqlType::MediumInt { .. }
            | MysqlType::Int { .. }
            | MysqlType::BigInt { .. }
    )
}

/// What makes a literal of a column's value.
fn literal_of(key: &Column) -> String {
    let name = backquoted(&key.name);
    match key.ty {
        MysqlType::Char(_) | MysqlType::Varchar(_) => {
            format!("CONCAT('_utf8mb4 X''', HEX(CONVERT({name} USING utf8mb4)), '''')")
        }
        MysqlType::Binary(_) | MysqlType::Varbinary(_) => format!("CONCAT('X''', HEX({name}), '''')"),
        MysqlType::Date | MysqlType::DateTime(_) => format!("CONCAT('''', {name}, '''')"),
        _ => format!("CAST({name} AS CHAR)"),
    }
}

/// Rows behind a bound.
fn beyond(keys: &[String], bound: &[String]) -> String {
    compared(keys, bound, ">", ">")
}

/// Rows up to a bound.
fn up_to(keys: &[String], bound: &[String]) -> String {
    compared(keys, bound, "<", "<=")
}

/// Written out: the server uses no index for `(a, b) > (1, 2)`.
fn compared(keys: &[String], bound: &[String], by: &str, last: &str) -> String {
    match (keys, bound) {
        ([key], [value]) => format!("{key} {last} {value}"),
        ([key, keys @ ..], [value, bound @ ..]) => {
            format!("({key} {by} {value} OR {key} = {value} AND {})", compared(keys, bound, by, last))
        }
        _ => "TRUE".to_string(),
    }
}

/// The table in one range.
pub fn whole(table: &Table) -> Range {
    between(table, &[]).remove(0)
}

/// Its rows under a condition, which is SQL, as a range.
pub fn only(table: &Table, condition: &str) -> Range {
    let mut range = whole(table);
    range.query = format!("{} WHERE {condition}", range.query);
    range
}

/// The ranges that so many bounds make.
fn between(table: &Table, bounds: &[Bound]) -> Vec<Range> {
    let keys: Vec<String> = table.keys.iter().map(|key| backquoted(key)).collect();
    let columns: Vec<String> = table.columns.iter().map(select::expression).collect();
    let range = |number: usize| {
        let from = number.checked_sub(1).map(|before| beyond(&keys, &bounds[before]));
        let to = bounds.get(number).map(|bound| up_to(&keys, bound));
        let conditions: Vec<String> = [from, to].into_iter().flatten().collect();
        let only = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        Range {
            database: table.database.clone(),
            table: table.table.clone(),
            number,
            of: bounds.len() + 1,
            query: format!("SELECT {} FROM {}{only}", columns.join(", "), table.quoted()),
            columns: table.columns.clone(),
            keys: table.keys.clone(),
            after: number.checked_sub(1).map(|before| bounds[before].clone()).unwrap_or_default(),
            up_to: bounds.get(number).cloned().unwrap_or_default(),
        }
    };
    (0..=bounds.len()).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, &str)], keys: &[&str]) -> Table {
        Table {
            database: "d".into(),
            table: "t".into(),
            rows: 0,
            columns: columns
                .iter()
                .map(|(name, ty)| Column { name: name.to_string(), ty: MysqlType::parse(ty) })
                .collect(),
            keys: keys.iter().map(ToString::to_string).collect(),
            message: String::new(),
        }
    }

    #[test]
    fn every_row_is_in_one_range() {
        let table = table(&[("a", "int"), ("b", "varchar(9)"), ("f", "float")], &["a", "b"]);
        let bound = |a: &str, b: &str| vec![a.to_string(), format!("'{b}'")];
        let ranges = between(&table, &[bound("1", "x"), bound("7", "y")]);
        let queries: Vec<&str> = ranges.iter().map(|range| range.query.as_str()).collect();
        assert_eq!(
            queries,
            [
                "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t` WHERE (`a` < 1 OR `a` = 1 AND `b` <= 'x')",
                "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t` WHERE (`a` > 1 OR `a` = 1 AND `b` > 'x') AND (`a` < 7 OR `a` = 7 AND `b` <= 'y')",
                "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t` WHERE (`a` > 7 OR `a` = 7 AND `b` > 'y')",
            ]
        );
        assert_eq!((ranges[2].number, ranges[2].of), (2, 3));
        assert_eq!(between(&table, &[])[0].query, "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t`");
    }

    #[test]
    fn dense_numbers_are_cut_without_reading() {
        assert_eq!(cut(1, 1000, 1000, 250), Some(vec![250, 500, 750]));
        assert_eq!(cut(-5, 5, 11, 100), Some(vec![]));
        assert_eq!(cut(7, 7, 1, 1), Some(vec![]));
        assert_eq!(cut(1, 3, 3, 1), Some(vec![1, 2]));
        // An estimate of 0 rows says nothing.
        assert_eq!(cut(1, 300, 0, 100), Some(vec![]));
        assert_eq!(cut(1, 1_000_000, 1000, 100), None);
        assert_eq!(cut(0, u64::MAX.into(), 1000, 100), None);
        assert_eq!(cut(i64::MIN.into(), i64::MAX.into(), 10, 100), None);
    }

    #[test]
    fn literals_by_type() {
        for (ty, expected) in [
            ("bigint", "CAST(`k` AS CHAR)"),
            ("varchar(9)", "CONCAT('_utf8mb4 X''', HEX(CONVERT(`k` USING utf8mb4)), '''')"),
            ("binary(4)", "CONCAT('X''', HEX(`k`), '''')"),
            ("datetime(3)", "CONCAT('''', `k`, '''')"),
        ] {
            assert_eq!(literal_of(&Column { name: "k".into(), ty: MysqlType::parse(ty) }), expected);
        }
    }
}

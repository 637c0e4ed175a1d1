//! Where tables are cut: ranges of the key of about so many rows each, which are read on their own.
//!
//! A bound belongs to the range before it. The server sorts and compares, both by the columns' own order, so every row is in one range, and a row
//! whose key stays is in the same range whenever it is read.

use super::catalogue::{Column, Table};
use crate::error::Error;
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
    pub after: Bound,
    /// The bound that it ends with; empty for the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub up_to: Bound,
}

/// A row's key as literals of SQL.
pub type Bound = Vec<String>;

/// Which side of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Rows behind it.
    Beyond,
    /// Rows up to it, and itself.
    UpTo,
}

/// A condition of SQL: rows on that side of a bound, by these columns.
pub type Compare = fn(&[String], &[String], Side) -> String;

/// How a table is cut.
pub struct Cutting<'t> {
    /// The table.
    pub table: &'t Table,
    /// Names of the key's columns, for SQL.
    pub names: Vec<String>,
    /// Expressions that make a literal of each.
    pub literals: Vec<String>,
    /// How the server compares keys.
    pub compare: Compare,
    /// How it is asked for the row behind so many, and no other.
    pub one_behind: fn(u64) -> String,
}

/// As MySQL and PostgreSQL have it.
pub fn limit(rows: u64) -> String {
    format!("LIMIT 1 OFFSET {rows}")
}

impl Cutting<'_> {
    /// Bounds at about so many `rows` from each other; `ask` has the server's answer to a statement, as texts.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn bounds(
        &self,
        rows: u64,
        mut ask: impl AsyncFnMut(&str) -> Result<Vec<Vec<Option<String>>>, Error>,
    ) -> Result<Vec<Bound>, Error> {
        let rows = rows.max(1);
        if let [key] = &self.names[..]
            && self.table.column(&self.table.keys[0]).is_some_and(|column| column.ty.is_integer())
        {
            let ends = ask(&format!("SELECT MIN({key}), MAX({key}) FROM {}", self.table.from)).await?;
            if let Some(bounds) = by_numbers(ends, self.table.rows, rows) {
                return Ok(bounds);
            }
        }
        let mut bounds: Vec<Bound> = Vec::new();
        loop {
            let statement = self.statement(bounds.last(), rows);
            let Some(bound) = ask(&statement).await?.into_iter().next() else { return Ok(bounds) };
            match bound.into_iter().collect::<Option<Bound>>() {
                Some(bound) => bounds.push(bound),
                None => return Ok(bounds),
            }
        }
    }

    /// What asks for the bound after this one.
    fn statement(&self, last: Option<&Bound>, rows: u64) -> String {
        let after = last.map(|bound| format!(" WHERE {}", (self.compare)(&self.names, bound, Side::Beyond)));
        format!(
            "SELECT {} FROM {}{} ORDER BY {} {}",
            self.literals.join(", "),
            self.table.from,
            after.unwrap_or_default(),
            self.names.join(", "),
            (self.one_behind)(rows - 1)
        )
    }

    /// The ranges that so many bounds make.
    pub fn between(&self, bounds: &[Bound]) -> Vec<Range> {
        let of = bounds.len() + 1;
        let range = |number: usize| {
            let after = number.checked_sub(1).map(|before| bounds[before].clone()).unwrap_or_default();
            let up_to = bounds.get(number).cloned().unwrap_or_default();
            Range { number, of, ..self.range(after, up_to, None) }
        };
        (0..of).map(range).collect()
    }

    /// The rows behind one bound and up to another for which a condition of SQL holds too.
    pub fn range(&self, after: Bound, up_to: Bound, condition: Option<&str>) -> Range {
        let mut conditions = self.conditions(&after, &up_to);
        conditions.extend(condition.map(|condition| format!("({condition})")));
        Range { after, up_to, ..part(self.table, &conditions) }
    }

    /// Rows behind one bound and up to another, as conditions of SQL; of an empty bound there is none.
    pub fn conditions(&self, after: &[String], up_to: &[String]) -> Vec<String> {
        [(after, Side::Beyond), (up_to, Side::UpTo)]
            .into_iter()
            .filter(|(bound, _)| !bound.is_empty())
            .map(|(bound, side)| (self.compare)(&self.names, bound, side))
            .collect()
    }
}

/// A comparison column by column: MySQL uses no index for `(a, b) > (1, 2)`, and Oracle has no such comparison.
pub fn written_out(keys: &[String], bound: &[String], side: Side) -> String {
    let (by, last) = if side == Side::Beyond { (">", ">") } else { ("<", "<=") };
    match (keys, bound) {
        ([key], [value]) => format!("{key} {last} {value}"),
        ([key, keys @ ..], [value, bound @ ..]) => {
            format!("({key} {by} {value} OR {key} = {value} AND {})", written_out(keys, bound, side))
        }
        _ => "TRUE".to_string(),
    }
}

/// A table in one.
pub fn whole(table: &Table) -> Range {
    part(table, &[])
}

/// Its rows under a condition, which is SQL, as a range.
pub fn only(table: &Table, condition: &str) -> Range {
    part(table, &[condition.to_string()])
}

/// What stands behind FROM for a table's rows under all of these conditions.
pub fn from(table: &Table, conditions: &[String]) -> String {
    let only = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!("{}{only}", table.from)
}

fn part(table: &Table, conditions: &[String]) -> Range {
    Range {
        database: table.database.clone(),
        table: table.table.clone(),
        number: 0,
        of: 1,
        query: format!("SELECT {} FROM {}", table.select, from(table, conditions)),
        columns: table.columns.clone(),
        keys: table.keys.clone(),
        after: Bound::new(),
        up_to: Bound::new(),
    }
}

/// Bounds of a key of numbers that are dense enough, by the least and the most of them; the table need not be read for them.
fn by_numbers(ends: Vec<Vec<Option<String>>>, table_rows: u64, rows: u64) -> Option<Vec<Bound>> {
    let ends = ends.into_iter().next().unwrap_or_default();
    let Ok([Some(least), Some(most)]) = <[Option<String>; 2]>::try_from(ends) else { return Some(Vec::new()) };
    let bounds = cut(least.parse().ok()?, most.parse().ok()?, table_rows, rows)?;
    Some(bounds.into_iter().map(|bound| vec![bound.to_string()]).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

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
}

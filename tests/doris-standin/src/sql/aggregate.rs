//! Aggregate functions over the rows of a group.

use super::arithmetic::{binary, integer, numeric};
use super::expr::{BinaryOperator, Call, EvalError, Expr, Scope};
use super::select::{compare_keys, key_order};
use crate::cell::Cell;
use std::collections::HashSet;

/// The value of an aggregate call over the rows that `scopes` give.
pub fn value<'a>(call: &Call, scopes: impl Iterator<Item = Box<dyn Scope + 'a>>) -> Result<Cell, EvalError> {
    if call.name == "count" && call.arguments.as_slice() == [Expr::Star] {
        return Ok(Cell::Int(scopes.count() as i128));
    }
    let mut rows = Vec::new();
    for scope in scopes {
        let cells = call.arguments.iter().map(|argument| argument.eval(&*scope)).collect::<Result<Vec<_>, _>>()?;
        let keys = call.order_by.iter().map(|key| key.expr.eval(&*scope)).collect::<Result<Vec<_>, _>>()?;
        rows.push((cells, keys));
    }
    // Every aggregate passes NULL over; count(a, b) a row with any NULL.
    rows.retain(|(cells, _)| !cells.iter().any(Cell::is_null));
    if call.distinct {
        let mut seen = HashSet::new();
        rows.retain(|(cells, _)| seen.insert(cells.clone()));
    }
    if !call.order_by.is_empty() {
        let order = key_order(&call.order_by);
        rows.sort_by(|(_, left), (_, right)| compare_keys(left, right, &order));
    }
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(|(cells, _)| cells).collect();
    combined(call, &rows)
}

fn combined(call: &Call, rows: &[Vec<Cell>]) -> Result<Cell, EvalError> {
    let mut firsts = rows.iter().filter_map(|row| row.first());
    Ok(match call.name.as_str() {
        "count" => Cell::Int(rows.len() as i128),
        "ndv" => Cell::Int(firsts.collect::<HashSet<_>>().len() as i128),
        "min" => firsts.min().cloned().unwrap_or(Cell::Null),
        "max" => firsts.max().cloned().unwrap_or(Cell::Null),
        "any_value" => firsts.next().cloned().unwrap_or(Cell::Null),
        "sum" => sum(rows)?,
        "avg" => average(rows)?,
        "group_concat" => concatenated(rows),
        "group_bit_xor" => bits(rows, |all, value| all ^ value),
        "group_bit_and" => bits(rows, |all, value| all & value),
        "group_bit_or" => bits(rows, |all, value| all | value),
        other => return Err(EvalError(format!("Can not found function '{other}'"))),
    })
}

fn sum(rows: &[Vec<Cell>]) -> Result<Cell, EvalError> {
    let mut total = Cell::Null;
    for value in rows.iter().filter_map(|row| row.first()) {
        let value = numeric(value.clone());
        total = if total.is_null() { value } else { binary(total, BinaryOperator::Add, value)? };
    }
    Ok(total)
}

fn average(rows: &[Vec<Cell>]) -> Result<Cell, EvalError> {
    binary(sum(rows)?, BinaryOperator::Divide, Cell::Int(rows.len() as i128))
}

/// The separator is the second argument, `, ` by default.
fn concatenated(rows: &[Vec<Cell>]) -> Cell {
    let mut out: Option<String> = None;
    for row in rows {
        let text = row[0].to_string();
        let separator = row.get(1).map_or(", ".to_owned(), Cell::to_string);
        out = Some(match out {
            Some(before) => before + &separator + &text,
            None => text,
        });
    }
    out.map_or(Cell::Null, Cell::Text)
}

fn bits(rows: &[Vec<Cell>], combine: fn(i128, i128) -> i128) -> Cell {
    rows.iter().map(|row| integer(&row[0])).reduce(combine).map_or(Cell::Null, Cell::Int)
}

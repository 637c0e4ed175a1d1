//! Doris' scalar functions, those that migrating, loading and verifying data use. Names are Doris' with their synonyms.

mod date;
mod number;
mod text;

pub(super) use text::like;

use super::expr::{Call, EvalError, Expr, Scope, compare, is_true};
use crate::cell::Cell;
use std::cmp::Ordering;

type Evaluated = Result<Cell, EvalError>;

/// Aggregates, which only a SELECT can compute.
pub(super) const AGGREGATES: [&str; 11] = [
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "group_concat",
    "group_bit_xor",
    "group_bit_and",
    "group_bit_or",
    "any_value",
    "ndv",
];

/// The value of a call.
pub(super) fn call(call: &Call, scope: &dyn Scope) -> Evaluated {
    let name = call.name.as_str();
    if AGGREGATES.contains(&name) {
        return Err(EvalError(format!("aggregate function {name} has no place here")));
    }
    if let Some(found) = lazy(name, &call.arguments, scope) {
        return found;
    }
    let mut arguments = Vec::with_capacity(call.arguments.len());
    for argument in &call.arguments {
        arguments.push(argument.eval(scope)?);
    }
    if let Some(found) = of_session(name, &arguments, scope) {
        return found;
    }
    let found = match with_nulls(name, &arguments) {
        Some(cell) => Some(cell),
        None if arguments.iter().any(Cell::is_null) => {
            return known(name).then_some(Cell::Null).ok_or_else(|| unknown(call));
        }
        None => text::call(name, &arguments)
            .or_else(|| number::call(name, &arguments))
            .or_else(|| date::call(name, &arguments)),
    };
    found.ok_or_else(|| unknown(call))
}

fn unknown(call: &Call) -> EvalError {
    EvalError(format!("Can not found function '{}' which has {} arity", call.name, call.arguments.len()))
}

fn known(name: &str) -> bool {
    text::NAMES.contains(&name) || number::NAMES.contains(&name) || date::NAMES.contains(&name)
}

/// Functions that leave arguments unevaluated.
fn lazy(name: &str, arguments: &[Expr], scope: &dyn Scope) -> Option<Evaluated> {
    match (name, arguments) {
        ("if", [condition, then, otherwise]) => Some(condition.eval(scope).and_then(|condition| {
            if is_true(&condition) == Some(true) { then.eval(scope) } else { otherwise.eval(scope) }
        })),
        ("coalesce" | "ifnull" | "nvl", [_, ..]) => Some(first_value(arguments, scope)),
        _ => None,
    }
}

fn first_value(arguments: &[Expr], scope: &dyn Scope) -> Evaluated {
    for argument in arguments {
        let value = argument.eval(scope)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Cell::Null)
}

/// Functions whose value is the session's.
fn of_session(name: &str, arguments: &[Cell], scope: &dyn Scope) -> Option<Evaluated> {
    let asked = match name {
        "now" | "current_timestamp" | "localtime" | "localtimestamp" | "sysdate" => "now",
        "curdate" | "current_date" | "today" => "today",
        "unix_timestamp" if arguments.is_empty() => "unix_timestamp",
        "database" | "schema" => "database",
        "version" | "connection_id" => name,
        "user" | "current_user" | "session_user" => "user",
        _ => return None,
    };
    let known = scope.session(if matches!(asked, "today" | "unix_timestamp") { "now" } else { asked });
    let found = known.map(|cell| match asked {
        "today" => date::call("date", &[cell]).unwrap_or(Cell::Null),
        "unix_timestamp" => date::call("unix_timestamp", &[cell]).unwrap_or(Cell::Null),
        _ => cell,
    });
    Some(found.ok_or_else(|| EvalError(format!("function {name}() has no place here"))))
}

/// Functions that give a value although an argument is NULL.
fn with_nulls(name: &str, arguments: &[Cell]) -> Option<Cell> {
    Some(match (name, arguments) {
        ("concat_ws", [separator, rest @ ..]) => text::concat_ws(separator, rest),
        ("nullif", [left, right]) if compare(left, right) == Some(Ordering::Equal) => Cell::Null,
        ("nullif", [left, _]) => left.clone(),
        ("isnull", [value]) => Cell::Bool(value.is_null()),
        ("array", items) => Cell::Array(items.to_vec()),
        ("map", entries) if entries.len() % 2 == 0 => {
            Cell::Map(entries.chunks(2).map(|entry| (entry[0].clone(), entry[1].clone())).collect())
        }
        _ => return None,
    })
}

//! Arithmetic on cells.

use super::expr::{BinaryOperator, EvalError, UnaryOperator, is_true};
use crate::cell::{Cell, DateTime, Decimal};

/// DATETIME of a moment in microseconds since 1970 UTC, without fraction as NOW() prints it.
pub fn now(micros: i64) -> Cell {
    Cell::DateTime(DateTime { micros: micros.div_euclid(1_000_000) * 1_000_000, scale: 0 })
}

/// A text read as a number: whole numbers exactly, the rest as DOUBLE by its longest prefix, else 0.
pub fn number_of(text: &str) -> Cell {
    let text = text.trim();
    if let Ok(whole) = text.parse() {
        return Cell::Int(whole);
    }
    let mut end = 0;
    for (index, byte) in text.bytes().enumerate() {
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E')) {
            break;
        }
        if text[..=index].parse::<f64>().is_ok() {
            end = index + 1;
        }
    }
    Cell::Double(text[..end].parse().unwrap_or(0.0))
}

/// A value as DATE or DATETIME; None when it is neither nor reads as one.
pub fn datetime(cell: &Cell) -> Option<Cell> {
    match cell {
        Cell::Date(_) | Cell::DateTime(_) => Some(cell.clone()),
        Cell::Text(_) | Cell::Int(_) => match super::types::datetime(cell) {
            Cell::Null => None,
            found => Some(found),
        },
        _ => None,
    }
}

/// `NOT`, `-`, `~`.
pub fn unary(operator: UnaryOperator, operand: Cell) -> Result<Cell, EvalError> {
    if operand.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match operator {
        UnaryOperator::Not => is_true(&operand).map_or(Cell::Null, |value| Cell::Bool(!value)),
        UnaryOperator::BitNot => Cell::Int(!integer(&operand)),
        UnaryOperator::Negate => match numeric(operand) {
            Cell::Int(value) => Cell::Int(-value),
            Cell::Decimal(value) => Cell::Decimal(Decimal { unscaled: -value.unscaled, ..value }),
            other => Cell::Double(-other.to_f64().unwrap_or(f64::NAN)),
        },
    })
}

/// `+ - * / DIV % & | ^`; NULL when an operand is NULL or a divisor is zero.
pub fn binary(left: Cell, operator: BinaryOperator, right: Cell) -> Result<Cell, EvalError> {
    if left.is_null() || right.is_null() {
        return Ok(Cell::Null);
    }
    match operator {
        BinaryOperator::BitAnd => return Ok(Cell::Int(integer(&left) & integer(&right))),
        BinaryOperator::BitOr => return Ok(Cell::Int(integer(&left) | integer(&right))),
        BinaryOperator::BitXor => return Ok(Cell::Int(integer(&left) ^ integer(&right))),
        _ => {}
    }
    match (numeric(left), numeric(right)) {
        (Cell::Int(left), Cell::Int(right)) => whole(left, operator, right),
        (Cell::Decimal(left), Cell::Decimal(right)) => decimal(left, operator, right),
        (Cell::Decimal(left), Cell::Int(right)) => decimal(left, operator, Decimal { unscaled: right, scale: 0 }),
        (Cell::Int(left), Cell::Decimal(right)) => decimal(Decimal { unscaled: left, scale: 0 }, operator, right),
        (left, right) => Ok(double(left.to_f64().unwrap_or(f64::NAN), operator, right.to_f64().unwrap_or(f64::NAN))),
    }
}

/// A cell as INT, DECIMAL or DOUBLE; dates as the number of their digits, as Doris does.
pub fn numeric(cell: Cell) -> Cell {
    match cell {
        Cell::Int(_) | Cell::Decimal(_) | Cell::Double(_) => cell,
        Cell::Bool(value) => Cell::Int(value.into()),
        Cell::Float(value) => Cell::Double(value.into()),
        Cell::Text(text) => match number_of(&text) {
            Cell::Int(value) => Cell::Double(value as f64),
            number => number,
        },
        Cell::Date(_) | Cell::DateTime(_) => {
            let digits: String = cell.to_string().chars().filter(char::is_ascii_digit).collect();
            digits.parse().map_or(Cell::Null, Cell::Int)
        }
        _ => Cell::Double(f64::NAN),
    }
}

/// A cell as a whole number, rounded towards zero; 0 when it is none.
pub fn integer(cell: &Cell) -> i128 {
    match cell {
        Cell::Int(value) => *value,
        Cell::Text(text) => match number_of(text) {
            Cell::Int(value) => value,
            number => number.to_f64().unwrap_or(0.0) as i128,
        },
        Cell::Decimal(value) => value.unscaled / 10_i128.pow(value.scale.into()),
        other => other.to_f64().unwrap_or(0.0) as i128,
    }
}

fn whole(left: i128, operator: BinaryOperator, right: i128) -> Result<Cell, EvalError> {
    let result = match operator {
        BinaryOperator::Add => left.checked_add(right),
        BinaryOperator::Subtract => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::Divide if right == 0 => return Ok(Cell::Null),
        BinaryOperator::Divide => return Ok(Cell::Double(left as f64 / right as f64)),
        BinaryOperator::IntegerDivide if right == 0 => return Ok(Cell::Null),
        BinaryOperator::IntegerDivide => left.checked_div(right),
        _ if right == 0 => return Ok(Cell::Null),
        _ => left.checked_rem(right),
    };
    result.map(Cell::Int).ok_or_else(overflow)
}

fn overflow() -> EvalError {
    EvalError("Arithmetic overflow, a number has more than 38 digits".into())
}

/// Division keeps four digits more than the dividend has.
fn decimal(left: Decimal, operator: BinaryOperator, right: Decimal) -> Result<Cell, EvalError> {
    let scale = left.scale.max(right.scale);
    let (Some(a), Some(b)) = (left.rescale(scale), right.rescale(scale)) else { return Err(overflow()) };
    let (a, b) = (a.unscaled, b.unscaled);
    let same_scale = |unscaled: Option<i128>| unscaled.map(|unscaled| Decimal { unscaled, scale });
    let result = match operator {
        BinaryOperator::Add => same_scale(a.checked_add(b)),
        BinaryOperator::Subtract => same_scale(a.checked_sub(b)),
        BinaryOperator::Multiply => left
            .unscaled
            .checked_mul(right.unscaled)
            .map(|unscaled| Decimal { unscaled, scale: left.scale + right.scale }),
        _ if b == 0 => return Ok(Cell::Null),
        BinaryOperator::Divide => {
            let scale = (left.scale + 4).min(38);
            let factor = 10_i128.pow(u32::from(scale));
            // One digit more than is kept, for rounding.
            let more = a.checked_mul(factor).and_then(|a| a.checked_mul(10)).map(|a| a / b);
            more.map(|unscaled| Decimal { unscaled, scale: scale + 1 }).and_then(|exact| exact.rescale(scale))
        }
        BinaryOperator::IntegerDivide => return Ok(Cell::Int(a / b)),
        _ => same_scale(a.checked_rem(b)),
    };
    result.map(Cell::Decimal).ok_or_else(overflow)
}

fn double(left: f64, operator: BinaryOperator, right: f64) -> Cell {
    let zero_divisor = right == 0.0;
    match operator {
        BinaryOperator::Add => Cell::Double(left + right),
        BinaryOperator::Subtract => Cell::Double(left - right),
        BinaryOperator::Multiply => Cell::Double(left * right),
        _ if zero_divisor => Cell::Null,
        BinaryOperator::Divide => Cell::Double(left / right),
        BinaryOperator::IntegerDivide => Cell::Int((left / right) as i128),
        _ => Cell::Double(left % right),
    }
}

//! Functions of numbers.

use crate::cell::{Cell, Decimal};
use crate::sql::arithmetic::{binary, integer, numeric};
use crate::sql::expr::{BinaryOperator, compare};

pub(super) const NAMES: [&str; 25] = [
    "abs", "bin", "bitand", "bitnot", "bitor", "bitxor", "ceil", "ceiling", "conv", "exp", "floor", "fmod", "greatest",
    "least", "ln", "mod", "pow", "power", "round", "sign", "sqrt", "truncate", "dround", "dceil", "dfloor",
];

pub(super) fn call(name: &str, arguments: &[Cell]) -> Option<Cell> {
    match (name, arguments) {
        ("greatest", [_, ..]) => Some(extreme(arguments, true)),
        ("least", [_, ..]) => Some(extreme(arguments, false)),
        ("conv", [value, from, to]) => Some(conv(&value.to_string(), integer(from), integer(to))),
        ("bitand", [left, right]) => Some(Cell::Int(integer(left) & integer(right))),
        ("bitor", [left, right]) => Some(Cell::Int(integer(left) | integer(right))),
        ("bitxor", [left, right]) => Some(Cell::Int(integer(left) ^ integer(right))),
        ("bitnot", [value]) => Some(Cell::Int(!integer(value))),
        ("bin", [value]) => Some(Cell::Text(format!("{:b}", integer(value) as i64))),
        ("mod" | "fmod", [left, right]) => binary(left.clone(), BinaryOperator::Modulo, right.clone()).ok(),
        ("pow" | "power", [base, exponent]) => Some(Cell::Double(base.to_f64()?.powf(exponent.to_f64()?))),
        ("round" | "dround", [value]) => Some(to_scale(value, 0, Rounding::Half)),
        ("round" | "dround", [value, scale]) => Some(to_scale(value, integer(scale), Rounding::Half)),
        ("truncate", [value, scale]) => Some(to_scale(value, integer(scale), Rounding::Towards)),
        ("floor" | "dfloor", [value]) => Some(to_scale(value, 0, Rounding::Down)),
        ("ceil" | "ceiling" | "dceil", [value]) => Some(to_scale(value, 0, Rounding::Up)),
        (_, [value]) => of_one(name, value),
        _ => None,
    }
}

fn of_one(name: &str, value: &Cell) -> Option<Cell> {
    let number = value.to_f64().unwrap_or(f64::NAN);
    Some(match (name, numeric(value.clone())) {
        ("abs", Cell::Int(whole)) => Cell::Int(whole.abs()),
        ("abs", Cell::Decimal(decimal)) => Cell::Decimal(Decimal { unscaled: decimal.unscaled.abs(), ..decimal }),
        ("abs", _) => Cell::Double(number.abs()),
        ("sign", _) => Cell::Int(if number > 0.0 { 1 } else { -i128::from(number < 0.0) }),
        ("sqrt", _) if number < 0.0 => Cell::Null,
        ("sqrt", _) => Cell::Double(number.sqrt()),
        ("exp", _) => Cell::Double(number.exp()),
        ("ln", _) if number <= 0.0 => Cell::Null,
        ("ln", _) => Cell::Double(number.ln()),
        _ => return None,
    })
}

fn extreme(arguments: &[Cell], greatest: bool) -> Cell {
    let mut found = &arguments[0];
    for cell in &arguments[1..] {
        if compare(cell, found).is_some_and(|ordering| if greatest { ordering.is_gt() } else { ordering.is_lt() }) {
            found = cell;
        }
    }
    found.clone()
}

#[derive(Clone, Copy)]
enum Rounding {
    Half,
    Towards,
    Down,
    Up,
}

fn to_scale(value: &Cell, scale: i128, rounding: Rounding) -> Cell {
    match numeric(value.clone()) {
        Cell::Int(whole) if scale >= 0 => Cell::Int(whole),
        Cell::Decimal(decimal) if scale >= 0 => Cell::Decimal(decimal_to_scale(decimal, scale.min(38) as u8, rounding)),
        other => {
            let factor = 10_f64.powi(scale.clamp(-40, 40) as i32);
            let scaled = other.to_f64().unwrap_or(f64::NAN) * factor;
            let rounded = match rounding {
                Rounding::Half => scaled.round(),
                Rounding::Towards => scaled.trunc(),
                Rounding::Down => scaled.floor(),
                Rounding::Up => scaled.ceil(),
            };
            let whole =
                matches!(other, Cell::Int(_)) || (scale == 0 && matches!(rounding, Rounding::Down | Rounding::Up));
            if whole { Cell::Int((rounded / factor) as i128) } else { Cell::Double(rounded / factor) }
        }
    }
}

fn decimal_to_scale(decimal: Decimal, scale: u8, rounding: Rounding) -> Decimal {
    if scale >= decimal.scale {
        return decimal;
    }
    let factor = 10_i128.pow((decimal.scale - scale).into());
    let unscaled = match rounding {
        Rounding::Half => return decimal.rescale(scale).unwrap_or(decimal),
        Rounding::Towards => decimal.unscaled / factor,
        Rounding::Down => decimal.unscaled.div_euclid(factor),
        Rounding::Up => -(-decimal.unscaled).div_euclid(factor),
    };
    Decimal { unscaled, scale }
}

/// Between the bases 2 to 36 (negative: signed), upper case digits. By way of 64 bits with a sign: what is beyond them is all ones, where MySQL has 64
/// bits without.
fn conv(text: &str, from: i128, to: i128) -> Cell {
    let (base, target) = (from.unsigned_abs(), to.unsigned_abs());
    if !(2..=36).contains(&base) || !(2..=36).contains(&target) {
        return Cell::Null;
    }
    let text = text.trim();
    let negative = text.starts_with('-');
    let digits = text.trim_start_matches('-').chars().map_while(|c| c.to_digit(base as u32));
    let value = digits.fold(0_u64, |value, digit| value.saturating_mul(base as u64).saturating_add(digit.into()));
    let value = if value > i64::MAX as u64 { u64::MAX } else { value };
    let value = if negative && value != u64::MAX { value.wrapping_neg() } else { value };
    let signed = to < 0 && (value as i64) < 0;
    let mut rest = if signed { (value as i64).unsigned_abs() } else { value };
    let mut out = Vec::new();
    while rest > 0 || out.is_empty() {
        let digit = char::from_digit((rest % target as u64) as u32, target as u32).unwrap_or('0');
        out.push(digit.to_ascii_uppercase());
        rest /= target as u64;
    }
    if signed {
        out.push('-');
    }
    Cell::Text(out.into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conv_by_way_of_64_bits() {
        assert_eq!(conv("ff", 16, 10), Cell::Text("255".into()));
        assert_eq!(conv("255", 10, 16), Cell::Text("FF".into()));
        assert_eq!(conv("-1", 10, 16), Cell::Text("FFFFFFFFFFFFFFFF".into()));
        assert_eq!(conv("-1", 10, -10), Cell::Text("-1".into()));
        assert_eq!(conv("fffffffffffffff", 16, 10), Cell::Text("1152921504606846975".into()));
        assert_eq!(conv("8000000000000000", 16, 10), Cell::Text("18446744073709551615".into()));
        assert_eq!(conv("9z", 10, 10), Cell::Text("9".into()));
        assert_eq!(conv("1", 1, 10), Cell::Null);
    }

    #[test]
    fn rounding() {
        let decimal = |unscaled, scale| Cell::Decimal(Decimal { unscaled, scale });
        assert_eq!(to_scale(&decimal(-125, 2), 1, Rounding::Half), decimal(-13, 1));
        assert_eq!(to_scale(&decimal(-125, 2), 0, Rounding::Down), decimal(-2, 0));
        assert_eq!(to_scale(&decimal(-125, 2), 0, Rounding::Up), decimal(-1, 0));
        assert_eq!(to_scale(&Cell::Int(1250), -2, Rounding::Half), Cell::Int(1300));
    }
}

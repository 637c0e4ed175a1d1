//! Where in the order of a key a condition can hold. Doris has an index of its keys; so a question for some of a large table's keys should not look at all of its rows here either.

use super::expr::{BinaryOperator, Expr, Literal};
use crate::cell::Cell;

/// Whole numbers from one to another, both among them.
pub type Span = (i128, i128);

const ALL: Span = (i128::MIN, i128::MAX);

/// The values of a column of whole numbers, in order, with which a condition can hold at all; None if it says nothing of them, and NULL may be one.
pub fn of(condition: &Expr, column: &str) -> Option<Vec<Span>> {
    let found = spans(condition, column)?;
    let mut merged: Vec<Span> = Vec::with_capacity(found.len());
    for (low, high) in sorted(found) {
        match merged.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => merged.push((low, high)),
        }
    }
    Some(merged)
}

fn spans(condition: &Expr, column: &str) -> Option<Vec<Span>> {
    match condition {
        Expr::Binary(left, BinaryOperator::And, right) => match (of(left, column), of(right, column)) {
            (Some(left), Some(right)) => Some(in_both(&left, &right)),
            (one, other) => one.or(other),
        },
        Expr::Binary(left, BinaryOperator::Or, right) => {
            let mut found = spans(left, column)?;
            found.extend(spans(right, column)?);
            Some(found)
        }
        Expr::Binary(left, operator, right) => match (is_column(left, column), is_column(right, column)) {
            (true, false) => compared(*operator, number(right)?),
            (false, true) => compared(mirrored(*operator), number(left)?),
            _ => None,
        },
        Expr::In { operand, list, negated: false } if is_column(operand, column) => {
            list.iter().map(|value| number(value).map(|value| (value, value))).collect()
        }
        Expr::Between { operand, low, high, negated: false } if is_column(operand, column) => {
            Some(vec![(number(low)?, number(high)?)])
        }
        _ => None,
    }
}

fn is_column(expr: &Expr, column: &str) -> bool {
    matches!(expr, Expr::Column { name, .. } if name.eq_ignore_ascii_case(column))
}

fn number(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Literal(Literal::Number(digits)) => digits.parse().ok(),
        Expr::Value(Cell::Int(value)) => Some(*value),
        _ => None,
    }
}

fn compared(operator: BinaryOperator, value: i128) -> Option<Vec<Span>> {
    let span = match operator {
        BinaryOperator::Equal => (value, value),
        BinaryOperator::Less => (ALL.0, value.checked_sub(1)?),
        BinaryOperator::LessOrEqual => (ALL.0, value),
        BinaryOperator::Greater => (value.checked_add(1)?, ALL.1),
        BinaryOperator::GreaterOrEqual => (value, ALL.1),
        _ => return None,
    };
    Some(vec![span])
}

/// The text that a column has to have for a condition to hold, as far as this says.
pub fn text_of<'c>(condition: &'c Expr, column: &str) -> Option<&'c str> {
    match condition {
        Expr::Binary(left, BinaryOperator::And, right) => text_of(left, column).or_else(|| text_of(right, column)),
        Expr::Binary(left, BinaryOperator::Equal, right) if is_column(left, column) => match &**right {
            Expr::Literal(Literal::Text(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// `5 < id` is `id > 5`.
fn mirrored(operator: BinaryOperator) -> BinaryOperator {
    match operator {
        BinaryOperator::Less => BinaryOperator::Greater,
        BinaryOperator::LessOrEqual => BinaryOperator::GreaterOrEqual,
        BinaryOperator::Greater => BinaryOperator::Less,
        BinaryOperator::GreaterOrEqual => BinaryOperator::LessOrEqual,
        same => same,
    }
}

fn sorted(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|(low, high)| low <= high);
    spans.sort_unstable();
    spans
}

fn in_both(left: &[Span], right: &[Span]) -> Vec<Span> {
    let cut = |one: &Span| right.iter().map(|other| (one.0.max(other.0), one.1.min(other.1))).collect::<Vec<_>>();
    left.iter().flat_map(cut).filter(|(low, high)| low <= high).collect()
}

#[cfg(test)]
mod tests {
    use super::super::ast::Statement;
    use super::super::parse;
    use super::*;

    fn spans_of(condition: &str) -> Option<Vec<Span>> {
        let Statement::Select(select) = parse::statement(&format!("SELECT 1 FROM t WHERE {condition}")).unwrap() else {
            panic!("{condition} is no condition")
        };
        of(&select.filter.unwrap(), "id")
    }

    #[test]
    fn a_condition_says_where_it_can_hold() {
        for (condition, expected) in [
            ("id = 5", vec![(5, 5)]),
            ("5 < id AND id <= 9", vec![(6, 9)]),
            ("id BETWEEN -3 AND 4", vec![(-3, 4)]),
            ("id IN (7, 1, 2)", vec![(1, 2), (7, 7)]),
            ("t.id >= 10", vec![(10, i128::MAX)]),
            ("(id = 1 AND n = 5) OR (id = 3 AND n = 4) OR (id = 1 AND n = 6)", vec![(1, 1), (3, 3)]),
            ("id > 4 AND (n = 1 OR m = 2)", vec![(5, i128::MAX)]),
            ("(id > 4 OR id = 1) AND id < 7", vec![(1, 1), (5, 6)]),
            ("id = 1 AND id = 2", vec![]),
        ] {
            assert_eq!(spans_of(condition), Some(expected), "{condition}");
        }
    }

    #[test]
    fn a_condition_says_which_text_it_wants() {
        for (condition, expected) in [
            ("n = 5 AND id = 'a'", Some("a")),
            ("t.id = 'a' AND id = 'b'", Some("a")),
            ("id = 'a' OR n = 5", None),
            ("NOT id = 'a'", None),
            ("id <> 'a'", None),
            ("id = n", None),
        ] {
            let Statement::Select(select) = parse::statement(&format!("SELECT 1 FROM t WHERE {condition}")).unwrap()
            else {
                panic!("{condition} is no condition")
            };
            assert_eq!(text_of(&select.filter.unwrap(), "id"), expected, "{condition}");
        }
    }

    #[test]
    fn what_says_nothing_of_it_leaves_all() {
        for condition in [
            "n = 5",
            "id = 5 OR n = 1",
            "id <> 5",
            "id = 1.5",
            "id = '5'",
            "NOT id = 5",
            "id + 1 = 5",
            "id = n",
            "id NOT IN (1)",
        ] {
            assert_eq!(spans_of(condition), None, "{condition}");
        }
    }
}

//! Expressions over named columns, and their values: for statements and for the load headers `columns`, `where` and `delete`.
//!
//! Values are typed as they come; where types meet, Doris' rules are followed as far as they can be seen from outside: a text
//! beside a number is a DOUBLE, `/` of whole numbers is a DOUBLE, of decimals a DECIMAL, a cast that fails is NULL.

use super::arithmetic;
use super::ast::{OrderKey, Select, TypeName};
use super::functions;
use crate::cell::{Cell, Decimal};
use std::cmp::Ordering;
use std::fmt;

/// A literal as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// A number, with its sign.
    Number(String),
    /// A string.
    Text(String),
}

/// An operator before its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnaryOperator {
    Not,
    Negate,
    BitNot,
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOperator {
    Or,
    Xor,
    And,
    Equal,
    NullSafeEqual,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    IntegerDivide,
    Modulo,
    BitAnd,
    BitOr,
    BitXor,
}

/// A function call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Lower case.
    pub name: String,
    /// Units of intervals are texts.
    pub arguments: Vec<Expr>,
    /// `DISTINCT` before the arguments.
    pub distinct: bool,
    /// `ORDER BY` inside `group_concat`.
    pub order_by: Vec<OrderKey>,
}

impl Call {
    /// A plain call.
    pub fn new(name: &str, arguments: Vec<Expr>) -> Call {
        Call { name: name.to_lowercase(), arguments, distinct: false, order_by: Vec::new() }
    }
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Expr {
    Literal(Literal),
    /// A value found already: an aggregate's result, a sub-select's.
    Value(Cell),
    Column {
        table: Option<String>,
        name: String,
    },
    /// `@@name`
    Variable(String),
    Unary(UnaryOperator, Box<Expr>),
    Binary(Box<Expr>, BinaryOperator, Box<Expr>),
    IsNull {
        operand: Box<Expr>,
        negated: bool,
    },
    In {
        operand: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    InSelect {
        operand: Box<Expr>,
        select: Box<Select>,
        negated: bool,
    },
    Between {
        operand: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    Like {
        operand: Box<Expr>,
        pattern: Box<Expr>,
        negated: bool,
        regexp: bool,
    },
    Case {
        operand: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Cast {
        operand: Box<Expr>,
        ty: TypeName,
    },
    Call(Call),
    /// `(SELECT …)` as a value.
    Scalar(Box<Select>),
    /// The star of `count(*)`.
    Star,
}

/// Why an expression has no value; the text is what follows Doris' `errCode = 2, detailMessage = `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError(pub String);

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvalError {}

/// What an expression may name. A closure from a column's name to its value is one.
pub trait Scope {
    /// A column's value; None: there is no such column.
    fn column(&self, table: Option<&str>, name: &str) -> Option<Cell>;

    /// The value of `@@name`, lower case, without its scope.
    fn variable(&self, _name: &str) -> Option<Cell> {
        None
    }

    /// The value of a function of the session: `now`, `database`, `version`, `connection_id`, `user`.
    fn session(&self, name: &str) -> Option<Cell> {
        (name == "now").then(|| arithmetic::now(chrono::Utc::now().timestamp_micros()))
    }
}

impl<F: Fn(&str) -> Option<Cell>> Scope for F {
    fn column(&self, _table: Option<&str>, name: &str) -> Option<Cell> {
        self(name)
    }
}

/// Reads an expression, as the headers `where` and `delete` hold it.
pub fn parse(text: &str) -> Result<Expr, EvalError> {
    super::parse::expression(text).map_err(|error| EvalError(error.to_string()))
}

type Evaluated = Result<Cell, EvalError>;

impl Expr {
    /// The value in `scope`.
    pub fn eval(&self, scope: &dyn Scope) -> Evaluated {
        Ok(match self {
            Expr::Literal(literal) => literal.cell(),
            Expr::Value(cell) => cell.clone(),
            Expr::Column { table, name } => scope
                .column(table.as_deref(), name)
                .ok_or_else(|| EvalError(format!("Unknown column '{name}' in 'table list'")))?,
            Expr::Variable(name) => {
                let plain = name.rsplit('.').next().unwrap_or(name);
                scope.variable(plain).ok_or_else(|| EvalError(format!("Unknown system variable '{plain}'")))?
            }
            Expr::Unary(operator, operand) => arithmetic::unary(*operator, operand.eval(scope)?)?,
            Expr::Binary(left, operator, right) => binary(left, *operator, right, scope)?,
            Expr::IsNull { operand, negated } => Cell::Bool(operand.eval(scope)?.is_null() != *negated),
            Expr::In { operand, list, negated } => is_in(&operand.eval(scope)?, list, *negated, scope)?,
            Expr::Between { operand, low, high, negated } => {
                let value = operand.eval(scope)?;
                let above = truth(compare(&value, &low.eval(scope)?).map(Ordering::is_ge));
                let below = truth(compare(&value, &high.eval(scope)?).map(Ordering::is_le));
                negate_if(*negated, and(&above, &below))
            }
            Expr::Like { operand, pattern, negated, regexp } => {
                let (value, pattern) = (operand.eval(scope)?, pattern.eval(scope)?);
                negate_if(*negated, functions::like(&value, &pattern, *regexp)?)
            }
            Expr::Case { operand, branches, otherwise } => {
                case(operand.as_deref(), branches, otherwise.as_deref(), scope)?
            }
            Expr::Cast { operand, ty } => {
                let ty = super::types::column_type(ty).map_err(EvalError)?;
                super::types::cast(operand.eval(scope)?, &ty)
            }
            Expr::Call(call) => functions::call(call, scope)?,
            Expr::InSelect { .. } | Expr::Scalar(_) => return Err(EvalError("a sub-select has no place here".into())),
            Expr::Star => return Err(EvalError("'*' has no place here".into())),
        })
    }

    /// Whether the value in `scope` counts as true; NULL does not.
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        Ok(is_true(&self.eval(scope)?) == Some(true))
    }

    /// Shows `visit` every expression below this one, itself first, each to be replaced at will.
    pub fn rewrite(&mut self, visit: &mut dyn FnMut(&mut Expr) -> Result<(), EvalError>) -> Result<(), EvalError> {
        visit(self)?;
        match self {
            Expr::Unary(_, inner) | Expr::IsNull { operand: inner, .. } | Expr::Cast { operand: inner, .. } => {
                inner.rewrite(visit)
            }
            Expr::Binary(left, _, right) | Expr::Like { operand: left, pattern: right, .. } => {
                left.rewrite(visit)?;
                right.rewrite(visit)
            }
            Expr::In { operand, list, .. } => {
                operand.rewrite(visit)?;
                list.iter_mut().try_for_each(|item| item.rewrite(visit))
            }
            Expr::InSelect { operand, .. } => operand.rewrite(visit),
            Expr::Between { operand, low, high, .. } => {
                operand.rewrite(visit)?;
                low.rewrite(visit)?;
                high.rewrite(visit)
            }
            Expr::Case { operand, branches, otherwise } => {
                let parts = operand.iter_mut().chain(otherwise.iter_mut()).map(|part| &mut **part);
                let branches = branches.iter_mut().flat_map(|(when, then)| [when, then]);
                parts.chain(branches).try_for_each(|part| part.rewrite(visit))
            }
            Expr::Call(call) => call.arguments.iter_mut().try_for_each(|argument| argument.rewrite(visit)),
            Expr::Literal(_)
            | Expr::Value(_)
            | Expr::Column { .. }
            | Expr::Variable(_)
            | Expr::Scalar(_)
            | Expr::Star => Ok(()),
        }
    }

    /// The names of all columns named.
    pub fn columns(&self) -> Vec<String> {
        let mut names = Vec::new();
        let collected = self.clone().rewrite(&mut |expr| {
            if let Expr::Column { name, .. } = expr {
                names.push(name.clone());
            }
            Ok(())
        });
        debug_assert!(collected.is_ok(), "collecting names cannot fail");
        names
    }
}

impl Literal {
    /// The literal's value: whole numbers INT to LARGEINT, with a point DECIMAL, with an exponent DOUBLE.
    pub fn cell(&self) -> Cell {
        match self {
            Literal::Null => Cell::Null,
            Literal::Bool(value) => Cell::Bool(*value),
            Literal::Text(text) => Cell::Text(text.clone()),
            Literal::Number(digits) => number(digits),
        }
    }
}

fn number(digits: &str) -> Cell {
    if let Ok(whole) = digits.parse() {
        return Cell::Int(whole);
    }
    if !digits.contains(['e', 'E'])
        && let Some((whole, fraction)) = digits.split_once('.')
        && let Ok(unscaled) = format!("{whole}{fraction}").parse()
        && fraction.len() <= 38
    {
        return Cell::Decimal(Decimal { unscaled, scale: fraction.len() as u8 });
    }
    Cell::Double(digits.parse().unwrap_or(f64::NAN))
}

fn binary(left: &Expr, operator: BinaryOperator, right: &Expr, scope: &dyn Scope) -> Evaluated {
    let left = left.eval(scope)?;
    match operator {
        BinaryOperator::And if is_true(&left) == Some(false) => return Ok(Cell::Bool(false)),
        BinaryOperator::Or if is_true(&left) == Some(true) => return Ok(Cell::Bool(true)),
        _ => {}
    }
    let right = right.eval(scope)?;
    let ordered = |holds: fn(Ordering) -> bool| Ok(truth(compare(&left, &right).map(holds)));
    match operator {
        BinaryOperator::And => Ok(and(&left, &right)),
        BinaryOperator::Or => Ok(or(&left, &right)),
        BinaryOperator::Xor => Ok(truth(is_true(&left).zip(is_true(&right)).map(|(a, b)| a != b))),
        BinaryOperator::Equal => ordered(Ordering::is_eq),
        BinaryOperator::NotEqual => ordered(Ordering::is_ne),
        BinaryOperator::Less => ordered(Ordering::is_lt),
        BinaryOperator::LessOrEqual => ordered(Ordering::is_le),
        BinaryOperator::Greater => ordered(Ordering::is_gt),
        BinaryOperator::GreaterOrEqual => ordered(Ordering::is_ge),
        BinaryOperator::NullSafeEqual => Ok(Cell::Bool(match compare(&left, &right) {
            Some(ordering) => ordering.is_eq(),
            None => left.is_null() && right.is_null(),
        })),
        _ => arithmetic::binary(left, operator, right),
    }
}

fn is_in(value: &Cell, list: &[Expr], negated: bool, scope: &dyn Scope) -> Evaluated {
    let mut unknown = value.is_null();
    for item in list {
        match compare(value, &item.eval(scope)?) {
            Some(Ordering::Equal) => return Ok(Cell::Bool(!negated)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { Cell::Null } else { Cell::Bool(negated) })
}

fn case(operand: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>, scope: &dyn Scope) -> Evaluated {
    let operand = operand.map(|expr| expr.eval(scope)).transpose()?;
    for (condition, result) in branches {
        let condition = condition.eval(scope)?;
        let taken = match &operand {
            Some(value) => compare(value, &condition) == Some(Ordering::Equal),
            None => is_true(&condition) == Some(true),
        };
        if taken {
            return result.eval(scope);
        }
    }
    otherwise.map_or(Ok(Cell::Null), |expr| expr.eval(scope))
}

/// The order of two values as `<` and `=` see it: a text beside a number or a date is read as one. None: one is NULL (or a text
/// is no date).
pub fn compare(left: &Cell, right: &Cell) -> Option<Ordering> {
    use Cell::{Bool, Date, DateTime, Decimal, Double, Float, Int, Null, Text};
    match (left, right) {
        (Null, _) | (_, Null) => None,
        (Text(text), Date(_) | DateTime(_)) => Some(arithmetic::datetime(&Text(text.clone()))?.cmp(right)),
        (Date(_) | DateTime(_), Text(_)) => compare(right, left).map(Ordering::reverse),
        (Text(text), Bool(_) | Int(_) | Float(_) | Double(_) | Decimal(_)) => {
            Some(arithmetic::number_of(text).cmp(right))
        }
        (Bool(_) | Int(_) | Float(_) | Double(_) | Decimal(_), Text(_)) => compare(right, left).map(Ordering::reverse),
        _ => Some(left.cmp(right)),
    }
}

/// Whether a value counts as true; None: NULL.
pub fn is_true(cell: &Cell) -> Option<bool> {
    match cell {
        Cell::Null => None,
        Cell::Bool(value) => Some(*value),
        Cell::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        other => Some(other.to_f64().is_some_and(|number| number != 0.0)),
    }
}

fn truth(value: Option<bool>) -> Cell {
    value.map_or(Cell::Null, Cell::Bool)
}

fn and(left: &Cell, right: &Cell) -> Cell {
    match (is_true(left), is_true(right)) {
        (Some(false), _) | (_, Some(false)) => Cell::Bool(false),
        (Some(true), Some(true)) => Cell::Bool(true),
        _ => Cell::Null,
    }
}

fn or(left: &Cell, right: &Cell) -> Cell {
    match (is_true(left), is_true(right)) {
        (Some(true), _) | (_, Some(true)) => Cell::Bool(true),
        (Some(false), Some(false)) => Cell::Bool(false),
        _ => Cell::Null,
    }
}

fn negate_if(negated: bool, value: Cell) -> Cell {
    if negated { truth(is_true(&value).map(|value| !value)) } else { value }
}

//! SELECT over relations: join, filter, group, project, order, cut.

use super::aggregate;
use super::ast::{OrderKey, Select, SelectItem, Source, TableName};
use super::error::SqlError;
use super::expr::{EvalError, Expr, Literal, Scope};
use super::functions::AGGREGATES;
use super::relation::{Field, Relation, RowScope};
use crate::cell::Cell;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// Where a SELECT finds its tables.
pub trait Tables: Scope {
    /// The rows of a table for which a condition holds, or all; all columns, under that name.
    fn relation(&self, table: &TableName, name: &str, filter: Option<&Expr>) -> Result<Relation, SqlError>;

    /// This, as the scope of variables and session functions.
    fn scope(&self) -> &dyn Scope;
}

/// Runs a SELECT.
pub fn run(select: &Select, tables: &dyn Tables) -> Result<Relation, SqlError> {
    let mut select = select.clone();
    resolve_selects(&mut select, tables)?;
    if select.unions.is_empty() {
        return run_part(&select, tables);
    }
    let order = std::mem::take(&mut select.order_by);
    let (limit, offset) = (select.limit.take(), std::mem::take(&mut select.offset));
    let mut whole = run_part(&select, tables)?;
    for (all, part) in &select.unions {
        let part = run(part, tables)?;
        if part.fields.len() != whole.fields.len() {
            return Err(SqlError::detail("The number of columns differs between the parts of the UNION"));
        }
        whole.rows.extend(part.rows);
        if !all {
            let mut seen = HashSet::new();
            whole.rows.retain(|row| seen.insert(row.clone()));
        }
    }
    arrange(whole, &order, limit, offset, tables.scope())
}

/// Filters, orders and cuts a finished relation, as SHOW does.
pub fn arrange(
    mut relation: Relation,
    order_by: &[OrderKey],
    limit: Option<usize>,
    offset: usize,
    session: &dyn Scope,
) -> Result<Relation, SqlError> {
    let rows = std::mem::take(&mut relation.rows);
    let mut keyed = Vec::with_capacity(rows.len());
    for row in rows {
        let scope = RowScope { fields: &relation, row: Some(&row), session };
        let keys = order_by.iter().map(|key| output_key(key, &row, &scope)).collect::<Result<Vec<_>, _>>()?;
        keyed.push((row, keys));
    }
    relation.rows = cut(keyed, order_by, limit, offset);
    Ok(relation)
}

fn output_key(key: &OrderKey, row: &[Cell], scope: &dyn Scope) -> Result<Cell, EvalError> {
    match ordinal(&key.expr).and_then(|index| row.get(index)) {
        Some(cell) => Ok(cell.clone()),
        None => key.expr.eval(scope),
    }
}

fn cut(
    mut keyed: Vec<(Vec<Cell>, Vec<Cell>)>,
    order_by: &[OrderKey],
    limit: Option<usize>,
    offset: usize,
) -> Vec<Vec<Cell>> {
    if !order_by.is_empty() {
        let order = key_order(order_by);
        keyed.sort_by(|(_, left), (_, right)| compare_keys(left, right, &order));
    }
    let rows = keyed.into_iter().map(|(row, _)| row).skip(offset);
    match limit {
        Some(limit) => rows.take(limit).collect(),
        None => rows.collect(),
    }
}

/// Per key: descending, NULLs first.
pub fn key_order(keys: &[OrderKey]) -> Vec<(bool, bool)> {
    keys.iter().map(|key| (key.descending, key.nulls_first.unwrap_or(!key.descending))).collect()
}

/// Compares rows of ORDER BY values.
pub fn compare_keys(left: &[Cell], right: &[Cell], order: &[(bool, bool)]) -> Ordering {
    for ((left, right), (descending, nulls_first)) in left.iter().zip(right).zip(order) {
        let ordering = match (left.is_null(), right.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) if *nulls_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if *nulls_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ if *descending => right.cmp(left),
            _ => left.cmp(right),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

/// Replaces sub-selects in expressions by their values; they cannot name columns of the outer SELECT.
pub fn resolve(expr: &mut Expr, tables: &dyn Tables) -> Result<(), SqlError> {
    let mut failure = None;
    let outcome = expr.rewrite(&mut |expr| {
        let replaced = match expr {
            Expr::Scalar(select) => run(select, tables).and_then(|relation| match relation.rows.as_slice() {
                [] => Ok(Expr::Value(Cell::Null)),
                [row] if row.len() == 1 => Ok(Expr::Value(row[0].clone())),
                _ => Err(SqlError::detail("Expected LE 1 to be returned by expression")),
            }),
            Expr::InSelect { operand, select, negated } => run(select, tables).map(|relation| Expr::In {
                operand: operand.clone(),
                list: relation.rows.into_iter().filter_map(|row| row.into_iter().next()).map(Expr::Value).collect(),
                negated: *negated,
            }),
            _ => return Ok(()),
        };
        match replaced {
            Ok(replacement) => {
                *expr = replacement;
                Ok(())
            }
            Err(error) => {
                failure = Some(error);
                Err(EvalError(String::new()))
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(outcome?),
    }
}

fn resolve_selects(select: &mut Select, tables: &dyn Tables) -> Result<(), SqlError> {
    let items = select.items.iter_mut().filter_map(|item| match item {
        SelectItem::Expr(expr, _) => Some(expr),
        SelectItem::Star(_) => None,
    });
    for expr in items.chain(&mut select.filter).chain(&mut select.group_by).chain(&mut select.having) {
        resolve(expr, tables)?;
    }
    Ok(())
}

fn run_part(select: &Select, tables: &dyn Tables) -> Result<Relation, SqlError> {
    let session = tables.scope();
    let mut input = match &select.from {
        Some(source) => source_relation(source, select.filter.as_ref(), tables)?,
        None => Relation { fields: Vec::new(), rows: vec![Vec::new()] },
    };
    // A table's rows are filtered where they are.
    if let Some(filter) = select.filter.as_ref().filter(|_| !matches!(select.from, Some(Source::Table(..)))) {
        let rows = std::mem::take(&mut input.rows);
        for row in rows {
            if filter.holds(&RowScope { fields: &input, row: Some(&row), session })? {
                input.rows.push(row);
            }
        }
    }
    let items = expanded(&select.items, &input)?;
    check_columns(&items, &input)?;
    let order_by = order_exprs(select, &items, &input);
    let grouped = !select.group_by.is_empty()
        || items.iter().any(|(expr, _)| has_aggregate(expr))
        || select.having.iter().any(has_aggregate);
    let mut keyed = if grouped {
        group_rows(select, &items, &order_by, &input, session)?
    } else {
        let mut keyed = Vec::with_capacity(input.rows.len());
        for row in &input.rows {
            let scope = RowScope { fields: &input, row: Some(row), session };
            keyed.push((eval_items(&items, &scope)?, eval_keys(&order_by, &scope)?));
        }
        keyed
    };
    if select.distinct {
        let mut seen = HashSet::new();
        keyed.retain(|(row, _)| seen.insert(row.clone()));
    }
    let fields = items.iter().map(|(expr, name)| output_field(expr, name, &input)).collect();
    Ok(Relation { fields, rows: cut(keyed, &select.order_by, select.limit, select.offset) })
}

fn eval_items(items: &[(Expr, String)], scope: &dyn Scope) -> Result<Vec<Cell>, EvalError> {
    items.iter().map(|(expr, _)| expr.eval(scope)).collect()
}

fn eval_keys(keys: &[Expr], scope: &dyn Scope) -> Result<Vec<Cell>, EvalError> {
    keys.iter().map(|expr| expr.eval(scope)).collect()
}

/// A table without rows must refuse an unknown column too.
fn check_columns(items: &[(Expr, String)], input: &Relation) -> Result<(), SqlError> {
    for name in items.iter().flat_map(|(expr, _)| expr.columns()) {
        if input.position(None, &name).is_none() {
            return Err(SqlError::detail(format!("Unknown column '{name}' in 'table list'")));
        }
    }
    Ok(())
}

fn output_field(expr: &Expr, name: &str, input: &Relation) -> Field {
    let source = match expr {
        Expr::Column { table, name } => input.position(table.as_deref(), name).map(|at| &input.fields[at]),
        _ => None,
    };
    Field {
        table: source.map(|field| field.table.clone()).unwrap_or_default(),
        name: name.to_owned(),
        ty: source.and_then(|field| field.ty.clone()),
        visible: true,
    }
}

/// The rows of a source; of a table only those for which the condition holds.
fn source_relation(source: &Source, filter: Option<&Expr>, tables: &dyn Tables) -> Result<Relation, SqlError> {
    match source {
        Source::Table(name, alias) => tables.relation(name, alias.as_deref().unwrap_or(&name.table), filter),
        Source::Select(select, alias) => Ok(renamed(run(select, tables)?, alias)),
        Source::Join { left, right, outer, on } => {
            let (left, right) = (source_relation(left, None, tables)?, source_relation(right, None, tables)?);
            join(left, &right, *outer, on.as_ref(), tables.scope())
        }
    }
}

fn renamed(mut relation: Relation, table: &str) -> Relation {
    for field in &mut relation.fields {
        field.table = table.to_owned();
    }
    relation
}

/// Every row with every row, then the condition: for tables of a test's size.
fn join(
    left: Relation,
    right: &Relation,
    outer: bool,
    on: Option<&Expr>,
    session: &dyn Scope,
) -> Result<Relation, SqlError> {
    let mut joined = Relation { fields: left.fields, rows: Vec::new() };
    joined.fields.extend(right.fields.iter().cloned());
    for row in left.rows {
        let mut matched = false;
        for partner in &right.rows {
            let both: Vec<Cell> = row.iter().chain(partner).cloned().collect();
            let taken = match on {
                Some(on) => on.holds(&RowScope { fields: &joined, row: Some(&both), session })?,
                None => true,
            };
            if taken {
                matched = true;
                joined.rows.push(both);
            }
        }
        if outer && !matched {
            let nulls = right.fields.iter().map(|_| Cell::Null);
            joined.rows.push(row.into_iter().chain(nulls).collect());
        }
    }
    Ok(joined)
}

fn expanded(items: &[SelectItem], input: &Relation) -> Result<Vec<(Expr, String)>, SqlError> {
    let mut out = Vec::new();
    for item in items {
        match item {
            SelectItem::Expr(expr, name) => out.push((expr.clone(), name.clone())),
            SelectItem::Star(table) => {
                let before = out.len();
                let belongs = |field: &&Field| {
                    field.visible && table.as_ref().is_none_or(|table| field.table.eq_ignore_ascii_case(table))
                };
                out.extend(input.fields.iter().filter(belongs).map(|field| {
                    let table = Some(field.table.clone()).filter(|table| !table.is_empty());
                    (Expr::Column { table, name: field.name.clone() }, field.name.clone())
                }));
                if out.len() == before {
                    return Err(SqlError::detail("'*' names no column here"));
                }
            }
        }
    }
    Ok(out)
}

fn ordinal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Literal(Literal::Number(digits)) => digits.parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
}

/// What an ordinal or alias of ORDER BY or GROUP BY stands for.
fn meant(expr: &Expr, items: &[(Expr, String)], input: &Relation, alias_first: bool) -> Expr {
    if let Some((item, _)) = ordinal(expr).and_then(|index| items.get(index)) {
        return item.clone();
    }
    if let Expr::Column { table: None, name } = expr
        && (alias_first || input.position(None, name).is_none())
        && let Some((item, _)) = items.iter().find(|(_, alias)| alias.eq_ignore_ascii_case(name))
    {
        return item.clone();
    }
    expr.clone()
}

fn order_exprs(select: &Select, items: &[(Expr, String)], input: &Relation) -> Vec<Expr> {
    select.order_by.iter().map(|key| meant(&key.expr, items, input, true)).collect()
}

fn has_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    let searched = expr.clone().rewrite(&mut |expr| {
        found |= matches!(expr, Expr::Call(call) if AGGREGATES.contains(&call.name.as_str()));
        Ok(())
    });
    debug_assert!(searched.is_ok(), "searching cannot fail");
    found
}

type Keyed = Vec<(Vec<Cell>, Vec<Cell>)>;

fn group_rows(
    select: &Select,
    items: &[(Expr, String)],
    order_by: &[Expr],
    input: &Relation,
    session: &dyn Scope,
) -> Result<Keyed, SqlError> {
    let group_by: Vec<Expr> = select.group_by.iter().map(|expr| meant(expr, items, input, false)).collect();
    let mut places: HashMap<Vec<Cell>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&[Cell]>> = Vec::new();
    if group_by.is_empty() {
        groups.push(input.rows.iter().map(Vec::as_slice).collect());
    } else {
        for row in &input.rows {
            let key = eval_keys(&group_by, &RowScope { fields: input, row: Some(row), session })?;
            let place = *places.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(row);
        }
    }
    let mut keyed = Vec::new();
    for rows in &groups {
        let group = Group { rows, input, session };
        if let Some(having) = &select.having
            && super::expr::is_true(&group.eval(&meant(having, items, input, false))?) != Some(true)
        {
            continue;
        }
        let row = items.iter().map(|(expr, _)| group.eval(expr)).collect::<Result<Vec<_>, _>>()?;
        let keys = order_by.iter().map(|expr| group.eval(expr)).collect::<Result<Vec<_>, _>>()?;
        keyed.push((row, keys));
    }
    Ok(keyed)
}

struct Group<'a> {
    rows: &'a [&'a [Cell]],
    input: &'a Relation,
    session: &'a dyn Scope,
}

impl Group<'_> {
    /// Aggregates over all rows, everything else by the first one.
    fn eval(&self, expr: &Expr) -> Result<Cell, EvalError> {
        let mut expr = expr.clone();
        expr.rewrite(&mut |expr| {
            if let Expr::Call(call) = expr
                && AGGREGATES.contains(&call.name.as_str())
            {
                let scopes = self.rows.iter().map(|row| Box::new(self.scope(Some(row))) as Box<dyn Scope>);
                *expr = Expr::Value(aggregate::value(call, scopes)?);
            }
            Ok(())
        })?;
        expr.eval(&self.scope(self.rows.first().copied()))
    }

    fn scope<'a>(&'a self, row: Option<&'a [Cell]>) -> RowScope<'a> {
        RowScope { fields: self.input, row, session: self.session }
    }
}

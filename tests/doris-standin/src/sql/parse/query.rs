//! SELECT.

use super::{Parsed, Parser};
use crate::sql::ast::{OrderKey, Select, SelectItem, Source};
use crate::sql::expr::{Expr, Literal};

impl Parser<'_> {
    /// A SELECT with its unions; ORDER BY and LIMIT of the last part belong to the whole.
    pub(super) fn select(&mut self) -> Parsed<Select> {
        let mut whole = self.select_part()?;
        while self.eat("UNION") {
            let all = self.eat("ALL");
            self.eat("DISTINCT");
            let part = self.select_part()?;
            whole.unions.push((all, part));
        }
        if self.eat("ORDER BY") {
            whole.order_by = self.order_keys()?;
        }
        (whole.limit, whole.offset) = self.limit()?;
        Ok(whole)
    }

    fn select_part(&mut self) -> Parsed<Select> {
        if self.eat_symbol("(") {
            let inner = self.select()?;
            self.expect_symbol(")")?;
            return Ok(inner);
        }
        self.expect("SELECT")?;
        let mut select = Select { distinct: self.eat("DISTINCT"), ..Select::default() };
        self.eat("ALL");
        loop {
            let item = self.select_item()?;
            select.items.push(item);
            if !self.eat_symbol(",") {
                break;
            }
        }
        if self.eat("FROM") {
            select.from = Some(self.source()?);
        }
        select.filter = self.filter()?;
        if self.eat("GROUP BY") {
            select.group_by = self.expressions()?;
        }
        if self.eat("HAVING") {
            select.having = Some(self.expr()?);
        }
        Ok(select)
    }

    pub(super) fn filter(&mut self) -> Parsed<Option<Expr>> {
        if self.eat("WHERE") { self.expr().map(Some) } else { Ok(None) }
    }

    fn expressions(&mut self) -> Parsed<Vec<Expr>> {
        let mut all = vec![self.expr()?];
        while self.eat_symbol(",") {
            all.push(self.expr()?);
        }
        Ok(all)
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        if self.eat_symbol("*") {
            return Ok(SelectItem::Star(None));
        }
        if self.ahead_symbol(1, ".") && self.ahead_symbol(2, "*") {
            let table = self.name()?;
            self.at += 2;
            return Ok(SelectItem::Star(Some(table)));
        }
        let start = self.tokens[self.at].start;
        let expr = self.expr()?;
        let written = self.text[start..self.tokens[self.at - 1].end].to_owned();
        let name = match (self.alias()?, &expr) {
            (Some(alias), _) => alias,
            (None, Expr::Column { name, .. }) => name.clone(),
            (None, Expr::Literal(Literal::Text(text))) => text.clone(),
            (None, _) => written,
        };
        Ok(SelectItem::Expr(expr, name))
    }

    fn source(&mut self) -> Parsed<Source> {
        let mut left = self.source_part()?;
        loop {
            let comma = self.eat_symbol(",") || self.eat("CROSS JOIN");
            let outer = !comma && (self.eat("LEFT JOIN") || self.eat("LEFT OUTER JOIN"));
            if !comma && !outer && !self.eat("JOIN") && !self.eat("INNER JOIN") {
                return Ok(left);
            }
            let right = Box::new(self.source_part()?);
            let on = if !comma && self.eat("ON") { Some(self.expr()?) } else { None };
            left = Source::Join { left: Box::new(left), right, outer, on };
        }
    }

    fn source_part(&mut self) -> Parsed<Source> {
        if self.eat_symbol("(") {
            let select = Box::new(self.select()?);
            self.expect_symbol(")")?;
            let Some(alias) = self.alias()? else {
                return self.expected("the sub-select's alias");
            };
            return Ok(Source::Select(select, alias));
        }
        let table = self.table_name()?;
        Ok(Source::Table(table, self.alias()?))
    }

    pub(super) fn order_keys(&mut self) -> Parsed<Vec<OrderKey>> {
        let mut keys = Vec::new();
        loop {
            let expr = self.expr()?;
            let descending = self.eat("DESC");
            if !descending {
                self.eat("ASC");
            }
            let nulls_first = match () {
                () if self.eat("NULLS FIRST") => Some(true),
                () if self.eat("NULLS LAST") => Some(false),
                () => None,
            };
            keys.push(OrderKey { expr, descending, nulls_first });
            if !self.eat_symbol(",") {
                return Ok(keys);
            }
        }
    }

    /// `LIMIT n`, `LIMIT offset, n`, `LIMIT n OFFSET offset`
    pub(super) fn limit(&mut self) -> Parsed<(Option<usize>, usize)> {
        if !self.eat("LIMIT") {
            return Ok((None, 0));
        }
        let first = self.count()?;
        if self.eat_symbol(",") {
            return Ok((Some(self.count()?), first));
        }
        let offset = if self.eat("OFFSET") { self.count()? } else { 0 };
        Ok((Some(first), offset))
    }
}

//! INSERT, UPDATE, DELETE, TRUNCATE.

use super::{Parsed, Parser};
use crate::sql::ast::{Delete, Insert, InsertSource, Statement, Update};
use crate::sql::expr::Expr;

impl Parser<'_> {
    pub(super) fn insert(&mut self) -> Parsed<Statement> {
        self.expect("INSERT")?;
        let overwrite = self.eat("OVERWRITE");
        if !overwrite {
            self.expect("INTO")?;
        }
        self.eat("TABLE");
        let table = self.table_name()?;
        let label = if self.eat("WITH LABEL") { Some(self.name()?) } else { None };
        let columns = if self.ahead_symbol(0, "(") && !self.ahead_is(1, "SELECT") { Some(self.names()?) } else { None };
        let source = if self.eat("VALUES") || self.eat("VALUE") {
            let mut rows = vec![self.value_row()?];
            while self.eat_symbol(",") {
                rows.push(self.value_row()?);
            }
            InsertSource::Values(rows)
        } else {
            InsertSource::Select(Box::new(self.select()?))
        };
        Ok(Statement::Insert(Insert { table, overwrite, label, columns, source }))
    }

    fn value_row(&mut self) -> Parsed<Vec<Option<Expr>>> {
        self.list(|parser| if parser.eat("DEFAULT") { Ok(None) } else { parser.expr().map(Some) })
    }

    pub(super) fn update(&mut self) -> Parsed<Statement> {
        self.expect("UPDATE")?;
        let table = self.table_name()?;
        self.expect("SET")?;
        let mut assignments = Vec::new();
        loop {
            let column = self.table_name()?.table;
            self.expect_symbol("=")?;
            assignments.push((column, self.expr()?));
            if !self.eat_symbol(",") {
                break;
            }
        }
        let filter = self.filter()?;
        Ok(Statement::Update(Update { table, assignments, filter }))
    }

    pub(super) fn delete(&mut self) -> Parsed<Statement> {
        self.expect("DELETE FROM")?;
        let table = self.table_name()?;
        let partitions = self.partitions()?;
        let filter = self.filter()?;
        Ok(Statement::Delete(Delete { table, partitions, filter }))
    }

    /// `PARTITION p`, `PARTITION (p, …)` or `PARTITIONS (p, …)`
    fn partitions(&mut self) -> Parsed<Vec<String>> {
        if !self.eat("PARTITION") && !self.eat("PARTITIONS") {
            return Ok(Vec::new());
        }
        if self.ahead_symbol(0, "(") { self.names() } else { Ok(vec![self.name()?]) }
    }

    pub(super) fn truncate(&mut self) -> Parsed<Statement> {
        self.expect("TRUNCATE TABLE")?;
        let name = self.table_name()?;
        let partitions = self.partitions()?;
        self.eat("FORCE");
        Ok(Statement::Truncate { name, partitions })
    }
}

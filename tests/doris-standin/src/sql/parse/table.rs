//! CREATE, DROP and ALTER.

use super::{Parsed, Parser};
use crate::sql::ast::{
    AlterClause, BoundValue, ColumnDef, ColumnPosition, CreateTable, DefaultValue, Distribution, IndexDef, KeyClause,
    PartitionBound, PartitionBy, PartitionDef, Statement,
};
use crate::sql::lexer::TokenKind;

const AGGREGATIONS: [&str; 8] =
    ["SUM", "MAX", "MIN", "REPLACE", "REPLACE_IF_NOT_NULL", "HLL_UNION", "BITMAP_UNION", "QUANTILE_UNION"];

impl Parser<'_> {
    pub(super) fn create(&mut self) -> Parsed<Statement> {
        self.expect("CREATE")?;
        if self.eat("DATABASE") || self.eat("SCHEMA") {
            let if_not_exists = self.if_not_exists();
            let name = self.name()?;
            if self.eat("PROPERTIES") {
                self.properties()?;
            }
            return Ok(Statement::CreateDatabase { name, if_not_exists });
        }
        self.expect("TABLE")?;
        let if_not_exists = self.if_not_exists();
        let name = self.table_name()?;
        if self.eat("LIKE") {
            let like = self.table_name()?;
            return Ok(Statement::CreateTableLike { name, if_not_exists, like });
        }
        self.create_table(CreateTable {
            name,
            if_not_exists,
            columns: Vec::new(),
            indexes: Vec::new(),
            keys: None,
            comment: String::new(),
            partition: None,
            distribution: None,
            properties: Vec::new(),
        })
    }

    fn create_table(&mut self, mut table: CreateTable) -> Parsed<Statement> {
        self.expect_symbol("(")?;
        loop {
            if self.ahead_is(0, "INDEX") && !self.ahead_symbol(2, ",") {
                table.indexes.push(self.index()?);
            } else {
                table.columns.push(self.column_def()?);
            }
            if !self.eat_symbol(",") {
                break;
            }
        }
        self.expect_symbol(")")?;
        if self.eat("ENGINE") {
            self.expect_symbol("=")?;
            if !self.name()?.eq_ignore_ascii_case("OLAP") {
                return self.expected("OLAP");
            }
        }
        table.keys = self.key_clause()?;
        if self.eat("CLUSTER BY") {
            self.names()?;
        }
        if self.eat("COMMENT") {
            self.eat_symbol("=");
            table.comment = self.text_literal()?;
        }
        table.partition = self.partition_by()?;
        table.distribution = self.distribution()?;
        if self.eat("ROLLUP") {
            return self.expected("no ROLLUP (the stand-in has none)");
        }
        if self.eat("PROPERTIES") {
            table.properties = self.properties()?;
        }
        Ok(Statement::CreateTable(Box::new(table)))
    }

    fn index(&mut self) -> Parsed<IndexDef> {
        self.expect("INDEX")?;
        self.if_not_exists();
        let name = self.name()?;
        let columns = self.names()?;
        let kind = if self.eat("USING") { self.name()?.to_uppercase() } else { String::new() };
        if self.eat("PROPERTIES") {
            self.properties()?;
        }
        if self.eat("COMMENT") {
            self.text_literal()?;
        }
        Ok(IndexDef { name, columns, kind })
    }

    fn key_clause(&mut self) -> Parsed<Option<(KeyClause, Vec<String>)>> {
        let clause = match () {
            () if self.eat("UNIQUE KEY") => KeyClause::Unique,
            () if self.eat("DUPLICATE KEY") => KeyClause::Duplicate,
            () if self.eat("AGGREGATE KEY") => KeyClause::Aggregate,
            () => return Ok(None),
        };
        Ok(Some((clause, self.names()?)))
    }

    fn column_def(&mut self) -> Parsed<ColumnDef> {
        let name = self.name()?;
        let ty = self.type_name()?;
        let mut column = ColumnDef {
            name,
            ty,
            key: false,
            aggregation: None,
            nullable: None,
            default: None,
            auto_increment: None,
            generated: None,
            on_update: false,
            comment: String::new(),
        };
        while self.column_attribute(&mut column)? {}
        Ok(column)
    }

    /// One of the things behind a column's type; false: there is none.
    fn column_attribute(&mut self, column: &mut ColumnDef) -> Parsed<bool> {
        if self.eat("KEY") {
            column.key = true;
        } else if let Some(word) = self.ahead_word(0).filter(|word| AGGREGATIONS.contains(&word.as_str())) {
            self.at += 1;
            column.aggregation = Some(word);
        } else if self.eat("NOT NULL") {
            column.nullable = Some(false);
        } else if self.eat("NULL") {
            column.nullable = Some(true);
        } else if self.eat("DEFAULT") {
            column.default = Some(self.default_value()?);
        } else if self.eat("AUTO_INCREMENT") {
            column.auto_increment = Some(1);
            if self.eat_symbol("(") {
                column.auto_increment = Some(self.count()?);
                self.expect_symbol(")")?;
            }
        } else if self.eat("GENERATED ALWAYS AS") || (self.ahead_symbol(1, "(") && self.eat("AS")) {
            self.expect_symbol("(")?;
            column.generated = Some(self.expr()?);
            self.expect_symbol(")")?;
        } else if self.eat("ON UPDATE") {
            self.default_value()?;
            column.on_update = true;
        } else if self.eat("COMMENT") {
            column.comment = self.text_literal()?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn default_value(&mut self) -> Parsed<DefaultValue> {
        let sign = if self.eat_symbol("-") { "-" } else { "" };
        Ok(match self.next() {
            TokenKind::Text(text) => DefaultValue::Literal(text),
            TokenKind::Number(digits) => DefaultValue::Literal(format!("{sign}{digits}")),
            TokenKind::Symbol("[") => {
                self.expect_symbol("]")?;
                DefaultValue::Literal("[]".to_owned())
            }
            TokenKind::Word(word) => match word.to_uppercase().as_str() {
                "NULL" => DefaultValue::Null,
                "TRUE" => DefaultValue::Literal("1".to_owned()),
                "FALSE" => DefaultValue::Literal("0".to_owned()),
                "CURRENT_DATE" => DefaultValue::CurrentDate,
                "CURRENT_TIMESTAMP" => {
                    let mut precision = None;
                    if self.eat_symbol("(") {
                        precision = if self.ahead_symbol(0, ")") { None } else { Some(self.count()?) };
                        self.expect_symbol(")")?;
                    }
                    DefaultValue::CurrentTimestamp(precision)
                }
                _ => return self.expected("a default value"),
            },
            _ => return self.expected("a default value"),
        })
    }

    fn partition_by(&mut self) -> Parsed<Option<PartitionBy>> {
        let auto = self.ahead_is(0, "AUTO") && self.ahead_is(1, "PARTITION");
        self.at += usize::from(auto);
        if !self.eat("PARTITION BY") {
            return Ok(None);
        }
        let list = self.eat("LIST");
        if !list {
            self.eat("RANGE");
        }
        let by = self.list(Self::expr)?;
        let partitions = if self.ahead_symbol(0, "(") { self.list(Self::partition_def)? } else { Vec::new() };
        Ok(Some(PartitionBy { auto, list, by, partitions }))
    }

    fn partition_def(&mut self) -> Parsed<PartitionDef> {
        self.expect("PARTITION")?;
        let if_not_exists = self.if_not_exists();
        let name = self.name()?;
        let bound = self.partition_bound()?;
        if self.ahead_symbol(0, "(") {
            self.properties()?;
        }
        Ok(PartitionDef { name, if_not_exists, bound })
    }

    fn partition_bound(&mut self) -> Parsed<PartitionBound> {
        self.expect("VALUES")?;
        if self.eat("LESS THAN") {
            if self.eat("MAXVALUE") {
                return Ok(PartitionBound::LessThan(vec![BoundValue::Max]));
            }
            return self.list(Self::bound_value).map(PartitionBound::LessThan);
        }
        if self.eat("IN") {
            return self
                .list(|parser| {
                    if parser.ahead_symbol(0, "(") {
                        parser.list(Self::bound_value)
                    } else {
                        Ok(vec![parser.bound_value()?])
                    }
                })
                .map(PartitionBound::In);
        }
        self.expect_symbol("[")?;
        let lower = self.list(Self::bound_value)?;
        self.expect_symbol(",")?;
        let upper = self.list(Self::bound_value)?;
        self.expect_symbol(")")?;
        Ok(PartitionBound::Range(lower, upper))
    }

    fn bound_value(&mut self) -> Parsed<BoundValue> {
        if self.eat("MAXVALUE") {
            return Ok(BoundValue::Max);
        }
        if self.eat("NULL") {
            return Ok(BoundValue::Null);
        }
        let sign = if self.eat_symbol("-") { "-" } else { "" };
        match self.next() {
            TokenKind::Text(text) => Ok(BoundValue::Literal(text)),
            TokenKind::Number(digits) => Ok(BoundValue::Literal(format!("{sign}{digits}"))),
            _ => self.expected("a bound"),
        }
    }

    fn distribution(&mut self) -> Parsed<Option<Distribution>> {
        if !self.eat("DISTRIBUTED BY") {
            return Ok(None);
        }
        let hash = if self.eat("RANDOM") {
            None
        } else {
            self.expect("HASH")?;
            Some(self.names()?)
        };
        let buckets = if self.eat("BUCKETS") && !self.eat("AUTO") { Some(self.count()?) } else { None };
        Ok(Some(Distribution { hash, buckets }))
    }

    pub(super) fn drop(&mut self) -> Parsed<Statement> {
        self.expect("DROP")?;
        let database = self.eat("DATABASE") || self.eat("SCHEMA");
        if !database {
            self.expect("TABLE")?;
        }
        let if_exists = self.if_exists();
        let name = self.table_name()?;
        self.eat("FORCE");
        Ok(if database {
            Statement::DropDatabase { name: name.table, if_exists }
        } else {
            Statement::DropTable { name, if_exists }
        })
    }

    pub(super) fn cancel_alter(&mut self) -> Parsed<Statement> {
        self.expect("CANCEL ALTER TABLE COLUMN FROM")?;
        let name = self.table_name()?;
        if self.ahead_symbol(0, "(") {
            self.list(Self::count::<u64>)?;
        }
        Ok(Statement::CancelAlter(name))
    }

    pub(super) fn alter(&mut self) -> Parsed<Statement> {
        self.expect("ALTER TABLE")?;
        let name = self.table_name()?;
        let mut clauses = Vec::new();
        loop {
            self.alter_clause(&mut clauses)?;
            if !self.eat_symbol(",") {
                return Ok(Statement::AlterTable { name, clauses });
            }
        }
    }

    fn alter_clause(&mut self, clauses: &mut Vec<AlterClause>) -> Parsed<()> {
        let clause = match () {
            () if self.eat("ADD COLUMN") => return self.add_columns(clauses),
            () if self.eat("ADD PARTITION") => {
                self.at -= 1;
                AlterClause::AddPartition(self.partition_def()?)
            }
            () if self.eat("DROP COLUMN") => AlterClause::DropColumn(self.name()?),
            () if self.eat("DROP PARTITION") => {
                let if_exists = self.if_exists();
                let name = self.name()?;
                self.eat("FORCE");
                AlterClause::DropPartition { name, if_exists }
            }
            () if self.eat("MODIFY COLUMN") => self.modify_column()?,
            () if self.eat("MODIFY COMMENT") => AlterClause::Comment(self.text_literal()?),
            () if self.eat("RENAME COLUMN") => {
                let old = self.name()?;
                self.eat("TO");
                AlterClause::RenameColumn(old, self.name()?)
            }
            () if self.eat("RENAME") => AlterClause::Rename(self.name()?),
            () if self.eat("ORDER BY") => AlterClause::Reorder(self.reorder()?),
            () if self.eat("SET") => AlterClause::Set(self.properties()?),
            () if self.eat("ENABLE FEATURE") => AlterClause::EnableFeature(self.text_literal()?),
            () if [
                "ADD INDEX",
                "DROP INDEX",
                "MODIFY DISTRIBUTION",
                "ADD TEMPORARY",
                "MODIFY ENGINE",
                "ADD ROLLUP",
            ]
            .iter()
            .any(|words| self.eat(words)) =>
            {
                self.skip_statement();
                AlterClause::Layout
            }
            () => return self.expected("a clause of ALTER TABLE"),
        };
        clauses.push(clause);
        Ok(())
    }

    fn add_columns(&mut self, clauses: &mut Vec<AlterClause>) -> Parsed<()> {
        if self.ahead_symbol(0, "(") {
            let columns = self.list(Self::column_def)?;
            clauses.extend(columns.into_iter().map(|column| AlterClause::AddColumn(column, None)));
            return self.ignore_rollup();
        }
        let column = self.column_def()?;
        let position = self.position()?;
        clauses.push(AlterClause::AddColumn(column, position));
        self.ignore_rollup()
    }

    fn ignore_rollup(&mut self) -> Parsed<()> {
        if self.eat("PROPERTIES") {
            self.properties()?;
        }
        Ok(())
    }

    fn modify_column(&mut self) -> Parsed<AlterClause> {
        if self.ahead_is(1, "COMMENT") {
            let column = self.name()?;
            self.at += 1;
            return Ok(AlterClause::ColumnComment(column, self.text_literal()?));
        }
        let column = self.column_def()?;
        let position = self.position()?;
        Ok(AlterClause::ModifyColumn(column, position))
    }

    fn position(&mut self) -> Parsed<Option<ColumnPosition>> {
        Ok(match () {
            () if self.eat("FIRST") => Some(ColumnPosition::First),
            () if self.eat("AFTER") => Some(ColumnPosition::After(self.name()?)),
            () => None,
        })
    }

    fn reorder(&mut self) -> Parsed<Vec<String>> {
        if self.ahead_symbol(0, "(") {
            return self.names();
        }
        let mut columns = vec![self.name()?];
        while self.eat_symbol(",") {
            columns.push(self.name()?);
        }
        Ok(columns)
    }
}

//! SHOW, DESC, USE, SET.

use super::{Parsed, Parser};
use crate::sql::ast::{Show, ShowKind, Statement};
use crate::sql::expr::{Expr, Literal};
use crate::sql::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn show(&mut self) -> Parsed<Statement> {
        self.expect("SHOW")?;
        let kind = self.show_kind()?;
        let mut show =
            Show { kind, database: None, like: None, filter: None, order_by: Vec::new(), limit: None, offset: 0 };
        if self.eat("FROM") || self.eat("IN") {
            show.database = Some(self.table_name()?.table);
        }
        if self.eat("LIKE") {
            show.like = Some(self.text_literal()?);
        }
        show.filter = self.filter()?;
        if self.eat("ORDER BY") {
            show.order_by = self.order_keys()?;
        }
        (show.limit, show.offset) = self.limit()?;
        Ok(Statement::Show(Box::new(show)))
    }

    fn show_kind(&mut self) -> Parsed<ShowKind> {
        self.eat("GLOBAL");
        self.eat("SESSION");
        let full = self.eat("FULL");
        let word = self.name()?.to_uppercase();
        Ok(match word.as_str() {
            "DATABASES" | "SCHEMAS" => ShowKind::Databases,
            "TABLES" => ShowKind::Tables { full },
            "COLUMNS" | "FIELDS" => ShowKind::Columns { full, table: self.shown_table()? },
            "INDEX" | "INDEXES" | "KEYS" => ShowKind::Index(self.shown_table()?),
            "PARTITIONS" => ShowKind::Partitions(self.shown_table()?),
            "CREATE" => return self.show_create(),
            "FRONTENDS" => ShowKind::Frontends,
            "BACKENDS" => ShowKind::Backends,
            "VARIABLES" => ShowKind::Variables,
            "TRANSACTION" => ShowKind::Transaction,
            "PROCESSLIST" => ShowKind::Processlist,
            "ALTER" => {
                self.expect("TABLE")?;
                self.expect("COLUMN")?;
                ShowKind::AlterTableColumn
            }
            "STREAM" => {
                self.expect("LOAD")?;
                ShowKind::StreamLoad
            }
            "TABLE" => {
                self.expect("STATUS")?;
                ShowKind::TableStatus
            }
            "WARNINGS" | "ERRORS" | "ENGINES" | "COLLATION" | "CHARSET" | "PLUGINS" | "STATUS" | "EVENTS"
            | "TRIGGERS" | "GRANTS" | "PROCEDURE" | "FUNCTION" | "CHARACTER" | "CATALOGS" => {
                if matches!(word.as_str(), "PROCEDURE" | "FUNCTION" | "CHARACTER") {
                    self.name()?;
                }
                ShowKind::Other(word)
            }
            _ => return self.expected("a set that the stand-in shows"),
        })
    }

    fn show_create(&mut self) -> Parsed<ShowKind> {
        if self.eat("DATABASE") || self.eat("SCHEMA") {
            return self.name().map(ShowKind::CreateDatabase);
        }
        self.expect("TABLE")?;
        self.table_name().map(ShowKind::CreateTable)
    }

    /// `FROM t [FROM db]`
    fn shown_table(&mut self) -> Parsed<crate::sql::ast::TableName> {
        if !self.eat("FROM") && !self.eat("IN") {
            return self.expected("FROM");
        }
        let mut table = self.table_name()?;
        if self.eat("FROM") || self.eat("IN") {
            table.database = Some(self.name()?);
        }
        Ok(table)
    }

    pub(super) fn describe(&mut self) -> Parsed<Statement> {
        self.at += 1;
        let name = self.table_name()?;
        self.eat("ALL");
        Ok(Statement::Describe(name))
    }

    pub(super) fn use_database(&mut self) -> Parsed<Statement> {
        self.expect("USE")?;
        Ok(Statement::Use(self.table_name()?.table))
    }

    pub(super) fn set(&mut self) -> Parsed<Statement> {
        self.expect("SET")?;
        if ["NAMES", "CHARACTER", "CHARSET", "PASSWORD", "TRANSACTION"].iter().any(|word| self.ahead_is(0, word))
            || (self.ahead_is(1, "TRANSACTION") && !self.ahead_symbol(0, "="))
        {
            self.skip_statement();
            return Ok(Statement::Set(Vec::new()));
        }
        let mut assignments = Vec::new();
        loop {
            assignments.push(self.assignment()?);
            if !self.eat_symbol(",") {
                return Ok(Statement::Set(assignments));
            }
        }
    }

    fn assignment(&mut self) -> Parsed<(String, Expr)> {
        for scope in ["GLOBAL", "SESSION", "LOCAL"] {
            self.eat(scope);
        }
        let name = match self.next() {
            TokenKind::Variable(name) => name,
            TokenKind::Word(name) | TokenKind::Quoted(name) => name.to_lowercase(),
            _ => return self.expected("a variable"),
        };
        if !self.eat_symbol("=") {
            self.expect_symbol(":=")?;
        }
        let value = match self.ahead_word(0).as_deref() {
            Some("ON" | "DEFAULT" | "STRICT_TRANS_TABLES") => Expr::Literal(Literal::Text(self.name()?)),
            _ => match self.expr()? {
                // SET x = utf8mb4: a bare word is a text here.
                Expr::Column { table: None, name } => Expr::Literal(Literal::Text(name)),
                value => value,
            },
        };
        let name = name.trim_start_matches("session.").trim_start_matches("global.").to_owned();
        Ok((name, value))
    }
}

//! A client's session: its database and variables, and the way of each statement.

use super::ast::{CreateTable, Statement, TableName};
use super::error::SqlError;
use super::expr::{Expr, Scope};
use super::relation::{Field, Relation, RowScope};
use super::select::{self, Tables};
use super::{alter, create_table, information_schema, parse, show, span, variables, write};
use crate::cell::Cell;
use crate::cluster::Cluster;
use crate::store::Refused;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a statement gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Rows under columns.
    Rows(Relation),
    /// No rows.
    Done {
        /// Rows written.
        affected: u64,
        /// What the OK packet says: of an INSERT label, status and transaction.
        info: String,
    },
}

impl Outcome {
    pub(super) fn done() -> Outcome {
        Outcome::Done { affected: 0, info: String::new() }
    }
}

impl From<Refused> for SqlError {
    fn from(refused: Refused) -> SqlError {
        let code = match refused.0.as_str() {
            text if text.starts_with("Unknown database") => 1049,
            text if text.starts_with("Unknown table") => 1051,
            text if text.starts_with("Can't create database") => 1007,
            text if text.starts_with("Can't drop database") => 1008,
            text if text.starts_with("Table '") && text.ends_with("already exists") => 1050,
            _ => 1105,
        };
        SqlError::numbered(code, refused)
    }
}

/// A session. Statements of one session run one after the other; sessions run beside each other.
pub struct Session {
    /// The cluster.
    pub cluster: Arc<Cluster>,
    /// `USE`.
    pub database: Option<String>,
    user: String,
    id: u32,
    variables: BTreeMap<String, Cell>,
}

impl Session {
    /// A session of `user` without a database.
    pub fn new(cluster: Arc<Cluster>, user: &str, id: u32) -> Session {
        let variables = variables::defaults(cluster.version());
        Session { cluster, database: None, user: user.to_owned(), id, variables }
    }

    /// Runs one statement.
    pub fn execute(&mut self, text: &str) -> Result<Outcome, SqlError> {
        match parse::statement(text)? {
            Statement::Select(select) => select::run(&select, self).map(Outcome::Rows),
            Statement::Show(show) => show::run(self, &show).map(Outcome::Rows),
            Statement::Describe(name) => show::describe(self, &name).map(Outcome::Rows),
            Statement::Insert(insert) => write::insert(self, &insert),
            Statement::Update(update) => write::update(self, &update),
            Statement::Delete(delete) => write::delete(self, &delete),
            Statement::Use(name) => self.use_database(&name).map(|()| Outcome::done()),
            Statement::Set(assignments) => {
                for (name, value) in assignments {
                    let value = value.eval(self)?;
                    self.variables.insert(name.rsplit('.').next().unwrap_or(&name).to_owned(), value);
                }
                Ok(Outcome::done())
            }
            Statement::NoEffect => Ok(Outcome::done()),
            definition => self.define(definition).map(|()| Outcome::done()),
        }
    }

    /// Makes a database the session's.
    pub fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        if !name.eq_ignore_ascii_case(information_schema::NAME) {
            self.cluster.store().database(name)?;
        }
        self.database = Some(name.to_owned());
        Ok(())
    }

    fn define(&self, statement: Statement) -> Result<(), SqlError> {
        match statement {
            Statement::CreateDatabase { name, if_not_exists } => {
                self.cluster.store().create_database(&name, if_not_exists)?;
            }
            Statement::DropDatabase { name, if_exists } => {
                self.cluster.store().drop_database(&name, if_exists)?;
            }
            Statement::CreateTable(statement) => self.create_table(&statement)?,
            Statement::CreateTableLike { name, if_not_exists, like } => {
                let (from, to) = (self.database_of(&like)?, self.database_of(&name)?);
                let mut store = self.cluster.store();
                let mut schema = (*store.table(&from, &like.table)?.schema).clone();
                schema.name = name.table;
                store.create_table(&to, schema, if_not_exists)?;
            }
            Statement::DropTable { name, if_exists } => {
                let database = self.database_of(&name)?;
                self.cluster.store().drop_table(&database, &name.table, if_exists)?;
            }
            Statement::Truncate { name, partitions } => write::truncate(self, &name, &partitions)?,
            Statement::AlterTable { name, clauses } => alter::run(self, &name, &clauses)?,
            Statement::CancelAlter(name) => {
                let database = self.database_of(&name)?;
                self.cluster.store().cancel_alter(&database, &name.table)?;
            }
            other => return Err(SqlError::detail(format!("the stand-in does not run {other:?}"))),
        }
        Ok(())
    }

    fn create_table(&self, statement: &CreateTable) -> Result<(), SqlError> {
        let database = self.database_of(&statement.name)?;
        let schema = create_table::schema(statement, self.cluster.version())?;
        self.cluster.store().create_table(&database, schema, statement.if_not_exists)?;
        Ok(())
    }

    /// The database a table's name means.
    pub(super) fn database_of(&self, name: &TableName) -> Result<String, SqlError> {
        let database = name.database.clone().or_else(|| self.database.clone());
        database.ok_or_else(|| SqlError::numbered(1046, "No database selected"))
    }

    /// Whether a variable is on.
    pub(super) fn is_on(&self, variable: &str) -> bool {
        let value = self.variables.get(variable).map(Cell::to_string).unwrap_or_default();
        matches!(value.to_lowercase().as_str(), "1" | "true" | "on")
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&String, &Cell)> {
        self.variables.iter()
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }
}

/// The rows for which a condition holds, under that name.
fn kept(mut relation: Relation, shown: &str, filter: Option<&Expr>, session: &Session) -> Result<Relation, SqlError> {
    for field in &mut relation.fields {
        shown.clone_into(&mut field.table);
    }
    if let Some(filter) = filter {
        for row in std::mem::take(&mut relation.rows) {
            if filter.holds(&RowScope { fields: &relation, row: Some(&row), session })? {
                relation.rows.push(row);
            }
        }
    }
    Ok(relation)
}

impl Scope for Session {
    fn column(&self, _table: Option<&str>, _name: &str) -> Option<Cell> {
        None
    }

    fn variable(&self, name: &str) -> Option<Cell> {
        self.variables.get(name).cloned()
    }

    fn session(&self, name: &str) -> Option<Cell> {
        Some(match name {
            "now" => super::arithmetic::now(self.cluster.clock.now_ms() * 1000),
            "database" => self.database.clone().map_or(Cell::Null, Cell::Text),
            "version" => Cell::Text(variables::MYSQL_VERSION.to_owned()),
            "connection_id" => Cell::Int(self.id.into()),
            "user" => Cell::Text(format!("'{}'@'127.0.0.1'", self.user)),
            _ => return None,
        })
    }
}

impl Tables for Session {
    fn relation(&self, name: &TableName, shown: &str, filter: Option<&Expr>) -> Result<Relation, SqlError> {
        let database = self.database_of(name)?;
        if database.eq_ignore_ascii_case(information_schema::NAME) {
            return kept(information_schema::relation(self, &name.table, filter)?, shown, filter, self);
        }
        let store = self.cluster.store();
        let table = store.table(&database, &name.table).map_err(|refused| match store.database(&database) {
            Ok(_) => SqlError::detail(format!("Table [{}] does not exist in database [{database}].", name.table)),
            Err(_) => refused.into(),
        })?;
        let hidden = self.is_on("show_hidden_columns");
        let field = |column: &crate::schema::Column| Field {
            table: shown.to_owned(),
            name: column.name.clone(),
            ty: Some(column.ty.clone()),
            visible: column.visible || hidden,
        };
        let mut relation = Relation { fields: table.schema.columns.iter().map(field).collect(), rows: Vec::new() };
        let Some(filter) = filter else {
            relation.rows = table.read(hidden);
            return Ok(relation);
        };
        let mut rows = Vec::new();
        for row in table.within(hidden, table.first_key().and_then(|key| span::of(filter, key))) {
            if filter.holds(&RowScope { fields: &relation, row: Some(row), session: self })? {
                rows.push(row.clone());
            }
        }
        relation.rows = rows;
        Ok(relation)
    }

    fn scope(&self) -> &dyn Scope {
        self
    }
}

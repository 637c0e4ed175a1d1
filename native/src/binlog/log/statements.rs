//! The log's statements: where transactions begin and end, and changes of tables.

use super::{Log, Need, unfollowed};
use crate::binlog::charset::Charset;
use crate::binlog::event::{Query, RawEvent};
use crate::binlog::statement::{self, Meaning};
use crate::error::Error;
use crate::sync::ddl::{self, SchemaChange, TableName};
use crate::sync::source::SourceTable;
use std::sync::Arc;

impl Log {
    pub(super) fn query(&mut self, event: &RawEvent<'_>) -> Result<Need, Error> {
        let query = Query::read(event)?;
        let charset = self.server.collations.get(&query.collation).map_or("utf8mb4", String::as_str);
        let charset = match (Charset::plain(charset), self.charsets.get(charset)) {
            (Some(plain), _) => Arc::new(plain),
            (None, Some(known)) => known.clone(),
            (None, None) => return Ok(Need::Charset(charset.to_string())),
        };
        let mut sql = Vec::with_capacity(query.sql.len());
        charset.decode(query.sql, &mut sql);
        let sql = String::from_utf8_lossy(&sql);
        let database = String::from_utf8_lossy(query.database);
        let has_rows = !self.transaction.counts.is_empty() || !self.transaction.waiting.is_empty();
        match statement::meaning(&sql) {
            Meaning::Begin => {
                self.transaction.open = true;
                self.transaction.start = self.sequence;
            }
            Meaning::Commit => self.commit(event),
            Meaning::Rollback | Meaning::RollbackTo if has_rows => {
                return Err(unfollowed(
                    "a transaction was rolled back that had changed tables with and without transactions, so what became of its rows is not known",
                ));
            }
            Meaning::Rollback => self.commit(event),
            Meaning::RollbackTo | Meaning::Savepoint => {}
            Meaning::XaBegin => {
                self.transaction.open = true;
                self.transaction.start = self.sequence;
                self.transaction.is_xa = true;
            }
            Meaning::XaEnd => {}
            Meaning::XaCommit(name) => self.decide(event, name, true)?,
            Meaning::XaRollback(name) => self.decide(event, name, false)?,
            Meaning::Rows => {
                self.refuse_rows(&database, &sql)?;
                self.end_of_statement(event);
            }
            Meaning::Other => {
                self.statement(event, &database, &sql)?;
                self.end_of_statement(event);
            }
        }
        Ok(Need::Nothing)
    }

    fn end_of_statement(&mut self, event: &RawEvent<'_>) {
        self.sequence += i64::from(event.size);
        if self.transaction.open {
            // Rows of the same transaction come behind it.
            self.transaction.start = self.sequence;
            self.transaction.counts.iter_mut().for_each(|(_, count)| *count = 0);
        } else {
            self.commit(event);
        }
    }

    /// A statement that changed rows which are not in the log.
    fn refuse_rows(&self, database: &str, sql: &str) -> Result<(), Error> {
        for table in self.outgoing.definitions().tables() {
            let name = TableName::new(&table.database, &table.name);
            if statement::mentions(sql, database, &name) && self.is_selected(&name)? {
                let shown: String = sql.chars().take(200).collect();
                return Err(unfollowed(&format!(
                    "the log has a statement instead of its rows, maybe of {name} (binlog_format is not ROW in a session): {shown}"
                )));
            }
        }
        Ok(())
    }

    fn statement(&mut self, event: &RawEvent<'_>, database: &str, sql: &str) -> Result<(), Error> {
        let changes = ddl::parse(sql, database);
        let mentioned: Vec<TableName> = self
            .outgoing
            .definitions()
            .tables()
            .map(|table| TableName::new(&table.database, &table.name))
            .filter(|name| statement::mentions(sql, database, name))
            .collect();
        let mut about = Vec::new();
        let mut is_ours = false;
        for change in &changes {
            let names = match change {
                SchemaChange::Unparsed { .. } => mentioned.clone(),
                SchemaChange::DropDatabase { database } => {
                    let of = |table: &&SourceTable| table.database == *database;
                    self.outgoing
                        .definitions()
                        .tables()
                        .filter(of)
                        .map(|table| TableName::new(&table.database, &table.name))
                        .collect()
                }
                change => change.tables(),
            };
            for name in names {
                is_ours |= self.is_selected(&name)?;
                about.push(name);
            }
        }
        self.define(&changes, &about, &mentioned, sql)?;
        if let Some(ty) = statement::name(sql, &changes).filter(|_| is_ours) {
            let table = changes.iter().flat_map(SchemaChange::tables).next().map_or(String::new(), |name| name.name);
            let place = (self.sequence, i64::from(event.seconds) * 1000);
            self.outgoing.statement(ty, &TableName::new(database, table), sql, place);
        }
        Ok(())
    }

    /// Does schema changes to what is known of tables.
    fn define(
        &mut self,
        changes: &[SchemaChange],
        about: &[TableName],
        mentioned: &[TableName],
        sql: &str,
    ) -> Result<(), Error> {
        let is_known =
            |name: &TableName| self.outgoing.definitions().tables().any(|table| table.database == name.database);
        let mut is_tracked = false;
        for name in about {
            is_tracked |= is_known(name) || self.is_selected(name)?;
        }
        let converted = statement::table_charset(sql, false).filter(|_| !mentioned.is_empty());
        if !is_tracked && converted.is_none() {
            return Ok(());
        }
        // What tables are in the log has changed.
        self.tables.clear();
        let definitions = self.outgoing.change_definitions();
        if let Some(charset) = converted {
            mentioned.iter().for_each(|name| definitions.set_charset(name, &charset, true));
        }
        for change in changes {
            match change {
                SchemaChange::Unparsed { .. } => mentioned.iter().for_each(|name| definitions.forget(name)),
                change => definitions.change(change),
            }
        }
        if let [.., SchemaChange::CreateTable { table, .. }] = changes
            && let Some(charset) = statement::table_charset(sql, true)
        {
            definitions.set_charset(&TableName::new(&table.database, &table.name), &charset, false);
        }
        Ok(())
    }
}

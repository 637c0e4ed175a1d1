//! The tables' columns as of a place in the log. Events have values without names, so these say whose they are: taken from the server at the start, and
//! changed by the log's own schema changes from then on.

use crate::changes::definitions::{Named, by_name, listed};
use crate::error::Error;
use crate::snapshot::mysql::catalogue::OWN;
use crate::snapshot::mysql::server::{quoted, texts};
use crate::sync::ddl::{SchemaChange, TableName, apply};
use crate::sync::mysql_type::MysqlType;
use crate::sync::source::{SourceColumn, SourceTable};
use mysql_async::Conn;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tables by name, as JSON in a job's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definitions {
    #[serde(serialize_with = "listed", deserialize_with = "by_name")]
    tables: BTreeMap<TableName, SourceTable>,
}

impl Named for SourceTable {
    fn name(&self) -> TableName {
        TableName::new(&self.database, &self.name)
    }
}

impl Definitions {
    /// The table of that name, if it is known.
    pub fn get(&self, name: &TableName) -> Option<&SourceTable> {
        self.tables.get(name)
    }

    /// All of them.
    pub fn tables(&self) -> impl Iterator<Item = &SourceTable> {
        self.tables.values()
    }

    /// Takes a table as the server has it.
    pub fn learn(&mut self, table: SourceTable) {
        self.tables.insert(table.name(), table);
    }

    /// Forgets a table of which is not known what has become of it.
    pub fn forget(&mut self, name: &TableName) {
        self.tables.remove(name);
    }

    /// Does a schema change of the log. A table that it does not fit is forgotten: whoever needs it asks the server.
    pub fn change(&mut self, change: &SchemaChange) {
        if apply::apply(&mut self.tables, change).is_ok() {
            return;
        }
        match change {
            SchemaChange::CreateTableLike { table, .. } | SchemaChange::AlterTable { table, .. } => self.forget(table),
            SchemaChange::RenameTable { to, .. } => self.forget(to),
            _ => {}
        }
    }

    /// A table's texts are in this character set: all of them, or only those of which is not known in which.
    pub fn set_charset(&mut self, name: &TableName, charset: &str, all: bool) {
        let Some(table) = self.tables.get_mut(name) else { return };
        for column in &mut table.columns {
            let is_text = matches!(column.ty, MysqlType::Char(_) | MysqlType::Varchar(_) | MysqlType::Text(_));
            if is_text && (all || column.charset.is_none()) {
                column.charset = Some(charset.to_string());
            }
        }
    }

    /// All tables of the databases in which `wanted` is true of one.
    ///
    /// # Errors
    /// The server does not answer; `wanted` does not.
    pub async fn read(
        conn: &mut Conn,
        wanted: impl Fn(&str, &str) -> Result<bool, Error>,
    ) -> Result<Definitions, Error> {
        let own: Vec<String> = OWN.iter().map(|own| quoted(own)).collect();
        let all = read(conn, &format!("c.TABLE_SCHEMA NOT IN ({})", own.join(", "))).await?;
        let mut databases: BTreeMap<String, bool> = BTreeMap::new();
        for name in all.keys() {
            let wanted = wanted(&name.database, &name.name)?;
            *databases.entry(name.database.clone()).or_default() |= wanted;
        }
        let kept = |(name, _): &(TableName, SourceTable)| databases.get(&name.database) == Some(&true);
        Ok(Definitions { tables: all.into_iter().filter(kept).collect() })
    }
}

/// One table as the server has it now; None if it is not there.
///
/// # Errors
/// The server does not answer.
pub async fn ask(conn: &mut Conn, name: &TableName) -> Result<Option<SourceTable>, Error> {
    let of = format!("c.TABLE_SCHEMA = {} AND c.TABLE_NAME = {}", quoted(&name.database), quoted(&name.name));
    Ok(read(conn, &of).await?.remove(name))
}

async fn read(conn: &mut Conn, which: &str) -> Result<BTreeMap<TableName, SourceTable>, Error> {
    let mut tables: BTreeMap<TableName, SourceTable> = BTreeMap::new();
    let statement = format!(
        "SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.CHARACTER_SET_NAME FROM information_schema.COLUMNS c \
         JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME \
         WHERE {which} AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION"
    );
    for row in texts(conn, &statement).await? {
        let [Some(database), Some(name), Some(column), Some(ty), nullable, charset] =
            <[Option<String>; 6]>::try_from(row).unwrap_or_default()
        else {
            continue;
        };
        let table = tables.entry(TableName::new(&database, &name)).or_insert_with(|| SourceTable {
            database,
            name,
            columns: Vec::new(),
            keys: Vec::new(),
            comment: String::new(),
        });
        table.columns.push(SourceColumn {
            name: column,
            ty: MysqlType::parse(&ty),
            nullable: nullable.as_deref() == Some("YES"),
            default: None,
            comment: String::new(),
            charset,
        });
    }
    let statement = format!(
        "SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME FROM information_schema.STATISTICS c WHERE {which} AND c.INDEX_NAME = 'PRIMARY' \
         ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.SEQ_IN_INDEX"
    );
    for row in texts(conn, &statement).await? {
        if let Ok([Some(database), Some(name), Some(column)]) = <[Option<String>; 3]>::try_from(row)
            && let Some(table) = tables.get_mut(&TableName::new(database, name))
        {
            table.keys.push(column);
        }
    }
    Ok(tables)
}

//! Databases, tables and their rows, and (in [`crate::transaction`]) the transactions that write them.

use crate::cell::Cell;
use crate::cluster::{Clock, Settings};
use crate::schema::TableSchema;
use crate::transaction::Transactions;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub mod alter;
pub mod rows;

pub use alter::{AlterJob, AlterState, ColumnChange, Position};
pub use rows::{GivenColumns, NewKey, Row, WriteMode, WriteSet};

/// A refusal in Doris' words, without the `errCode = 2, detailMessage = ` that both doors put before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Refused {}
impl From<String> for Refused {
    fn from(text: String) -> Refused {
        Refused(text)
    }
}
impl From<&str> for Refused {
    fn from(text: &str) -> Refused {
        Refused(text.to_owned())
    }
}

/// What the store's calls return.
pub type Result<T> = std::result::Result<T, Refused>;

/// A database.
#[derive(Debug, Default)]
pub struct Database {
    /// Id, as in `SHOW PROC` and in the texts about limits.
    pub id: u64,
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Id.
    pub id: u64,
    /// Definition; replaced, never changed in place, so that a load may keep the one it was planned with.
    pub schema: Arc<TableSchema>,
    /// Milliseconds since the epoch.
    pub created_ms: i64,
    /// Milliseconds since the epoch of the last published load, or of creation.
    pub updated_ms: i64,
    /// Version of the last published load; 1 when empty.
    pub version: u64,
    /// Is a heavy ALTER under way? Partial updates and further ALTERs are refused meanwhile.
    pub altering: bool,
    pub(crate) next_uid: u32,
    pub(crate) rows: rows::Rows,
}

/// Everything that is stored.
pub struct Store {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<Clock>,
    pub(crate) databases: BTreeMap<String, Database>,
    pub(crate) transactions: Transactions,
    pub(crate) jobs: Vec<AlterJob>,
    pub(crate) alters_held: bool,
    next_id: u64,
}

/// `errCode`-less texts for what does not exist, as FE has them.
pub fn unknown_database(name: &str) -> Refused {
    format!("Unknown database '{name}'").into()
}

/// As [`unknown_database`], for a table.
pub fn unknown_table(name: &str) -> Refused {
    format!("Unknown table '{name}'").into()
}

impl Store {
    /// Nothing stored yet. Names of databases and tables are case-sensitive.
    pub fn new(settings: Settings, clock: Arc<Clock>) -> Store {
        Store {
            settings,
            clock,
            databases: BTreeMap::new(),
            transactions: Transactions::default(),
            jobs: Vec::new(),
            alters_held: false,
            next_id: 10_000,
        }
    }

    /// A new id, unique among databases, tables, jobs and transactions.
    pub fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Milliseconds since the epoch by the cluster's clock.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Does what has fallen due by the clock.
    pub fn tick(&mut self) {
        self.expire_transactions();
        self.publish_due();
        self.advance_alter_jobs();
    }

    /// Names of all databases, in order.
    pub fn databases(&self) -> impl Iterator<Item = (&str, &Database)> {
        self.databases.iter().map(|(name, db)| (name.as_str(), db))
    }

    /// A database.
    pub fn database(&self, name: &str) -> Result<&Database> {
        self.databases.get(name).ok_or_else(|| unknown_database(name))
    }

    /// Creates a database; false if it is there and `if_not_exists`.
    pub fn create_database(&mut self, name: &str, if_not_exists: bool) -> Result<bool> {
        if self.databases.contains_key(name) {
            if if_not_exists {
                return Ok(false);
            }
            return Err(format!("Can't create database '{name}'; database exists").into());
        }
        let id = self.next_id();
        self.databases.insert(name.to_owned(), Database { id, tables: BTreeMap::new() });
        Ok(true)
    }

    /// Drops a database with its tables; its open transactions are aborted.
    pub fn drop_database(&mut self, name: &str, if_exists: bool) -> Result<bool> {
        let Some(database) = self.databases.remove(name) else {
            return if if_exists {
                Ok(false)
            } else {
                Err(format!("Can't drop database '{name}'; database doesn't exist").into())
            };
        };
        for table in database.tables.values() {
            self.abort_open_of_table(table.id, "table is dropped");
        }
        Ok(true)
    }

    /// A table.
    pub fn table(&self, database: &str, table: &str) -> Result<&Table> {
        self.database(database)?.tables.get(table).ok_or_else(|| unknown_table(table))
    }

    pub(crate) fn table_mut(&mut self, database: &str, table: &str) -> Result<&mut Table> {
        let db = self.databases.get_mut(database).ok_or_else(|| unknown_database(database))?;
        db.tables.get_mut(table).ok_or_else(|| unknown_table(table))
    }

    pub(crate) fn table_by_id(&mut self, id: u64) -> Option<&mut Table> {
        self.databases.values_mut().flat_map(|db| db.tables.values_mut()).find(|t| t.id == id)
    }

    /// Creates a table from a checked definition whose hidden columns are in place
    /// ([`TableSchema::add_hidden_columns`]); column unique ids are given here. False if it is there and `if_not_exists`.
    pub fn create_table(&mut self, database: &str, mut schema: TableSchema, if_not_exists: bool) -> Result<bool> {
        if self.database(database)?.tables.contains_key(&schema.name) {
            if if_not_exists {
                return Ok(false);
            }
            return Err(format!("Table '{}' already exists", schema.name).into());
        }
        let (id, now) = (self.next_id(), self.now_ms());
        for (i, column) in schema.columns.iter_mut().enumerate() {
            column.uid = i as u32 + 1;
        }
        let table = Table {
            id,
            created_ms: now,
            updated_ms: now,
            version: 1,
            altering: false,
            next_uid: schema.columns.len() as u32 + 1,
            rows: rows::Rows::empty(schema.model),
            schema: Arc::new(schema),
        };
        let db = self.databases.get_mut(database).ok_or_else(|| unknown_database(database))?;
        db.tables.insert(table.schema.name.clone(), table);
        Ok(true)
    }

    /// Drops a table; its open transactions are aborted.
    pub fn drop_table(&mut self, database: &str, table: &str, if_exists: bool) -> Result<bool> {
        let db = self.databases.get_mut(database).ok_or_else(|| unknown_database(database))?;
        match db.tables.remove(table) {
            Some(dropped) => {
                self.abort_open_of_table(dropped.id, "table is dropped");
                Ok(true)
            }
            None if if_exists => Ok(false),
            None => Err(unknown_table(table)),
        }
    }

    /// Renames a table.
    pub fn rename_table(&mut self, database: &str, from: &str, to: &str) -> Result<()> {
        let db = self.databases.get_mut(database).ok_or_else(|| unknown_database(database))?;
        if db.tables.contains_key(to) {
            return Err(format!("Table name[{to}] is already used").into());
        }
        let mut table = db.tables.remove(from).ok_or_else(|| unknown_table(from))?;
        Arc::make_mut(&mut table.schema).name = to.to_owned();
        db.tables.insert(to.to_owned(), table);
        Ok(())
    }

    /// Removes all rows. Transactions not yet visible keep theirs.
    pub fn truncate_table(&mut self, database: &str, table: &str) -> Result<()> {
        let now = self.now_ms();
        let table = self.table_mut(database, table)?;
        table.rows = rows::Rows::empty(table.schema.model);
        table.version += 1;
        table.updated_ms = now;
        Ok(())
    }

    /// Changes a table's definition in what touches no row: comment, properties, column comments, partitions.
    pub fn edit_schema(&mut self, database: &str, table: &str, edit: impl FnOnce(&mut TableSchema)) -> Result<()> {
        edit(Arc::make_mut(&mut self.table_mut(database, table)?.schema));
        Ok(())
    }
}

impl Table {
    /// The rows a SELECT sees, one cell for each of the schema's columns, hidden ones included: rows with a delete sign
    /// are left out unless `deleted` (`SET show_hidden_columns = true`). In key order for UNIQUE and AGGREGATE.
    pub fn read(&self, deleted: bool) -> Vec<Row> {
        self.iter(deleted).cloned().collect()
    }

    /// As [`Table::read`], without copying.
    pub fn iter(&self, deleted: bool) -> impl Iterator<Item = &Row> {
        let sign = self.schema.delete_sign();
        self.rows.iter().filter(move |row| deleted || sign.is_none_or(|i| !rows::is_set(&row[i])))
    }

    /// As [`Table::iter`], of the rows whose first key column, which is of whole numbers, is in one of these; without them of all rows.
    pub fn within(&self, deleted: bool, spans: Option<Vec<(i128, i128)>>) -> impl Iterator<Item = &Row> {
        let sign = self.schema.delete_sign();
        self.rows.within(spans).filter(move |row| deleted || sign.is_none_or(|i| !rows::is_set(&row[i])))
    }

    /// The name of the first key column, if rows are kept in its order and it is of whole numbers.
    pub fn first_key(&self) -> Option<&str> {
        use crate::schema::ColumnType::{BigInt, Int, LargeInt, SmallInt, TinyInt};
        let column = self.schema.columns.get(*self.schema.key_positions().first()?)?;
        matches!(column.ty, TinyInt | SmallInt | Int | BigInt | LargeInt).then_some(&column.name)
    }

    /// How many rows a SELECT sees.
    pub fn row_count(&self) -> usize {
        self.iter(false).count()
    }

    /// The stored row of a key, also when it has a delete sign; `None` for DUPLICATE tables.
    pub fn find(&self, key: &[Cell]) -> Option<&Row> {
        self.rows.find(key)
    }
}

//! Tables as of a place in a log, as JSON in a job's state.

use crate::snapshot::catalogue::Catalogue;
use crate::sync::ddl::TableName;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// What is known of a table.
pub trait Named {
    /// The table's name.
    fn name(&self) -> TableName;
}

/// Tables by name: those that were listed, and those that have come since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(serialize = "K: Serialize", deserialize = "K: Named + Deserialize<'de>"))]
pub struct Definitions<K> {
    #[serde(serialize_with = "listed", deserialize_with = "by_name")]
    tables: BTreeMap<TableName, K>,
    /// `database.table` of those that were refused when tables were listed: they stay so.
    #[serde(default)]
    refused: Vec<String>,
}

/// Tables without their names, which they have themselves.
///
/// # Errors
/// As `to` has them.
pub fn listed<K: Serialize, S: Serializer>(tables: &BTreeMap<TableName, K>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(tables.values())
}

/// What [`listed`] has written.
///
/// # Errors
/// It is something else.
pub fn by_name<'j, K: Named + Deserialize<'j>, D: Deserializer<'j>>(
    json: D,
) -> Result<BTreeMap<TableName, K>, D::Error> {
    Ok(Vec::deserialize(json)?.into_iter().map(|table: K| (table.name(), table)).collect())
}

impl<K> Default for Definitions<K> {
    fn default() -> Definitions<K> {
        Definitions { tables: BTreeMap::new(), refused: Vec::new() }
    }
}

impl<K: Named> Definitions<K> {
    /// These tables; those that were refused stay so.
    pub fn new(tables: impl Iterator<Item = K>, catalogue: &Catalogue) -> Definitions<K> {
        let refused = catalogue.refused.iter().map(|refused| refused.table.clone()).collect();
        Definitions { tables: tables.map(|table| (table.name(), table)).collect(), refused }
    }

    /// Whether its rows are passed over, as it was refused.
    pub fn is_refused(&self, name: &TableName) -> bool {
        self.refused.contains(&name.to_string())
    }

    /// The table of that name, if it is known.
    pub fn get(&self, name: &TableName) -> Option<&K> {
        self.tables.get(name)
    }

    /// The same, to be changed; its name stays.
    pub fn get_mut(&mut self, name: &TableName) -> Option<&mut K> {
        self.tables.get_mut(name)
    }

    /// Takes a table as it is from here on.
    pub fn learn(&mut self, table: K) {
        self.tables.insert(table.name(), table);
    }

    /// The table is gone; what was known of it.
    pub fn forget(&mut self, name: &TableName) -> Option<K> {
        self.tables.remove(name)
    }
}

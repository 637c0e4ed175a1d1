//! The tables as of a place in the log: what the server said of each before its first row, and what was asked for.

use super::event::{Relation, RelationColumn};
use crate::changes::definitions::{self, Named};
use crate::error::Error;
use crate::snapshot::catalogue::{Catalogue, Table};
use crate::snapshot::postgres::server::Session;
use crate::sync::ddl::TableName;
use serde::{Deserialize, Serialize};

/// Tables by name, as JSON in a job's state: those that were listed, and those of which changes came, selected or not, since each that is new or another
/// one counts in the sequences.
pub type Definitions = definitions::Definitions<Known>;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its schema,
    pub schema: String,
    /// and name.
    pub table: String,
    /// Its columns.
    pub columns: Vec<KnownColumn>,
    /// Its primary key, in the key's order; None where nobody asked, as it is not selected.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
    /// It has partitions, so that its rows are theirs.
    #[serde(default)]
    pub is_partitioned: bool,
}

/// A column of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownColumn {
    /// Its name.
    pub name: String,
    /// Its type's number,
    #[serde(rename = "type")]
    pub ty: u32,
    /// and modifier.
    pub modifier: i32,
    /// Whether rows before are known by it.
    #[serde(default)]
    pub is_identity: bool,
    /// `attnum`, which stays when it is renamed; 0 where the server did not say.
    #[serde(default)]
    pub number: i32,
}

impl Named for Known {
    fn name(&self) -> TableName {
        TableName::new(&self.schema, &self.table)
    }
}

impl Known {
    /// Whether the log has it so.
    pub fn is(&self, relation: &Relation) -> bool {
        let same = |(known, there): (&KnownColumn, &RelationColumn)| {
            (&known.name, known.ty, known.modifier, known.is_identity)
                == (&there.name, there.ty, there.modifier, there.is_identity)
        };
        self.columns.len() == relation.columns.len() && self.columns.iter().zip(&relation.columns).all(same)
    }
}

/// Columns of all tables: schema, table, relreplident, number, name, type, modifier.
const COLUMNS: &str = "SELECT n.nspname, c.relname, c.relreplident, a.attnum, a.attname, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a \
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY n.nspname, c.relname, a.attnum";

impl Definitions {
    /// These tables as they are now.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn read(session: &Session, catalogue: &Catalogue) -> Result<Definitions, Error> {
        let known = |table: &Table| Known {
            schema: table.database.clone(),
            table: table.table.clone(),
            columns: Vec::new(),
            keys: Some(table.keys.clone()),
            is_partitioned: !table.is_alone(),
        };
        let mut all = Definitions::new(catalogue.tables.iter().map(known), catalogue);
        for row in session.texts(COLUMNS).await? {
            let Ok([Some(schema), Some(table), Some(identity), Some(number), Some(name), Some(ty), Some(modifier)]) =
                <[Option<String>; 7]>::try_from(row)
            else {
                continue;
            };
            let Some(known) = all.get_mut(&TableName::new(&schema, &table)) else { continue };
            let is_key = known.keys.iter().flatten().any(|key| *key == name);
            known.columns.push(KnownColumn {
                ty: ty.parse().unwrap_or(0),
                modifier: modifier.parse().unwrap_or(-1),
                // Where it is an index, it is the key's: others are not followed.
                is_identity: identity == "f" || is_key,
                number: number.parse().unwrap_or(0),
                name,
            });
        }
        Ok(all)
    }
}

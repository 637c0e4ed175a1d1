//! The tables as of a place in the log.

use crate::changes::definitions::{self, Named};
use crate::snapshot::definition::{Definition, create_table};
use crate::snapshot::oracle::catalogue::Described;
use crate::sync::ddl::TableName;
use serde::{Deserialize, Serialize};

/// Tables by name, as JSON in a job's state.
pub type Definitions = definitions::Definitions<Known>;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its owner,
    pub owner: String,
    /// and name.
    pub table: String,
    /// Its columns, as types of MySQL.
    pub columns: Vec<Definition>,
    /// Its primary key, in the key's order.
    pub keys: Vec<String>,
    /// Its comment.
    #[serde(default)]
    pub comment: String,
}

impl Named for Known {
    fn name(&self) -> TableName {
        TableName::new(&self.owner, &self.table)
    }
}

impl Known {
    /// As the server describes it.
    pub fn of(described: &Described) -> Known {
        Known {
            owner: described.table.database.clone(),
            table: described.table.table.clone(),
            columns: described.definitions.clone(),
            keys: described.table.keys.clone(),
            comment: described.comment.clone(),
        }
    }

    /// Its CREATE TABLE, as MySQL would have it.
    pub fn sql(&self) -> String {
        create_table(&self.table, &self.columns, &self.keys, &self.comment)
    }

    /// Gives a column another name; whether it has one of the old name.
    fn rename(&mut self, from: &str, to: &str) -> bool {
        let columns = self.columns.iter_mut().map(|column| &mut column.name);
        let mut found = false;
        for name in columns.chain(&mut self.keys).filter(|name| *name == from) {
            *name = to.to_string();
            found = true;
        }
        found
    }
}

impl Definitions {
    /// The table has another name.
    pub fn rename(&mut self, from: &TableName, to: &TableName) {
        if let Some(known) = self.forget(from) {
            self.learn(Known { owner: to.database.clone(), table: to.name.clone(), ..known });
        }
    }

    /// A column has another name; whether the table has it under the old one.
    pub fn rename_column(&mut self, table: &TableName, from: &str, to: &str) -> bool {
        self.get_mut(table).is_some_and(|known| known.rename(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(columns: &[&str]) -> Known {
        let column = |name: &&str| Definition {
            name: name.to_string(),
            ty: "int".into(),
            not_null: false,
            default: None,
            comment: String::new(),
        };
        Known {
            owner: "S".into(),
            table: "T".into(),
            columns: columns.iter().map(column).collect(),
            keys: vec![columns[0].to_string()],
            comment: String::new(),
        }
    }

    #[test]
    fn other_names_for_columns_and_tables() {
        let (mut all, name) = (Definitions::default(), TableName::new("S", "T"));
        all.learn(known(&["A", "B"]));
        assert!(all.rename_column(&name, "A", "C") && !all.rename_column(&name, "A", "D"));
        assert_eq!(all.get(&name), Some(&known(&["C", "B"])));
        let other = TableName::new("S", "U");
        all.rename(&name, &other);
        assert!(all.get(&name).is_none());
        assert_eq!(all.get(&other).map(|known| known.table.as_str()), Some("U"));
        let json = serde_json::to_string(&all).unwrap();
        assert!(
            json.starts_with(r#"{"tables":[{"owner":"S","table":"U","#) && json.ends_with(r#"}],"refused":[]}"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Definitions>(&json).unwrap(), all);
    }
}

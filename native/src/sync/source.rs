//! A table as the source has it, kept in state and compared with what later messages say.

use super::mysql_type::MysqlType;
use serde::{Deserialize, Serialize};

/// A table of MySQL or MariaDB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceTable {
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// All columns, in the table's order.
    pub columns: Vec<SourceColumn>,
    /// The primary key's columns; in the key's order where it is known from SQL, else in the table's. Empty without a key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// The table's comment, empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// A column of such a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceColumn {
    /// Its name; MySQL compares names of columns without regard to case.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: MysqlType,
    /// It may be NULL, or nothing is known about it.
    pub nullable: bool,
    /// What rows get that do not name the column; `None` without one, where it is NULL, and where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ColumnDefault>,
    /// Its comment, empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The character set that its texts are stored in, where somebody asked for it; only the binary log has texts in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
}

/// What a column of a new row is by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnDefault {
    /// A constant, as text: digits for numbers and BIT, a label for ENUM, a character for each byte of a binary string.
    Literal(String),
    /// The time of the statement.
    CurrentTimestamp,
    /// An expression, or the expression that a generated column is computed by.
    Expression(String),
}

/// The columns as a flat message has them.
#[derive(Debug, Clone, Copy)]
pub struct MessageColumns<'m> {
    /// `mysqlType` in the message's order, which is the table's.
    pub mysql_types: &'m [(&'m str, &'m str)],
    /// `sqlType`: types of `java.sql.Types`, for columns that `mysqlType` lacks.
    pub sql_types: &'m [(&'m str, i32)],
    /// `pkNames`, empty where it is null.
    pub keys: &'m [&'m str],
}

impl SourceTable {
    /// The table as a message of its rows describes it. A message does not say what may be NULL: all but the key may.
    pub fn of_message(database: &str, name: &str, message: MessageColumns<'_>) -> SourceTable {
        let is_key = |name: &str| message.keys.iter().any(|key| key.eq_ignore_ascii_case(name));
        let column = |name: &str, ty| SourceColumn {
            name: name.to_string(),
            ty,
            nullable: !is_key(name),
            default: None,
            comment: String::new(),
            charset: None,
        };
        let mut columns: Vec<SourceColumn> =
            message.mysql_types.iter().map(|(name, text)| column(name, MysqlType::parse(text))).collect();
        for (name, code) in message.sql_types {
            if !columns.iter().any(|known| known.name == *name) {
                columns.push(column(name, MysqlType::of_jdbc(*code)));
            }
        }
        SourceTable {
            database: database.to_string(),
            name: name.to_string(),
            columns,
            keys: message.keys.iter().map(ToString::to_string).collect(),
            comment: String::new(),
        }
    }

    /// `database.name`, for messages.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.database, self.name)
    }

    /// The column of that name, in any case.
    pub fn column(&self, name: &str) -> Option<&SourceColumn> {
        self.columns.iter().find(|column| same_name(&column.name, name))
    }

    /// Where the column of that name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| same_name(&column.name, name))
    }

    /// Whether the column is part of the primary key.
    pub fn is_key(&self, column: &str) -> bool {
        self.keys.iter().any(|key| same_name(key, column))
    }
}

/// Whether MySQL and Doris take two names of columns for one.
pub fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gives_names_types_and_key() {
        let table = SourceTable::of_message(
            "shop",
            "orders",
            MessageColumns {
                mysql_types: &[("id", "BIGINT unsigned"), ("Note", "varchar(20)")],
                sql_types: &[("id", -5), ("Note", 12), ("at", 93)],
                keys: &["id"],
            },
        );
        let columns: Vec<_> = table.columns.iter().map(|c| format!("{} {} {}", c.name, c.ty, c.nullable)).collect();
        assert_eq!(columns, ["id bigint unsigned false", "Note varchar(20) true", "at datetime(6) true"]);
        assert_eq!(table.position("NOTE"), Some(1));
        assert!(table.is_key("ID") && !table.is_key("note"));
    }

    #[test]
    fn state_is_read_back() {
        let text = r#"{"database":"d","name":"t","columns":[{"name":"e","type":"enum('a','it''s')","nullable":true,"default":{"literal":"a"}}]}"#;
        let table: SourceTable = serde_json::from_str(text).unwrap();
        assert_eq!(table.columns[0].ty, MysqlType::Enum(Some(vec!["a".into(), "it's".into()])));
        assert_eq!(serde_json::to_string(&table).unwrap(), text);
    }
}

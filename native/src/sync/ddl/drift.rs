//! A message of rows whose columns are not those that are known, without a DDL message that says why.

use super::{Position, TableChange};
use crate::sync::mysql_type::MysqlType;
use crate::sync::source::{SourceColumn, SourceTable, same_name};

/// What a message says of its table beyond what is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drift {
    /// New columns and changed types.
    pub changes: Vec<TableChange>,
    /// Columns that the message lacks: they were dropped or renamed, or the message is older than what is known. Only reported.
    pub missing: Vec<String>,
    /// The message's key, where it has one and it is another. Only reported.
    pub other_key: Option<Vec<String>>,
}

impl Drift {
    /// Whether the message has the table as it is known.
    pub fn is_none(&self) -> bool {
        *self == Drift::default()
    }
}

/// Compares the table that is known with the one that a message describes ([`SourceTable::of_message`]). What a message does not say
/// (what may be NULL, defaults, comments) is kept.
pub fn drift(known: &SourceTable, message: &SourceTable) -> Drift {
    let mut drift = Drift::default();
    let mut position = Position::First;
    for column in &message.columns {
        match known.column(&column.name) {
            None => drift.changes.push(TableChange::AddColumn {
                column: SourceColumn { nullable: true, ..column.clone() },
                position,
                if_not_exists: false,
            }),
            Some(old) if !same_type(&old.ty, &column.ty) => drift.changes.push(TableChange::ModifyColumn {
                old: old.name.clone(),
                column: SourceColumn { ty: column.ty.clone(), ..old.clone() },
                position: None,
                if_exists: false,
            }),
            Some(_) => {}
        }
        position = Position::After(column.name.clone());
    }
    let lacks = |column: &&SourceColumn| message.column(&column.name).is_none();
    drift.missing = known.columns.iter().filter(lacks).map(|column| column.name.clone()).collect();
    // Without a key in its image a message has none at all, whatever the table has.
    let same_key = message.keys.len() == known.keys.len()
        && message.keys.iter().all(|key| known.keys.iter().any(|k| same_name(k, key)));
    if !message.keys.is_empty() && !same_key {
        drift.other_key = Some(message.keys.clone());
    }
    drift
}

/// Whether a message's type is the one that is known. A text that says less, as ENUM without its labels, changes nothing.
pub fn same_type(known: &MysqlType, message: &MysqlType) -> bool {
    match (known, message) {
        (MysqlType::Enum(Some(_)), MysqlType::Enum(None)) | (MysqlType::Set(Some(_)), MysqlType::Set(None)) => true,
        (MysqlType::Unknown(a), MysqlType::Unknown(b)) => {
            let plain = |text: &str| text.to_lowercase().split_whitespace().collect::<String>();
            plain(a) == plain(b)
        }
        _ => known == message,
    }
}

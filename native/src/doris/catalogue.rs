//! What Doris says of a table, over HTTP: `GET /api/{db}/{table}/_schema` for the key model, the statement call for the columns' full types.

use super::cluster::{CallError, Cluster};
use super::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence, backquoted};

/// The database that statements are run in: one that is there, whether or not the table's is.
pub const EVERYWHERE: &str = "information_schema";

/// Asks for a table; None if there is none of this name.
///
/// # Errors
/// Doris could not be asked, or does not let this user see it.
pub async fn table(cluster: &Cluster, database: &str, name: &str) -> Result<Option<DorisTable>, CallError> {
    let columns = cluster
        .query(
            EVERYWHERE,
            &format!(
                "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY, COLUMN_DEFAULT FROM information_schema.columns \
                 WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
                quoted(database),
                quoted(name)
            ),
        )
        .await?;
    if columns.is_empty() {
        return Ok(None);
    }
    let ddl = definition(cluster.query(EVERYWHERE, &show_create(database, name)).await?);
    let column = |cells: &Vec<Option<String>>| {
        let cell = |i: usize| cells.get(i).cloned().flatten();
        let name = cell(0).unwrap_or_default();
        let ty = match DorisType::parse(&cell(1).unwrap_or_default()) {
            DorisType::TinyInt if is_boolean(&ddl, &name) => DorisType::Boolean,
            ty => ty,
        };
        DorisColumn {
            name,
            ty,
            nullable: cell(2).is_none_or(|nullable| nullable.eq_ignore_ascii_case("yes")),
            key: cell(3).is_some_and(|key| !key.is_empty()),
            default: cell(4).is_some(),
        }
    };
    Ok(Some(DorisTable {
        database: database.into(),
        name: name.into(),
        model: model(&ddl),
        columns: columns.iter().map(column).collect(),
        sequence: sequence(&ddl),
    }))
}

/// What asks for a table's definition.
pub fn show_create(database: &str, name: &str) -> String {
    format!("SHOW CREATE TABLE {}.{}", backquoted(database), backquoted(name))
}

/// The definition, of the answer to it.
pub fn definition(rows: Vec<Vec<Option<String>>>) -> String {
    rows.into_iter().next().and_then(|row| row.into_iter().nth(1).flatten()).unwrap_or_default()
}

/// By the column's line: a BOOLEAN is `tinyint(1)` in `information_schema.columns`.
pub fn is_boolean(ddl: &str, column: &str) -> bool {
    let ty = |line: &str| {
        line.trim_start().strip_prefix(&backquoted(column)).map(|rest| rest.trim_start().to_ascii_lowercase())
    };
    ddl.lines().find_map(ty).is_some_and(|ty| ty.starts_with("boolean"))
}

/// By the clause after the columns; without one it is a table without a key, a duplicate one.
fn model(ddl: &str) -> KeyModel {
    let begins = |line: &str, clause: &str| line.trim_start().starts_with(clause);
    match ddl.lines().find(|line| begins(line, "UNIQUE KEY(") || begins(line, "AGGREGATE KEY(")) {
        Some(line) if begins(line, "UNIQUE") => KeyModel::Unique,
        Some(_) => KeyModel::Aggregate,
        None => KeyModel::Duplicate,
    }
}

/// By the table's properties.
fn sequence(ddl: &str) -> Sequence {
    let property = |name: &str| ddl.contains(&format!("\"function_column.sequence_{name}\""));
    match (property("col"), property("type")) {
        (true, _) => Sequence::Column,
        (false, true) => Sequence::Hidden,
        (false, false) => Sequence::None,
    }
}

/// A text as statements have it, in quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_model_stands_behind_the_columns() {
        let ddl = |clause: &str| {
            format!("CREATE TABLE `t` (\n  `UNIQUE KEY(` int NULL\n) ENGINE=OLAP\n{clause}DISTRIBUTED BY HASH(`a`)")
        };
        assert_eq!(model(&ddl("UNIQUE KEY(`a`)\n")), KeyModel::Unique);
        assert_eq!(model(&ddl("AGGREGATE KEY(`a`)\n")), KeyModel::Aggregate);
        assert_eq!(model(&ddl("DUPLICATE KEY(`a`)\n")), KeyModel::Duplicate);
        assert_eq!(model(&ddl("")), KeyModel::Duplicate);
    }

    #[test]
    fn a_boolean_stands_in_its_columns_line() {
        let ddl = "CREATE TABLE `boolean` (\n  `boolean` tinyint NULL,\n  `b``c` boolean NOT NULL DEFAULT \"0\",\n  `b` int NULL COMMENT '\n  `d` boolean'\n)";
        let booleans = ["boolean", "b`c", "b", "missing"].map(|column| is_boolean(ddl, column));
        assert_eq!(booleans, [false, true, false, false]);
    }

    #[test]
    fn the_sequence_stands_in_the_properties() {
        let ddl =
            |property: &str| format!("CREATE TABLE `t` (…) PROPERTIES (\n\"replication_num\" = \"1\"{property}\n)");
        assert_eq!(sequence(&ddl("")), Sequence::None);
        assert_eq!(sequence(&ddl(",\n\"function_column.sequence_type\" = \"bigint\"")), Sequence::Hidden);
        assert_eq!(sequence(&ddl(",\n\"function_column.sequence_col\" = \"at\"")), Sequence::Column);
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!((quoted("a'b\\"), backquoted("a`b")), ("'a''b\\\\'".into(), "`a``b`".into()));
    }
}

//! Columns as they are selected: each value as the text, or the bytes, that Canal has for it.

use super::server::backquoted;
use crate::snapshot::catalogue::Column;
use crate::sync::mysql_type::MysqlType;

/// What stands behind SELECT for these columns.
pub fn list(columns: &[Column]) -> String {
    let all: Vec<String> = columns.iter().map(expression).collect();
    all.join(", ")
}

/// Whether a table with these columns may be cut at that key.
pub fn may_be_cut(columns: &[Column], keys: &[String]) -> bool {
    let column = |key: &String| columns.iter().find(|column| column.name == *key);
    !keys.is_empty() && keys.iter().all(|key| column(key).is_some_and(is_cut))
}

/// Whether a table may be cut at a column's values. Of the other types the server compares texts with values in another way than it sorts them,
/// or with less digits than they have.
fn is_cut(column: &Column) -> bool {
    column.ty.is_integer()
        || matches!(
            column.ty,
            MysqlType::Decimal { .. }
                | MysqlType::Char(_)
                | MysqlType::Varchar(_)
                | MysqlType::Binary(_)
                | MysqlType::Varbinary(_)
                | MysqlType::Date
                | MysqlType::DateTime(_)
        )
}

/// The column in a SELECT.
///
/// * BIT as a number.
/// * ENUM and SET as numbers: a label may be digits, and that of a SET may have commas. Labels are in the column's type.
///   Unsigned: `+0` makes a DOUBLE of a SET in MySQL, and in MariaDB a negative number of one with its 64th label.
/// * FLOAT as the DOUBLE that it is: the server prints six digits of a FLOAT, and all that it takes of a DOUBLE.
pub fn expression(column: &Column) -> String {
    let name = backquoted(&column.name);
    match column.ty {
        MysqlType::Bit(_) | MysqlType::Enum(_) | MysqlType::Set(_) => format!("CAST({name} AS UNSIGNED)"),
        MysqlType::Float => format!("{name}*1e0"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(ty: &str) -> Column {
        Column { name: "a`b".into(), ty: MysqlType::parse(ty) }
    }

    #[test]
    fn values_as_canal_has_them() {
        for (ty, expected) in [
            ("int unsigned", "`a``b`"),
            ("bit(9)", "CAST(`a``b` AS UNSIGNED)"),
            ("enum('1','2')", "CAST(`a``b` AS UNSIGNED)"),
            ("set('x')", "CAST(`a``b` AS UNSIGNED)"),
            ("float", "`a``b`*1e0"),
            ("double", "`a``b`"),
            ("varbinary(3)", "`a``b`"),
            ("json", "`a``b`"),
        ] {
            assert_eq!(expression(&column(ty)), expected, "{ty}");
        }
        assert!(column("point").is_binary() && column("blob").is_binary() && !column("text").is_binary());
    }

    #[test]
    fn tables_are_not_cut_at_labels_and_floats() {
        for (ty, may) in
            [("bigint", true), ("varchar(9)", true), ("binary(2)", true), ("enum('a')", false), ("float", false)]
        {
            assert_eq!(is_cut(&column(ty)), may, "{ty}");
        }
    }
}

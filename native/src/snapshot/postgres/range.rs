//! Where tables of PostgreSQL are cut: at the primary key, whatever of the server's own types it has. Its index has the order by which the server sorts and
//! compares, and each value's text is read back as that value. Types of extensions are left alone: which operator compares them is a matter of schemas.
//!
//! Not at places in the table's file (`ctid`): a row that is changed gets another place, perhaps in a range that was read before, and would be in none.

use super::server;
use crate::error::Error;
use crate::snapshot::catalogue::Table;
use crate::snapshot::quoted::quoted_name;
use crate::snapshot::range::{Bound, Cutting, Side, limit};
use crate::snapshot::spec::SourceSpec;

/// How a table is cut at its key.
pub fn cutting(table: &Table) -> Cutting<'_> {
    let names: Vec<String> = table.keys.iter().map(|key| quoted_name(key)).collect();
    let literal = |name: &String| format!("pg_catalog.quote_literal({name}::pg_catalog.text)");
    let literals = names.iter().map(literal).collect();
    Cutting { table, names, literals, compare: compared, one_behind: limit }
}

/// Where it is cut.
///
/// # Errors
/// The server does not answer.
pub async fn bounds(spec: &SourceSpec, cutting: &Cutting<'_>) -> Result<Vec<Bound>, Error> {
    let session = server::connect_again(spec).await?;
    if session.is_missing(cutting.table).await {
        // Who reads it finds that, too.
        return Ok(Vec::new());
    }
    let ask = async |statement: &str| session.texts(statement).await;
    cutting.bounds(spec.range_rows, ask).await.map_err(|e| e.at(spec.address()))
}

/// Rows are compared as such, which the index of the key serves.
fn compared(keys: &[String], bound: &[String], side: Side) -> String {
    let by = if side == Side::Beyond { ">" } else { "<=" };
    match (keys, bound) {
        ([key], [value]) => format!("{key} {by} {value}"),
        _ => format!("({}) {by} ({})", keys.join(", "), bound.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::catalogue::Column;
    use crate::snapshot::range;
    use crate::sync::mysql_type::MysqlType;

    #[test]
    fn every_row_is_in_one_range() {
        let column = |name: &str, ty: &str| Column { name: name.into(), ty: MysqlType::parse(ty) };
        let table = Table {
            database: "s".into(),
            table: "t".into(),
            rows: 0,
            columns: vec![column("a", "int"), column("b\"", "longtext")],
            keys: vec!["a".into(), "b\"".into()],
            by_key: true,
            from: "ONLY \"s\".\"t\"".into(),
            select: "\"a\", \"b\"\"\"".into(),
            message: String::new(),
            native: Vec::new(),
        };
        let cutting = cutting(&table);
        assert_eq!(cutting.literals[1], "pg_catalog.quote_literal(\"b\"\"\"::pg_catalog.text)");
        let bound = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
        let ranges = cutting.between(&[bound("'1'", "'x'"), bound("'7'", "E'\\\\'")]);
        let queries: Vec<&str> = ranges.iter().map(|range| range.query.as_str()).collect();
        assert_eq!(
            queries,
            [
                r#"SELECT "a", "b""" FROM ONLY "s"."t" WHERE ("a", "b""") <= ('1', 'x')"#,
                r#"SELECT "a", "b""" FROM ONLY "s"."t" WHERE ("a", "b""") > ('1', 'x') AND ("a", "b""") <= ('7', E'\\')"#,
                r#"SELECT "a", "b""" FROM ONLY "s"."t" WHERE ("a", "b""") > ('7', E'\\')"#,
            ]
        );
        assert_eq!(range::whole(&table).query, r#"SELECT "a", "b""" FROM ONLY "s"."t""#);
    }
}

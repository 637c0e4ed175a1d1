//! Where tables of MySQL are cut.

use super::server::{self, backquoted, texts};
use crate::error::Error;
use crate::snapshot::catalogue::{Column, Table};
use crate::snapshot::range::{Bound, Cutting, limit, written_out};
use crate::snapshot::spec::SourceSpec;
use crate::sync::mysql_type::MysqlType;
use mysql_async::prelude::Queryable;

/// How a table is cut at its key.
pub fn cutting(table: &Table) -> Cutting<'_> {
    let keys = || table.keys.iter().filter_map(|key| table.column(key));
    Cutting {
        table,
        names: keys().map(|key| backquoted(&key.name)).collect(),
        literals: keys().map(literal_of).collect(),
        compare: written_out,
        one_behind: limit,
    }
}

/// Where it is cut.
///
/// # Errors
/// The server does not answer.
pub async fn bounds(spec: &SourceSpec, cutting: &Cutting<'_>) -> Result<Vec<Bound>, Error> {
    let mut conn = server::connect_again(spec).await?;
    if let Err(e) = conn.query_drop(format!("SELECT 1 FROM {} LIMIT 0", cutting.table.from)).await
        && server::is_missing(&e)
    {
        // Who reads it finds that, too.
        return Ok(Vec::new());
    }
    let ask = async |statement: &str| texts(&mut conn, statement).await;
    let found = cutting.bounds(spec.range_rows, ask).await.map_err(|e| e.at(spec.address()));
    // What it says at its end matters to nobody.
    let _ = conn.disconnect().await;
    found
}

/// What makes a literal of a column's value.
fn literal_of(key: &Column) -> String {
    let name = backquoted(&key.name);
    match key.ty {
        MysqlType::Char(_) | MysqlType::Varchar(_) => {
            format!("CONCAT('_utf8mb4 X''', HEX(CONVERT({name} USING utf8mb4)), '''')")
        }
        MysqlType::Binary(_) | MysqlType::Varbinary(_) => format!("CONCAT('X''', HEX({name}), '''')"),
        MysqlType::Date | MysqlType::DateTime(_) => format!("CONCAT('''', {name}, '''')"),
        _ => format!("CAST({name} AS CHAR)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::mysql::select;
    use crate::snapshot::range;

    fn table(columns: &[(&str, &str)], keys: &[&str]) -> Table {
        let columns: Vec<Column> =
            columns.iter().map(|(name, ty)| Column { name: name.to_string(), ty: MysqlType::parse(ty) }).collect();
        Table {
            database: "d".into(),
            table: "t".into(),
            rows: 0,
            from: "`d`.`t`".into(),
            select: select::list(&columns),
            columns,
            keys: keys.iter().map(ToString::to_string).collect(),
            by_key: true,
            message: String::new(),
            native: Vec::new(),
        }
    }

    #[test]
    fn every_row_is_in_one_range() {
        let table = table(&[("a", "int"), ("b", "varchar(9)"), ("f", "float")], &["a", "b"]);
        let bound = |a: &str, b: &str| vec![a.to_string(), format!("'{b}'")];
        let ranges = cutting(&table).between(&[bound("1", "x"), bound("7", "y")]);
        let queries: Vec<&str> = ranges.iter().map(|range| range.query.as_str()).collect();
        assert_eq!(
            queries,
            [
                "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t` WHERE (`a` < 1 OR `a` = 1 AND `b` <= 'x')",
                "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t` WHERE (`a` > 1 OR `a` = 1 AND `b` > 'x') AND (`a` < 7 OR `a` = 7 AND `b` <= 'y')",
                "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t` WHERE (`a` > 7 OR `a` = 7 AND `b` > 'y')",
            ]
        );
        assert_eq!((ranges[2].number, ranges[2].of), (2, 3));
        assert_eq!(range::whole(&table).query, "SELECT `a`, `b`, `f`*1e0 FROM `d`.`t`");
    }

    #[test]
    fn some_rows_of_a_range() {
        let table = table(&[("a", "int"), ("b", "int")], &["a"]);
        let (cutting, bound) = (cutting(&table), |a: &str| vec![a.to_string()]);
        let some = cutting.range(bound("1"), bound("7"), Some("b = 1 OR b = 2"));
        let query = "SELECT `a`, `b` FROM `d`.`t` WHERE `a` > 1 AND `a` <= 7 AND (b = 1 OR b = 2)";
        assert_eq!((some.query.as_str(), some.after, some.up_to), (query, bound("1"), bound("7")));
        assert_eq!(cutting.conditions(&[], &bound("7")), ["`a` <= 7"]);
        assert_eq!(range::from(&table, &cutting.conditions(&[], &[])), "`d`.`t`");
    }

    #[test]
    fn literals_by_type() {
        for (ty, expected) in [
            ("bigint", "CAST(`k` AS CHAR)"),
            ("varchar(9)", "CONCAT('_utf8mb4 X''', HEX(CONVERT(`k` USING utf8mb4)), '''')"),
            ("binary(4)", "CONCAT('X''', HEX(`k`), '''')"),
            ("datetime(3)", "CONCAT('''', `k`, '''')"),
        ] {
            assert_eq!(literal_of(&Column { name: "k".into(), ty: MysqlType::parse(ty) }), expected);
        }
    }
}

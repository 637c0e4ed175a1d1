//! Where tables of Oracle are cut: at the primary key, if it is of numbers, texts, bytes or points of time without a zone.
//!
//! Not at places in the table's files (ROWID): a row may be moved to another place, perhaps in a range that was read before, and would be in none.

use super::server;
use crate::error::Error;
use crate::snapshot::catalogue::{Native, Table};
use crate::snapshot::quoted::quoted_name;
use crate::snapshot::range::{Bound, Cutting, written_out};
use crate::snapshot::spec::SourceSpec;

/// How a table is cut at its key.
pub fn cutting(table: &Table) -> Cutting<'_> {
    let literal = |key: &String| table.native(key).and_then(|native| literal_of(key, native)).unwrap_or_default();
    Cutting {
        table,
        names: table.keys.iter().map(|key| quoted_name(key)).collect(),
        literals: table.keys.iter().map(literal).collect(),
        compare: written_out,
        one_behind: |rows| format!("OFFSET {rows} ROWS FETCH NEXT 1 ROWS ONLY"),
    }
}

/// Whether a table may be cut at its key.
pub fn may_be_cut(table: &Table) -> bool {
    let literal = |key: &String| literal_of(key, table.native(key)?);
    !table.keys.is_empty() && table.keys.iter().all(|key| literal(key).is_some())
}

/// Where it is cut.
///
/// # Errors
/// The server does not answer.
pub async fn bounds(spec: &SourceSpec, cutting: &Cutting<'_>) -> Result<Vec<Bound>, Error> {
    let mut session = server::connect_again(spec).await?;
    if session.is_missing(&cutting.table.from) {
        // Who reads it finds that, too.
        return Ok(Vec::new());
    }
    let ask = async |statement: &str| session.texts(statement);
    cutting.bounds(spec.range_rows, ask).await.map_err(|e| e.at(spec.address()))
}

/// What makes a literal of a column's value; None of a type at which tables are not cut. Texts by their bytes, in which no character set has a say.
fn literal_of(key: &str, native: &Native) -> Option<String> {
    let name = quoted_name(key);
    Some(match native.ty.as_str() {
        "NUMBER" => name,
        "VARCHAR2" | "CHAR" => {
            format!("'UTL_RAW.CAST_TO_VARCHAR2(HEXTORAW(''' || RAWTOHEX(UTL_RAW.CAST_TO_RAW({name})) || '''))'")
        }
        "RAW" => format!("'HEXTORAW(''' || RAWTOHEX({name}) || ''')'"),
        "DATE" => date_literal("TO_DATE", &name, ""),
        ty if ty.starts_with("TIMESTAMP(") && ty.ends_with(')') => date_literal("TO_TIMESTAMP", &name, ".FF9"),
        _ => return None,
    })
}

fn date_literal(function: &str, name: &str, fraction: &str) -> String {
    let shape = format!("SYYYY-MM-DD HH24:MI:SS{fraction}");
    format!("'{function}(''' || TO_CHAR({name}, '{shape}') || ''', ''{shape}'')'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::catalogue::{Column, Dialect};
    use crate::sync::mysql_type::MysqlType;

    fn native(ty: &str) -> Native {
        Native { dialect: Dialect::Oracle, selected: String::new(), ty: ty.into(), by_bytes: false }
    }

    fn table(keys: &[(&str, &str, &str)]) -> Table {
        Table {
            database: "S".into(),
            table: "T".into(),
            rows: 0,
            columns: keys
                .iter()
                .map(|(name, ty, _)| Column { name: name.to_string(), ty: MysqlType::parse(ty) })
                .collect(),
            keys: keys.iter().map(|(name, ..)| name.to_string()).collect(),
            by_key: true,
            from: "\"S\".\"T\"".into(),
            select: "\"A\"".into(),
            message: String::new(),
            native: keys.iter().map(|(.., ty)| native(ty)).collect(),
        }
    }

    #[test]
    fn every_row_is_in_one_range() {
        let table = table(&[("A", "bigint", "NUMBER"), ("B", "varchar(9)", "VARCHAR2")]);
        let cutting = cutting(&table);
        let bound = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
        let queries: Vec<String> =
            cutting.between(&[bound("1", "X"), bound("7", "Y")]).into_iter().map(|range| range.query).collect();
        assert_eq!(
            queries,
            [
                r#"SELECT "A" FROM "S"."T" WHERE ("A" < 1 OR "A" = 1 AND "B" <= X)"#,
                r#"SELECT "A" FROM "S"."T" WHERE ("A" > 1 OR "A" = 1 AND "B" > X) AND ("A" < 7 OR "A" = 7 AND "B" <= Y)"#,
                r#"SELECT "A" FROM "S"."T" WHERE ("A" > 7 OR "A" = 7 AND "B" > Y)"#,
            ]
        );
    }

    #[test]
    fn keys_at_which_tables_are_cut() {
        for (ty, may) in [
            ("NUMBER", true),
            ("VARCHAR2", true),
            ("RAW", true),
            ("DATE", true),
            ("TIMESTAMP(6)", true),
            ("TIMESTAMP(6) WITH TIME ZONE", false),
            ("NVARCHAR2", false),
            ("BINARY_DOUBLE", false),
        ] {
            assert_eq!(may_be_cut(&table(&[("K", "int", ty)])), may, "{ty}");
        }
        assert!(!may_be_cut(&table(&[])));
    }

    #[test]
    fn literals_by_type() {
        let literal = |ty: &str| literal_of("K", &native(ty)).unwrap();
        assert_eq!(
            literal("DATE"),
            "'TO_DATE(''' || TO_CHAR(\"K\", 'SYYYY-MM-DD HH24:MI:SS') || ''', ''SYYYY-MM-DD HH24:MI:SS'')'"
        );
        assert_eq!(literal("RAW"), "'HEXTORAW(''' || RAWTOHEX(\"K\") || ''')'");
    }
}

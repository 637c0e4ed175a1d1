//! A table that is in Doris already: whether the job can write it, and how its columns differ from those that the job would make.

use super::ddl::alter::{PresentColumn, holds, may_change};
use super::mapping::{MappedColumn, MappedTable};
use super::report::Severity;
use super::source::same_name;
use super::tables::{has_key, key_of};
use crate::doris::table::{DorisTable, KeyModel, backquoted};

/// Columns that Doris keeps for itself begin so.
const HIDDEN: &str = "__DORIS_";

/// Why rows of a table cannot go into the one that is there.
pub(super) fn unfit(mapped: &MappedTable, table: &DorisTable) -> Option<String> {
    let key: Vec<&str> = mapped.columns[..mapped.keys].iter().map(|column| column.name.as_str()).collect();
    if key.is_empty() {
        return None;
    }
    let name = format!("{}.{}", table.database, table.name);
    let remedy = "drop it, or move the table under another name";
    if table.model != KeyModel::Unique {
        return Some(format!(
            "{name} is there without a UNIQUE KEY, so its rows cannot be updated or deleted; {remedy}"
        ));
    }
    (!has_key(table, &key)).then(|| {
        let there: Vec<&str> = key_of(table).collect();
        format!(
            "{name} is there with the key ({}), and the source's is ({}); {remedy}",
            there.join(", "),
            key.join(", ")
        )
    })
}

/// How each column that is there differs from the one that the job would make, and what becomes of its values: a warning where a row may be refused.
/// Columns that are missing are added, and are no difference.
pub(super) fn differences(mapped: &MappedTable, present: &[PresentColumn]) -> Vec<(Severity, String)> {
    let mut found = Vec::new();
    for there in present.iter().filter(|there| !there.name.starts_with(HIDDEN)) {
        let say = |what: String| format!("column {}: {what}", there.name);
        match mapped.columns.iter().find(|column| same_name(&column.name, &there.name)) {
            Some(wanted) => {
                found.extend(type_of(mapped, there, wanted).map(|(severity, what)| (severity, say(what))));
                if !there.nullable && wanted.nullable() {
                    let what = "it is NOT NULL, and the source's may be NULL; such a row is refused".to_string();
                    found.push((Severity::Warning, say(what)));
                }
            }
            None if !there.nullable && there.default.is_none() => {
                let what = "the source has none, and it is NOT NULL without a default, so every row is refused; drop it, or let it be NULL";
                found.push((Severity::Warning, say(what.to_string())));
            }
            None => {
                let what = if there.default.is_some() {
                    "it gets its default"
                } else {
                    "each row that is loaded has NULL there"
                };
                found.push((Severity::Info, say(format!("the source has none; {what}"))));
            }
        }
    }
    found
}

fn type_of(mapped: &MappedTable, there: &PresentColumn, wanted: &MappedColumn) -> Option<(Severity, String)> {
    let (is, would_be) = (&there.ty, &wanted.doris);
    if is == would_be {
        return None;
    }
    let what = format!("it is {is}, where the source's makes {would_be}");
    if holds(is, would_be) {
        return Some((Severity::Info, format!("{what}; every value fits")));
    }
    let remedy = if may_change(is, would_be) && !wanted.key {
        format!(
            "ALTER TABLE {}.{} MODIFY COLUMN {} {would_be} makes it so",
            backquoted(&mapped.database),
            backquoted(&mapped.name),
            backquoted(&there.name)
        )
    } else {
        "Doris cannot change it; let the job make the table, or move it under another name".to_string()
    };
    Some((Severity::Warning, format!("{what}; a row whose value does not fit is refused. {remedy}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doris::table::DorisType;
    use crate::sync::ddl::{SchemaChange, parse};
    use crate::sync::mapping::{Target, TypeOptions};

    fn mapped(sql: &str) -> MappedTable {
        let Some(SchemaChange::CreateTable { table, .. }) = parse(sql, "d").into_iter().next() else { panic!("{sql}") };
        MappedTable::of(&table, Target::same_columns("d", "t"), &TypeOptions::default(), false).unwrap()
    }

    fn column(name: &str, ty: &str, nullable: bool, default: Option<&str>) -> PresentColumn {
        let default = default.map(String::from);
        PresentColumn { name: name.into(), ty: DorisType::parse(ty), nullable, default, comment: String::new() }
    }

    #[test]
    fn a_table_as_the_job_makes_it_has_none() {
        let mapped = mapped(
            "CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b decimal(12,2) NOT NULL, c json, d datetime(3))",
        );
        let present: Vec<_> = mapped.columns.iter().map(PresentColumn::of).collect();
        assert_eq!(differences(&mapped, &present), []);
        // Those that are missing are added.
        assert_eq!(differences(&mapped, &present[..2]), []);
    }

    #[test]
    fn each_difference_and_what_it_means() {
        let mapped =
            mapped("CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b decimal(12,2), c bigint, d int, e datetime)");
        let present = [
            column("ID", "bigint", false, None),
            column("a", "varchar(20)", true, None),
            column("b", "decimal(10,2)", true, None),
            column("c", "date", true, None),
            column("d", "int", false, Some("0")),
            column("e", "datetime(6)", true, None),
            column("loaded_at", "datetime", true, Some("CURRENT_TIMESTAMP")),
            column("shard", "int", true, None),
            column("who", "varchar(5)", false, None),
            column("__DORIS_SEQUENCE_COL__", "bigint", false, None),
        ];
        let found: Vec<String> =
            differences(&mapped, &present).iter().map(|(severity, text)| format!("{severity:?} {text}")).collect();
        assert_eq!(
            found,
            [
                "Info column ID: it is BIGINT, where the source's makes INT; every value fits",
                "Warning column a: it is VARCHAR(20), where the source's makes VARCHAR(40); a row whose value does not fit is refused. ALTER TABLE `d`.`t` MODIFY COLUMN `a` VARCHAR(40) makes it so",
                "Warning column b: it is DECIMAL(10, 2), where the source's makes DECIMAL(12, 2); a row whose value does not fit is refused. ALTER TABLE `d`.`t` MODIFY COLUMN `b` DECIMAL(12, 2) makes it so",
                "Warning column c: it is DATE, where the source's makes BIGINT; a row whose value does not fit is refused. Doris cannot change it; let the job make the table, or move it under another name",
                "Warning column d: it is NOT NULL, and the source's may be NULL; such a row is refused",
                "Info column e: it is DATETIME(6), where the source's makes DATETIME; every value fits",
                "Info column loaded_at: the source has none; it gets its default",
                "Info column shard: the source has none; each row that is loaded has NULL there",
                "Warning column who: the source has none, and it is NOT NULL without a default, so every row is refused; drop it, or let it be NULL",
            ]
        );
    }
}

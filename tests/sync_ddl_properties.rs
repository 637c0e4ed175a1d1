//! Random tables as SQL, parsed, are the tables; random ALTER TABLEs, applied, do what a plain model of them does.

use canal_native::sync::ddl::{SchemaChange, TableName, apply, parse};
use canal_native::sync::mysql_type::{MysqlType, Size};
use canal_native::sync::source::{ColumnDefault, SourceColumn, SourceTable};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;

fn runner() -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_RNG_SEED").is_some() {
        return TestRunner::new(config);
    }
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Names and texts with what has to be quoted.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        proptest::sample::select(vec!["a", "B", "'", "\"", "\\", ",", "(", ")", ";", "--", "中", "😀", " x"]),
        0..6,
    )
    .prop_map(|parts| parts.concat())
}

fn ty() -> impl Strategy<Value = MysqlType> {
    let labels = || proptest::collection::vec(text(), 1..4);
    prop_oneof![
        any::<bool>().prop_map(|unsigned| MysqlType::TinyInt { unsigned }),
        any::<bool>().prop_map(|unsigned| MysqlType::BigInt { unsigned }),
        (1u8..=65, 0u8..=30).prop_map(|(p, s)| MysqlType::Decimal { precision: p, scale: s.min(p) }),
        (1u8..=64).prop_map(MysqlType::Bit),
        (0u8..=6).prop_map(MysqlType::DateTime),
        (0u8..=6).prop_map(MysqlType::Time),
        (1u32..20_000).prop_map(MysqlType::Varchar),
        (1u32..256).prop_map(MysqlType::Binary),
        proptest::sample::select(vec![Size::Tiny, Size::Plain, Size::Medium, Size::Long]).prop_map(MysqlType::Text),
        labels().prop_map(|labels| MysqlType::Enum(Some(labels))),
        labels().prop_map(|labels| MysqlType::Set(Some(labels))),
        Just(MysqlType::Json),
        Just(MysqlType::TinyInt1),
        Just(MysqlType::Geometry("point".into())),
        Just(MysqlType::Inet6),
    ]
}

fn column(name: &str) -> impl Strategy<Value = SourceColumn> + use<> {
    let name = name.to_string();
    let default = prop_oneof![
        3 => Just(None),
        2 => text().prop_map(|text| Some(ColumnDefault::Literal(text))),
        1 => Just(Some(ColumnDefault::CurrentTimestamp)),
    ];
    (ty(), any::<bool>(), default, text()).prop_map(move |(ty, nullable, default, comment)| SourceColumn {
        name: name.clone(),
        ty,
        nullable,
        default,
        comment,
        charset: None,
    })
}

/// Names of all columns that occur; several need their quotes.
const NAMES: [&str; 8] = ["id", "a", "key", "Q\"x", "back\\\\sl", "编号", "tick`", "x y"];

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The type as SQL: labels' backslashes are doubled by the type's own text.
fn definition(column: &SourceColumn, noise: usize) -> String {
    let mut sql = format!("{} {}", quoted(&column.name), column.ty);
    let noises = ["", " /* c */", " COLLATE utf8mb4_bin", " -- c\n", " CHECK (1 > 0)", " COLUMN_FORMAT DYNAMIC"];
    sql.push_str(noises[noise % noises.len()]);
    sql.push_str(if column.nullable { "" } else { " NOT NULL" });
    match &column.default {
        Some(ColumnDefault::Literal(text)) => sql.push_str(&format!(" DEFAULT {}", literal(text))),
        Some(_) => sql.push_str(" DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP(3)"),
        None => {}
    }
    if !column.comment.is_empty() {
        sql.push_str(&format!(" COMMENT {}", literal(&column.comment)));
    }
    sql
}

fn table() -> impl Strategy<Value = SourceTable> {
    let columns: Vec<_> = NAMES[..5].iter().map(|name| column(name)).collect();
    (columns, 1usize..=5, 0usize..=2, text()).prop_map(|(mut columns, count, keys, comment)| {
        columns.truncate(count);
        let keys: Vec<String> = columns.iter().rev().take(keys).map(|c| c.name.clone()).collect();
        for column in columns.iter_mut().filter(|column| keys.contains(&column.name)) {
            column.nullable = false;
        }
        SourceTable { database: "d".into(), name: "t".into(), columns, keys, comment }
    })
}

fn create(table: &SourceTable, noise: usize) -> String {
    let mut items: Vec<String> = table.columns.iter().map(|column| definition(column, noise)).collect();
    if !table.keys.is_empty() {
        let keys: Vec<String> = table.keys.iter().map(|key| quoted(key)).collect();
        items.push(format!("CONSTRAINT `k` PRIMARY KEY USING BTREE ({})", keys.join(", ")));
    }
    items.push("KEY `i` ((UPPER(`id`)), `id`(3) DESC)".into());
    let comment =
        if table.comment.is_empty() { String::new() } else { format!(" COMMENT={}", literal(&table.comment)) };
    format!("CREATE TABLE `t` ({}) ENGINE=InnoDB{comment} PARTITION BY HASH(`id`) PARTITIONS 4;", items.join(", "))
}

#[test]
fn tables_are_read_from_their_sql() {
    runner()
        .run(&(table(), 0usize..6), |(table, noise)| {
            let sql = create(&table, noise);
            let mut changes = parse(&sql, "d");
            // Which are noise here.
            if let [SchemaChange::CreateTable { table, .. }] = changes.as_mut_slice() {
                table.columns.iter_mut().for_each(|column| column.charset = None);
            }
            prop_assert_eq!(changes, vec![SchemaChange::CreateTable { table, if_not_exists: false }], "{}", sql);
            Ok(())
        })
        .unwrap();
}

#[derive(Debug, Clone)]
enum Edit {
    Add(SourceColumn, usize),
    Drop(usize),
    Modify(usize, SourceColumn),
    Rename(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let any_column = || (0usize..8).prop_flat_map(|at| column(NAMES[at]));
    prop_oneof![
        (any_column(), 0usize..9).prop_map(|(column, at)| Edit::Add(column, at)),
        (0usize..8).prop_map(Edit::Drop),
        (0usize..8, any_column()).prop_map(|(at, column)| Edit::Modify(at, column)),
        (0usize..8, 0usize..8).prop_map(|(at, name)| Edit::Rename(at, name)),
    ]
}

/// Does one edit to a list of columns, and gives its clause; none where it is not possible.
fn edited(columns: &mut Vec<SourceColumn>, edit: &Edit) -> Option<String> {
    let has = |columns: &[SourceColumn], name: &str| columns.iter().any(|column| column.name == name);
    match edit {
        Edit::Add(column, _) if has(columns, &column.name) => None,
        Edit::Add(column, at) => {
            let at = at % (columns.len() + 1);
            let place = match at {
                0 => " FIRST".to_string(),
                _ if at == columns.len() => String::new(),
                _ => format!(" AFTER {}", quoted(&columns[at - 1].name)),
            };
            columns.insert(at, column.clone());
            Some(format!("ADD COLUMN {}{place}", definition(column, 0)))
        }
        Edit::Drop(_) if columns.len() < 2 => None,
        Edit::Drop(at) => {
            let dropped = columns.remove(at % columns.len());
            Some(format!("DROP {}", quoted(&dropped.name)))
        }
        Edit::Modify(at, column) => {
            let at = at % columns.len();
            let old = columns[at].name.clone();
            if old != column.name && has(columns, &column.name) {
                return None;
            }
            columns[at] = column.clone();
            Some(format!("CHANGE COLUMN {} {}", quoted(&old), definition(column, 1)))
        }
        Edit::Rename(at, name) => {
            let (at, name) = (at % columns.len(), NAMES[*name]);
            if has(columns, name) {
                return None;
            }
            let old = std::mem::replace(&mut columns[at].name, name.to_string());
            Some(format!("RENAME COLUMN {} TO {}", quoted(&old), quoted(name)))
        }
    }
}

#[test]
fn alterations_do_what_the_model_does() {
    let edits = proptest::collection::vec(edit(), 1..8);
    runner()
        .run(&(table(), edits), |(mut table, edits)| {
            table.keys.clear();
            let name = TableName::new("d", "t");
            let mut tables = BTreeMap::from([(name.clone(), table.clone())]);
            let mut model = table.columns;
            for edit in &edits {
                let Some(clause) = edited(&mut model, edit) else { continue };
                let sql = format!("ALTER TABLE d.t {clause}, ALGORITHM=INPLACE, LOCK=NONE");
                for change in parse(&sql, "") {
                    apply::apply(&mut tables, &change).map_err(|e| TestCaseError::fail(format!("{sql}: {e}")))?;
                }
                prop_assert_eq!(&tables[&name].columns, &model, "{}", sql);
            }
            Ok(())
        })
        .unwrap();
}

/// Whatever the text is, the answer is an answer.
#[test]
fn no_text_is_too_much() {
    let words = proptest::sample::select(vec![
        "CREATE",
        "ALTER",
        "TABLE",
        "ADD",
        "DROP",
        "COLUMN",
        "PRIMARY KEY",
        "(",
        ")",
        ",",
        "`a`",
        "INT",
        "DEFAULT",
        "b'2'",
        "x'f'",
        "0x1",
        "'t'",
        "'",
        "COMMENT",
        "LIKE",
        "RENAME",
        "TO",
        ".",
        "FIRST",
        "AFTER",
        "ENUM('a')",
        "AS",
        "/*",
        "*/",
        "=",
        "-1",
        "\\",
        "中",
    ]);
    runner()
        .run(&proptest::collection::vec(words, 0..20), |words| {
            let sql = words.join(" ");
            for change in parse(&sql, "d") {
                if let SchemaChange::Unparsed { reason, .. } = change {
                    prop_assert!(!reason.is_empty());
                }
            }
            Ok(())
        })
        .unwrap();
}

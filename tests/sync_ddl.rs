//! The SQL of every DDL message of the captured sets and of the workloads behind them, parsed.

use canal_native::sync::ddl::online::{self, Role};
use canal_native::sync::ddl::{SchemaChange, TableChange, apply, drift, parse};
use canal_native::sync::source::{MessageColumns, SourceTable};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Statement {
    database: String,
    sql: String,
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sync").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(data(name)).unwrap_or_else(|e| panic!("{}: {e}", data(name).display()))
}

fn statements() -> Vec<Statement> {
    let statements: Vec<Statement> =
        read("ddl.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(statements.len() > 80, "only {} statements", statements.len());
    statements
}

/// Each statement's changes, one a line, are those of the file.
#[test]
fn captured_statements_do_what_they_should() {
    let mut found = String::new();
    for statement in statements() {
        let _ = writeln!(found, "{} | {}", statement.database, statement.sql.replace('\n', " "));
        for change in parse(&statement.sql, &statement.database) {
            let _ = writeln!(found, "    {}", serde_json::to_string(&change).unwrap());
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(data("ddl.expected"), &found).unwrap();
    }
    let expected = read("ddl.expected");
    for (i, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of ddl.expected", i + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// What is not understood is on a list, with the reason.
#[test]
fn only_the_listed_statements_are_not_understood() {
    let mut found = String::new();
    for statement in statements() {
        for change in parse(&statement.sql, &statement.database) {
            if let SchemaChange::Unparsed { sql, reason } = change {
                let _ = writeln!(found, "{}\t{reason}", sql.replace('\n', " "));
            }
        }
    }
    assert_eq!(found, read("unparsed.tsv"));
}

fn one(sql: &str) -> SchemaChange {
    let mut changes = parse(sql, "d");
    assert_eq!(changes.len(), 1, "{sql}: {changes:?}");
    changes.remove(0)
}

fn table(sql: &str) -> SourceTable {
    match one(sql) {
        SchemaChange::CreateTable { table, .. } => table,
        other => panic!("{sql}: {other:?}"),
    }
}

fn clauses(sql: &str) -> Vec<TableChange> {
    match one(sql) {
        SchemaChange::AlterTable { changes, .. } => changes,
        other => panic!("{sql}: {other:?}"),
    }
}

/// Statements that no captured set has.
#[test]
fn other_statements() {
    for (sql, expected) in [
        ("ALTER TABLE t ADD (a INT, b INT COMMENT 'x', INDEX (a))", "a int,b int"),
        (
            "alter table t add column if not exists a bigint unsigned zerofill not null default '7' after `b c`",
            "a bigint unsigned",
        ),
        ("ALTER TABLE t ADD a INT REFERENCES o (id) ON DELETE SET NULL ON UPDATE CASCADE, ENGINE InnoDB", "a int"),
        ("ALTER TABLE t ADD a DOUBLE PRECISION, ADD b NATIONAL VARCHAR(3)", "a double,b varchar(3)"),
        ("ALTER TABLE t ADD a VECTOR(3)", "a VECTOR(3)"),
        ("ALTER TABLE t /*!50100 ADD a INT */", "a int"),
        ("ALTER TABLE t ADD a INT GENERATED ALWAYS AS ((1 + 2)) STORED NOT NULL", "a int"),
    ] {
        let added: Vec<String> = clauses(sql)
            .iter()
            .map(|change| match change {
                TableChange::AddColumn { column, .. } => format!("{} {}", column.name, column.ty),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(added.join(","), expected, "{sql}");
    }
    for sql in [
        "ALTER TABLE t ADD INDEX i (a, b), DROP INDEX j, ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES o (b), DROP FOREIGN KEY f",
        "ALTER TABLE t ENGINE=InnoDB ROW_FORMAT=DYNAMIC, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (3)), ALGORITHM=INSTANT",
        "ALTER TABLE t RENAME INDEX a TO b, ALTER INDEX b INVISIBLE, ORDER BY a, b DESC",
        "CREATE TEMPORARY TABLE t (a INT)",
        "DROP TEMPORARY TABLE IF EXISTS t",
        "CREATE DEFINER=`root`@`%` PROCEDURE p() BEGIN DROP TABLE t; END",
        "GRANT ALL ON *.* TO u",
        "ANALYZE TABLE t",
        "/* nothing */",
        "",
    ] {
        assert_eq!(parse(sql, "d"), [], "{sql}");
    }
    for (sql, reason) in [
        ("ALTER TABLE t ADD a INT FROBNICATE", "expected an attribute of the column a, found \"FROBNICATE\""),
        ("ALTER TABLE t ADD a INT DEFAULT frob", "the default value FROB is not known"),
        ("ALTER TABLE t FROBNICATE", "the clause FROBNICATE of ALTER TABLE is not known"),
        ("CREATE TABLE t (a INT, A INT)", "two columns A"),
        ("CREATE TABLE t (a INT, PRIMARY KEY (b))", "the primary key's column b is not among the columns"),
        ("CREATE TABLE t (a INT) SELECT 1 AS b", "columns of the new table come from a query"),
        ("INSERT INTO t VALUES (1)", "statements that begin with INSERT are not known"),
        ("DROP TABLE t; DROP TABLE u", "expected the end, found \";\""),
        ("ALTER TABLE t ADD a INT 'x", "Unterminated string literal"),
    ] {
        match one(sql) {
            SchemaChange::Unparsed { reason: found, .. } => assert!(found.contains(reason), "{sql}: {found}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

/// Clauses of one statement name columns as they were before it.
#[test]
fn clauses_happen_at_once() {
    let before = table("CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT)");
    let after = |sql: &str| {
        let after = apply::alter(&before, &clauses(sql)).unwrap_or_else(|e| panic!("{sql}: {e}"));
        let columns: Vec<String> = after.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect();
        format!("{} key {}", columns.join(","), after.keys.join(","))
    };
    for (sql, expected) in [
        ("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a", "id int,b int,a text key id"),
        ("ALTER TABLE t RENAME COLUMN id TO a, RENAME COLUMN a TO id", "a int,id int,b text key a"),
        ("ALTER TABLE t CHANGE id nr BIGINT, ADD x INT AFTER nr", "nr bigint,x int,a int,b text key nr"),
        ("ALTER TABLE t DROP a, ADD a DATE FIRST", "a date,id int,b text key id"),
        ("ALTER TABLE t MODIFY b INT FIRST, ADD c INT AFTER b", "b int,c int,id int,a int key id"),
        ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a, id)", "id int,a int,b text key a,id"),
        ("ALTER TABLE t DROP COLUMN id", "a int,b text key "),
    ] {
        assert_eq!(after(sql), expected, "{sql}");
    }
    for (sql, reason) in [
        ("ALTER TABLE t DROP c", "the table d.t has no column c"),
        ("ALTER TABLE t ADD A INT", "the table d.t has a column A already"),
        ("ALTER TABLE t ADD c INT AFTER d", "the table d.t has no column d"),
    ] {
        assert_eq!(apply::alter(&before, &clauses(sql)).unwrap_err().to_string(), reason);
    }
}

#[test]
fn tables_change_their_names() {
    let mut tables = BTreeMap::new();
    for sql in [
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b LIKE a",
        "ALTER TABLE b ADD w INT",
        "RENAME TABLE a TO c, b TO a, c TO b",
        "DROP TABLE IF EXISTS none",
    ] {
        for change in parse(sql, "d") {
            apply::apply(&mut tables, &change).unwrap();
        }
    }
    let columns: Vec<_> = tables.values().map(|t| (t.name.as_str(), t.columns.len())).collect();
    assert_eq!(columns, [("a", 2), ("b", 1)]);
    let missing = apply::apply(&mut tables, &one("ALTER TABLE x ADD a INT")).unwrap_err();
    assert_eq!(missing.to_string(), "the table d.x is not known");
}

#[test]
fn a_message_without_its_statement() {
    let known = table("CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 3, e ENUM('x'), gone INT)");
    let message = |types: &[(&str, &str)], keys: &[&str]| {
        SourceTable::of_message("d", "t", MessageColumns { mysql_types: types, sql_types: &[], keys })
    };
    let same = [("id", "int(11)"), ("a", "INT"), ("e", "enum"), ("gone", "int")];
    assert!(drift::drift(&known, &message(&same, &[])).is_none());
    let other = [("id", "int"), ("new", "date"), ("a", "bigint"), ("e", "enum('x','y')")];
    let found = drift::drift(&known, &message(&other, &["id", "a"]));
    assert_eq!(found.missing, ["gone"]);
    assert_eq!(found.other_key.unwrap(), ["id", "a"]);
    let after = apply::alter(&known, &found.changes).unwrap();
    let columns: Vec<String> = after.columns.iter().map(|c| format!("{} {}", c.name, c.ty)).collect();
    assert_eq!(columns, ["id int", "new date", "a bigint", "e enum('x','y')", "gone int"]);
    assert!(!after.column("a").unwrap().nullable && after.column("a").unwrap().default.is_some());
}

#[test]
fn online_schema_changes() {
    for (name, role) in [
        ("_orders_gho", Some((Role::Ghost, "orders"))),
        ("_orders_ghc", Some((Role::Log, "orders"))),
        ("_orders_del", Some((Role::Old, "orders"))),
        ("_orders_20240131101112_del", Some((Role::Old, "orders"))),
        ("_orders_new", Some((Role::Ghost, "orders"))),
        ("__orders_old", Some((Role::Old, "orders"))),
        ("orders_new", None),
        ("_gho", None),
        ("_orders", None),
    ] {
        assert_eq!(online::role(name), role, "{name}");
    }
    for (sql, is) in [
        ("RENAME TABLE `d`.`t` TO `d`.`_t_del`, `d`.`_t_gho` TO `d`.`t`", true),
        ("RENAME TABLE t TO _t_old, _t_new TO t", true),
        ("RENAME TABLE t TO _t_old, u TO t", false),
        ("RENAME TABLE t TO x, _t_gho TO t", false),
        ("RENAME TABLE t TO _t_old", false),
    ] {
        assert_eq!(online::cut_over(&parse(sql, "d")).is_some(), is, "{sql}");
    }
    let real = table("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
    let copy = table("CREATE TABLE _t_gho (id INT PRIMARY KEY, a INT)");
    let done = clauses("ALTER TABLE _t_gho CHANGE a b BIGINT, ADD c INT");
    let ghost = apply::alter(&copy, &done).unwrap();
    assert_eq!(online::changes(&real, &ghost, std::slice::from_ref(&done)), [done]);
    let found = online::changes(&real, &ghost, &[]);
    assert_eq!(apply::alter(&real, &found[0]).unwrap().columns, ghost.columns);
    assert!(matches!(&found[0][0], TableChange::DropColumn { column, .. } if column == "a"));
}

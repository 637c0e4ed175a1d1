//! Tables made and altered in the stand-in by what captured DDL messages say, against the columns that they should have.

use canal_native::doris::table::DorisType;
use canal_native::schema::ZeroDate;
use canal_native::sync::create::{TableProperties, create_table};
use canal_native::sync::ddl::alter::{
    AlterOptions, PresentColumn, Step, alter_table, drop_table, rename_table, truncate,
};
use canal_native::sync::ddl::{SchemaChange, TableChange, TableName, apply, parse};
use canal_native::sync::mapping::{MappedTable, Target, TypeOptions};
use canal_native::sync::refusal::Refusal;
use canal_native::sync::source::SourceTable;
use doris_standin::cluster::{Cluster, Settings};
use doris_standin::sql::{Outcome, Session};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

type Rows = Vec<Vec<Option<String>>>;

struct Doris(Arc<Cluster>);

impl Doris {
    fn start() -> Doris {
        // Heavy changes are done at once.
        let settings = Settings { alter_pending_ms: 0, alter_running_ms: 0, ..Settings::default() };
        Doris(Cluster::new(settings))
    }

    fn sql(&self, statement: &str) -> Rows {
        match Session::new(Arc::clone(&self.0), "root", 1).execute(statement) {
            Ok(Outcome::Rows(relation)) => {
                relation.rows.iter().map(|row| row.iter().map(|cell| cell.text()).collect()).collect()
            }
            Ok(_) => Vec::new(),
            Err(refused) => panic!("{statement}: {refused:?}"),
        }
    }

    fn columns(&self, database: &str, table: &str) -> Vec<PresentColumn> {
        let query = format!(
            "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLUMN_COMMENT FROM information_schema.columns \
             WHERE TABLE_SCHEMA = '{database}' AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
        );
        let column = |row: Vec<Option<String>>| {
            let [Some(name), Some(ty), nullable, default, comment] = &row[..] else { panic!("{row:?}") };
            PresentColumn {
                name: name.clone(),
                ty: DorisType::parse(ty),
                nullable: nullable.as_deref() == Some("YES"),
                default: default.clone(),
                comment: comment.clone().unwrap_or_default(),
            }
        };
        self.sql(&query).into_iter().map(column).collect()
    }

    fn run(&self, step: &Step) {
        self.sql(&step.sql);
        if step.heavy {
            let database = step.sql.split('`').nth(1).unwrap();
            let jobs = self.sql(&format!("SHOW ALTER TABLE COLUMN FROM {database}"));
            let open = jobs.iter().filter(|job| !job.contains(&Some("FINISHED".to_string()))).count();
            assert_eq!(open, 0, "{}: {jobs:?}", step.sql);
        }
    }
}

#[derive(Deserialize)]
struct Statement {
    database: String,
    sql: String,
}

fn statements() -> Vec<Statement> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sync/ddl.jsonl");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Names that Doris does not allow, as a job would rename them.
fn allowed(name: &str) -> String {
    name.replace(['.', '\\'], "_")
}

fn properties() -> TableProperties {
    TableProperties {
        buckets: Some(1),
        replication: Some(1),
        duplicate_without_key: true,
        ..TableProperties::default()
    }
}

fn mapped(table: &SourceTable) -> MappedTable {
    let name = allowed(&table.name);
    let column = |name: &str| Some(name.replace('\\', "_"));
    let target = Target { database: &table.database, table: &name, column: &column };
    MappedTable::of(table, target, &TypeOptions::default(), true).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// Follows the changes in the stand-in, as a job would.
struct Follower {
    doris: Doris,
    tables: BTreeMap<TableName, SourceTable>,
    /// Statements for Doris, in their order.
    done: Vec<String>,
}

impl Follower {
    fn new() -> Follower {
        Follower { doris: Doris::start(), tables: BTreeMap::new(), done: Vec::new() }
    }

    fn run(&mut self, step: &Step) {
        self.doris.run(step);
        self.done.push(step.sql.clone());
    }

    fn follow(&mut self, sql: &str, database: &str) {
        for change in parse(sql, database) {
            let before = self.tables.clone();
            apply::apply(&mut self.tables, &change).unwrap_or_else(|e| panic!("{sql}: {e}"));
            self.change(&before, &change);
        }
    }

    fn change(&mut self, before: &BTreeMap<TableName, SourceTable>, change: &SchemaChange) {
        match change {
            SchemaChange::CreateTable { table, .. } => self.create(&TableName::new(&table.database, &table.name)),
            SchemaChange::CreateTableLike { table, .. } => self.create(table),
            SchemaChange::AlterTable { table, changes } => {
                let (old, new) = (mapped(&before[table]), mapped(&self.tables[table]));
                self.alter(&old, &new, changes);
            }
            SchemaChange::RenameTable { from, to } => {
                let step = rename_table((&from.database, &allowed(&from.name)), (&to.database, &allowed(&to.name)));
                self.run(&step.unwrap());
            }
            SchemaChange::Truncate { table } => self.run(&truncate(&table.database, &allowed(&table.name))),
            SchemaChange::DropTable { table } => self.run(&drop_table(&table.database, &allowed(&table.name))),
            SchemaChange::DropDatabase { database } => {
                self.doris.sql(&format!("DROP DATABASE {database}"));
            }
            SchemaChange::RowsWithoutMessages { .. } | SchemaChange::Unparsed { .. } => {}
        }
    }

    fn create(&mut self, name: &TableName) {
        let table = mapped(&self.tables[name]);
        self.doris.sql(&format!("CREATE DATABASE IF NOT EXISTS {}", name.database));
        let sql = create_table(&table, &properties()).unwrap();
        self.run(&Step { sql, ..Step::default() });
    }

    fn alter(&mut self, old: &MappedTable, new: &MappedTable, changes: &[TableChange]) {
        let options = AlterOptions::default();
        let present = self.doris.columns(&new.database, &new.name);
        let steps = alter_table(old, new, changes, &present, options).unwrap_or_else(|e| panic!("{e:?}"));
        for (done, step) in steps.iter().enumerate() {
            self.run(step);
            // Planned again at any point, as after a restart, only the rest is left.
            let present = self.doris.columns(&new.database, &new.name);
            let rest = alter_table(old, new, changes, &present, options).unwrap();
            let is_seen = |step: &&Step| !step.sql.contains("MODIFY COMMENT") && !step.fills;
            let expected: Vec<_> = steps[done + 1..].iter().filter(is_seen).collect();
            assert_eq!(rest.iter().filter(is_seen).collect::<Vec<_>>(), expected, "after {}", step.sql);
        }
    }

    /// Each table has the columns in Doris that it should have.
    fn check(&self) {
        for table in self.tables.values() {
            let table = mapped(table);
            let shown = |ty: &DorisType| if *ty == DorisType::Boolean { DorisType::TinyInt } else { ty.clone() };
            let mut wanted: Vec<_> = table.columns.iter().map(|c| (c.name.clone(), shown(&c.doris))).collect();
            let present = self.doris.columns(&table.database, &table.name);
            let mut found: Vec<_> = present.into_iter().map(|c| (c.name, c.ty)).collect();
            wanted.sort_by(|a, b| a.0.cmp(&b.0));
            found.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(found, wanted, "{}.{}", table.database, table.name);
        }
    }
}

#[test]
fn captured_changes_are_followed() {
    let mut follower = Follower::new();
    for statement in statements() {
        follower.follow(&statement.sql, &statement.database);
        follower.check();
    }
    let evolve: Vec<&str> =
        follower.done.iter().filter_map(|sql| sql.strip_prefix("ALTER TABLE `misc_dev`.`evolve` ")).collect();
    assert_eq!(
        evolve,
        [
            "ADD COLUMN `c` DECIMAL(8, 2) NULL DEFAULT '1.25'",
            "ADD COLUMN `d` DATETIME(6) NULL AFTER `a`",
            "ADD COLUMN `e2` JSON NULL",
            "MODIFY COLUMN `b` VARCHAR(800) NULL COMMENT 'wider; \"b\" -- 宽'",
            "MODIFY COLUMN `a` LARGEINT NULL",
            "RENAME COLUMN `b` `b_renamed`",
            "MODIFY COLUMN `b_renamed` STRING NULL",
            "MODIFY COLUMN `b_renamed` COMMENT ''",
            "DROP COLUMN `c`",
            "RENAME COLUMN `d` `dd`",
            "ADD COLUMN `first_col` INT NULL AFTER `id`",
            "MODIFY COMMENT 'changed /* x */'",
            "ADD COLUMN `z` VARCHAR(40) NULL DEFAULT 'é'",
        ]
    );
}

#[test]
fn a_table_of_a_statement() {
    let mut follower = Follower::new();
    let orders = statements().into_iter().find(|s| s.sql.contains("`orders`")).unwrap();
    follower.follow(&orders.sql, &orders.database);
    assert_eq!(
        follower.done,
        [
            "CREATE TABLE IF NOT EXISTS `shop_dev`.`orders` (\n  `id` BIGINT NOT NULL,\n  `customer` VARCHAR(256) NULL,\n  \
          `amount` DECIMAL(12, 2) NULL,\n  `status` VARCHAR(1020) NOT NULL DEFAULT 'new',\n  `created` DATETIME(3) NULL,\n  \
          `note` STRING NULL\n) UNIQUE KEY(`id`) COMMENT '订单 \"orders\" it\\'s'\nDISTRIBUTED BY HASH(`id`) BUCKETS 1\n\
          PROPERTIES ('enable_unique_key_merge_on_write' = 'true', 'function_column.sequence_type' = 'bigint', \
          'light_schema_change' = 'true', 'replication_num' = '1')"
        ]
    );
    assert_eq!(follower.doris.columns("shop_dev", "orders")[3].default.as_deref(), Some("new"));
}

fn source(sql: &str) -> SourceTable {
    match &parse(sql, "d")[..] {
        [SchemaChange::CreateTable { table, .. }] => table.clone(),
        other => panic!("{other:?}"),
    }
}

fn refused(sql: &str) -> Refusal {
    let table = source(sql);
    MappedTable::of(&table, Target::same_columns("d", &table.name), &TypeOptions::default(), false).unwrap_err()
}

#[test]
fn tables_that_doris_cannot_have_are_refused() {
    for (sql, expected) in [
        ("CREATE TABLE t (a INT)", "d.t has no primary key"),
        ("CREATE TABLE t (a DOUBLE PRIMARY KEY)", "the key column a is double, which would be DOUBLE in Doris"),
        (
            "CREATE TABLE `t.x` (a INT PRIMARY KEY)",
            "does not allow the name \"t.x\": only letters, digits, _ and - may be in it",
        ),
        ("CREATE TABLE _t (a INT PRIMARY KEY)", "it has to begin with a letter"),
        ("CREATE TABLE t (`a(b)` INT PRIMARY KEY)", "does not allow the column name \"a(b)\""),
        ("CREATE TABLE t (__doris_x INT PRIMARY KEY)", "it must not begin with __DORIS_"),
    ] {
        let refusal = refused(sql).to_string();
        assert!(refusal.contains(expected), "{sql}: {refusal}");
    }
}

#[test]
fn keys_of_text_are_varchar() {
    let table = source(
        "CREATE TABLE t (a TEXT, b VARCHAR(20000), c BINARY(16), d DECIMAL(65,30), e DATETIME NOT NULL, f BIGINT UNSIGNED, \
         PRIMARY KEY (f, e, a(20), b, c, d))",
    );
    let mapped = MappedTable::of(&table, Target::same_columns("d", "t"), &TypeOptions::default(), false).unwrap();
    let columns: Vec<String> =
        mapped.columns.iter().map(|c| format!("{} {} {}", c.name, c.doris, c.nullable())).collect();
    assert_eq!(
        columns,
        [
            "f LARGEINT false",
            "e DATETIME true",
            "a VARCHAR(65533) false",
            "b VARCHAR(65533) false",
            "c VARCHAR(32) false",
            "d VARCHAR(68) false"
        ]
    );
    let strict = TypeOptions { zero_date: ZeroDate::Fail, ..TypeOptions::default() };
    let mapped = MappedTable::of(&table, Target::same_columns("d", "t"), &strict, false).unwrap();
    assert!(!mapped.column("E").unwrap().nullable());
}

/// What one ALTER TABLE becomes, or why it does not.
fn altered(create: &str, alter: &str) -> Result<Vec<String>, String> {
    let mut follower = Follower::new();
    follower.follow(create, "d");
    let changes = parse(alter, "d");
    let [SchemaChange::AlterTable { table, changes }] = &changes[..] else { panic!("{changes:?}") };
    let old = mapped(&follower.tables[table]);
    let new = mapped(&apply::alter(&follower.tables[table], changes).unwrap());
    let present = follower.doris.columns(&old.database, &old.name);
    let steps = alter_table(&old, &new, changes, &present, AlterOptions::default()).map_err(|e| {
        assert!(!e.by_hand.is_empty());
        e.what
    })?;
    for step in &steps {
        follower.doris.run(step);
    }
    let head = format!("ALTER TABLE `d`.`{}` ", old.name);
    Ok(steps.iter().map(|s| format!("{}{}", if s.heavy { "heavy: " } else { "" }, s.sql.replace(&head, ""))).collect())
}

#[test]
fn alterations() {
    let t =
        "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(10) DEFAULT 'x', c DATETIME NOT NULL, n INT NOT NULL)";
    for (alter, expected) in [
        ("ALTER TABLE t ADD m INT NOT NULL", "ADD COLUMN `m` INT NOT NULL DEFAULT '0'"),
        ("ALTER TABLE t ADD m VARCHAR(5) NOT NULL FIRST", "ADD COLUMN `m` VARCHAR(20) NOT NULL DEFAULT '' AFTER `id`"),
        (
            "ALTER TABLE t ADD m ENUM('p','q') NOT NULL AFTER b",
            "ADD COLUMN `m` VARCHAR(1020) NOT NULL DEFAULT 'p' AFTER `b`",
        ),
        ("ALTER TABLE t ADD m JSON NOT NULL", "ADD COLUMN `m` JSON NULL"),
        ("ALTER TABLE t ADD m DATETIME NOT NULL", "ADD COLUMN `m` DATETIME NULL"),
        (
            "ALTER TABLE t ADD m DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)",
            "ADD COLUMN `m` DATETIME(3) NULL DEFAULT CURRENT_TIMESTAMP(3)",
        ),
        ("ALTER TABLE t ADD m BINARY(3) DEFAULT 'ab'", "ADD COLUMN `m` VARCHAR(6) NULL DEFAULT '616200'"),
        ("ALTER TABLE t MODIFY b VARCHAR(20)", "heavy: MODIFY COLUMN `b` VARCHAR(80) NULL DEFAULT 'x'"),
        ("ALTER TABLE t MODIFY a BIGINT COMMENT 'it''s'", "heavy: MODIFY COLUMN `a` BIGINT NULL COMMENT 'it\\'s'"),
        ("ALTER TABLE t MODIFY a INT COMMENT 'q'", "MODIFY COLUMN `a` COMMENT 'q'"),
        ("ALTER TABLE t MODIFY a INT NOT NULL DEFAULT 3", "UPDATE `d`.`t` SET `a` = '0' WHERE `a` IS NULL"),
        ("ALTER TABLE t MODIFY n INT NULL", "heavy: MODIFY COLUMN `n` INT NULL"),
        ("ALTER TABLE t MODIFY a INT FIRST", ""),
        ("ALTER TABLE t RENAME COLUMN id TO nr", "RENAME COLUMN `id` `nr`"),
        ("ALTER TABLE t CHANGE a m BIGINT", "RENAME COLUMN `a` `m`; heavy: MODIFY COLUMN `m` BIGINT NULL"),
        ("ALTER TABLE t DROP a, DROP COLUMN b", "DROP COLUMN `a`; DROP COLUMN `b`"),
        ("ALTER TABLE t COMMENT 'q'", "MODIFY COMMENT 'q'"),
    ] {
        assert_eq!(altered(t, alter).unwrap_or_else(|e| panic!("{alter}: {e}")).join("; "), expected, "{alter}");
    }
}

#[test]
fn what_doris_cannot_alter() {
    let t = "CREATE TABLE t (id INT PRIMARY KEY, a BIGINT, b VARCHAR(10), c DATETIME(3), d BLOB, e BIT(1))";
    for (alter, expected) in [
        ("ALTER TABLE t MODIFY a INT", "the column a cannot become INT: Doris cannot make INT of BIGINT"),
        ("ALTER TABLE t MODIFY b VARCHAR(5)", "Doris cannot make VARCHAR(20) of VARCHAR(40)"),
        ("ALTER TABLE t MODIFY c TEXT", "Doris cannot make STRING of DATETIME(3)"),
        ("ALTER TABLE t MODIFY d TEXT", "the rows that are there have it as encoded bytes, and new ones as themselves"),
        ("ALTER TABLE t MODIFY e BIT(8)", "Doris cannot make BIGINT of BOOLEAN"),
        ("ALTER TABLE t MODIFY id BIGINT", "the key column id is INT in Doris and would be BIGINT"),
        ("ALTER TABLE t DROP a, ADD a INT", "the column a is dropped and added in one statement"),
        ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)", "the key of a table cannot be changed"),
        (
            "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a",
            "takes the name b of a column that takes another name",
        ),
    ] {
        let what = altered(t, alter).map_err(|e| e.to_string()).unwrap_err();
        assert!(what.contains(expected), "{alter}: {what}");
    }
}

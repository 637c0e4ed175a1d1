//! Sums of rows as Doris makes them, by the stand-in: the text that each type's values have there, and that another value in any cell is another sum.
//! What MySQL makes of the same values is compared on real servers, by tests/cluster/verify_mysql.py.

mod compared;

use canal_native::sync::mysql_type::MysqlType;
use canal_native::verify::checksum::{self, Checksum};
use canal_native::verify::pair::{self, TablePair};
use canal_native::verify::spec::VerifySpec;
use doris_standin::Cluster;
use doris_standin::cluster::Settings;
use doris_standin::sql::{Outcome, Session};
use std::collections::BTreeMap;

/// A type of MySQL's; a value in its column of Doris, as SQL; the text that it is summed up as; and another value there.
const CELLS: [(&str, &str, &str, &str); 32] = [
    ("tinyint", "-5", "-5", "5"),
    ("tinyint(1)", "1", "1", "0"),
    ("int unsigned", "4294967295", "4294967295", "4294967294"),
    ("bigint", "-9223372036854775808", "-9223372036854775808", "-9223372036854775807"),
    ("bigint unsigned", "18446744073709551615", "18446744073709551615", "18446744073709551614"),
    ("decimal(10,2)", "1.5", "1.50", "1.51"),
    ("decimal(10,2)", "-0.5", "-0.50", "0.5"),
    ("decimal(10,0)", "7", "7", "-7"),
    ("decimal(38,18)", "-0.000000000000000001", "-0.000000000000000001", "0.000000000000000001"),
    ("decimal(65,30)", "'1.0'", "e4c2e8edac362acab7123654b9e73432", "'1.00'"),
    ("bit(1)", "true", "1", "false"),
    ("bit(9)", "511", "511", "255"),
    ("bit(64)", "18446744073709551615", "18446744073709551615", "9223372036854775807"),
    ("date", "'2024-02-29'", "2024-02-29", "'2024-02-28'"),
    ("date", "NULL", "N", "'1970-01-01'"),
    ("datetime", "'2024-02-29'", "2024-02-29 00:00:00", "'2024-02-29 00:00:01'"),
    ("datetime(6)", "'2024-02-29 10:20:30.5'", "2024-02-29 10:20:30.500000", "'2024-02-29 10:20:30.500001'"),
    ("timestamp(3)", "'2024-02-29 10:20:30'", "2024-02-29 10:20:30.000", "'2024-02-29 10:20:31'"),
    ("time(6)", "'-838:59:59.000000'", "17:-838:59:59.000000", "'838:59:59.000000'"),
    ("year", "0", "0", "2000"),
    ("char(10)", "'ab'", "2:ab", "'AB'"),
    ("varchar(20)", "'a,N'", "3:a,N", "'a,n'"),
    ("varchar(20)", "''", "0:", "NULL"),
    ("varchar(20)", "'N'", "1:N", "NULL"),
    ("varchar(20)", "'é日'", "5:é日", "'é日 '"),
    ("text", "''", "d41d8cd98f00b204e9800998ecf8427e", "NULL"),
    ("text", "'abc'", "900150983cd24fb0d6963f7d28e17f72", "'abd'"),
    ("enum('a','b')", "'a'", "1:a", "'b'"),
    ("set('a','b','c')", "'a,c'", "f24f071a6ff25db0c9da484cbe06a17a", "'a,b'"),
    ("binary(3)", "'00FF00'", "6:00FF00", "'00FF'"),
    ("blob", "'00FF'", "c7fd23af50978ebc9c164b48dc0a9782", "'00ff'"),
    ("int", "NULL", "N", "0"),
];

struct Doris {
    session: Session,
    spec: VerifySpec,
}

impl Doris {
    fn new() -> Doris {
        let mut session = Session::new(Cluster::new(Settings::default()), "root", 1);
        session.execute("CREATE DATABASE d").unwrap();
        Doris { session, spec: compared::spec() }
    }

    /// A table of these types behind a key, in Doris too.
    fn table(&mut self, types: &[&str]) -> TablePair {
        let table = compared::table(types);
        let rules = self.spec.rules().unwrap();
        let mapped = pair::mapped(&table, &rules, &self.spec).unwrap();
        let there = mapped.doris_table(true);
        let defined: Vec<String> =
            there.columns.iter().map(|column| format!("`{}` {}", column.name, column.ty)).collect();
        self.session.execute("DROP TABLE IF EXISTS d.t").unwrap();
        let sql = format!(
            "CREATE TABLE d.t ({}) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
            defined.join(", ")
        );
        self.session.execute(&sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        TablePair::of(&table, mapped, there, &rules, &self.spec).unwrap()
    }

    fn insert(&mut self, id: i64, values: &[&str]) {
        let sql = format!("INSERT INTO d.t VALUES ({id}, {})", values.join(", "));
        self.session.execute(&sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    fn rows(&mut self, sql: &str) -> Vec<Vec<Option<String>>> {
        match self.session.execute(sql).unwrap_or_else(|e| panic!("{sql}: {e:?}")) {
            Outcome::Rows(relation) => {
                relation.rows.iter().map(|row| row.iter().map(|cell| cell.text()).collect()).collect()
            }
            done => panic!("{sql}: {done:?}"),
        }
    }

    /// Rows and sums by part.
    fn sums(&mut self, pair: &TablePair, digits: u32) -> BTreeMap<String, (u64, u128)> {
        let checksum = Checksum::of(pair, &self.spec).unwrap();
        let by = if digits > 0 { " GROUP BY 1" } else { "" };
        let number = |cell: &Option<String>| cell.as_deref().unwrap().parse::<u128>().unwrap();
        let rows = self.rows(&format!("{}{by}", pair.target_select(&checksum.in_target(digits), "")));
        rows.iter().map(|row| (row[0].clone().unwrap(), (number(&row[1]) as u64, number(&row[2])))).collect()
    }
}

#[test]
fn each_value_has_its_text() {
    let mut doris = Doris::new();
    for (ty, value, text, other) in CELLS {
        let pair = doris.table(&[ty]);
        doris.insert(1, &[value]);
        doris.insert(2, &[other]);
        let (mapped, compared) = (&pair.mapped.columns[1], &pair.compared[1]);
        let options = doris.spec.sink.types;
        let texts =
            checksum::column(&MysqlType::parse(ty), None, mapped, &compared.name, &compared.ty, &options).unwrap();
        let found = doris.rows(&format!("{} ORDER BY id", pair.target_select(&texts.target, "")));
        assert_eq!(found[0][0].as_deref(), Some(text), "{ty}: {value}");
        assert_ne!(found[1][0].as_deref(), Some(text), "{ty}: {other}");
        assert!(found[1][0].is_some(), "{ty}: {other}");
    }
}

#[test]
fn another_value_in_any_cell_is_another_sum() {
    let mut doris = Doris::new();
    let pair = doris.table(&CELLS.map(|cell| cell.0));
    let values = CELLS.map(|cell| cell.1);
    for id in [2, 1, 3] {
        doris.insert(id, &values);
    }
    let before = doris.sums(&pair, 0);
    assert_eq!(before[""].0, 3);
    for (i, (ty, _, _, other)) in CELLS.iter().enumerate() {
        let mut changed = values;
        changed[i] = other;
        doris.insert(2, &changed);
        let after = doris.sums(&pair, 0);
        assert_eq!(after[""].0, 3);
        assert_ne!(after, before, "{ty}: {other}");
    }
    doris.insert(2, &values);
    assert_eq!(doris.sums(&pair, 0), before, "as it was");
    // Values that change places.
    let pair = doris.table(&["varchar(9)", "varchar(9)"]);
    doris.insert(1, &["'a'", "'1:b'"]);
    let before = doris.sums(&pair, 0);
    for other in [["'1:b'", "'a'"], ["'a,'", "':b'"], ["''", "'a1:b'"], ["'a'", "NULL"]] {
        doris.insert(1, &other);
        assert_ne!(doris.sums(&pair, 0), before, "{other:?}");
    }
}

#[test]
fn parts_add_up_and_are_found_again() {
    let mut doris = Doris::new();
    let pair = doris.table(&["varchar(20)"]);
    for id in 0..300 {
        doris.insert(id, &[&format!("'row {id}'")]);
    }
    let whole = doris.sums(&pair, 0);
    let checksum = Checksum::of(&pair, &doris.spec).unwrap();
    for (digits, most) in [(1, 16), (2, 256)] {
        let parts = doris.sums(&pair, digits);
        assert!(parts.len() > 10 && parts.len() <= most, "{} parts", parts.len());
        let sum = parts.values().fold((0, 0), |all, part| (all.0 + part.0, all.1 + part.1));
        assert_eq!(sum, whole[""]);
        let some: Vec<String> = parts.keys().take(2).cloned().collect();
        let condition = checksum.of_parts(digits, &some).target;
        let found = doris.rows(&pair.target_query(&condition));
        assert_eq!(found.len() as u64, some.iter().map(|part| parts[part].0).sum::<u64>());
    }
}

/// The sums of a table without a row are NULL, as in MySQL.
#[test]
fn nothing_has_no_sum() {
    let mut doris = Doris::new();
    let pair = doris.table(&["int"]);
    let checksum = Checksum::of(&pair, &doris.spec).unwrap();
    let found = doris.rows(&pair.target_select(&checksum.in_target(0), ""));
    assert_eq!(found, [[Some(String::new()), Some("0".into()), None]]);
    assert_eq!(
        doris.rows(&format!("{} GROUP BY 1", pair.target_select(&checksum.in_target(1), ""))),
        Vec::<Vec<_>>::new()
    );
}

#[test]
fn a_table_with_a_column_that_has_no_text_is_not_summed() {
    let mut doris = Doris::new();
    for (ty, why) in [
        ("double", "the column c1: the servers print FLOAT and DOUBLE otherwise"),
        ("json", "the column c1: JSON is compared by value"),
    ] {
        let pair = doris.table(&["int", ty]);
        assert_eq!(Checksum::of(&pair, &doris.spec).unwrap_err(), why);
    }
}

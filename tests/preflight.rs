//! What `canal-native check` finds, against a stand-in for Doris. The same against real MySQL servers: tests/cluster/follow_mysql.py.

mod doris;

use canal_native::preflight;
use canal_native::preflight::finding::{Findings, Side, Verdict};
use canal_native::snapshot::catalogue::{Column, Table};
use canal_native::snapshot::message;
use canal_native::sync::mysql_type::MysqlType;
use canal_native::sync::open::DatabaseSpec;
use doris::Doris;
use serde_json::{Value, json};
use std::net::TcpListener;

/// The target of a plan.
fn sink(doris: &Doris) -> Value {
    let access = doris.access();
    json!({
        "fenodes": access.front_ends.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "username": access.user, "password": access.password, "origin": "checked", "plan": true,
        "properties": {"replication": 1, "buckets": 1},
        "format": "json", "maxRows": 1000, "maxBytes": 1_000_000, "memoryBytes": 1_000_000, "inFlight": 2, "maxRetries": 0,
        "loadTimeoutSeconds": 10, "patienceSeconds": 0,
    })
}

/// A port where nobody listens.
fn nowhere() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A table as a server lists it.
fn table(name: &str, keys: &[&str], columns: &[(&str, &str)]) -> Table {
    let column = |(name, ty): &(&str, &str)| Column { name: name.to_string(), ty: MysqlType::parse(ty) };
    let mut defined: Vec<String> = columns.iter().map(|(name, ty)| format!("{name} {ty}")).collect();
    if !keys.is_empty() {
        defined.push(format!("PRIMARY KEY ({})", keys.join(",")));
    }
    Table {
        database: "shop".into(),
        table: name.into(),
        rows: 0,
        columns: columns.iter().map(column).collect(),
        keys: keys.iter().map(ToString::to_string).collect(),
        by_key: false,
        from: String::new(),
        select: String::new(),
        message: message::statement("shop", name, &format!("CREATE TABLE {name} ({})", defined.join(", "))),
        native: Vec::new(),
    }
}

#[test]
fn both_sides_are_looked_at_whatever_the_other_says() {
    let doris = Doris::start();
    let source = json!({
        "kind": "mysql", "host": "127.0.0.1", "port": nowhere(), "user": "reader", "password": "secret", "rangeRows": 10, "messageBytes": 1000,
        "connectSeconds": 5, "patienceSeconds": 300, "log": true,
    });
    let plan = json!({"source": {"database": source}, "sink": sink(&doris)});
    let found = preflight::check(plan.to_string().as_bytes()).unwrap();
    assert_eq!((found[0].side, found[0].verdict), (Side::Source, Verdict::Error));
    assert!(found[0].text.contains("look at host, port and firewall"), "{}", found[0].text);
    assert!(found[1..].iter().all(|f| (f.side, f.verdict) == (Side::Target, Verdict::Ok)), "{found:?}");
    for said in ["the front end answers", "may create, change, load and read", "the back end can be reached from here"]
    {
        assert!(found[1..].iter().any(|f| f.text.contains(said)), "{said}: {found:?}");
    }
    assert!(found.iter().all(|f| !f.text.contains("secret")));
}

#[test]
fn each_front_end_is_asked() {
    let doris = Doris::start();
    let mut sink = sink(&doris);
    let gone = format!("127.0.0.1:{}", nowhere());
    sink["fenodes"].as_array_mut().unwrap().insert(0, json!(gone));
    let plan = json!({"source": {"files": {"paths": []}}, "sink": sink});
    let found = preflight::check(plan.to_string().as_bytes()).unwrap();
    assert_eq!(found[0].verdict, Verdict::Notice);
    let of_gone = &found[1];
    assert!(
        of_gone.verdict == Verdict::Error && of_gone.subject == gone && of_gone.text.contains("target.doris.fenodes"),
        "{found:?}"
    );
    assert!(found.len() > 4 && found[2..].iter().all(|f| f.verdict == Verdict::Ok), "{found:?}");
    sink["password"] = json!("wrong");
    let plan = json!({"source": {"files": {"paths": []}}, "sink": sink});
    let found = preflight::check(plan.to_string().as_bytes()).unwrap();
    // Who is not let in is not asked further.
    assert!(found[2..].iter().all(|f| f.verdict == Verdict::Error && f.text.contains("denies access")), "{found:?}");
}

/// Nothing is done, and what Doris cannot have is said as the job would say it.
#[test]
fn tables_are_planned() {
    let doris = Doris::start();
    let tables = || {
        doris.number("SELECT count(*) FROM information_schema.tables WHERE TABLE_SCHEMA IN ('shop', 'canal_native')")
    };
    doris.sql("CREATE DATABASE IF NOT EXISTS shop");
    doris.sql("CREATE TABLE shop.there (id INT, v INT) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')");
    let before = tables();
    let spec = DatabaseSpec::from_json(sink(&doris).to_string().as_bytes()).unwrap();
    let mut findings = Findings::default();
    preflight::tables::look(
        spec,
        &[
            table("fresh", &["id"], &[("id", "int")]),
            table("keyless", &[], &[("id", "int")]),
            table("there", &["id"], &[("id", "int"), ("v", "int"), ("n", "varchar(5)")]),
        ],
        &mut findings,
    );
    let found = findings.all;
    assert!(found[0].verdict == Verdict::Ok && found[0].text.starts_with("1 of 3 would be created"), "{found:?}");
    let keyless: Vec<_> = found.iter().filter(|f| f.subject == "shop.keyless").collect();
    assert!(
        keyless.len() == 1 && keyless[0].verdict == Verdict::Error && keyless[0].text.contains("primary key"),
        "{found:?}"
    );
    let there: Vec<_> = found.iter().filter(|f| f.subject == "shop.there").collect();
    assert!(there.iter().all(|f| f.verdict == Verdict::Notice), "{found:?}");
    assert!(there.iter().any(|f| f.text.contains("has no sequence column")), "{found:?}");
    let changed = "it is there, and would be changed: ALTER TABLE `shop`.`there` ADD COLUMN `n` VARCHAR(20) NULL";
    assert!(there.iter().any(|f| f.text == changed), "{found:?}");
    assert_eq!(tables(), before);
}

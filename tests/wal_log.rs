//! The log of PostgreSQL as messages: what a real server sent in small scenarios (`tests/cluster/record_wal.py`), and what becomes of it.

mod sequences;

use canal_native::changes::message::FIRST_SEQUENCE;
use canal_native::changes::outgoing;
use canal_native::snapshot::postgres::catalogue::{Attribute, Described, Types};
use canal_native::sync::rules::{NamesSpec, Rules};
use canal_native::wal::definitions::{Definitions, Known, KnownColumn};
use canal_native::wal::event::Event;
use canal_native::wal::log::{Log, Need};
use canal_native::wal::position::{Lsn, WalPosition};
use proptest::prelude::*;
use sequences::{assert_same, by_sequence};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wal").join(name)
}

fn recorded() -> Value {
    serde_json::from_str(&fs::read_to_string(file("recorded.json")).unwrap()).unwrap()
}

fn events(scenario: &Value) -> Vec<Vec<u8>> {
    let bytes =
        |hex: &str| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    scenario["events"].as_array().unwrap().iter().map(|event| bytes(event.as_str().unwrap())).collect()
}

fn types(recorded: &Value) -> Types {
    let texts = |row: &Value| row.as_array().unwrap().iter().map(|cell| cell.as_str().map(str::to_string)).collect();
    Types::of(recorded["types"].as_array().unwrap().iter().map(texts).collect(), 2)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn keys(table: &Value) -> Vec<String> {
    table["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_string()).collect()
}

/// The tables as they are listed.
fn definitions(tables: &Value) -> Definitions {
    let mut definitions = Definitions::default();
    for (name, table) in tables.as_object().unwrap() {
        let column = |column: &Value| KnownColumn {
            name: column["name"].as_str().unwrap().into(),
            ty: number(&column["type"]) as u32,
            modifier: number(&column["modifier"]) as i32,
            is_identity: name == "whole" || keys(table).contains(&column["name"].as_str().unwrap().to_string()),
            number: number(&column["number"]) as i32,
        };
        definitions.learn(Known {
            schema: "public".into(),
            table: name.clone(),
            columns: table["columns"].as_array().unwrap().iter().map(column).collect(),
            keys: Some(keys(table)),
            is_partitioned: table["partitioned"] == true,
        });
    }
    definitions
}

/// A table as it is when it is asked for.
fn described(table: &Value) -> Described {
    let attribute = |column: &Value| Attribute {
        number: number(&column["number"]) as i32,
        name: column["name"].as_str().unwrap().into(),
        ty: number(&column["type"]) as u32,
        modifier: number(&column["modifier"]) as i32,
        not_null: column["notNull"] == true,
        default: column["default"].as_str().map(str::to_string),
        comment: String::new(),
        by_bytes: false,
    };
    let columns = table["columns"].as_array().unwrap().iter().map(attribute).collect();
    Described { is_partitioned: table["partitioned"] == true, comment: String::new(), columns, keys: keys(table) }
}

fn rules(exclude: &[&str]) -> Rules {
    let patterns = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    Rules::new(&NamesSpec { include: patterns(&["public\\..*"]), exclude: patterns(exclude), ..NamesSpec::default() })
        .unwrap()
}

fn begin() -> WalPosition {
    WalPosition { slot: "s".into(), lsn: Lsn(1), sequence: FIRST_SEQUENCE, time: 0 }
}

/// Takes an event, and answers what it needs: of rows that are asked for the one with the key 1 is still there.
fn take(log: &mut Log, event: &[u8], recorded: &Value, now: &Value) {
    let event = Event::read(event).unwrap();
    loop {
        match log.take(&event).unwrap() {
            Need::Nothing => return,
            Need::Types => log.learn_types(types(recorded)),
            Need::Table(name) => log.learn_table(now.get(&name.name).map(described)),
            Need::Values(missing) => {
                let is_there = missing.key[0].1 == b"1";
                log.learn_values(is_there.then(|| vec![Some(b"of now".to_vec()); missing.columns.len()]));
            }
        }
    }
}

/// A scenario's messages with their sequences, from its beginning or from where a batch of before left off.
fn messages(recorded: &Value, scenario: &Value, exclude: &[&str], bytes: usize) -> Vec<(i64, Value)> {
    let mut log = Log::new((rules(exclude), bytes), begin(), Arc::new(definitions(&scenario["before"])));
    let mut all = Vec::new();
    for event in events(scenario) {
        take(&mut log, &event, recorded, &scenario["after"]);
    }
    if let Some(batch) = log.batch(&begin()) {
        all.extend(
            outgoing::messages(&batch.messages)
                .map(|(sequence, text)| (sequence, serde_json::from_slice(text).unwrap())),
        );
    }
    all
}

/// Numbers that differ each time, and texts that are long.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\"es\":").into_iter().chain(rest.find("\"ts\":")).min() {
        plain.push_str(&rest[..at + 5]);
        plain.push('0');
        rest = rest[at + 5..].trim_start_matches(|char: char| char.is_ascii_digit());
    }
    plain.push_str(rest);
    plain.replace(&"x".repeat(3000), "x…")
}

#[test]
fn scenarios_become_these_messages() {
    let recorded = recorded();
    let mut found = String::new();
    for scenario in recorded["scenarios"].as_array().unwrap() {
        writeln!(found, "## {}", scenario["name"].as_str().unwrap()).unwrap();
        let mut log =
            Log::new((rules(&["public\\.other"]), 1 << 16), begin(), Arc::new(definitions(&scenario["before"])));
        for event in events(scenario) {
            take(&mut log, &event, &recorded, &scenario["after"]);
        }
        let batch = log.batch(&begin()).unwrap();
        for (sequence, message) in outgoing::messages(&batch.messages) {
            let text = plain(std::str::from_utf8(message).unwrap());
            writeln!(found, "{} {text}", sequence - FIRST_SEQUENCE).unwrap();
        }
        writeln!(found, "=> {}", batch.position.sequence - FIRST_SEQUENCE).unwrap();
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file("messages.txt"), &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(file("messages.txt")).unwrap());
}

/// However many rows a message has, and from whichever transaction the log is read again.
#[test]
fn a_row_has_the_same_sequence_whenever_it_is_read() {
    let recorded = recorded();
    for scenario in recorded["scenarios"].as_array().unwrap() {
        let name = scenario["name"].as_str().unwrap();
        let whole = by_sequence(&messages(&recorded, scenario, &[], 1 << 16));
        assert_same(&by_sequence(&messages(&recorded, scenario, &[], 1)), &whole, name);
        let (mut log, mut all, mut position) =
            (Log::new((rules(&[]), 1 << 16), begin(), Arc::new(definitions(&scenario["before"]))), Vec::new(), begin());
        let mut described: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        for event in events(scenario) {
            take(&mut log, &event, &recorded, &scenario["after"]);
            if let Event::Relation(relation) = Event::read(&event).unwrap() {
                described.insert(relation.number, event.clone());
            }
            if !matches!(Event::read(&event).unwrap(), Event::Commit { .. }) {
                continue;
            }
            let batch = log.batch(&position).unwrap();
            all.extend(
                outgoing::messages(&batch.messages)
                    .map(|(at, text)| (at, serde_json::from_slice::<Value>(text).unwrap())),
            );
            // As a job's state has them; the server describes tables anew.
            position = serde_json::from_str(&serde_json::to_string(&batch.position).unwrap()).unwrap();
            let known: Definitions =
                serde_json::from_str(&serde_json::to_string(&*batch.definitions).unwrap()).unwrap();
            log = Log::new((rules(&[]), 1 << 16), position.clone(), Arc::new(known));
            for relation in described.values() {
                take(&mut log, relation, &recorded, &scenario["after"]);
            }
        }
        assert_same(&by_sequence(&all), &whole, name);
    }
}

#[test]
fn tables_that_are_passed_over_count_all_the_same() {
    let recorded = recorded();
    for scenario in recorded["scenarios"].as_array().unwrap() {
        let name = scenario["name"].as_str().unwrap();
        let all = by_sequence(&messages(&recorded, scenario, &[], 1 << 16));
        let some = by_sequence(&messages(&recorded, scenario, &["public\\.other"], 1 << 16));
        let kept: BTreeMap<_, _> = all.into_iter().filter(|((table, _), _)| table != "other").collect();
        assert_same(&some, &kept, name);
    }
}

/// A transaction that is not at its end is read again from its beginning.
#[test]
fn a_place_to_go_on_from_is_the_end_of_a_transaction() {
    let recorded = recorded();
    let scenario = &recorded["scenarios"][3];
    let mut log = Log::new((rules(&[]), 1), begin(), Arc::new(definitions(&scenario["before"])));
    for event in events(scenario) {
        let is_end = matches!(Event::read(&event).unwrap(), Event::Commit { .. });
        take(&mut log, &event, &recorded, &scenario["after"]);
        // The server says that it is further on, which it is as far as sending goes.
        log.heartbeat(Lsn(if is_end { u64::MAX } else { 7 }));
        if let Some(batch) = log.batch(&begin()) {
            assert_eq!(batch.position.sequence > FIRST_SEQUENCE, is_end);
            assert_eq!(batch.position.lsn == Lsn(u64::MAX), is_end);
        }
    }
}

#[test]
fn an_event_that_is_cut_is_refused() {
    let recorded = recorded();
    for scenario in recorded["scenarios"].as_array().unwrap() {
        for event in events(scenario) {
            if Event::read(&event).unwrap() == Event::Other {
                continue;
            }
            for len in 0..event.len() {
                let error = Event::read(&event[..len]).unwrap_err().to_string();
                assert!(error.contains("ends before its last value"), "{error}");
            }
        }
    }
}

#[test]
fn what_is_not_of_the_protocol_is_named() {
    for (bytes, said) in [
        (b"S".as_slice(), "a message of the kind 'S'"),
        (b"I\0\0\0\x01K", "a row of the kind 'K'"),
        (b"D\0\0\0\x01N", "a row of the kind 'N'"),
        (b"I\0\0\0\x01N\0\x01b", "a value of the kind 'b'"),
    ] {
        let error = Event::read(bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// `t` with a replica identity that is not its key.
#[test]
fn rows_that_are_not_known_again_are_refused() {
    let recorded = recorded();
    let scenario = &recorded["scenarios"][0];
    let mut log = Log::new((rules(&[]), 1), begin(), Arc::new(definitions(&scenario["before"])));
    let all = events(scenario);
    let relation = all.iter().find(|event| event[0] == b'R').unwrap();
    let Event::Relation(mut other) = Event::read(relation).unwrap() else { panic!("a relation") };
    other.columns.iter_mut().for_each(|column| column.is_identity = !column.is_identity);
    log.learn_types(types(&recorded));
    log.learn_table(scenario["after"].get("t").map(described));
    assert_eq!(log.take(&Event::Relation(other)).unwrap(), Need::Nothing);
    let insert = all.iter().find(|event| event[0] == b'I').unwrap();
    let error = log.take(&Event::read(insert).unwrap()).unwrap_err().to_string();
    assert!(error.contains("ALTER TABLE public.t REPLICA IDENTITY DEFAULT"), "{error}");
    let error = Log::new((rules(&[]), 1), begin(), Arc::default()).take(&Event::read(insert).unwrap()).unwrap_err();
    assert!(error.to_string().contains("did not describe before"), "{error}");
}

proptest! {
    /// Whatever comes.
    #[test]
    fn no_bytes_break_the_reader(kind in prop::sample::select(b"BCRIUDTYOMX".to_vec()), rest in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes = [vec![kind], rest].concat();
        if let Ok(Event::Insert { new, .. } | Event::Update { new, .. }) = Event::read(&bytes) {
            prop_assert_eq!(new.values().count(), new.len());
        }
    }
}

//! A subtask's writer against a Doris that keeps state: when it sends, how bodies are packed, what it counts.

mod doris;

use canal_native::doris::spec::WriterSpec;
use canal_native::doris::writer::{Writer, Written};
use canal_native::row::RowKind;
use doris::Doris;
use doris_standin::cluster::{Settings, Version};
use doris_standin::fault::{Fault, FaultName};
use serde_json::{Value, json};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// A writer in flush mode of (id, v) into `shop.orders`; `more` replaces members of its specification.
fn open(doris: &Doris, more: Value) -> Result<Writer, String> {
    let access = doris.access();
    let mut spec = json!({
        "fenodes": access.front_ends.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "username": access.user, "password": access.password,
        "database": "shop", "table": "orders",
        "fields": [{"name": "id", "type": {"root": "BIGINT", "nullable": false}}, {"name": "v", "type": {"root": "VARCHAR", "nullable": true}}],
        "keys": [0], "format": "json", "delete": true, "zone": [[0, 0]],
        "twoPhase": false, "intervalMillis": 1000,
        "label": {"prefix": "", "sink": "cafe", "job": "j1", "restored": null, "subtask": 0, "subtasks": 1},
        "maxRows": 100_000, "maxBytes": 10_000_000, "memoryBytes": 20_000_000, "inFlight": 3, "maxRetries": 3, "badRows": "fail",
    });
    for (name, value) in more.as_object().expect("an object") {
        spec[name] = value.clone();
    }
    let spec = WriterSpec::from_json(spec.to_string().as_bytes()).map_err(|e| e.to_string())?;
    Writer::open(spec).map_err(|e| e.to_string())
}

/// `BinaryRowData` of (BIGINT, a VARCHAR of at most 7 bytes).
fn row(id: u64, v: &str) -> Vec<u8> {
    let mut row = vec![0; 8];
    row.extend_from_slice(&id.to_le_bytes());
    let mut text = [0; 8];
    text[..v.len()].copy_from_slice(v.as_bytes());
    text[7] = 0x80 | v.len() as u8;
    row.extend_from_slice(&text);
    row
}

fn write(writer: &mut Writer, id: u64, v: &str) {
    let written = writer.write(&row(id, v), RowKind::Insert).unwrap();
    assert!(matches!(written, Written::Taken), "{written:?}");
}

fn settled(writer: &Writer) {
    assert!(writer.await_settled(LONG).unwrap());
}

fn loads(writer: &Writer) -> u64 {
    writer.loader().account().loads
}

#[test]
fn a_property_that_is_no_header_is_refused_at_the_start() {
    let doris = Doris::start();
    for (name, value) in [("where", "v = 'a\nb'"), ("a b", "1")] {
        let error = open(&doris, json!({"properties": {name: value}})).expect_err("no writer");
        assert!(error.starts_with(&format!("the header '{name}' of a Stream Load cannot be sent: ")), "{error}");
    }
}

#[test]
fn flush_mode_gathers_more_while_doris_asks_for_less() {
    for name in [FaultName::TooManyVersions, FaultName::TooManyRunningTxns, FaultName::MemLimit] {
        let doris = Doris::start();
        let mut writer = open(&doris, json!({})).unwrap();
        let interval = |writer: &Writer| writer.interval().as_millis();
        let pressure = doris.fault(Fault::new(name).times(3));
        write(&mut writer, 1, "first");
        writer.tick().unwrap();
        doris.until(|| doris.hits(pressure) > 0 && writer.loader().seen().0.pressed > 0);
        // What comes while the load is tried again grows into one further load, whatever the clock says.
        for id in 2..6 {
            write(&mut writer, id, "next");
            writer.tick().unwrap();
            assert_eq!(writer.loader().account().open, 1, "{name:?}");
        }
        assert!(interval(&writer) >= 2000, "{name:?}");
        settled(&writer);
        assert_eq!((doris.hits(pressure), loads(&writer)), (3, 1), "{name:?}");
        writer.tick().unwrap();
        settled(&writer);
        assert_eq!(loads(&writer), 2, "{name:?}: the gathered rows are one load");
        for id in 6..9 {
            write(&mut writer, id, "later");
            writer.tick().unwrap();
            settled(&writer);
        }
        writer.flush().unwrap();
        settled(&writer);
        assert_eq!(interval(&writer), 1000, "{name:?}: as configured when Doris has recovered");
        assert_eq!(doris.number("SELECT count(*) FROM shop.orders"), 8, "{name:?}");
    }
}

#[test]
fn a_full_body_is_sent_whatever_the_interval_is() {
    let doris = Doris::start();
    let mut writer = open(&doris, json!({"maxRows": 10})).unwrap();
    let pressure = doris.fault(Fault::new(FaultName::TooManyVersions).times(2));
    for id in 0..35 {
        write(&mut writer, id, "x");
    }
    settled(&writer);
    assert_eq!((doris.hits(pressure), loads(&writer)), (2, 3));
}

#[test]
fn many_small_loads_make_the_interval_longer() {
    let doris = Doris::start();
    let label = json!({"prefix": "", "sink": "cafe", "job": "j1", "restored": null, "subtask": 0, "subtasks": 8});
    let mut writer = open(&doris, json!({"intervalMillis": 1000, "label": label})).unwrap();
    let mut ticks = Vec::new();
    for id in 0..40 {
        write(&mut writer, id, "x");
        let before = loads(&writer);
        writer.tick().unwrap();
        settled(&writer);
        if loads(&writer) > before {
            ticks.push(id);
        }
    }
    // Sixteen in a row; from then on eight subtasks share one load in half a second.
    assert_eq!(ticks, (0..16).chain([19, 23, 27, 31, 35, 39]).collect::<Vec<_>>());
    assert_eq!(writer.interval(), Duration::from_secs(4));
    assert_eq!(doris.number("SELECT count(*) FROM shop.orders"), 40);
}

#[test]
fn two_phases_send_at_checkpoints_only() {
    let doris = Doris::start();
    let writer = open(&doris, json!({"twoPhase": true, "intervalMillis": 0})).unwrap();
    assert_eq!(writer.interval(), Duration::ZERO);
}

#[test]
fn bodies_are_packed() {
    for compress in ["gz", "lz4"] {
        for format in ["json", "csv"] {
            let doris = Doris::start();
            let properties = json!({"column_separator": "|"});
            let mut writer =
                open(&doris, json!({"compress": compress, "format": format, "properties": properties})).unwrap();
            for id in 0..2000 {
                write(&mut writer, id, "the row");
            }
            writer.flush().unwrap();
            settled(&writer);
            assert_eq!(
                doris.number("SELECT count(*) FROM shop.orders WHERE v = 'the row'"),
                2000,
                "{compress} {format}"
            );
            let sent = doris.cluster.records.loads()[0].bytes;
            let bytes = writer.loader().account().bytes;
            assert!(sent < bytes / 2, "{compress} {format}: {sent} of {bytes} bytes");
        }
    }
}

/// Before 3.0 Doris does not unpack JSON; it says so itself, and the failure shows it.
#[test]
fn what_doris_cannot_unpack_is_refused() {
    let old = Settings { version: Version::V2_1, ..Doris::settings() };
    let doris = Doris::of(old);
    let mut writer = open(&doris, json!({"compress": "lz4"})).unwrap();
    write(&mut writer, 1, "x");
    writer.flush().unwrap();
    let text = writer.await_settled(LONG).unwrap_err().to_string();
    assert!(text.contains("compress data of JSON format is not supported"), "{text}");
    let text = open(&doris, json!({"compress": "lz4", "format": "arrow"})).unwrap_err();
    assert!(text.contains("Doris does not unpack Arrow bodies"), "{text}");
}

#[test]
fn every_load_is_in_the_histogram() {
    let doris = Doris::start();
    let mut writer = open(&doris, json!({})).unwrap();
    doris.fault(Fault { skip: 2, ..Fault::new(FaultName::SlowBe).times(1).of(1100) });
    for id in 0..4 {
        write(&mut writer, id, "x");
        writer.flush().unwrap();
        settled(&writer);
    }
    let latency = writer.loader().latency();
    // From 1,024 ms on.
    let (quick, slow) = latency.counts().split_at(64);
    assert_eq!((quick.iter().sum::<u64>(), slow.iter().sum::<u64>()), (3, 1), "{latency:?}");
}

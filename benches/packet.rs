//! The same events as packets and as flat messages, to the same rows.
//!
//! `cargo bench --bench packet`. The events of `tests/data/bench`, made into packets as Canal writes them, as many entries in each as make 50 KB (a
//! server's `canal.mq.canalBatchSize`, and half of the captured packets have more), and without the transactions around them. Throughput is in rows, time is the thread's CPU time. `prost` only builds its messages: entries,
//! rows and columns with their texts, no rows of Flink.

#![allow(missing_docs)]

mod corpus;
mod cpu_time;
#[path = "../tests/packets/wire.rs"]
#[allow(dead_code)]
mod wire;

use canal_native::canal::decode::{Decoder, Outcome};
use canal_native::canal::packet::PacketDecoder;
use canal_native::schema::DecoderSpec;
use cpu_time::CpuTime;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use std::hint::black_box;
use wire::{Column, Entry, Event, Header, RowChange, RowData};

/// Bytes of one packet, unless its only entry has more.
const PACKET_BYTES: usize = 50_000;

/// File, schema and rows.
const WORKLOADS: [(&str, &str, &str, u64); 3] = [
    ("products", "products-update", "products-update", 4_000),
    ("wide40", "wide40-insert", "wide40-insert", 2_000),
    ("batch100", "batch100", "batch100", 5_000),
];

fn spec(schema: &str, wire: &str) -> DecoderSpec {
    let spec = serde_json::json!({
        "fields": corpus::fields(schema), "semantics": "canal", "timestamp": "SQL", "wire": wire,
    });
    DecoderSpec::from_json(spec.to_string().as_bytes()).expect("a specification")
}

/// The columns of an image, in the order of `mysqlType`; `raw` is that member's text, as JSON objects lose their order here.
fn columns(flat: &Value, names: &[String], image: &Value, changed: Option<&Value>) -> Vec<Column> {
    let column = |(index, name): (usize, &String)| Column {
        index: Some(index as i32),
        sql_type: flat["sqlType"][name].as_i64().map(|code| code as i32),
        name: name.clone(),
        is_key: Some(flat["pkNames"].as_array().is_some_and(|keys| keys.contains(&Value::from(name.as_str())))),
        updated: Some(changed.is_none_or(|old| old.get(name).is_some())),
        is_null: Some(image[name].is_null()),
        value: image[name].as_str().map(String::from),
        mysql_type: flat["mysqlType"][name].as_str().unwrap_or_default().into(),
    };
    names.iter().enumerate().map(column).collect()
}

/// A flat message as the entry that it was.
fn event(message: &[u8]) -> Event {
    let flat: Value = serde_json::from_slice(message).expect("JSON");
    let names = names(message);
    let number = match flat["type"].as_str() {
        Some("INSERT") => 1,
        Some("UPDATE") => 2,
        other => panic!("{other:?}"),
    };
    let rows = flat["data"].as_array().expect("rows").iter().enumerate().map(|(i, after)| {
        let old = (number == 2).then(|| &flat["old"][i]);
        let before = old.map(|old| {
            let mut before = after.clone();
            old.as_object().expect("an image").iter().for_each(|(name, value)| before[name] = value.clone());
            columns(&flat, &names, &before, Some(&Value::Null))
        });
        RowData { before: before.unwrap_or_default(), after: columns(&flat, &names, after, old) }
    });
    let text = |member: &str| flat[member].as_str().unwrap_or_default().to_string();
    let header = Header {
        version: Some(1),
        log_file: "mysql-bin.000001".into(),
        log_offset: Some(123_456_789),
        execute_time: flat["es"].as_i64(),
        schema: text("database"),
        table: text("table"),
        props: vec![wire::Pair { key: "rowsCount".into(), value: "1".into() }],
        gtid: text("gtid"),
    };
    let change = RowChange {
        table_id: Some(4_711),
        event: Some(number),
        is_ddl: Some(false),
        sql: String::new(),
        rows: rows.collect(),
    };
    Event { batch: None, entry: Entry { header: Some(header), kind: Some(2), value: Vec::new() }, change: Some(change) }
}

/// The columns in the order of `mysqlType`.
fn names(message: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(message).expect("UTF-8");
    let at = text.find(r#""mysqlType":{"#).expect("mysqlType") + 13;
    let end = at + text[at..].find('}').expect("its end");
    text[at..end]
        .split("\",\"")
        .map(|member| member.trim_start_matches('"').split('"').next().unwrap_or("").to_string())
        .collect()
}

/// Decodes a packet: its rows, as often as some are handed over.
fn each(decoder: &mut PacketDecoder, packet: &[u8], mut rows: impl FnMut(&[u8])) {
    let mut outcome = decoder.decode(packet);
    loop {
        assert!(matches!(outcome, Outcome::Rows(_)), "{outcome:?}");
        rows(decoder.changelog().rows());
        if !decoder.more() {
            return;
        }
        outcome = decoder.proceed();
    }
}

fn workload(criterion: &mut Criterion<CpuTime>, (name, file, schema, rows): (&str, &str, &str, u64)) {
    let messages = corpus::messages(file);
    let events: Vec<Event> = messages.iter().map(|message| event(message)).collect();
    let entries = (PACKET_BYTES / wire::packet(Some(1), &events[..1]).len()).max(1);
    let packets: Vec<Vec<u8>> = events.chunks(entries).map(|chunk| wire::packet(Some(1), chunk)).collect();
    let mut json = Decoder::new(spec(schema, "json")).expect("a decoder");
    let mut protobuf = PacketDecoder::new(spec(schema, "protobuf")).expect("a decoder");
    let (mut from_json, mut from_protobuf) = (Vec::new(), Vec::new());
    for message in &messages {
        assert!(matches!(json.decode(message), Outcome::Rows(_)));
        from_json.extend_from_slice(json.rows());
    }
    for packet in &packets {
        each(&mut protobuf, packet, |rows| from_protobuf.extend_from_slice(rows));
    }
    assert!(from_json == from_protobuf, "{name}: the rows differ");
    let bytes = |all: &[Vec<u8>]| all.iter().map(Vec::len).sum::<usize>();
    println!("{name}: {} bytes as flat messages, {} as packets", bytes(&messages), bytes(&packets));
    let mut group = criterion.benchmark_group(format!("packet {name}"));
    group.throughput(Throughput::Elements(rows));
    group.bench_function("flat messages", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(json.decode(message));
                black_box(json.rows());
            }
        })
    });
    group.bench_function("packets", |bencher| {
        bencher.iter(|| {
            for packet in &packets {
                each(&mut protobuf, packet, |rows| _ = black_box(rows));
            }
        })
    });
    group.bench_function("packets by prost, no rows", |bencher| {
        bencher.iter(|| packets.iter().for_each(|packet| _ = black_box(wire::events(packet).expect("a packet"))))
    });
    group.finish();
}

fn all(criterion: &mut Criterion<CpuTime>) {
    WORKLOADS.into_iter().for_each(|one| workload(criterion, one));
}

criterion_group! {
    name = decode_packets;
    config = Criterion::default().with_measurement(CpuTime).sample_size(20).measurement_time(std::time::Duration::from_secs(3));
    targets = all
}
criterion_main!(decode_packets);

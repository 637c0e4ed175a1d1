//! Decoding to rows, beside general JSON parsers that only parse.
//!
//! `cargo bench --bench decode`; `-- products` for one workload. Throughput is in bytes of JSON, time is the thread's CPU time. Ours: the whole decoder, message to
//! BinaryRowData. `simd-json tape`, `… value`: the message's structure, no rows. `… typed`: what a decoder needs of the message
//! (type, names, images as pairs of texts) by serde's visitors, no conversion, no rows. `… rows`: visitors that convert each column and
//! write rows (`visitor/mod.rs`), filters and metadata aside. dev.d/bench_report.py reads what criterion found by these names.

#![allow(missing_docs)]

mod corpus;
mod cpu_time;
mod visitor;

use canal_native::canal::decode::{Decoder, Outcome};
use canal_native::row::read::sized;
use canal_native::schema::DecoderSpec;
use corpus::{fields, messages};
use cpu_time::CpuTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::hint::black_box;
use std::time::Duration;
use visitor::{Table, Text};

/// A file of `tests/data/bench`, and how its table is declared.
struct Workload {
    name: &'static str,
    file: &'static str,
    schema: &'static str,
    included_table: Option<&'static str>,
    metadata: &'static [&'static str],
    /// Rows of all messages together.
    rows: usize,
}

const ALL_METADATA: &[&str] = &["database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp"];

const WORKLOADS: [Workload; 5] = [
    Workload {
        name: "products",
        file: "products-update",
        schema: "products-update",
        included_table: None,
        metadata: &[],
        rows: 4_000,
    },
    Workload {
        name: "wide40",
        file: "wide40-insert",
        schema: "wide40-insert",
        included_table: None,
        metadata: &[],
        rows: 2_000,
    },
    Workload {
        name: "batch100",
        file: "batch100",
        schema: "batch100",
        included_table: None,
        metadata: &[],
        rows: 5_000,
    },
    Workload {
        name: "filtered",
        file: "filtered",
        schema: "products-update",
        included_table: Some("products"),
        metadata: &[],
        rows: 0,
    },
    Workload {
        name: "metadata",
        file: "products-update",
        schema: "products-update",
        included_table: None,
        metadata: ALL_METADATA,
        rows: 4_000,
    },
];

fn decoder(workload: &Workload) -> Decoder {
    let spec = serde_json::json!({
        "fields": fields(workload.schema), "metadata": workload.metadata, "semantics": "canal", "timestamp": "SQL",
        "filterTable": workload.included_table.is_some(),
    });
    let spec = DecoderSpec::from_json(spec.to_string().as_bytes()).expect("a specification");
    Decoder::new(spec).expect("a decoder")
}

/// Answers for the table name once; afterwards the decoder knows. Never inlined: dev.d/bench_bounds.py counts its instructions.
#[inline(never)]
fn decode(decoder: &mut Decoder, included: Option<&str>, message: &[u8]) -> Outcome {
    match decoder.decode(message) {
        Outcome::TableVerdict => {
            let accepted = decoder.pending_name() == included.map(str::as_bytes);
            decoder.verdict(accepted).expect("a name is pending");
            decoder.decode(message)
        }
        outcome => outcome,
    }
}

/// Each message is decoded natively, and the rows are as many as they should be; the visitors' too, which do not filter.
fn verify(workload: &Workload, messages: &[Vec<u8>]) {
    let mut decoder = decoder(workload);
    let mut table = Table::new(&fields(workload.schema));
    let mut rows = 0;
    for message in messages {
        let by_serde = table.decode(&mut serde_json::Deserializer::from_slice(message));
        let bytes = table.rows.clone();
        assert_eq!(by_serde, table.decode(&mut sonic_rs::Deserializer::from_slice(message)));
        assert!(by_serde > 0 && bytes == table.rows, "{}: rows of both visitors", workload.name);
        match decode(&mut decoder, workload.included_table, message) {
            Outcome::Rows(_) => rows += count_rows(decoder.rows()),
            Outcome::Filtered => {}
            other => panic!("{}: {other:?}", workload.name),
        }
    }
    assert_eq!(rows, workload.rows, "rows of {}", workload.name);
}

fn count_rows(mut region: &[u8]) -> usize {
    let mut count = 0;
    while !region.is_empty() {
        region = sized(region).expect("a row").1;
        count += 1;
    }
    count
}

/// The members of a message that a decoder looks at.
#[derive(Deserialize)]
struct Typed<'m> {
    #[serde(borrow)]
    data: Option<Vec<Image<'m>>>,
    #[serde(borrow)]
    old: Option<Vec<Image<'m>>>,
    #[serde(borrow)]
    database: Text<'m>,
    #[serde(borrow)]
    table: Text<'m>,
    #[serde(borrow, rename = "type")]
    event: Text<'m>,
}

struct Image<'m>(Vec<(Cow<'m, str>, Option<Cow<'m, str>>)>);

impl<'de: 'm, 'm> Deserialize<'de> for Image<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'m> Visitor<'m> for Members {
            type Value = Image<'m>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an image")
            }
            fn visit_map<A: MapAccess<'m>>(self, mut map: A) -> Result<Image<'m>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Text, Option<Text>>()? {
                    members.push((name.0, value.map(|text| text.0)));
                }
                Ok(Image(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn cells(message: &Typed) -> usize {
    let images = message.data.iter().chain(&message.old).flatten();
    images.map(|image| image.0.len()).sum::<usize>()
        + message.database.0.len()
        + message.table.0.len()
        + message.event.0.len()
}

fn each(group: &mut BenchmarkGroup<CpuTime>, name: &str, messages: &[Vec<u8>], mut parse: impl FnMut(&[u8])) {
    group.bench_function(name, |bencher| bencher.iter(|| messages.iter().for_each(|message| parse(message))));
}

fn workload(criterion: &mut Criterion<CpuTime>, workload: &Workload) {
    let messages = messages(workload.file);
    verify(workload, &messages);
    let mut group = criterion.benchmark_group(workload.name);
    group.throughput(Throughput::Bytes(messages.iter().map(|m| m.len() as u64).sum()));
    let mut decoder = decoder(workload);
    each(&mut group, "canal-native rows", &messages, |message| {
        black_box(decode(&mut decoder, workload.included_table, message));
        black_box(decoder.rows());
    });
    let mut buffer = Vec::new();
    each(&mut group, "simd-json tape", &messages, |message| {
        // It needs its input writable.
        buffer.clear();
        buffer.extend_from_slice(message);
        black_box(simd_json::to_tape(&mut buffer).expect("JSON"));
    });
    each(&mut group, "serde_json value", &messages, |message| {
        black_box(serde_json::from_slice::<serde_json::Value>(message).expect("JSON"));
    });
    each(&mut group, "serde_json typed", &messages, |message| {
        black_box(cells(&serde_json::from_slice(message).expect("a message")));
    });
    let mut table = Table::new(&fields(workload.schema));
    each(&mut group, "serde_json rows", &messages, |message| {
        black_box(table.decode(&mut serde_json::Deserializer::from_slice(message)));
        black_box(&table.rows);
    });
    each(&mut group, "sonic-rs value", &messages, |message| {
        black_box(sonic_rs::from_slice::<sonic_rs::Value>(message).expect("JSON"));
    });
    each(&mut group, "sonic-rs typed", &messages, |message| {
        black_box(cells(&sonic_rs::from_slice(message).expect("a message")));
    });
    each(&mut group, "sonic-rs rows", &messages, |message| {
        black_box(table.decode(&mut sonic_rs::Deserializer::from_slice(message)));
        black_box(&table.rows);
    });
    group.finish();
}

fn all(criterion: &mut Criterion<CpuTime>) {
    WORKLOADS.iter().for_each(|one| workload(criterion, one));
}

criterion_group! {
    name = decode_messages;
    config = Criterion::default().with_measurement(CpuTime).sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = all
}
criterion_main!(decode_messages);

//! Many messages → one Arrow batch, and back, beside the rows that the batch is made of.
//!
//! `cargo bench --bench batch`; `-- products` for one workload. Throughput is in bytes of JSON, read or written. `decode to
//! rows`: the decoder alone, message by message. `decode to Arrow`: the same, and the columns. `encode from Arrow`: the batch,
//! `flink` as flink-json writes it, `full` with Canal's whole envelope. The messages of a workload are one batch; its heading
//! says how many.

#![allow(missing_docs)]

mod corpus;

use arrow::array::{Array, StructArray};
use canal_native::batch::{BatchDecoder, BatchEncoder, DecoderOptions, EncoderOptions, Outcome, Written};
use canal_native::canal::decode::Decoder;
use canal_native::schema::DecoderSpec;
use corpus::{fields, messages};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use std::hint::black_box;

const ALL_METADATA: [&str; 6] = ["database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp"];

/// Name, file, its rows, metadata.
const WORKLOADS: [(&str, &str, usize, &[&str]); 4] = [
    ("products", "products-update", 4_000, &[]),
    ("wide40", "wide40-insert", 2_000, &[]),
    ("batch100", "batch100", 5_000, &[]),
    ("metadata", "products-update", 4_000, &ALL_METADATA),
];

fn decode(decoder: &mut BatchDecoder, messages: &[Vec<u8>], outcomes: &mut Vec<Outcome>) -> StructArray {
    outcomes.clear();
    decoder.decode(messages.iter().map(Vec::as_slice), outcomes).expect("a batch")
}

fn encoder(schema: &str, envelope: &serde_json::Value) -> BatchEncoder {
    let spec = json!({"fields": fields(schema), "envelope": envelope}).to_string();
    BatchEncoder::new(EncoderOptions::from_json(spec.as_bytes()).expect("a specification")).expect("an encoder")
}

fn workload(criterion: &mut Criterion, (name, file, rows, metadata): (&str, &str, usize, &[&str])) {
    let messages = messages(file);
    let spec =
        json!({"fields": fields(file), "metadata": metadata, "semantics": "canal", "timestamp": "SQL"}).to_string();
    let options = DecoderOptions::from_json(spec.as_bytes()).expect("a specification");
    let mut decoder = BatchDecoder::new(options).expect("a decoder");
    let mut outcomes = Vec::new();
    let batch = decode(&mut decoder, &messages, &mut outcomes);
    assert!(
        outcomes.iter().all(|outcome| matches!(outcome, Outcome::Rows { .. })),
        "{name}: not every message has rows"
    );
    assert_eq!(batch.len(), rows, "rows of {name}");

    let mut group = criterion.benchmark_group(format!("{name}, {} messages, {rows} rows", messages.len()));
    group.throughput(Throughput::Bytes(messages.iter().map(|message| message.len() as u64).sum()));
    let mut alone = Decoder::new(DecoderSpec::from_json(spec.as_bytes()).expect("a specification")).expect("a decoder");
    group.bench_function("decode to rows", |bencher| {
        bencher.iter(|| {
            for message in &messages {
                black_box(alone.decode(message));
                black_box(alone.rows());
            }
        });
    });
    group.bench_function("decode to Arrow", |bencher| {
        bencher.iter(|| black_box(decode(&mut decoder, &messages, &mut outcomes)));
    });
    if metadata.is_empty() {
        for (shape, envelope) in
            [("flink", json!(null)), ("full", json!({"database": "inventory", "table": "products", "pkNames": ["id"]}))]
        {
            let mut encoder = encoder(file, &envelope);
            let mut written = Vec::new();
            let bytes = encoder.encode(&batch, 0, &mut written).expect("messages").value_data().len();
            assert!(written.iter().all(|one| *one == Written::Message), "{name}: not every row is a message");
            group.throughput(Throughput::Bytes(bytes as u64));
            group.bench_function(format!("encode from Arrow, {shape}"), |bencher| {
                bencher.iter(|| {
                    written.clear();
                    black_box(encoder.encode(&batch, 0, &mut written).expect("messages"))
                });
            });
        }
    }
    group.finish();
}

fn all(criterion: &mut Criterion) {
    WORKLOADS.into_iter().for_each(|one| workload(criterion, one));
}

criterion_group! {
    name = batches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(3));
    targets = all
}
criterion_main!(batches);

//! Rows to messages.
//!
//! `cargo bench --bench encode`; `-- products` for one workload. Throughput is in rows. The rows are those that the decoder makes of
//! the messages in `tests/data/bench`. `flink`: flink-json's shape; `flink jdk18`: the same with the float texts of an old JDK;
//! `full`: a whole envelope.

#![allow(missing_docs)]

use canal_native::canal::decode::{Decoder, Outcome as Decoded};
use canal_native::canal::encode::{Encoder, Outcome};
use canal_native::row::RowKind;
use canal_native::row::read::sized;
use canal_native::schema::{DecoderSpec, EncoderSpec};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

const WORKLOADS: [(&str, &str); 3] =
    [("products", "products-update"), ("wide40", "wide40-insert"), ("batch100", "batch100")];

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bench").join(file)
}

/// The types that occur in the corpus.
fn type_of(sql: &str) -> Value {
    match sql {
        "INT" => json!({"root": "INTEGER"}),
        "STRING" => json!({"root": "VARCHAR"}),
        "BIGINT" | "DOUBLE" | "DATE" => json!({"root": sql}),
        "TIMESTAMP(3)" => json!({"root": "TIMESTAMP_WITHOUT_TIME_ZONE", "precision": 3}),
        "DECIMAL(10,2)" => json!({"root": "DECIMAL", "precision": 10, "scale": 2}),
        "DECIMAL(18,4)" => json!({"root": "DECIMAL", "precision": 18, "scale": 4}),
        other => panic!("the type {other}"),
    }
}

fn fields(file: &str) -> Value {
    let schema = fs::read_to_string(data(&format!("{file}.schema"))).expect("a schema");
    let columns = schema.lines().map(|line| line.split_once('\t').expect("name and type"));
    columns.map(|(name, ty)| json!({"name": name, "type": type_of(ty)})).collect()
}

/// The rows of the corpus file's messages.
fn rows(file: &str) -> Vec<Vec<u8>> {
    let packed = fs::File::open(data(&format!("{file}.json.gz"))).expect("a corpus file");
    let mut lines = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut lines).expect("gzip");
    let spec = json!({"fields": fields(file), "semantics": "canal", "timestamp": "SQL"});
    let spec = DecoderSpec::from_json(spec.to_string().as_bytes()).expect("a specification");
    let mut decoder = Decoder::new(spec).expect("a decoder");
    let mut rows = Vec::new();
    for message in lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        assert!(matches!(decoder.decode(message), Decoded::Rows(_)));
        let mut rest = decoder.rows();
        while !rest.is_empty() {
            let (row, after) = sized(rest).expect("a row");
            rows.push(row.to_vec());
            rest = after;
        }
    }
    rows
}

fn encoder(file: &str, float_text: &str, full: bool) -> Encoder {
    let envelope = json!({"database": "inventory", "table": "products", "pkNames": ["id"]});
    let spec = json!({
        "fields": fields(file), "timestamp": "SQL", "mapNullKey": "FAIL", "mapNullKeyLiteral": "null",
        "floatText": float_text, "update": "delete-insert", "envelope": if full { envelope } else { Value::Null },
    });
    Encoder::new(EncoderSpec::from_json(spec.to_string().as_bytes()).expect("a specification")).expect("an encoder")
}

fn encode(c: &mut Criterion) {
    for (name, file) in WORKLOADS {
        let rows = rows(file);
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(rows.len() as u64));
        for (shape, float_text, full) in
            [("flink", "shortest", false), ("flink jdk18", "jdk18", false), ("full", "shortest", true)]
        {
            let mut encoder = encoder(file, float_text, full);
            group.bench_function(shape, |b| {
                b.iter(|| {
                    let mut bytes = 0;
                    for row in &rows {
                        assert_eq!(
                            encoder.encode(black_box(row), RowKind::Insert, 1_589_373_560_000),
                            Outcome::Encoded
                        );
                        bytes += encoder.message().len();
                    }
                    bytes
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, encode);
criterion_main!(benches);

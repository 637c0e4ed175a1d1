//! The messages of `tests/data/bench`, and the columns of their tables.
// Not every benchmark needs all of it.
#![allow(dead_code)]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bench").join(file)
}

/// The messages of `<file>.json.gz`.
pub fn messages(file: &str) -> Vec<Vec<u8>> {
    let packed = fs::File::open(data(&format!("{file}.json.gz"))).expect("a corpus file");
    let mut lines = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut lines).expect("gzip");
    lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

/// The columns of `<schema>.schema`, as a specification has them.
pub fn fields(schema: &str) -> serde_json::Value {
    let text = fs::read_to_string(data(&format!("{schema}.schema"))).expect("a schema");
    let columns = text.lines().map(|line| line.split_once('\t').expect("name and type"));
    columns.map(|(name, ty)| serde_json::json!({"name": name, "type": type_of(ty)})).collect()
}

/// The types that occur in the corpus.
fn type_of(sql: &str) -> serde_json::Value {
    match sql {
        "INT" => serde_json::json!({"root": "INTEGER"}),
        "STRING" => serde_json::json!({"root": "VARCHAR"}),
        "BIGINT" | "DOUBLE" | "DATE" => serde_json::json!({"root": sql}),
        "TIMESTAMP(3)" => serde_json::json!({"root": "TIMESTAMP_WITHOUT_TIME_ZONE", "precision": 3}),
        "DECIMAL(10,2)" => serde_json::json!({"root": "DECIMAL", "precision": 10, "scale": 2}),
        "DECIMAL(18,4)" => serde_json::json!({"root": "DECIMAL", "precision": 18, "scale": 4}),
        other => panic!("the type {other}"),
    }
}

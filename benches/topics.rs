//! Messages of many tables by turns: what it takes the decoder that each is of another table than the one before.
//!
//! `cargo bench --bench topics`; `-- 500` for so many tables, `-- 500 20` for so many passes over at least 2,000 messages. Instructions, and data that no cache has, rather
//! than nanoseconds: `valgrind --tool=callgrind --cache-sim=yes --toggle-collect='topics::decode' target/release/deps/topics-… 500 2`, which dev.d/bench_bounds.py does.

#![allow(missing_docs)]

mod corpus;
mod cpu_time;

use canal_native::canal::decode::{Decoder, Outcome};
use canal_native::schema::DecoderSpec;
use corpus::{fields, messages};
use cpu_time::CpuTime;
use criterion::measurement::Measurement;
use std::time::Duration;

const TABLES: [usize; 7] = [1, 4, 8, 16, 64, 500, 5000];
const PASSES: usize = 100;

fn decoder() -> Decoder {
    let spec = serde_json::json!({"fields": fields("products-update"), "metadata": [], "semantics": "canal", "timestamp": "SQL"});
    Decoder::new(DecoderSpec::from_json(spec.to_string().as_bytes()).expect("a specification")).expect("a decoder")
}

/// The messages, each of the next table; at least one of each.
fn topic(tables: usize) -> Vec<Vec<u8>> {
    let all = messages("products-update");
    let of_table = |i: usize| {
        let text = String::from_utf8(all[i % all.len()].clone()).expect("text");
        let name = format!("\"table\":\"products_{:04}\"", i % tables);
        let renamed = text.replace("\"table\":\"products\"", &name);
        assert!(renamed.contains(&name), "{text}");
        renamed.into_bytes()
    };
    (0..all.len().max(tables)).map(of_table).collect()
}

/// Never inlined: dev.d/bench_bounds.py counts its instructions.
#[inline(never)]
fn decode(decoder: &mut Decoder, message: &[u8]) {
    match decoder.decode(message) {
        Outcome::Rows(_) => {}
        other => panic!("{other:?}"),
    }
}

fn main() {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let passes = given.get(1).copied().unwrap_or(PASSES);
    for tables in TABLES.into_iter().filter(|tables| given.first().is_none_or(|only| only == tables)) {
        let (topic, mut decoder) = (topic(tables), decoder());
        let mut took = Duration::ZERO;
        for pass in 0..=passes {
            let begun = CpuTime.start();
            topic.iter().for_each(|message| decode(&mut decoder, message));
            // The first one learns what the messages look like.
            took += if pass == 0 { Duration::ZERO } else { CpuTime.end(begun) };
        }
        let count = topic.len() * passes;
        println!(
            "{tables} tables: {:.0} ns a message, {} messages",
            took.as_nanos() as f64 / count as f64,
            topic.len()
        );
    }
}

//! One input of each fuzz target. A case panics where something is wrong. `cargo fuzz` runs them with a sanitizer and follows
//! the coverage; tests/fuzz_seeds.rs runs them on the seeds and on some thousand changed seeds, in every `cargo test`.

pub mod encode;
pub mod envelope;
pub mod message;
pub mod mutation;
pub mod packet;
pub mod scan;
pub mod table;

/// Stands between the messages of an input.
pub const SEPARATOR: u8 = 0x1E;

/// A case: it takes any bytes at all.
pub type Case = fn(&[u8]);

/// Targets by name, and whether their inputs hold messages, to be mutated as JSON.
#[allow(dead_code)]
pub const TARGETS: [(&str, Case, bool); 6] = [
    ("envelope", envelope::run, true),
    ("message", message::run, true),
    ("packet", packet::run, false),
    ("table", table::run, false),
    ("encode", encode::run, false),
    ("scan", scan::run, false),
];

/// The input as the numbers that the generators take.
fn tape(input: &[u8]) -> Vec<u32> {
    input.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
}

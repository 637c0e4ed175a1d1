//! The fuzz targets without a fuzzer, so that every `cargo test` runs them: their seeds as they are, then seeds with changes,
//! always the same ones.
//!
//! `CANAL_NATIVE_FUZZ_INPUTS` sets the number of changed seeds for each target, `CANAL_NATIVE_SEED` another start.

#[path = "fuzz/cases/mod.rs"]
mod cases;
mod generator;
#[path = "packets/session.rs"]
mod packet_session;
mod reference;
mod rows;
mod scenario;
mod session;

use cases::mutation::{self, Numbers};
use cases::{Case, TARGETS};
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

const DEFAULT_INPUTS: u64 = 10_000;

fn number_in(variable: &str, otherwise: u64) -> u64 {
    let number = |text: String| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number"));
    std::env::var(variable).map_or(otherwise, number)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort_unstable();
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

/// Runs a case; an input that fails is kept, to be given to the fuzzer.
fn run(target: &str, case: Case, input: &[u8]) {
    if let Err(panic) = catch_unwind(|| case(input)) {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}.failed"));
        fs::write(&file, input).expect("the input");
        eprintln!("{target}: the input is kept in {}", file.display());
        std::panic::resume_unwind(panic);
    }
}

fn replay(target: &str) {
    let (_, case, messages) = *TARGETS.iter().find(|(name, ..)| *name == target).expect("a target");
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds.iter().for_each(|seed| run(target, case, seed));
    let first = number_in("CANAL_NATIVE_SEED", 1);
    for n in 0..number_in("CANAL_NATIVE_FUZZ_INPUTS", DEFAULT_INPUTS) {
        let mut numbers = Numbers::new(first + n);
        let mut input = seeds[numbers.below(seeds.len())].clone();
        for _ in 0..1 + numbers.below(4) {
            let mutate = if messages { mutation::mutate } else { mutation::bytes };
            mutate(&mut input, &mut numbers);
        }
        run(target, case, &input);
    }
}

#[test]
fn envelope() {
    replay("envelope");
}

#[test]
fn message() {
    replay("message");
}

#[test]
fn table() {
    replay("table");
}

#[test]
fn packet() {
    replay("packet");
}

#[test]
fn encode() {
    replay("encode");
}

#[test]
fn scan() {
    replay("scan");
}

/// The changes keep most messages readable, or they would test the JSON reader only.
#[test]
fn changed_messages_are_mostly_json() {
    let (mut same, mut json, mut all) = (0, 0, 0);
    for seed in seeds("envelope") {
        for n in 0..200 {
            let mut input = seed.clone();
            mutation::mutate(&mut input, &mut Numbers::new(n));
            let text = String::from_utf8_lossy(&input).into_owned();
            same += usize::from(input == seed);
            json += usize::from(text.split('\u{1e}').all(|message| reference::json::parse(message).is_ok()));
            all += 1;
        }
    }
    assert!(same * 10 < all, "{same} of {all} are as they were");
    assert!(json * 2 > all, "{json} of {all} are JSON");
}

/// A top-level member's text.
fn member(message: &reference::json::Node, name: &str) -> String {
    match message.get(name) {
        Some(reference::json::Node::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

/// The shortest packets of the captured sets, with options in turn, two in each seed.
fn write_packets(folder: &Path) {
    for set in ["mysql80", "mariadb", "canal114"] {
        let bytes = scenario::gunzip(&scenario::data_dir().join(format!("canal/captured/{set}.packets.gz")));
        let mut rest = &bytes[..];
        let mut packets = Vec::new();
        while let Some((len, after)) = rest.split_first_chunk() {
            let (packet, after) = after.split_at(u32::from_le_bytes(*len) as usize);
            packets.push(packet);
            rest = after;
        }
        packets.sort_by_key(|packet| packet.len());
        for (n, two) in packets.chunks(2).take(6).enumerate().filter(|(_, two)| two[1].len() < 4_000) {
            let mut seed = vec![n as u8 * 5];
            for packet in two {
                seed.extend((packet.len() as u16).to_le_bytes());
                seed.extend(*packet);
            }
            fs::write(folder.join(format!("{set}-{n}")), seed).expect("a seed");
        }
    }
}

/// Writes tests/fuzz/seeds anew, from the captured messages: `cargo test --test fuzz_seeds -- --ignored`.
#[test]
#[ignore = "writes files"]
fn write_seeds() {
    let folder = |target: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    };
    let (envelope, message) = (folder("envelope"), folder("message"));
    for set in scenario::CAPTURED {
        let columns = scenario::captured_schemas(set);
        let mut known = BTreeSet::new();
        for text in scenario::captured_messages(set).into_iter().filter(|text| text.len() <= 1_500) {
            let document = reference::json::parse(std::str::from_utf8(&text).expect("UTF-8")).expect("JSON");
            let root = document.root.expect("an object");
            let (table, event) =
                (format!("{}.{}", member(&root, "database"), member(&root, "table")), member(&root, "type"));
            // A table each, of the events in turn.
            let wanted = ["INSERT", "UPDATE", "DELETE"][known.len() % 3];
            if event != wanted || !columns.contains_key(&table) || known.len() > 15 || !known.insert(table.clone()) {
                continue;
            }
            let name = format!("{set}-{}", known.len());
            let head = [cases::message::table_named(&table), (known.len() as u8).wrapping_mul(0x15)];
            fs::write(message.join(&name), [&head[..], &text].concat()).expect("a seed");
            if known.len() <= 4 {
                fs::write(envelope.join(&name), &text).expect("a seed");
            }
        }
        let shortest = scenario::captured_messages(set).into_iter().min_by_key(Vec::len).expect("a message");
        fs::write(message.join(format!("{set}-0")), [&[1, 0], &shortest[..]].concat()).expect("a seed");
    }
    write_packets(&folder("packet"));
    for target in ["table", "encode"] {
        let folder = folder(target);
        for n in 0..8 {
            let mut numbers = Numbers::new(1_000 + n);
            let tape: Vec<u8> = (0..300 + 100 * n).map(|_| numbers.below(256) as u8).collect();
            fs::write(folder.join(n.to_string()), tape).expect("a seed");
        }
    }
}

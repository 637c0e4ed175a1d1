//! Messages of whole databases into load bodies: what the thread that writes them takes of the CPU.
//!
//! `cargo bench --bench database`; `-- products` for one workload, `-- products 20` for so many passes over its messages. The loads go to the stand-in in this process, which counts and
//! discards them; that, and sending, is done by other threads, whose time does not count. Instructions rather than nanoseconds:
//! `valgrind --tool=callgrind --toggle-collect='*DatabaseWriter::write' target/release/deps/database-… products 20 --bench`.
//!
//! `-- tables`: the messages of products, each of the next of 1, 10, 100 and 1,000 tables; `-- tables 1000`: of so many, `-- tables 1000 20`: with so many passes. Of a flush it
//! says what it takes the thread that writes, and the loader's, which sends: of each load.

#![allow(missing_docs)]

#[allow(dead_code)]
mod corpus;
mod cpu_time;
#[path = "../tests/doris/mod.rs"]
mod doris;

use canal_native::sync::open::DatabaseSpec;
use canal_native::sync::place::Place;
use canal_native::sync::writer::{Audience, DatabaseWriter, Taken};
use corpus::messages;
use cpu_time::CpuTime;
use criterion::measurement::Measurement;
use doris::Doris;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);
const PASSES: usize = 200;

/// Workloads by name, and their files in `tests/data/bench`.
const WORKLOADS: [(&str, &str); 3] =
    [("products", "products-update"), ("wide40", "wide40-insert"), ("batch100", "batch100")];

const TABLES: [usize; 4] = [1, 10, 100, 1000];

/// A writer with a job's defaults.
fn open(doris: &Doris, format: &str) -> DatabaseWriter {
    let access = doris.access();
    let spec = json!({
        "fenodes": access.front_ends.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "username": access.user, "password": access.password,
        "properties": {"replication": 1, "buckets": 1},
        "format": format,
        "label": {"prefix": "", "sink": "cafe", "job": "j1", "restored": null, "subtask": 0, "subtasks": 1},
        "maxRows": 500_000, "maxBytes": 100 << 20, "memoryBytes": 512 << 20, "inFlight": 4, "maxRetries": 3,
        "loadTimeoutSeconds": 600, "patienceSeconds": 300,
    });
    let spec = DatabaseSpec::from_json(spec.to_string().as_bytes()).expect("a specification");
    spec.open(&[]).expect("a writer")
}

/// All messages so often; the thread's CPU time in `write`, and the messages.
fn run(writer: &mut DatabaseWriter, messages: &[Vec<u8>], passes: std::ops::Range<usize>) -> Duration {
    let begun = CpuTime.start();
    for pass in passes {
        for (i, message) in messages.iter().enumerate() {
            let place = Place { partition: 0, sequence: ((pass * messages.len() + i) as i64) << 20 };
            let mut taken = writer.write(message, place, Audience::One).expect("a message");
            while taken == Taken::Full {
                writer.await_room(LONG).expect("loads that do not fail");
                taken = writer.resume().expect("a message");
            }
        }
    }
    CpuTime.end(begun)
}

/// The messages of products by turns of so many tables, whose names have one length.
fn of_tables(tables: usize) -> Vec<Vec<u8>> {
    let of_table = |(i, message): (usize, Vec<u8>)| {
        let text = String::from_utf8(message).expect("text");
        let name = format!("\"table\":\"products_{:04}\"", i % tables);
        text.replace("\"table\":\"products\"", &name).into_bytes()
    };
    messages("products-update").into_iter().enumerate().map(of_table).collect()
}

/// CPU time of this process' loader.
fn of_loader() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux");
    let nanos = threads.flatten().filter_map(|thread| {
        let read = |file: &str| std::fs::read_to_string(thread.path().join(file)).ok();
        read("comm")?.starts_with("doris-loader").then_some(())?;
        read("schedstat")?.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// Messages of many tables by turns, and a flush after each quarter of the passes.
fn tables(count: usize, passes: usize) {
    let doris = Doris::start();
    doris.cluster.discarding.store(true, Ordering::SeqCst);
    let (messages, mut writer) = (of_tables(count), open(&doris, "json"));
    let (mut written, mut flushed, mut loaded, mut loads) = (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0);
    let quarter = (passes / 4).max(1);
    for part in 0..5 {
        let before = (of_loader(), writer.loader().account().loads);
        let wrote = run(&mut writer, &messages, part * quarter..(part + 1) * quarter);
        let begun = CpuTime.start();
        writer.flush().expect("loads that do not fail");
        let flush = CpuTime.end(begun);
        assert!(writer.await_settled(LONG).expect("loads that do not fail"));
        // The first part makes the tables, and learns what their messages look like.
        if part > 0 {
            (written, flushed) = (written + wrote, flushed + flush);
            loaded += of_loader() - before.0;
            loads += writer.loader().account().loads - before.1;
        }
    }
    let of = |took: Duration, what: usize| took.as_nanos() as f64 / what as f64;
    let all = 4 * quarter * messages.len();
    println!(
        "{count} tables: {:.0} ns a message; {loads} loads, {:.0} ns each to hand over, {:.0} ns to send",
        of(written, all),
        of(flushed, loads as usize),
        of(loaded, loads as usize)
    );
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if given.first().is_some_and(|first| first == "tables") {
        let number = |at: usize| given.get(at).and_then(|arg| arg.parse().ok());
        for count in TABLES.into_iter().filter(|count| number(1).is_none_or(|only: usize| only == *count)) {
            tables(count, number(2).unwrap_or(PASSES));
        }
        return;
    }
    let passes = given.iter().find_map(|arg| arg.parse().ok()).unwrap_or(PASSES);
    let wanted =
        |name: &str| !given.iter().any(|arg| arg.parse::<usize>().is_err()) || given.iter().any(|arg| arg == name);
    for (name, file) in WORKLOADS.into_iter().filter(|(name, _)| wanted(name)) {
        for format in ["json", "csv"] {
            let doris = Doris::start();
            doris.cluster.discarding.store(true, Ordering::SeqCst);
            let mut messages = messages(file);
            if format == "csv" {
                // The stand-in, when it discards, counts lines.
                let plain = |text: &Vec<u8>| String::from_utf8_lossy(text).replace("\\n", " ").into_bytes();
                messages = messages.iter().map(plain).collect();
            }
            let mut writer = open(&doris, format);
            run(&mut writer, &messages, 0..1);
            let took = run(&mut writer, &messages, 1..passes + 1);
            writer.flush().expect("loads that do not fail");
            assert!(writer.await_settled(LONG).expect("loads that do not fail"));
            let nanos = took.as_nanos() as f64 / (passes * messages.len()) as f64;
            println!("{name}, {format}: {nanos:.0} ns a message");
        }
    }
}

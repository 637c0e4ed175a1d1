//! A job of the database writer in a test: how it is told what to do, and its messages.
#![allow(dead_code)]

pub mod apart;

use super::doris::Doris;
use canal_native::schema::Wire;
use canal_native::sync::open::DatabaseSpec;
use canal_native::sync::place::Place;
use canal_native::sync::report::Report;
use canal_native::sync::route::{Route, Router};
use canal_native::sync::writer::{Audience, DatabaseWriter, Taken};
use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;

pub const LONG: Duration = Duration::from_secs(60);

/// A job that is not started.
#[derive(Clone)]
pub struct Job {
    spec: Value,
    subtasks: u32,
}

impl Job {
    /// One subtask that goes on whatever cannot be moved, with small bodies.
    pub fn new(doris: &Doris) -> Job {
        let access = doris.access();
        let spec = json!({
            "fenodes": access.front_ends.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "username": access.user, "password": access.password,
            "properties": {"replication": 1, "buckets": 1},
            "names": {"rename": [{"from": r"misc_dev\.CamelCase\.Dot-dash", "to": "misc_dev.CamelCase_Dot-dash"}]},
            "types": {"json": "string"},
            "onError": {"table": "report", "message": "report"},
            "ddl": {"dropTable": "apply"},
            "format": "json",
            "label": {"prefix": "", "sink": "cafe", "job": "j1", "restored": null, "subtask": 0, "subtasks": 1},
            "maxRows": 1000, "maxBytes": 1_000_000, "memoryBytes": 10_000_000, "inFlight": 3, "maxRetries": 3,
            "loadTimeoutSeconds": 10, "patienceSeconds": 20,
        });
        Job { spec, subtasks: 1 }
    }

    /// Another member of the specification.
    pub fn with(mut self, name: &str, value: Value) -> Job {
        self.spec[name] = value;
        self
    }

    pub fn format(self, format: &str) -> Job {
        self.with("format", json!(format))
    }

    /// Of all subtasks.
    pub fn spec(&self) -> &Value {
        &self.spec
    }

    pub fn parallel(mut self, subtasks: u32) -> Job {
        self.subtasks = subtasks;
        self
    }

    pub fn start(&self) -> Running {
        self.restore(&[])
    }

    /// A start from the states of a checkpoint, each of which goes to one subtask.
    pub fn restore(&self, states: &[Vec<u8>]) -> Running {
        let subtask = |number: u32| {
            let mut spec = self.spec.clone();
            spec["label"]["subtask"] = json!(number);
            spec["label"]["subtasks"] = json!(self.subtasks);
            let mine: Vec<Vec<u8>> = states
                .iter()
                .enumerate()
                .filter(|(i, _)| *i as u32 % self.subtasks == number)
                .map(|(_, s)| s.clone())
                .collect();
            DatabaseSpec::from_json(spec.to_string().as_bytes()).unwrap().open(&mine).unwrap_or_else(|e| panic!("{e}"))
        };
        let wire = if self.spec["wire"] == "protobuf" { Wire::Protobuf } else { Wire::Json };
        Running {
            subtasks: (0..self.subtasks).map(subtask).collect(),
            router: Router::default(),
            wire,
            reports: Vec::new(),
            may_stop: Vec::new(),
        }
    }
}

/// A job that runs.
pub struct Running {
    pub subtasks: Vec<DatabaseWriter>,
    router: Router,
    wire: Wire,
    reports: Vec<Report>,
    may_stop: Vec<&'static str>,
}

impl Running {
    /// Writes a message to whom it is routed.
    pub fn write(&mut self, message: &[u8], place: Place) -> Result<(), String> {
        let count = self.subtasks.len() as u32;
        let (audience, to) = match self.router.route(message, self.wire) {
            Route::Table(number) => (Audience::One, number % count..number % count + 1),
            Route::All => (Audience::All, 0..count),
        };
        for subtask in to {
            let writer = &mut self.subtasks[subtask as usize];
            let mut taken = writer.write(message, place, audience).map_err(|e| e.to_string())?;
            while taken == Taken::Full {
                writer.await_room(LONG).map_err(|e| e.to_string())?;
                taken = writer.resume().map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }

    /// Messages in the order of the file, each at its place.
    pub fn write_placed(&mut self, messages: &[(Place, Vec<u8>)]) {
        for (place, message) in messages {
            self.write(message, *place).unwrap_or_else(|e| panic!("message at {place:?}: {e}"));
        }
    }

    /// Messages of one partition, the first at offset `from`.
    pub fn write_all(&mut self, messages: &[Vec<u8>], from: usize) {
        for (offset, message) in messages.iter().enumerate().skip(from) {
            let place = Place::of_offset(0, offset as i64);
            self.write(message, place).unwrap_or_else(|e| panic!("message {offset}: {e}"));
        }
    }

    /// Waits until all is in Doris, as a checkpoint does.
    pub fn settle(&mut self) {
        let began = std::time::Instant::now();
        // One subtask may wait for what another one does.
        while !self.subtasks.iter_mut().fold(true, |all, writer| {
            writer.flush().unwrap_or_else(|e| panic!("{e}"));
            writer.await_settled(Duration::from_millis(300)).unwrap_or_else(|e| panic!("{e}")) && all
        }) {
            assert!(began.elapsed() < LONG, "{:#?}", self.waiting());
        }
        let stopped = self.waiting().into_iter().filter(|text| !self.may_stop.iter().any(|may| text.contains(may)));
        assert_eq!(stopped.collect::<Vec<_>>(), Vec::<String>::new());
    }

    /// One turn of what a checkpoint does.
    pub fn settle_once(&mut self) {
        for writer in &mut self.subtasks {
            writer.flush().unwrap_or_else(|e| panic!("{e}"));
            writer.await_settled(Duration::from_millis(300)).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    /// What is done once a second.
    pub fn tick(&mut self) {
        self.subtasks.iter_mut().for_each(|writer| writer.tick().unwrap_or_else(|e| panic!("{e}")));
    }

    /// Has all tables that wait reported, however short that is.
    pub fn report_waits(&mut self) {
        self.subtasks.iter_mut().for_each(|writer| writer.report_waits(Duration::ZERO));
    }

    pub fn flush(&mut self) {
        self.subtasks.iter_mut().for_each(|writer| writer.flush().unwrap_or_else(|e| panic!("{e}")));
    }

    /// Tables that contain this in what they wait for may be waiting when all is settled.
    pub fn may_stop(mut self, texts: &[&'static str]) -> Running {
        self.may_stop = texts.to_vec();
        self
    }

    /// What is waited for, in all subtasks.
    pub fn waiting(&self) -> Vec<String> {
        self.subtasks
            .iter()
            .enumerate()
            .flat_map(|(i, writer)| writer.waiting().into_iter().map(move |w| format!("{i}: {w}")))
            .collect()
    }

    /// What a checkpoint keeps.
    pub fn checkpoint(&mut self) -> Vec<Vec<u8>> {
        self.settle();
        self.subtasks.iter().map(DatabaseWriter::state).collect()
    }

    /// What was said so far.
    pub fn reports(&mut self) -> Vec<String> {
        for writer in &mut self.subtasks {
            self.reports.extend(writer.take_reports());
        }
        self.reports.iter().map(ToString::to_string).collect()
    }
}

/// The packets of a captured set, in their order: `[u32 length][packet]` again and again, little endian.
pub fn captured_packets(set: &str) -> Vec<Vec<u8>> {
    let file =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/canal/captured/{set}.packets.gz"));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    let mut rest = &bytes[..];
    let mut packets = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk() {
        let (packet, after) = after.split_at(u32::from_le_bytes(*len) as usize);
        packets.push(packet.to_vec());
        rest = after;
    }
    packets
}

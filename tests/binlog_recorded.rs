//! Logs of real servers, recorded by `tests/cluster/whole_log.py --record`: a value of every kind, transactions and schema changes of tests/data/binlog/kinds.sql become
//! the messages beside them. `UPDATE_EXPECT=1` writes these anew; look at what has changed.

#[allow(dead_code)]
mod recording;
mod sequences;

use canal_native::binlog::event::kind;
use canal_native::error::Kind;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use recording::{MESSAGE_BYTES, Recording, hex, lines};
use sequences::{assert_same, by_sequence};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

const SERVERS: [&str; 2] = ["mariadb", "mysql80"];

/// Kinds of events that have rows.
const ROWS: [u8; 6] = [
    kind::WRITE_ROWS_1,
    kind::UPDATE_ROWS_1,
    kind::DELETE_ROWS_1,
    kind::WRITE_ROWS,
    kind::UPDATE_ROWS,
    kind::DELETE_ROWS,
];

/// Events that are changed, one in each reading of a log.
const TURNS: usize = 200;

fn file(server: &str, ending: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "data", "binlog", &format!("kinds-{server}.{ending}")].iter().collect()
}

#[test]
fn recorded_logs_become_messages() {
    for server in SERVERS {
        let recording = Recording::read(&file(server, "log.json.gz"));
        let found = lines(&recording.replay().unwrap_or_else(|e| panic!("{server}: {e}")));
        let golden = file(server, "messages.txt.gz");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            let mut file = GzEncoder::new(File::create(&golden).unwrap(), Compression::best());
            file.write_all(found.as_bytes()).unwrap();
            file.finish().unwrap();
        }
        let mut expected = String::new();
        GzDecoder::new(File::open(&golden).unwrap()).read_to_string(&mut expected).unwrap();
        for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{server}, line {}", number + 1);
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{server}");
        assert!(found.lines().count() > 80, "{server}: {} messages", found.lines().count());
    }
}

/// However many rows a message has. Before each event's table stands a statement of another table, as a session writes it whose binlog_format is MIXED: rows
/// behind it have other sequences than those before would lead to.
#[test]
fn a_row_has_the_same_sequence_whenever_it_is_read() {
    let sql = b"INSERT INTO elsewhere.t VALUES (UUID_SHORT())";
    let body = [&[0; 13][..], &[0], sql].concat();
    for server in SERVERS {
        let mut recording = Recording::read(&file(server, "log.json.gz"));
        let events = std::mem::take(&mut recording.events);
        let (mut inserted, mut is_rows) = (0, false);
        for event in events {
            // Within a transaction: rows came before.
            if event.0 == kind::TABLE_MAP && is_rows {
                recording.events.push((kind::QUERY, event.1, 19 + body.len() as u32, event.3, hex(&body)));
                inserted += 1;
            }
            is_rows = ROWS.contains(&event.0);
            recording.events.push(event);
        }
        assert!(inserted > 2, "{server}: {inserted} statements");
        let read = |bytes| recording.replay_in(bytes).unwrap_or_else(|e| panic!("{server}: {e}"));
        let (whole, single) = (read(MESSAGE_BYTES), read(1));
        assert!(whole.len() < single.len(), "{server}: {} messages", whole.len());
        assert_same(&by_sequence(&whole), &by_sequence(&single), server);
    }
}

/// Whatever an event's bytes are, it is read or it is an error that says where.
#[test]
fn events_with_other_bytes_are_read_or_refused() {
    let mut seed = 1u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    for server in SERVERS {
        let recording = Recording::read(&file(server, "log.json.gz"));
        let mut bodies = recording.bodies();
        let (mut read, mut refused) = (0, 0);
        for turn in 0..TURNS {
            let at = random(bodies.len());
            let body = bodies[at].clone();
            let len = body.len();
            if turn % 4 == 0 {
                bodies[at].truncate(random(len));
            } else if let Some(byte) = bodies[at].get_mut(random(len)) {
                *byte ^= 1 << random(8);
            }
            match recording.read_events(&bodies, MESSAGE_BYTES) {
                Ok(_) => read += 1,
                Err(e) => {
                    assert_eq!(e.kind(), Kind::Source, "{server}, event {at}: {e}");
                    refused += 1;
                }
            }
            bodies[at] = body;
        }
        assert!(read > 20 && refused > 20, "{server}: {read} read, {refused} refused");
    }
}

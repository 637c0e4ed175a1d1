//! Logs of real servers, recorded by `tests/cluster/whole_log.py --record`: a value of every kind, transactions and schema changes of tests/data/binlog/kinds.sql become
//! the messages beside them. `UPDATE_EXPECT=1` writes these anew; look at what has changed.

#[allow(dead_code)]
mod recording;

use canal_native::error::Kind;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use recording::{Recording, lines};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;

const SERVERS: [&str; 2] = ["mariadb", "mysql80"];

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
            match recording.read_events(&bodies) {
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

//! The log of a server as it sent it once, with what it was asked meanwhile, in a file: to be read again without a server.

use canal_native::binlog::charset::Charset;
use canal_native::binlog::definitions::Definitions;
use canal_native::binlog::event::RawEvent;
use canal_native::binlog::log::{Log, Need, Server};
use canal_native::binlog::position::LogPosition;
use canal_native::binlog::zone::Zone;
use canal_native::changes::message::FIRST_SEQUENCE;
use canal_native::changes::outgoing::messages;
use canal_native::error::Error;
use canal_native::sync::ddl::TableName;
use canal_native::sync::rules::{NamesSpec, Rules};
use canal_native::sync::source::SourceTable;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

/// Rows of a message are as many as fit into so many bytes.
pub const MESSAGE_BYTES: usize = 1 << 16;

/// A code of a character set in hexadecimal digits, and its character.
pub type Code = (String, Option<char>);

/// What was sent and answered. The server's zone is UTC.
#[derive(Serialize, Deserialize)]
pub struct Recording {
    /// Where it begins.
    pub position: LogPosition,
    /// The tables there.
    pub definitions: Definitions,
    /// Character sets of collations.
    pub collations: HashMap<u16, String>,
    /// The events; their bodies in hexadecimal digits.
    pub events: Vec<(u8, u32, u32, u32, String)>,
    /// Tables as the server had them when they were asked for, in this order.
    pub tables: Vec<(TableName, Option<SourceTable>)>,
    /// Character sets that were asked for.
    pub charsets: Vec<(String, Vec<Code>)>,
}

/// Bytes as digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("digits")).collect()
}

impl Recording {
    /// Reads a file.
    pub fn read(path: &Path) -> Recording {
        let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        serde_json::from_reader(BufReader::new(GzDecoder::new(file)))
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// Writes it to a file.
    pub fn write(&self, path: &Path) {
        let file = GzEncoder::new(File::create(path).expect("a file"), flate2::Compression::best());
        serde_json::to_writer(file, self).expect("written");
    }

    /// The bodies of its events.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.events.iter().map(|event| bytes(&event.4)).collect()
    }

    /// Messages with their sequences, counted from the log's first; without `ts`, which is when they were made.
    ///
    /// # Errors
    /// As of [`Log::take`].
    pub fn replay(&self) -> Result<Vec<(i64, Value)>, Error> {
        self.replay_in(MESSAGE_BYTES)
    }

    /// The same, with as many rows in a message as fit into so many bytes.
    ///
    /// # Errors
    /// As of [`Log::take`].
    pub fn replay_in(&self, message_bytes: usize) -> Result<Vec<(i64, Value)>, Error> {
        let mut all = Vec::new();
        for (sequence, message) in messages(&self.read_events(&self.bodies(), message_bytes)?) {
            let mut message: Value = serde_json::from_slice(message).expect("a message is JSON");
            message.as_object_mut().expect("an object").remove("ts");
            all.push((sequence - FIRST_SEQUENCE, message));
        }
        Ok(all)
    }

    /// Reads the events with these bodies: the messages of a batch.
    ///
    /// # Errors
    /// As of [`Log::take`].
    pub fn read_events(&self, bodies: &[Vec<u8>], message_bytes: usize) -> Result<Vec<u8>, Error> {
        let names: NamesSpec =
            serde_json::from_value(serde_json::json!({"include": ["\\w+_dev\\..*"]})).expect("names");
        let server = Server { zone: Zone::fixed(0), collations: self.collations.clone() };
        let rules = Rules::new(&names).expect("patterns");
        let mut log =
            Log::new((rules, message_bytes), server, self.position.clone(), Arc::new(self.definitions.clone()));
        for ((kind, seconds, size, end, _), body) in self.events.iter().zip(bodies) {
            let event = RawEvent { kind: *kind, seconds: *seconds, size: *size, end: *end, body };
            loop {
                match log.take(&event)? {
                    Need::Nothing => break,
                    Need::Table(name) => {
                        let answer = self.tables.iter().find(|(asked, _)| *asked == name);
                        log.learn(&name, answer.and_then(|(_, table)| table.clone()));
                    }
                    Need::Charset(name) => log.learn_charset(&name, self.charset(&name)),
                }
            }
        }
        Ok(log.batch(&self.position).map_or_else(Vec::new, |batch| batch.messages))
    }

    fn charset(&self, name: &str) -> Charset {
        let codes = self.charsets.iter().find(|(known, _)| known == name).map(|(_, codes)| codes.as_slice());
        let pair = |(code, char): &Code| (bytes(code), *char);
        Charset::plain(name).unwrap_or_else(|| Charset::of(codes.unwrap_or_default().iter().map(pair)))
    }
}

/// Messages a line each, behind their sequences. Of long texts what they begin with, their bytes, and a sum of them.
pub fn lines(messages: &[(i64, Value)]) -> String {
    let line = |(sequence, message): &(i64, Value)| {
        let mut message = message.clone();
        shorten(&mut message);
        format!("{sequence} {message}\n")
    };
    messages.iter().map(line).collect()
}

fn shorten(value: &mut Value) {
    const LONG: usize = 400;
    match value {
        Value::String(text) if text.len() > LONG => {
            let mut sum = flate2::Crc::new();
            sum.update(text.as_bytes());
            *text =
                format!("{}… {} bytes, CRC {:08x}", text.chars().take(40).collect::<String>(), text.len(), sum.sum());
        }
        Value::Array(all) => all.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

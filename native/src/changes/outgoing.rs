//! What is handed over at once: messages, and where to begin again behind them.

use super::message::{Change, Frame, Message};
use crate::snapshot::message::schema_change;
use crate::sync::ddl::TableName;
use std::sync::Arc;

/// Bytes of a batch, about: the first message that goes beyond ends it.
const BATCH_BYTES: usize = 256 << 10;

/// Messages one behind the other: four bytes of length and eight of the first row's sequence, the highest byte first, then the message itself. `P` is a place
/// in the log, `D` what is known of the tables there.
#[derive(Debug)]
pub struct Batch<P, D> {
    /// The messages; there may be none.
    pub messages: Vec<u8>,
    /// The last transaction's end that is not behind the messages.
    pub position: P,
    /// The definitions there.
    pub definitions: Arc<D>,
    /// Counts their changes.
    pub version: u64,
}

/// What becomes the next batch, as a log is read.
#[derive(Debug)]
pub struct Outgoing<P, D> {
    /// The last transaction's end.
    pub position: P,
    /// Of a message, about: as many rows as fit.
    message_bytes: usize,
    /// Under way.
    message: Message,
    messages: Vec<u8>,
    /// Of now,
    definitions: Arc<D>,
    version: u64,
    /// and of `position`.
    settled: (Arc<D>, u64),
}

impl<P: Clone + PartialEq, D: Clone> Outgoing<P, D> {
    /// Nothing yet, behind `position`, where the tables are as `definitions` says. A message ends with the row that goes beyond so many bytes.
    pub fn new(position: P, definitions: Arc<D>, message_bytes: usize) -> Outgoing<P, D> {
        Outgoing {
            position,
            message_bytes,
            message: Message::default(),
            messages: Vec::new(),
            definitions: definitions.clone(),
            version: 0,
            settled: (definitions, 0),
        }
    }

    /// Begins a row of that table and kind, with that sequence and time, and says where its values go: into the message under way, if that takes it.
    #[inline]
    pub fn row(&mut self, kind: (&Arc<Frame>, Change), (sequence, millis): (i64, i64)) -> &mut Message {
        if !self.message.takes(kind, sequence) || self.message.is_full(self.message_bytes) {
            self.finish();
        }
        self.message.begin(kind, (sequence, millis));
        &mut self.message
    }

    /// Adds a schema change: `ty` as Canal names it, the session's default database with the first table that it is about.
    pub fn statement(&mut self, ty: &str, about: &TableName, sql: &str, (sequence, millis): (i64, i64)) {
        self.finish();
        let text = schema_change(ty, (&about.database, &about.name), sql, millis);
        add(&mut self.messages, sequence, &[text.as_bytes()]);
    }

    /// Ends the message under way: what follows goes into another one.
    pub fn finish(&mut self) {
        self.message.finish(&mut self.messages);
    }

    /// The tables as they are now.
    pub fn definitions(&self) -> &D {
        &self.definitions
    }

    /// To change them.
    pub fn change_definitions(&mut self) -> &mut D {
        self.version += 1;
        Arc::make_mut(&mut self.definitions)
    }

    /// The tables are so at `position`.
    pub fn settle(&mut self) {
        self.settled = (self.definitions.clone(), self.version);
    }

    /// Whether there are enough messages for a batch.
    pub fn is_full(&self) -> bool {
        self.messages.len() >= BATCH_BYTES
    }

    /// The messages so far, if there are any or the position has moved since `before`.
    pub fn batch(&mut self, before: &P) -> Option<Batch<P, D>> {
        self.finish();
        if self.messages.is_empty() && self.position == *before {
            return None;
        }
        let messages = std::mem::take(&mut self.messages);
        let (definitions, version) = self.settled.clone();
        Some(Batch { messages, position: self.position.clone(), definitions, version })
    }
}

/// Adds a message to those of a batch.
pub(super) fn add(messages: &mut Vec<u8>, sequence: i64, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    messages.extend_from_slice(&(len as u32).to_be_bytes());
    messages.extend_from_slice(&sequence.to_be_bytes());
    parts.iter().for_each(|part| messages.extend_from_slice(part));
}

/// The messages of a batch, with their sequences.
pub fn messages(mut bytes: &[u8]) -> impl Iterator<Item = (i64, &[u8])> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (message, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        bytes = rest;
        Some((i64::from_be_bytes(*sequence), message))
    })
}

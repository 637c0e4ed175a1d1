//! Transactions in two phases: their rows stand in the log where they are prepared, and count once they are committed.

use super::definitions::Definitions;
use super::position::LogPosition;
use std::sync::Arc;

/// Messages that wait for their transactions to be decided, at most.
const MOST_BYTES: usize = 64 << 20;

/// A place in the log, and the tables as they were there.
pub type Settled = (LogPosition, (Arc<Definitions>, u64));

/// Prepared transactions. Their keys are locked and their tables cannot be changed until they are decided, so messages may come later than the sequences
/// that they have.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Identifier, messages.
    all: Vec<(String, Vec<u8>)>,
    bytes: usize,
    /// Before the oldest of those that are not decided.
    before: Option<Settled>,
}

impl Prepared {
    /// Keeps a transaction that was read behind `before`. False if there is no room for it.
    pub fn hold(&mut self, xid: String, messages: Vec<u8>, before: Settled) -> bool {
        self.bytes += messages.len();
        self.all.push((xid, messages));
        self.before.get_or_insert(before);
        self.bytes <= MOST_BYTES
    }

    /// The messages of a transaction that is decided; None if it was never prepared here.
    pub fn decide(&mut self, xid: &str) -> Option<Vec<u8>> {
        let at = self.all.iter().position(|(one, _)| one == xid)?;
        let (_, messages) = self.all.remove(at);
        self.bytes -= messages.len();
        if self.all.is_empty() {
            self.before = None;
        }
        Some(messages)
    }

    /// Where the log has to be read again from for those that are not decided.
    pub fn before(&self) -> Option<&Settled> {
        self.before.as_ref()
    }
}

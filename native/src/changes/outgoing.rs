//! What is handed over at once: messages, and where to begin again behind them.

use std::sync::Arc;

/// Bytes of a batch, about: the first message that goes beyond ends it.
pub const BATCH_BYTES: usize = 256 << 10;

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

/// Adds a message to those of a batch.
pub fn add(messages: &mut Vec<u8>, sequence: i64, parts: &[&[u8]]) {
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

//! Packets: as prost reads them, as flat messages, and through the decoder.
#![allow(dead_code)]

pub mod flat;
mod session;
pub mod wire;

#[allow(unused_imports)]
pub use session::{Answer, PacketSession};

use crate::scenario;
use crate::session::Seen;
use canal_native::canal::event::EventKind;
use canal_native::canal::packet::{COUNTS, Count};
use std::path::PathBuf;

/// Counts an event as the decoder should.
pub fn count(counts: &mut [i64; COUNTS], seen: &Seen) {
    counts[Count::Entries as usize] += 1;
    match seen {
        Seen::Filtered => counts[Count::Filtered as usize] += 1,
        Seen::Skipped(kind) => counts[Count::SkippedDdl as usize + *kind as usize] += 1,
        Seen::Dropped => counts[Count::Dropped as usize] += 1,
        Seen::Rows(_) | Seen::Delegated(_) => {}
    }
}

/// What an entry without a change of rows is skipped as.
pub fn skipped(kind: Option<i32>) -> Seen {
    Seen::Skipped(if matches!(kind, Some(1 | 3 | 5)) { EventKind::Transaction } else { EventKind::Other })
}

/// The packets of a captured set, in their order: `[u32 length][packet]` again and again, little endian.
pub fn captured_packets(set: &str) -> Vec<Vec<u8>> {
    let file: PathBuf = scenario::data_dir().join(format!("canal/captured/{set}.packets.gz"));
    let bytes = scenario::gunzip(&file);
    let mut rest = &bytes[..];
    let mut packets = Vec::new();
    while let Some((len, after)) = rest.split_first_chunk() {
        let (packet, after) = after.split_at(u32::from_le_bytes(*len) as usize);
        packets.push(packet.to_vec());
        rest = after;
    }
    packets
}

/// The sets that have packets.
pub const SETS: [&str; 4] = ["mysql80", "mysql97", "mariadb", "canal114"];

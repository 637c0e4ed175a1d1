//! What a writer's loads came to, in numbers.

use super::load::{LoadError, Loaded};

/// Counters; all but the last four only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Rows loaded.
    pub rows: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Loads that succeeded.
    pub loads: u64,
    /// Loads that failed, bad rows included.
    pub failed_loads: u64,
    /// Times a body was sent again.
    pub retries: u64,
    /// Rows that a `where` header passed over.
    pub unselected: u64,
    /// Rows that Doris refused, where they are passed over.
    pub refused: u64,
    /// Open loads of earlier runs that were aborted.
    pub aborted: u64,
    /// Sum of the loads' durations in milliseconds.
    pub millis: u64,
    /// Duration of the last load in milliseconds.
    pub last_millis: u64,
    /// Duration of the longest.
    pub longest_millis: u64,
    /// Bodies handed over and not settled.
    pub open: u64,
    /// Their bytes.
    pub open_bytes: u64,
}

impl Account {
    /// A load of `rows` rows is over.
    pub(super) fn note(&mut self, rows: u64, bytes: u64, millis: u64, outcome: &Result<Loaded, LoadError>) {
        match outcome {
            Ok(loaded) => {
                self.loads += 1;
                self.rows += rows - loaded.unselected;
                self.unselected += loaded.unselected;
                self.bytes += bytes;
                self.millis += millis;
                self.last_millis = millis;
                self.longest_millis = self.longest_millis.max(millis);
            }
            Err(_) => self.failed_loads += 1,
        }
    }
}

//! Where a message stands in its source.

use serde::{Deserialize, Serialize};

/// Bits of a sequence that count the rows of one message.
pub const ROW_BITS: u32 = 20;

/// The highest bits count the [runs](super::run) of a job that reads its source anew; a place within a run has the others.
pub const RUN_SHIFT: u32 = 51;

/// A message's place: messages of one partition stand in an order, those of two do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Of a topic; the number of a file.
    pub partition: u32,
    /// Its offset or line, times 2 to the power of [`ROW_BITS`]: the rows of a message take the numbers from there on.
    pub sequence: i64,
}

impl Place {
    /// The place of a record.
    pub fn of_offset(partition: u32, offset: i64) -> Place {
        Place { partition, sequence: offset << ROW_BITS }
    }

    /// The run that it is in; 0 where runs are not counted.
    pub fn run(self) -> i64 {
        self.sequence >> RUN_SHIFT
    }
}

//! A place in the log from which nothing that was not given out is missed.

use super::gtid::GtidSet;
use serde::{Deserialize, Serialize};

/// Above all sequences of full data, which come before the log's.
pub const FIRST_SEQUENCE: i64 = 1 << 44;

/// What is left free where the log of another server is gone on with, whose events have other lengths.
pub const FAILOVER: i64 = 1 << 40;

/// The end of a transaction, as JSON in a job's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// The server that counts so: MySQL's `server_uuid`, MariaDB's `server_id`.
    pub server: String,
    /// The file,
    pub file: String,
    /// and the byte in it.
    pub offset: u64,
    /// All transactions up to there, where the server numbers them (`gtid_mode` of MySQL); else nothing.
    #[serde(default)]
    pub gtid: GtidSet,
    /// The sequence of the first row after it: rises with the bytes of the log, the same each time that it is read.
    pub sequence: i64,
    /// When the server wrote the last event before it, epoch milliseconds; 0 before the first.
    #[serde(default)]
    pub time: i64,
}

//! A place in the log from which nothing that was not given out is missed.

use super::gtid::GtidSet;
use crate::changes::reader::Place;
use serde::{Deserialize, Serialize};

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

impl Place for LogPosition {
    fn has_reached(&self, other: &LogPosition) -> bool {
        if !other.gtid.is_empty() && !self.gtid.is_empty() {
            return self.gtid.has_all(&other.gtid);
        }
        (number(&self.file), self.offset) >= (number(&other.file), other.offset)
    }
}

/// 3 of `binlog.000003`.
fn number(file: &str) -> u64 {
    file.rsplit_once('.').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, offset: u64, gtid: &str) -> LogPosition {
        let gtid = GtidSet::parse(gtid).unwrap();
        LogPosition { server: String::new(), file: file.into(), offset, gtid, sequence: 0, time: 0 }
    }

    #[test]
    fn a_place_is_reached_by_file_and_offset() {
        let place = at("binlog.999999", 200, "");
        assert!(place.has_reached(&place));
        assert!(at("binlog.1000000", 4, "").has_reached(&place));
        assert!(!at("binlog.999999", 199, "").has_reached(&place));
        assert!(!at("binlog.999998", 900, "").has_reached(&place));
    }

    #[test]
    fn where_transactions_are_numbered_it_is_by_their_numbers() {
        let server = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let place = at("binlog.000003", 200, &format!("{server}:1-9"));
        assert!(at("binlog.000001", 4, &format!("{server}:1-10")).has_reached(&place));
        assert!(!at("binlog.000009", 4, &format!("{server}:1-8")).has_reached(&place));
    }
}

//! A place in the log from which nothing that was not given out is missed.

use crate::changes::reader::Place;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in the server's log: bytes since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lsn(pub u64);

impl fmt::Display for Lsn {
    /// As the server writes it: `16/B374D848`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl Lsn {
    /// Reads `16/B374D848`; None if it is none.
    pub fn parse(text: &str) -> Option<Lsn> {
        let (high, low) = text.split_once('/')?;
        let part = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
        Some(Lsn(part(high)? << 32 | part(low)?))
    }
}

impl TryFrom<String> for Lsn {
    type Error = String;

    fn try_from(text: String) -> Result<Lsn, String> {
        Lsn::parse(&text).ok_or_else(|| format!("'{text}' is no place in a log"))
    }
}

impl From<Lsn> for String {
    fn from(lsn: Lsn) -> String {
        lsn.to_string()
    }
}

/// The end of a transaction, as JSON in a job's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalPosition {
    /// The slot that the server keeps its log for.
    pub slot: String,
    /// The place behind it.
    pub lsn: Lsn,
    /// The sequence of the first change after it: counts the changes of all transactions as they were committed, the same each time that they are read.
    pub sequence: i64,
    /// When the last transaction before it was committed, epoch milliseconds; 0 before the first.
    #[serde(default)]
    pub time: i64,
}

impl Place for WalPosition {
    fn has_reached(&self, other: &WalPosition) -> bool {
        self.lsn >= other.lsn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_as_the_server_does() {
        assert_eq!(Lsn(0x16_B374_D848).to_string(), "16/B374D848");
        assert_eq!(Lsn::parse("16/B374D848"), Some(Lsn(0x16_B374_D848)));
        assert_eq!(Lsn::parse("0/0"), Some(Lsn(0)));
        for none in ["", "16", "x/1", "1/100000000"] {
            assert_eq!(Lsn::parse(none), None, "{none}");
        }
    }
}

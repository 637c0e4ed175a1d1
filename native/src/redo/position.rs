//! A place in the log from which nothing that was not given out is missed.

use crate::changes::reader::Place;
use serde::{Deserialize, Serialize};

/// The end of a transaction, as JSON in a job's state. Places in the log are system change numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedoPosition {
    /// From here the log is read: no transaction that is not given out has changed a row before.
    pub scn: u64,
    /// Transactions that were committed before this are given out,
    pub commit: u64,
    /// and at this very number these.
    #[serde(default)]
    pub transactions: Vec<String>,
    /// When the server was last opened with a new log (`RESETLOGS_CHANGE#`): numbers of another one are other places.
    pub incarnation: u64,
    /// The sequence of the first change after it: counts the changes of all transactions as they were committed, the same each time that they are read.
    pub sequence: i64,
    /// When the last transaction before it was committed, epoch milliseconds; 0 before the first.
    #[serde(default)]
    pub time: i64,
}

impl RedoPosition {
    /// Whether a transaction is given out that was committed there.
    pub fn has(&self, commit: u64, transaction: &str) -> bool {
        commit < self.commit || commit == self.commit && self.transactions.iter().any(|there| there == transaction)
    }

    /// A transaction is given out that was committed there, the last so far.
    pub fn give_out(&mut self, commit: u64, transaction: &str) {
        if commit > self.commit {
            self.transactions.clear();
        }
        self.commit = self.commit.max(commit);
        self.transactions.push(transaction.to_string());
    }
}

impl Place for RedoPosition {
    fn has_reached(&self, other: &RedoPosition) -> bool {
        self.commit >= other.commit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_out() {
        let mut position = RedoPosition { scn: 5, commit: 10, ..RedoPosition::default() };
        assert!(position.has(9, "A") && !position.has(10, "A") && !position.has(11, "A"));
        position.give_out(10, "A");
        position.give_out(10, "B");
        assert!(position.has(10, "A") && position.has(10, "B") && !position.has(10, "C"));
        position.give_out(12, "C");
        assert!(position.has(10, "D") && position.has(12, "C") && !position.has(12, "A"));
        assert!(position.has_reached(&RedoPosition { commit: 12, ..RedoPosition::default() }));
        assert!(!position.has_reached(&RedoPosition { commit: 13, ..RedoPosition::default() }));
    }
}

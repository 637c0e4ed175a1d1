//! Rows as Canal's flat messages.

use super::outgoing;
use crate::error::{Error, Kind};
use crate::json::write::{Output, Piece};
use crate::snapshot::message::now;
use crate::sync::ddl::TableName;
use serde_json::json;
use std::sync::Arc;

/// Above all sequences of full data, which come before a log's.
pub const FIRST_SEQUENCE: i64 = 1 << 44;

/// Rows of a message, at most.
const MOST_ROWS: usize = 10_000;

/// What was done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It has no row before.
    Insert,
    /// It has both.
    Update,
    /// It has no row after.
    Delete,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Change::Insert => "INSERT",
            Change::Update => "UPDATE",
            Change::Delete => "DELETE",
        }
    }

    /// Sequences that each row takes.
    pub fn sequences(self) -> i64 {
        if self == Change::Update { 2 } else { 1 }
    }
}

/// What stands around the values of a table's rows.
#[derive(Debug)]
pub struct Frame {
    /// The table's name.
    pub name: TableName,
    /// Its primary key, as `pkNames` has it.
    pub keys: Vec<String>,
    columns: Vec<Member>,
    /// What stands between the rows and `es`, then before `old`, then before `ts`.
    tail: [Vec<u8>; 3],
}

#[derive(Debug)]
struct Member {
    /// `"name":` of the first column, `,"name":` of others.
    key: Piece,
    /// `"name":`
    old_key: Piece,
}

impl Frame {
    /// For rows with these columns: their names and MySQL's types, in the table's order.
    pub fn new<'c>(
        name: TableName,
        columns: impl Iterator<Item = (&'c str, &'c str)> + Clone,
        keys: Vec<String>,
    ) -> Frame {
        let types: Vec<String> = columns.clone().map(|(name, ty)| format!("{}:{}", json!(name), json!(ty))).collect();
        let member = |(at, (name, _)): (usize, (&str, &str))| {
            let old_key = format!("{}:", json!(name));
            let key = format!("{}{old_key}", if at == 0 { "" } else { "," });
            Member { key: Piece::new(key.as_bytes()), old_key: Piece::new(old_key.as_bytes()) }
        };
        let before_es = format!("],\"database\":{},\"es\":", json!(name.database));
        let before_old = format!(",\"id\":0,\"isDdl\":false,\"mysqlType\":{{{}}},\"old\":", types.join(","));
        let after_old = format!(
            ",\"pkNames\":{},\"sql\":\"\",\"sqlType\":null,\"table\":{},\"ts\":",
            json!(keys),
            json!(name.name)
        );
        let columns = columns.enumerate().map(member).collect();
        Frame { name, keys, columns, tail: [before_es.into_bytes(), before_old.into_bytes(), after_old.into_bytes()] }
    }
}

/// Rows of one table and one kind that become a message.
#[derive(Debug)]
pub struct Message {
    frame: Option<Arc<Frame>>,
    change: Change,
    /// Of the first row.
    sequence: i64,
    millis: i64,
    rows: usize,
    data: Output,
    old: Output,
    /// The row under way has no member in `old` yet.
    old_is_empty: bool,
    /// For values that take more than one step.
    scratch: Vec<u8>,
}

impl Default for Message {
    fn default() -> Message {
        Message {
            frame: None,
            change: Change::Insert,
            sequence: 0,
            millis: 0,
            rows: 0,
            data: Output::new(),
            old: Output::new(),
            old_is_empty: true,
            scratch: Vec::new(),
        }
    }
}

impl Message {
    /// Whether it is full, at so many bytes or with as many rows as a message may have.
    pub fn is_full(&self, bytes: usize) -> bool {
        self.data.len() + self.old.len() >= bytes || self.rows >= MOST_ROWS
    }

    /// Whether a row of that table and kind may be added, with that sequence: it has to follow those of the rows before.
    pub fn takes(&self, (frame, change): (&Arc<Frame>, Change), sequence: i64) -> bool {
        let follows = || self.sequence + self.rows as i64 * self.change.sequences() == sequence;
        let is_same = || self.change == change && self.frame.as_ref().is_some_and(|own| Arc::ptr_eq(own, frame));
        self.rows == 0 || is_same() && follows()
    }

    /// Begins a row that it [takes](Self::takes). `sequence` and `millis` count for the message if it is the first.
    #[inline]
    pub fn begin(&mut self, (frame, change): (&Arc<Frame>, Change), (sequence, millis): (i64, i64)) {
        if self.rows == 0 {
            (self.frame, self.change) = (Some(frame.clone()), change);
            (self.sequence, self.millis) = (sequence, millis);
        }
        let first = self.rows == 0;
        self.data.raw(if first { b"{\"data\":[{" } else { b",{" });
        if change == Change::Update {
            self.old.raw(if first { b"[{" } else { b",{" });
            self.old_is_empty = true;
        }
    }

    /// Where the value of a column of the row goes, and a buffer to make it in; each is to be written, in their order.
    #[inline]
    pub fn value(&mut self, frame: &Frame, at: usize) -> (&mut Output, &mut Vec<u8>) {
        self.data.piece(&frame.columns[at].key);
        (&mut self.data, &mut self.scratch)
    }

    /// Where a value goes that the column had before an UPDATE; those are written that it has no more.
    #[inline]
    pub fn old_value(&mut self, frame: &Frame, at: usize) -> (&mut Output, &mut Vec<u8>) {
        if !self.old_is_empty {
            self.old.push(b',');
        }
        self.old_is_empty = false;
        self.old.piece(&frame.columns[at].old_key);
        (&mut self.old, &mut self.scratch)
    }

    /// Ends the row.
    ///
    /// # Errors
    /// It is longer than a message can be.
    #[inline]
    pub fn end(&mut self) -> Result<(), Error> {
        if self.change == Change::Update {
            self.old.push(b'}');
        }
        self.data.push(b'}');
        self.rows += 1;
        if self.data.is_too_long() || self.old.is_too_long() {
            return Err(Error::new(Kind::Source, "a row is longer than 2 GB"));
        }
        Ok(())
    }

    /// Puts the message into a batch.
    pub fn finish(&mut self, messages: &mut Vec<u8>) {
        let Some(frame) = self.frame.take().filter(|_| self.rows > 0) else { return };
        if self.change == Change::Update {
            self.old.push(b']');
        } else {
            self.old.raw(b"null");
        }
        let [before_es, before_old, before_ts] = &frame.tail;
        let (es, ts) = (self.millis.to_string(), now().to_string());
        let end = format!(",\"type\":\"{}\"}}", self.change.name());
        let parts = [
            self.data.text(),
            before_es,
            es.as_bytes(),
            before_old,
            self.old.text(),
            before_ts,
            ts.as_bytes(),
            end.as_bytes(),
        ];
        outgoing::add(messages, self.sequence, &parts);
        self.data.clear();
        self.old.clear();
        self.rows = 0;
    }
}

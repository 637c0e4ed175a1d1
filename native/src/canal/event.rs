//! What a message reports, by its `type` member.
//!
//! The names are Canal's `CanalEntry.EventType`, and `INIT`, which snapshot tools that speak Canal's format write.

use crate::row::RowKind;

/// Events that carry no rows, as they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum EventKind {
    /// CREATE, ALTER, ERASE, RENAME, TRUNCATE, CINDEX, DINDEX, or anything with `isDdl`.
    Ddl = 0,
    /// QUERY: statement text.
    Query = 1,
    /// GTID, XACOMMIT, XAROLLBACK.
    Transaction = 2,
    /// MHEARTBEAT, and unknown events that carry no `data`.
    Other = 3,
}

/// What to make of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Each image of `data` is a row.
    Rows(RowKind),
    /// Each image of `data` with its before image in `old`.
    Update,
    /// No rows.
    Statement(EventKind),
    /// A name that neither Canal nor Flink knows.
    Unknown,
}

impl Event {
    /// By Canal's meaning of the name.
    pub fn of(name: &[u8]) -> Event {
        match name {
            b"INSERT" | b"INIT" => Event::Rows(RowKind::Insert),
            b"DELETE" => Event::Rows(RowKind::Delete),
            b"UPDATE" => Event::Update,
            b"CREATE" | b"ALTER" | b"ERASE" | b"RENAME" | b"TRUNCATE" | b"CINDEX" | b"DINDEX" => {
                Event::Statement(EventKind::Ddl)
            }
            b"QUERY" => Event::Statement(EventKind::Query),
            b"GTID" | b"XACOMMIT" | b"XAROLLBACK" => Event::Statement(EventKind::Transaction),
            b"MHEARTBEAT" => Event::Statement(EventKind::Other),
            _ => Event::Unknown,
        }
    }
}

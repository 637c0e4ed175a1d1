//! The write-ahead log of a PostgreSQL server, decoded by its own `pgoutput`, as Canal's flat messages: what changes while and after its tables are read by
//! [`snapshot`](crate::snapshot).
//!
//! ```text
//! wire ─► stream ─► event ─► log ─► message (value, array) ─► changes ─► reader
//!            └► asked (visible): tables, types and values that the log lacks
//! ```
//!
//! * A value has the text that full data has for it, so that one row is one row whichever way it came.
//! * A row's sequence counts the changes of all transactions in the order in which they were committed. It is no place in the server's log: of two
//!   transactions on one key the later one may have written its row first.
//! * A place to begin again is the end of a transaction. Rows of one that was under way come again, under the same sequences.
//! * [`wire`], [`stream`], [`asked`], [`visible`], [`slot`], [`publication`], [`settings`], [`identity`] and [`start`] ask the server, [`log`] does not: what it lacks it says.

pub mod array;
pub mod asked;
pub mod definitions;
pub mod event;
pub mod identity;
pub mod input;
pub mod log;
pub mod message;
pub mod position;
pub mod publication;
pub mod reader;
pub mod settings;
pub mod slot;
pub mod start;
pub mod stream;
pub mod value;
pub mod visible;
pub mod wire;

//! The binary log of a MySQL or MariaDB server, as Canal's flat messages: what changes while and after its tables are read by [`snapshot`](crate::snapshot).
//!
//! ```text
//! stream ─► event ─► log ┬─► table_map + definitions ─► message::Layout ┐
//!  (server)              ├─► rows ─► cell (number, time, document, …) ──┴─► message ─► changes ─► reader
//!                        └─► statement ─► sync::ddl ─► definitions
//! ```
//!
//! * A value has the text that full data has for it, so that one row is one row whichever way it came.
//! * A row's sequence is a number of bytes of the log, so it is the same each time that the log is read, from wherever.
//! * A place to begin again is the end of a transaction. Rows of one that was under way come again, under the same sequences.
//! * [`stream`], [`start`], [`visible`] and [`settings`] ask the server, [`log`] does not: what it lacks it says.

pub mod cell;
pub mod charset;
pub mod definitions;
pub mod document;
pub mod event;
pub mod gtid;
pub mod input;
pub mod log;
pub mod message;
pub mod number;
pub mod position;
pub mod reader;
pub mod settings;
pub mod start;
pub mod statement;
pub mod stream;
pub mod table_map;
pub mod time;
pub mod visible;
pub mod zone;

//! The redo log of an Oracle server, by its LogMiner, as Canal's flat messages: what changes while and after its tables are read by [`snapshot`](crate::snapshot).
//!
//! ```text
//! files ─► server ─► record ─► statement ─► transactions ─► log ─► follower ─► stream
//!                                 └► ddl                     └► rows: the tables themselves
//! ```
//!
//! * The log says which rows were changed, and in which order that was committed. What they are is read from their tables, as full data is: so one row is one row whichever way it came, large
//!   values and all types, and only keys have to be in the log. A row that was changed several times comes as it is when it is read, and once more for each later change; what Doris has in the
//!   end is the last of them.
//! * A row's sequence counts the changes of all transactions in the order in which they were committed, the same each time that the log is read.
//! * A place to begin again is the end of a transaction; the log is read from where the oldest has begun that was not at its end there.
//! * What a table is like is looked up, and not taken from statements; but these say what was called otherwise before ([`ddl`]).
//! * [`files`], [`server`], [`settings`] and [`start`] ask the server. None of it has met a real one: docs/data-jobs.md.

pub mod ddl;
pub mod definitions;
pub mod files;
pub mod follower;
pub mod log;
pub mod position;
pub mod reader;
pub mod record;
pub mod rows;
pub mod server;
pub mod settings;
pub mod start;
pub mod statement;
pub mod stream;
pub mod transactions;

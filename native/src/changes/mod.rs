//! Changes of a database as Canal's flat messages, whichever log they are read from: what [`binlog`](crate::binlog) and [`wal`](crate::wal) share.
//!
//! * [`input`]: the bytes of what a log says, whose numbers each has in its own way.
//! * [`message`]: rows of one table and kind, as they become a message. [`outgoing`]: what becomes a batch and where to begin again behind it, as each log says
//!   what comes next.
//! * [`problem`]: what a server lacks. [`start`]: where a job begins, and the tables as they were there; [`definitions`]: those as JSON.
//!   [`reader`]: a thread that reads a log, a few batches ahead of who takes them.

pub mod definitions;
pub mod input;
pub mod message;
pub mod outgoing;
pub mod problem;
pub mod reader;
pub mod start;

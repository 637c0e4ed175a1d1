//! Writing to Apache Doris: rows become load bodies, bodies become Stream Loads, loads become transactions.
//!
//! ```text
//! BinaryRowData ─► writer ─► body ─► loader (a thread) ─► load ─► cluster ─► http ─► Doris
//!                                       └► committables ─► Flink's checkpoint ─► committer ─► Doris
//! ```
//!
//! * [`table`], [`catalogue`]: what Doris says a table is. [`body`]: rows as bytes. [`writer`], [`open`], [`spec`]: a subtask's writer.
//! * [`loader`], [`load`], [`isolate`]: a body until its outcome is known. [`label`], [`abandoned`]: names of loads, and what crashes leave behind.
//! * [`cluster`], [`reply`], [`http`]: the calls that Doris offers. [`committer`]: the second phase.

pub mod abandoned;
pub mod body;
pub mod catalogue;
pub mod cluster;
pub mod committer;
pub mod http;
pub mod isolate;
pub mod label;
pub mod load;
pub mod loader;
pub mod open;
pub mod reply;
pub mod spec;
pub mod table;
pub mod writer;

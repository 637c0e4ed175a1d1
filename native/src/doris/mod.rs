//! Writing to Apache Doris: rows become load bodies, bodies become Stream Loads, loads become transactions.
//!
//! ```text
//! BinaryRowData ─► writer ─► body ─► loader (a thread) ─► load ─► cluster ─► http ─► Doris
//!                                       └► committables ─► Flink's checkpoint ─► committer ─► Doris
//! ```
//!
//! * [`table`], [`catalogue`]: what Doris says a table is. [`body`]: rows as bytes. [`writer`], [`open`], [`spec`], [`pace`]: a
//!   subtask's writer. `pieces`: the memory of its bodies.
//! * [`loader`], [`load`], [`isolate`]: a body until its outcome is known. [`account`], [`latency`]: what came of
//!   them. [`label`], [`abandoned`]: names of loads, and what crashes leave behind.
//! * [`cluster`], [`reply`], [`http`], [`tls`]: the calls that Doris offers. [`route`], [`health`]: which server is asked. [`committer`]: the
//!   second phase. [`statements`]: statements from a thread that waits for them.

pub mod abandoned;
pub mod account;
pub mod body;
pub mod catalogue;
pub mod cluster;
pub mod committer;
pub mod compress;
pub mod health;
pub mod http;
pub mod isolate;
pub mod label;
pub mod latency;
pub mod load;
pub mod loader;
pub mod open;
pub mod pace;
mod pieces;
pub mod reply;
pub mod route;
pub mod spec;
pub mod statements;
pub mod table;
pub mod tls;
pub mod writer;

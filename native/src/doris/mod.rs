//! Apache Doris as a target: rows become load bodies, bodies become Stream Loads, loads become transactions.
//!
//! * [`http`]: requests and answers.
//! * [`cluster`]: front ends and back ends, redirects, and the calls that Doris offers over HTTP.
//! * [`label`]: names of loads that never name two bodies.
//! * [`load`]: one body until its outcome is known.
//! * [`loader`]: the thread that sends the bodies of a writer.

pub mod abandoned;
pub mod catalogue;
pub mod cluster;
pub mod committer;
pub mod http;
pub mod isolate;
pub mod label;
pub mod load;
pub mod loader;
pub mod reply;
pub mod spec;
pub mod table;
pub mod writer;

//! A stand-in for Apache Doris that keeps state as Doris does: databases, typed tables, labels, transactions, and the
//! two doors by which data tools come in, Stream Load over HTTP and statements over the MySQL protocol.
//!
//! Everything lives in memory behind one [`Cluster`]. The README of this crate says what is not imitated.

pub mod cast;
pub mod cell;
pub mod cluster;
pub mod fault;
pub mod http;
pub mod json;
pub mod load;
pub mod mysql;
pub mod schema;
pub mod serve;
pub mod sql;
pub mod store;
pub mod transaction;

pub use cluster::{Cluster, Version};

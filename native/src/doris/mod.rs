//! Writing to Apache Doris by Stream Load.
//!
//! [`table`] is what Doris says a table is; [`body`] turns Flink's rows into the bytes of a load.

pub mod body;
pub mod table;

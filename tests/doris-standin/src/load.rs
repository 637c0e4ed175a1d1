//! Stream Load: bytes, headers and a table's schema to rows, filtered rows with their reasons, and counts.

pub mod arrow;
pub mod body;
pub mod compress;
pub mod csv;
pub mod error_log;
pub mod headers;
pub mod json;
pub mod new_keys;
pub mod partition;
pub mod plan;
pub mod record;
pub mod reply;
pub mod rows;

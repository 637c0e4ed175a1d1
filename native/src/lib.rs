//! canal-native: Canal's messages decoded into Flink rows.
//!
//! ```text
//! message ─► json ─► canal::envelope ─► canal::image ─► canal::change ─► row ─► bridge ─► shim ─► Flink
//!                          └► meta (Arrow) ─────────────────────────────────────► bridge ─► shim ┘
//! ```
//!
//! * [`json`] knows no Canal; [`canal`] knows no JNI; they meet Flink only in [`row`] and [`schema`].
//! * [`batch`] makes Arrow batches of the same rows, for hosts that are not Flink; [`bridge::c`] is their C interface.
//! * [`sync`] is about whole databases: tables of the source, their tables in Doris, schema changes.
//! * [`snapshot`] reads a database's tables as they are, [`binlog`] (MySQL) and [`wal`] (PostgreSQL) what changes in them; all make Canal's messages,
//!   the latter two by way of [`changes`].
//! * [`verify`] compares the tables of both sides.
//! * [`job`] reads the file of a job that moves a whole database.
//! * `unsafe` and JNI are in [`bridge`]; `json::scan` alone has vector loads beside it.
//! * A message is all or nothing, and what is not proven to be what Flink's codec makes of it is handed to that codec.
//! * Rows own their bytes; a closed handle throws.

pub mod batch;
pub mod binlog;
pub mod bridge;
pub mod canal;
pub mod changes;
pub mod doris;
pub mod error;
pub mod interrupt;
pub mod job;
pub mod json;
pub mod meta;
pub mod preflight;
pub mod redo;
pub mod row;
pub mod schema;
pub mod snapshot;
pub mod sync;
pub mod text;
pub mod tls;
pub mod verify;
pub mod wal;

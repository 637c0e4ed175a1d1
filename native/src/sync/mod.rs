//! Whole databases: what a source's tables are, the Doris tables that they become, what a schema change does to these, and
//! messages of all of them as loads.
//!
//! ```text
//! message ─► source ─┐
//! DDL ─► ddl ────────┴─► mapping ─► create (CREATE TABLE), ddl::alter (ALTER TABLE)
//! message ─► rules ─► table: decode, convert, write ─► a lane of the loader ─► Doris
//! ```
//!
//! * [`source`], [`mysql_type`], [`ddl`]: a table of the source and its changes. [`mapping`], [`default`], [`create`], [`refusal`]: the table
//!   in Doris, or why there is none.
//! * [`rules`]: which tables are moved, and what they are called in Doris.
//! * [`writer`], [`table`]: messages of all tables into loads. [`open`]: a table's first message. [`convert`], [`rows`]: values that
//!   change on the way.

pub mod convert;
pub mod create;
pub mod ddl;
pub mod default;
pub mod mapping;
pub mod mysql_type;
pub mod open;
pub mod refusal;
pub mod rows;
pub mod rules;
pub mod source;
pub mod table;
pub mod writer;

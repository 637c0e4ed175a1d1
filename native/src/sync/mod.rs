//! Whole databases: what a source's tables are, the Doris tables that they become, and what a schema change does to these.
//!
//! ```text
//! message ─► source ─┐
//! DDL ─► ddl ────────┴─► mapping ─► create (CREATE TABLE), ddl::alter (ALTER TABLE)
//! ```
//!
//! Nothing of this does I/O.

pub mod convert;
pub mod create;
pub mod ddl;
pub mod default;
pub mod mapping;
pub mod mysql_type;
pub mod refusal;
pub mod source;

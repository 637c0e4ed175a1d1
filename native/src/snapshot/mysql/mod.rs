//! A MySQL or MariaDB server that is read as it is now: its tables' definitions, and their rows by ranges of the key.
//!
//! ```text
//! catalogue ─► tables (SHOW CREATE TABLE, as a Canal message) ─► range (where a table is cut) ─► select (SQL) ─► reader ─► message
//! ```
//!
//! What comes out are Canal's flat messages, so a row that is read and a row that Canal tells of go the same way, and a value has one form.
//!
//! * [`spec`]: which server, which tables. [`server`]: a connection to it. [`catalogue`]: what it has.
//! * [`range`]: pieces of tables that are read at once. [`select`]: the columns, each as Canal writes it.
//! * [`reader`]: reads a range. [`message`]: rows as messages.

pub mod catalogue;
pub mod message;
pub mod range;
pub mod reader;
pub mod select;
pub mod server;
pub mod spec;

//! MySQL and MariaDB: their tables' definitions, and their rows by ranges of the key.
//!
//! * [`server`]: a connection. [`catalogue`]: what is there.
//! * [`range`]: where tables are cut. [`select`]: the columns, each as Canal writes it. [`reader`]: a range.

pub mod catalogue;
pub mod range;
pub mod reader;
pub mod select;
pub mod server;

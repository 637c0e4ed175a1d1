//! PostgreSQL and Greenplum: their tables' definitions, and their rows by ranges of the key.
//!
//! A column travels as the column of MySQL that has the same values, so everything behind it is MySQL's.
//!
//! * [`server`], [`tls`]: a connection. [`catalogue`]: what is there, by the questions of [`questions`].
//! * [`types`]: which type a column travels as, and how it is selected.
//! * [`range`]: where tables are cut. [`reader`]: a range, by COPY. [`copy`]: the text that comes then.

pub mod catalogue;
pub mod copy;
pub mod questions;
pub mod range;
pub mod reader;
pub mod server;
pub mod tls;
pub mod types;

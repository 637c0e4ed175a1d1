//! Oracle, from 12.1 on: its tables' definitions, and their rows by ranges of the key, over JDBC.
//!
//! A column travels as the column of MySQL that has the same values, so everything behind it is MySQL's. What was never tried against a real server, says docs/data-jobs.md.
//!
//! * [`server`]: a connection. [`catalogue`]: what is there, by the questions of [`questions`].
//! * [`types`]: which type a column travels as, and how it is selected.
//! * [`range`]: where tables are cut. [`reader`]: a range.

pub mod catalogue;
pub mod questions;
pub mod range;
pub mod reader;
pub mod server;
pub mod types;

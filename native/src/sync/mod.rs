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
//! * [`rules`]: which tables are moved, and what they are called in Doris; [`columns`]: the same of columns, and those that are added. [`route`]: which subtask moves them. [`place`]: where a message stands. [`run`]: which run of a job it is read in.
//! * [`writer`], [`database`], [`moved`], [`table`], [`decoders`]: messages of all tables into loads; `guess`: whose a message may be; `gathered`: messages of many tables by turns, put by to be taken table by table; [`queue`]: those that wait; [`unmoved`]: what cannot be moved; `existing`: a table that is in Doris already; [`open`]: what a writer is told. [`convert`], [`rows`]: values
//!   that change on the way.
//! * [`statements`]: schema changes as they come. [`history`], [`journal`]: what is known of the tables, and what was done. [`tables`]: what is asked
//!   and done in Doris. [`report`]: what is said about it.

pub mod columns;
pub mod convert;
pub mod create;
pub mod database;
pub mod ddl;
pub mod decoders;
pub mod default;
mod existing;
mod gathered;
mod guess;
pub mod history;
pub mod journal;
pub mod mapping;
pub mod moved;
pub mod mysql_type;
pub mod open;
pub mod place;
pub mod queue;
pub mod refusal;
pub mod report;
pub mod route;
pub mod rows;
pub mod rules;
pub mod run;
pub mod source;
pub mod statements;
pub mod table;
pub mod tables;
pub mod unmoved;
pub mod unread;
pub mod writer;

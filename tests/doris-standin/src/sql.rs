//! The SQL side: statements as Doris' front end takes them over the MySQL protocol, run against the cluster's tables.

pub mod expr;

mod aggregate;
mod arithmetic;
mod ast;
mod error;
mod functions;
mod lexer;
mod parse;
mod relation;
mod select;
mod types;
